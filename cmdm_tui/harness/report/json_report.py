"""The report as JSON for programs, in a shape that has a version and is documented here.

`decode` reads it back. Within a version keys are only ever added: a reader must ignore those
that it does not know. All times are seconds unless a name says otherwise; `began` is a Unix time.
Bytes that are UTF-8 are text, others base64 under the same name with `_base64` appended.
"""

import base64
from pathlib import Path
from typing import Literal

import msgspec

from cmdm_tui.harness.exchange import Certainty, Exchange
from cmdm_tui.harness.report.results import Failure, RunResults

NAME = "json"
FILE = "report.json"
SCHEMA = "cmdm-report"
VERSION = 2


class UnknownReport(Exception):
    """The content is not a report of a version known here; the message is one sentence."""


class ReportRun(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a run, and how it ended.

    `limit_requests` and `limit_seconds` are null where there was no bound. `reason` is null while
    the run continues, and stays null where it was killed.
    """

    url: str
    seed: int
    workers: int
    limit_requests: int | None
    limit_seconds: float | None
    restores: bool
    writes: bool
    requests: int
    examples: int
    seconds: float
    reason: str | None


class StatusCount(msgspec.Struct, frozen=True):
    """How often a call was answered with a status; 0 means no whole answer."""

    call: str
    status: int
    count: int


class CheckCount(msgspec.Struct, frozen=True):
    """How many answers to a call a check looked at, and how many of them it found wrong.

    `outcome` is `known` where only failures known before the run were found, `seen` where the run
    ended before the failure was examined, and `untested` where the check's premise never held, so
    that it looked at none.
    """

    check: str
    call: str
    examined: int
    broken: int
    outcome: Literal["passed", "failed", "known", "seen", "untested"]


class RequestCount(msgspec.Struct, frozen=True):
    """How many requests of a call were sent in an input class."""

    call: str
    input_class: str
    count: int


class CallInputClass(msgspec.Struct, frozen=True):
    """A call and an input class that the run might have sent, and has not."""

    call: str
    input_class: str


class ReportExchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request and its answer, secrets replaced by the names of their variables."""

    method: str
    path: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str | None = None
    request_body_base64: str | None = None
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str | None = None
    body_base64: str | None = None
    call: str
    input_class: str
    elapsed: float
    failure: str = ""


class ReportFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A failure: which check, in a sentence what is wrong, and the shortest steps to it.

    `confirmed` is null where the steps were not tried once more after a reset. `certainty` is
    `documented` where the documentation is broken, `ours` where it is silent, and `own` where a
    check of the user's is.
    """

    name: str
    check: str
    call: str
    input_class: str
    certainty: Certainty
    message: str
    confirmed: bool | None
    steps: tuple[ReportExchange, ...]
    curl: tuple[str, ...]
    case: str | None
    cassette: str | None


class TimeCount(msgspec.Struct, frozen=True):
    """How many answers took up to this many milliseconds, and more than half of it."""

    up_to_milliseconds: float
    count: int


class PaceCounts(msgspec.Struct, frozen=True):
    """The requests in each slice of `width_seconds`, from the first request on."""

    width_seconds: float
    counts: tuple[int, ...]


class ReportDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A whole report. `run` is null where the run did not even begin.

    `requests` has each call and input class that was sent, `never_sent` those that were not.
    `accepted_changes` counts the requests that changed records, of `sent_changes` that were to.
    `absent_entities` are those that the service answered 404 for.
    """

    schema: Literal["cmdm-report"] = SCHEMA
    version: int = VERSION
    title: str
    program: str
    began: float
    run: ReportRun | None
    statuses: tuple[StatusCount, ...]
    checks: tuple[CheckCount, ...]
    input_classes: dict[str, int]
    requests: tuple[RequestCount, ...]
    never_sent: tuple[CallInputClass, ...]
    sent_changes: int
    accepted_changes: int
    absent_entities: tuple[str, ...]
    times: tuple[TimeCount, ...]
    pace: PaceCounts
    failures: tuple[ReportFailure, ...]
    known: tuple[str, ...]


class _ReportHead(msgspec.Struct):
    """The part that says how to read the rest."""

    schema: str
    version: int


def write(results: RunResults) -> bytes:
    """Return the file's bytes."""
    return msgspec.json.format(msgspec.json.encode(build_document(results)), indent=1) + b"\n"


def decode(content: bytes) -> ReportDocument:
    """Return the report that was written, or raise UnknownReport."""
    try:
        head = msgspec.json.decode(content, type=_ReportHead)
        if (head.schema, head.version) != (SCHEMA, VERSION):
            message = (
                f"This is a {head.schema!r} of version {head.version}; "
                f"a {SCHEMA!r} of version {VERSION} can be read."
            )
            raise UnknownReport(message)
        return msgspec.json.decode(content, type=ReportDocument)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnknownReport(f"This is not a report: {error}.") from error


def build_document(results: RunResults) -> ReportDocument:
    """Return the report as typed values."""
    return ReportDocument(
        title=_encode_text(results.title),
        program=f"cmdm {results.version}",
        began=results.began,
        run=_build_run(results),
        statuses=tuple(
            StatusCount(call, status, results.statuses[call, status])
            for call in results.calls
            for status in results.answers
            if (call, status) in results.statuses
        ),
        checks=tuple(
            _build_check_count(results, check, call)
            for check in results.checks
            for call in results.calls
        ),
        input_classes={
            _encode_text(name): results.classes[name] for name in sorted(results.classes)
        },
        requests=tuple(
            RequestCount(call, _encode_text(name), results.sent[call, name])
            for call, name in sorted(results.sent)
        ),
        never_sent=tuple(CallInputClass(*one) for one in results.never_sent),
        sent_changes=results.sent_changes,
        accepted_changes=results.accepted_changes,
        absent_entities=tuple(map(_encode_text, results.ended.absent)) if results.ended else (),
        times=tuple(TimeCount(most, results.times[most]) for most in sorted(results.times)),
        pace=PaceCounts(results.rate.width, results.rate.counts),
        failures=tuple(_build_failure(failure) for failure in results.failures),
        known=tuple(map(_encode_text, results.known)),
    )


def _build_run(results: RunResults) -> ReportRun | None:
    started, ended = results.started, results.ended
    if started is None:
        return None
    return ReportRun(
        url=_encode_text(started.url),
        seed=started.seed,
        workers=started.workers,
        limit_requests=started.requests,
        limit_seconds=started.seconds,
        restores=started.restores,
        writes=started.writes,
        requests=results.requests,
        examples=results.examples,
        seconds=results.seconds,
        reason=_encode_text(ended.reason) if ended else None,
    )


def _build_check_count(results: RunResults, check: str, call: str) -> CheckCount:
    examined = results.held.get((check, call), 0)
    broken = results.broken.get((check, call), 0)
    if results.failures_of(check, call):
        return CheckCount(_encode_text(check), call, examined, broken, "failed")
    if results.is_unexplored(check, call):
        return CheckCount(_encode_text(check), call, examined, broken, "seen")
    if results.is_known(check, call):
        return CheckCount(_encode_text(check), call, examined, broken, "known")
    outcome = "passed" if examined else "untested"
    return CheckCount(_encode_text(check), call, examined, broken, outcome)


def _build_failure(failure: Failure) -> ReportFailure:
    finding = failure.finding
    return ReportFailure(
        name=_encode_text(failure.name),
        check=_encode_text(finding.check),
        call=finding.call,
        input_class=_encode_text(finding.input_class),
        certainty=finding.certainty,
        message=_encode_text(finding.message),
        confirmed=failure.is_confirmed,
        steps=tuple(_build_exchange(exchange) for exchange in failure.exchanges),
        curl=tuple(map(_encode_text, failure.curl)),
        case=_encode_path(failure.case),
        cassette=_encode_path(failure.cassette),
    )


def _build_exchange(exchange: Exchange) -> ReportExchange:
    request_body, request_base64 = _encode_body(exchange.sent_body)
    body, body_base64 = _encode_body(exchange.body)
    return ReportExchange(
        method=_encode_text(exchange.method),
        path=_encode_text(exchange.path),
        request_headers=_encode_headers(exchange.sent_headers),
        request_body=request_body,
        request_body_base64=request_base64,
        status=exchange.status,
        headers=_encode_headers(exchange.headers),
        body=body,
        body_base64=body_base64,
        call=exchange.intent.call,
        input_class=_encode_text(exchange.intent.input_class),
        elapsed=exchange.elapsed,
        failure=_encode_text(exchange.failure),
    )


def _encode_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((_encode_text(name), _encode_text(value)) for name, value in headers)


def _encode_body(body: bytes) -> tuple[str | None, str | None]:
    if not body:
        return None, None
    try:
        return body.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(body).decode()


def _encode_path(path: Path | None) -> str | None:
    return None if path is None else _encode_text(str(path))


def _encode_text(text: str) -> str:
    """Return text that JSON can hold: a lone surrogate is written as its escape."""
    return text.encode("utf-8", "backslashreplace").decode()
