"""The corpus run over a socket, beside a bare loop of the same requests."""

import time
from contextlib import closing, suppress

import httpx
from benchmark_fuzz import served

from cmdm_tui.config import Credentials, SecretStr
from cmdm_tui.harness.control import Control
from cmdm_tui.harness.library import Entry, built_in, entries
from cmdm_tui.harness.sending import Outgoing
from cmdm_tui.harness.target import SAVED, Target

ROUNDS = 7


def corpus_ratios() -> list[float]:
    """Return how the rates compare, a number a round; the service runs in a process of its own.

    The corpus is run as `cmdm cases run` does: each case on records that were put back, with what
    it needs, every answer judged. The loop sends the same bytes over httpx and looks at nothing.
    """
    found = entries(built_in(), ("contract", "stateful"))
    with served() as fuzzed:
        known = fuzzed.credentials
        credentials = Credentials(
            SecretStr(known["client_id"]),
            SecretStr(known["client_secret"]),
            known["username"],
            SecretStr(known["password"]),
        )
        control = Control(fuzzed.control or "", fuzzed.control_token or "")
        with closing(control):
            target = Target(fuzzed.url, credentials, control)
            return [_ratio(found, target, control) for _ in range(ROUNDS + 1)][1:]


def _ratio(found: list[Entry], target: Target, control: Control) -> float:
    with target:
        sent, mine = _run(found, target)
        return _bare(target.base, sent, control) / mine


def _bare(base: str, sent: list[Outgoing], control: Control) -> float:
    control.restore(SAVED, calls=True)
    control.set(rate_limit=10**9, month_limit=10**9)
    requests = [_request(base, one) for one in sent]
    with httpx.Client() as http:
        began = time.perf_counter()
        for request in requests:
            # A body over the limit may be answered, and its connection closed, before it is sent.
            with suppress(httpx.TransportError):
                http.send(request)
        return time.perf_counter() - began


def _run(found: list[Entry], target: Target) -> tuple[list[Outgoing], float]:
    sent: list[Outgoing] = []
    wrong: list[str] = []
    began = time.perf_counter()
    for entry in found:
        played = target.play(entry.case, announce=sent.append)
        wrong += [entry.case.name for one in played if one.problems]
    elapsed = time.perf_counter() - began
    if wrong:
        message = f"The sandbox does not answer as expected: {', '.join(wrong)}."
        raise SystemExit(message)
    return sent, elapsed


def _request(base: str, one: Outgoing) -> httpx.Request:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in one.headers]
    origin = httpx.URL(base)
    return httpx.Request(
        one.method,
        origin,
        headers=[(b"host", origin.netloc), *headers],
        content=one.body,
        extensions={"target": origin.raw_path + one.target.encode()},
    )
