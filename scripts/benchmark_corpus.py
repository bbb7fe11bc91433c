"""Measures the corpus, run over a socket, against a bare loop of the same requests."""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import msgspec
from benchmark_fuzz import serve_sandbox

from cmdm_tui.config import Credentials, SecretStr
from cmdm_tui.harness.cases.player import play_case, prepare_case
from cmdm_tui.harness.cassettes.library import LibraryEntry, built_in_folder, list_entries
from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.harness.exchange import OutgoingRequest
from cmdm_tui.harness.service import Service

ROUNDS = 7

_MADE = re.compile(rb'\{"((?:Account )?ExternalID)":"([0-9A-Z]{8})"\}')


@dataclass(slots=True)
class SentRequest:
    """A request, and the id of the record that it made: under which key, and which."""

    url: httpx.URL
    method: str
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes | None
    key: str = ""
    made: bytes = b""
    uses: tuple[bytes, ...] = ()


class RecordingControl(ControlClient):
    """A control plane that notes what it is asked for."""

    def __init__(self, address: str, token: str, sent: list[SentRequest]) -> None:
        super().__init__(address, token)
        self._sent = sent
        self._url = httpx.URL(address)
        self._lines = [(b"authorization", f"Bearer {token}".encode())]

    def _send_command(self, method: str, path: str, body: object = None) -> object:
        content = None if body is None else msgspec.json.encode(body)
        target = urlsplit(str(self._url)).path.rstrip("/") + path
        self._sent.append(SentRequest(self._url, method, target.encode(), self._lines, content))
        return super()._send_command(method, path, body)


def corpus_ratios() -> list[float]:
    """Return how the rates compare, a number a round; the service runs in its own process.

    The corpus is run as `cmdm cases run` does: each case on records that were put back, with what
    it needs, every answer judged. The loop sends the same over httpx, the requests that put records
    back included, and looks at nothing but the ids that the next requests need: the service does
    the same work for both. Cases in which a day passes are left out, as they end the loop's token.
    """
    found = [
        entry
        for entry in list_entries(built_in_folder(), ("contract", "stateful"))
        if all(step.advance is None for step in entry.case.steps)
    ]
    with serve_sandbox() as fuzzed:
        known = fuzzed.credentials
        credentials = Credentials(
            SecretStr(known["client_id"]),
            SecretStr(known["client_secret"]),
            known["username"],
            SecretStr(known["password"]),
        )
        sent: list[SentRequest] = []
        control = RecordingControl(fuzzed.control, fuzzed.control_token, sent)
        with closing(control):
            target = Service(fuzzed.url, credentials, control)
            return [_compare_rates(found, target, sent) for _ in range(ROUNDS + 1)][1:]


def _compare_rates(found: list[LibraryEntry], target: Service, sent: list[SentRequest]) -> float:
    with target:
        prepare_case(found[0].case, target)
        sent.clear()
        mine = _time_corpus(found, target, sent)
        loop = list(_with_uses(sent))
        if not any(one.target.endswith(b"/restore") for one in loop):
            message = "The loop would not put records back, so it would do less than the corpus."
            raise SystemExit(message)
        return _time_bare_loop(loop) / mine


def _time_corpus(found: list[LibraryEntry], target: Service, sent: list[SentRequest]) -> float:
    wrong: list[str] = []
    url = httpx.URL(target.api_url)

    def announced(one: OutgoingRequest) -> None:
        headers = [(name.encode(), value.encode("latin-1")) for name, value in one.headers]
        raw = url.raw_path + one.target.encode()
        sent.append(SentRequest(url, one.method, raw, headers, one.body))

    began = time.perf_counter()
    for entry in found:
        first = len(sent)
        played = play_case(entry.case, target, listener=announced)
        calls = [one for one in sent[first:] if one.url is url]
        for one, call in zip(played, calls, strict=True):
            if one.exchange.method != "GET":
                _note_made(call, one.exchange.body)
        wrong += [entry.case.name for one in played if one.problems]
    elapsed = time.perf_counter() - began
    if wrong:
        message = f"The sandbox does not answer as expected: {', '.join(wrong)}."
        raise SystemExit(message)
    return elapsed


def _note_made(call: SentRequest, body: bytes) -> None:
    found = _MADE.fullmatch(body)
    if found is not None:
        call.key, call.made = found[1].decode(), found[2]


def _with_uses(sent: Iterable[SentRequest]) -> Iterator[SentRequest]:
    """Yield the requests, each with the ids in it that are other ones when it is sent again."""
    known: list[bytes] = []
    for one in sent:
        text = one.target + (one.body or b"")
        one.uses = tuple(made for made in known if made in text)
        if one.made:
            known.append(one.made)
        yield one


def _time_bare_loop(sent: list[SentRequest]) -> float:
    now: dict[bytes, bytes] = {}
    with httpx.Client() as http:
        began = time.perf_counter()
        for one in sent:
            target, body = one.target, one.body
            for made in one.uses:
                target = target.replace(made, now[made])
                body = None if body is None else body.replace(made, now[made])
            request = httpx.Request(
                one.method,
                one.url,
                headers=[(b"host", one.url.netloc), *one.headers],
                content=body,
                extensions={"target": target},
            )
            # A body over the limit may be answered, and its connection closed, before it is sent.
            with suppress(httpx.TransportError):
                response = http.send(request)
                if one.made:
                    now[one.made] = response.json()[one.key].encode()
        return time.perf_counter() - began
