"""Runs to report: the events of a short one, and what is drawn of any."""

from pathlib import Path

from cmdm_tui.harness.exchange import Call, Exchange, Intent
from cmdm_tui.harness.fuzz.events import (
    CallInput,
    CheckFailed,
    ExchangeMade,
    FailureFound,
    FailureSaved,
    FailureShrunk,
    FuzzEvent,
    FuzzPhase,
    Progress,
    RunEnded,
    RunStarted,
)
from cmdm_tui.harness.oracle.check import Finding
from cmdm_tui.harness.report import ResultCollector, RunResults

BEGAN = 1_774_952_100.0
CHECKS = ("documented-shape", "never-5xx", "quota-falls")


def exchange(
    number: int,
    call: Call = "get",
    status: int = 200,
    *,
    path: str = "/api/v1/lead/ABC",
    body: bytes = b"{}",
    sent: bytes = b"",
    input_class: str = "valid",
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),),
) -> Exchange:
    return Exchange(
        number, "GET", path, (("authorization", "Bearer $CMDM_TOKEN"),), sent, status, headers,
        body, number / 4, 0.003, BEGAN, Intent(call=call, input_class=input_class),
        "" if status else "The connection broke off.",
    )  # fmt: skip


def made(
    one: Exchange, phase: FuzzPhase = "stateless", held: tuple[str, ...] = CHECKS[:2]
) -> ExchangeMade:
    return ExchangeMade(one, phase, held_checks=held)


def started(url: str = "http://127.0.0.1:8765") -> RunStarted:
    inputs: frozenset[CallInput] = frozenset(
        {("get", "valid"), ("get", "id:traversal"), ("get", "id:nul"), ("close", "valid")}
    )
    return RunStarted(url, 7, 100, None, 1, CHECKS, restores=True, writes=True, inputs=inputs)


def ended(
    *failures: str, known: tuple[str, ...] = (), reason: str = "100 requests made"
) -> RunEnded:
    return RunEnded(100, 12, 25.0, failures, known, reason, {})


def failure(
    message: str = "The answer was 500.",
    *,
    check: str = "never-5xx",
    call: Call = "create",
    last: Exchange | None = None,
    curl: tuple[str, ...] = ("curl --request POST 'http://127.0.0.1:8765/api/v1/lead'",),
) -> tuple[FuzzEvent, ...]:
    """The events of one failure, from its first sight to its file."""
    last = last or exchange(9, call, 500, body=b'{"Message": "no"}', input_class="body:nan")
    finding = Finding(
        check, message, last.number, call, last.intent.input_class, certainty="documented"
    )
    name = finding.failure
    return (
        made(last),
        CheckFailed(finding, last, "stateless"),
        FailureFound(name, finding, 9),
        made(last, "shrinking"),
        CheckFailed(finding, last, "shrinking"),
        FailureShrunk(name, finding, (exchange(1), last), curl, is_confirmed=True),
        FailureSaved(name, Path("out/regress/never-5xx-create.toml"), None),
    )


def short_run() -> tuple[FuzzEvent, ...]:
    """A run of a few calls, one failure, and one that was known before."""
    other = exchange(5, "list", 200)
    finding = Finding("quota-falls", "The quota did not fall.", 5, "list")
    return (
        started(),
        made(exchange(1, "get", 200)),
        made(exchange(2, "get", 404, input_class="id:traversal")),
        made(exchange(3, "list", 200)),
        made(exchange(4, "delete", 0)),
        made(other),
        CheckFailed(finding, other, "stateless", is_known=True),
        Progress(6, 3, 2.0, "stateless"),
        *failure(),
        ended("never-5xx create", known=("quota-falls list",)),
    )


def results_of(*events: FuzzEvent) -> RunResults:
    gathering = ResultCollector("cmdm fuzz", began=BEGAN)
    for event in events:
        gathering(event)
    return gathering.results()
