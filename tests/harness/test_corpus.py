"""The corpus is the same from the same seed, covers what it says, and every file of it replays."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cmdm_tui.harness.cases import Case, case_bytes
from cmdm_tui.harness.cassettes.library import LibraryEntry, kind_of
from cmdm_tui.harness.cassettes.network_block import block_network
from cmdm_tui.harness.cassettes.offline_replay import replay_case, replay_case_with_vcrpy
from cmdm_tui.harness.corpus import SEED, build_corpus
from cmdm_tui.harness.exchange import CALLS
from tests.harness.recorded_cases import ALL

ROOT = Path(__file__).parents[2]
DIGEST = (
    "import hashlib; from cmdm_tui.harness.corpus import build_corpus; "
    "from cmdm_tui.harness.cases import case_bytes; "
    "print(hashlib.sha256(b''.join(map(case_bytes, build_corpus()))).hexdigest())"
)


@pytest.mark.parametrize("hash_seed", ["0", "1", "4294967295"])
def test_the_same_seed_gives_the_same_bytes_in_every_process(hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    told = subprocess.run(
        [sys.executable, "-c", DIGEST], env=environment, cwd=ROOT, capture_output=True, check=True
    )
    here = hashlib.sha256(b"".join(map(case_bytes, build_corpus()))).hexdigest()
    assert told.stdout.decode().strip() == here


def test_another_seed_gives_another_corpus_of_the_same_cases() -> None:
    other = build_corpus(SEED + 1)
    assert [case.name for case in other] == [case.name for case in build_corpus()]
    assert [case.steps for case in other] != [case.steps for case in build_corpus()]


def test_the_files_are_what_the_seed_gives() -> None:
    files = {entry.key: entry.path.read_bytes() for entry in ALL if entry.case.seed is not None}
    assert files == {
        f"{kind_of(case)}/{case.name}.yaml": case_bytes(case) for case in build_corpus()
    }


GROUPS = ("authorization", "body", "id", "parameter", "route")
CREATES = {"create", "create-task", "create-opportunity"}
WITHOUT_BODY = {"authenticate", "get", "list", "fields", "delete", "other"}
WITHOUT_ID = {"authenticate", "list", "fields", "create", "other"}
LISTS = {"list", "fields"}
SUCCESSES = {200, 201}


def statuses_of(call: str) -> tuple[int, ...]:
    """The documented statuses that a call can have: its own success and every refusal."""
    return (201 if call in CREATES else 200, 400, 401, 404, 429, 500)


METHODS: dict[str, str] = {
    "get": "GET", "list": "GET", "fields": "GET", "other": "GET", "delete": "DELETE",
    "update": "PUT", "convert": "PUT", "close": "PUT",
}  # fmt: skip


def status_of(case: Case) -> Iterator[int]:
    """Yield the statuses that the call itself expects, not what is read afterwards."""
    method = METHODS.get(case.endpoint, "POST")
    if case.endpoint == "other" or case.input_class.startswith("route:method"):
        yield from case.steps[-1].expect.statuses
        return
    *_, called = (step for step in case.steps if step.method == method)
    yield from called.expect.statuses


def why_not(call: str, group: str, status: int) -> str:  # noqa: C901
    """Say why a call cannot be answered so in a class of input; nothing where it can."""
    if group == "body" and call in WITHOUT_BODY:
        return "it takes no body"
    if group == "id" and (call == "authenticate" or (call in WITHOUT_ID and status != 404)):
        return "there is no id in it; only its entity can be unknown"
    match group, status:
        case "authorization", 200 | 201:
            return "whoever has no good token is refused"
        case "authorization", 400 if call != "authenticate":
            return "a token is good or it is not; no header of it can be missing"
        case "authorization", 404:
            return "whoever is not known is not told what there is"
        case "authorization", 429:
            return "whoever is not known has no limit"
        case "id", 200 | 201 if call != "get":
            return "an id that is odd is no record's; `fields` is a call"
        case "id", 400:
            return "what is no id is an unknown one"
        case "parameter", 400 if call not in LISTS:
            return "it has no parameters, and unknown ones are ignored"
        case "parameter" | "route", 401 | 404 if (call, group) == ("authenticate", "parameter"):
            return "it takes no token, and is there"
        case "route", 400:
            return "a path is there or it is not"
        case "route", 404 if call == "authenticate":
            return "another path is another call, which takes a token"
        case _, 200 | 201 if call == "other":
            return "it is no call"
        case _:
            return ""


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_there_with_every_status_in_every_class_of_input(call: str) -> None:
    found = {
        (case.input_class.partition(":")[0], status)
        for case in build_corpus()
        if case.endpoint == call
        for status in status_of(case)
    }
    cells = [(group, status) for group in GROUPS for status in statuses_of(call)]
    impossible = {cell: reason for cell in cells if (reason := why_not(call, *cell))}
    assert [cell for cell in cells if cell not in found and cell not in impossible] == []
    # A reason that a case contradicts is none.
    assert {cell: reason for cell, reason in impossible.items() if cell in found} == {}
    ordinary = {status for group, status in found if group in {"valid", "limit"}}
    assert ordinary >= {429, 500} | ({statuses_of(call)[0]} if call != "other" else set())


def test_every_class_of_input_is_there() -> None:
    classes = {case.input_class.partition(":")[0] for case in build_corpus()}
    assert classes == {"valid", "authorization", "body", "id", "parameter", "route", "limit"}
    named = {case.input_class for case in build_corpus()}
    kinds = ("none", "empty", "other-scheme", "garbage", "cut", "flipped", "doubled", "ended")
    assert {f"authorization:{kind}" for kind in kinds} <= named


@pytest.mark.parametrize("kind", ["contract", "stateful"])
def test_every_recorded_case_replays_offline(kind: str) -> None:
    with block_network():
        wrong = {
            entry.case.name: problems
            for entry in ALL
            if entry.kind == kind and (problems := replay_case(entry.case, entry.cassette))
        }
    assert wrong == {}


def test_vcrpy_replays_them_alike(runs_whole: bool) -> None:
    with block_network():
        for entry in ALL[:: 1 if runs_whole else 25]:
            assert (entry.case.name, replay_case_with_vcrpy(entry.case, entry.cassette)) == (
                entry.case.name,
                [],
            )


def of(name: str) -> LibraryEntry:
    return next(entry for entry in ALL if entry.case.name == name)


Player = Callable[[Case, Path], list[str]]


@pytest.mark.parametrize("player", [replay_case, replay_case_with_vcrpy])
def test_a_case_on_the_cassette_of_another_is_noticed(player: Player) -> None:
    with block_network():
        assert player(of("get-lead").case, of("get-account").cassette)
        assert player(of("get-lead").case, of("list-order-creation").cassette)
