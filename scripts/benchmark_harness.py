"""The harness beside its peers: cassettes opened and replayed, the corpus run, a service fuzzed.

Every part is a function from a folder to nothing that prints its ratios; `PARTS` names them.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx
from benchmark_corpus import corpus_ratios
from benchmark_fuzz import fuzz

from cmdm_tui.harness.cassettes import IndexedTransport, RecordedAnswer, read_cassette
from cmdm_tui.harness.cassettes.format import ADDRESS, Interaction
from cmdm_tui.harness.cassettes.library import built_in_folder, list_entries
from cmdm_tui.harness.cassettes.recorder import load_with_vcrpy, serialize_with_vcrpy

Result = TypeVar("Result")

INTERACTIONS = 1_000
ROUNDS = 9


def replay(data: Path) -> None:
    """Compare opening and replaying 1,000 interactions of the corpus with vcrpy and a mock."""
    path = data / "thousand.yaml"
    _write_thousand(path)
    opened: list[float] = []
    replayed: list[float] = []
    for _ in range(ROUNDS):
        ours, recordings = _time(partial(read_cassette, path))
        theirs, _ = _time(partial(load_with_vcrpy, path))
        opened.append(ours / theirs)
        # What is recorded is decoded when it is first played: that counts too.
        mine, _ = _time(partial(_play, IndexedTransport(recordings), recordings))
        mock, _ = _time(partial(_play, httpx.MockTransport(_answer), recordings))
        replayed.append(mock / mine)
    _print_ratio(
        f"{INTERACTIONS:,} interactions opened, of vcrpy's time", opened, 0.05, at_most=True
    )
    _print_ratio("and replayed, of a MockTransport's rate", replayed, 0.6, at_most=False)


def corpus(_data: Path) -> None:
    """Compare running the corpus, judged and put back, with a bare loop of the same requests."""
    ratios = corpus_ratios()
    _print_ratio(
        "The corpus over a socket, of a bare httpx loop's rate", ratios, 0.9, at_most=False
    )


PARTS: dict[str, Callable[[Path], None]] = {"replay": replay, "corpus": corpus, "fuzz": fuzz}


def harness(data: Path) -> None:
    """Run every part."""
    for part in PARTS.values():
        part(data)


def _write_thousand(path: Path) -> None:
    """Write 1,000 interactions of the corpus, each at an address of its own, into one cassette."""
    found: list[Interaction] = []
    for number, one in zip(range(INTERACTIONS), _read_recordings(), strict=False):
        method, address, body = one.key
        uri = f"{address}{'&' if '?' in address else '?'}number={number}"
        headers: dict[str, list[str]] = {}
        for name, value in one.headers:
            headers.setdefault(name.decode(), []).append(value.decode("latin-1"))
        reason = one.reason.decode()
        found.append(Interaction(method, uri, {}, body, one.status, reason, headers, one.body))
    path.write_bytes(serialize_with_vcrpy(found))


def _read_recordings() -> Iterator[RecordedAnswer]:
    """Yield interactions whose addresses httpx writes as they stand."""
    found = list_entries(built_in_folder(), ("contract", "stateful"))
    while True:
        for entry in found:
            for one in read_cassette(entry.cassette):
                if str(httpx.URL(one.key[1])) == one.key[1] and len(one.key[1]) < 500:
                    yield one


def _answer(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "application/json"}, content=b'{"a":"b"}')


def _play(transport: httpx.BaseTransport, recordings: list[RecordedAnswer]) -> None:
    with httpx.Client(transport=transport, base_url=ADDRESS) as http:
        for one in recordings:
            method, address, body = one.key
            http.request(method, address, content=body)


def _time(work: Callable[[], Result]) -> tuple[float, Result]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _print_ratio(name: str, ratios: list[float], mark: float, *, at_most: bool) -> None:
    ratios.sort()
    median = statistics.median(ratios)
    is_met = median <= mark if at_most else median >= mark
    bound = "at most" if at_most else "at least"
    print(
        f"{name}: {median:.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f}), {len(ratios)} pairs "
        f"({bound} {mark:g}{'' if is_met else ': missed'})"
    )
