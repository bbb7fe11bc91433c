"""Checks of statuses and of what an error says."""

import re
from collections.abc import Iterator

from cmdm_tui.harness.exchange import VALID_INPUT
from cmdm_tui.harness.oracle.check import HELD, Check, Verdict, documented, ours
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.contract import DOCUMENTED_STATUSES, OUR_STATUSES

_SERVER_ERROR, _ERROR, _NO_METHOD = 500, 400, 405
_BEFORE_ALL = {401, 429}
_TOO_LARGE = "body:over-1-mib"
_LARGE = {"body:exactly-1-mib", "body:depth", "body:huge-number", "id:8-kilobytes"}
"""What a service may find too large, and close the connection."""

_TRACES = re.compile(
    rb"Traceback \(most recent call last\)|File \"[^\"]+\", line [0-9]+|"
    rb"\bat [\w.$<>]+\([\w]+\.(?:java|cs|js|kt|scala):[0-9]+\)|"
    rb"\n\s+at [\w.$<>\[\]]+ ?\(|System\.[\w.]+Exception|"
    rb"(?:sqlite3|psycopg2?|asyncpg|sqlalchemy)\.[\w.]*Error|"
    rb"goroutine [0-9]+ \[|panic: |#[0-9]+ /[\w/.-]+\.php\([0-9]+\)"
)


def answers(context: CheckContext) -> Iterator[Verdict]:
    """Every request gets a whole answer; another check covers bodies that are too large."""
    input_class = context.intent.input_class
    if input_class == _TOO_LARGE:
        return
    yield HELD
    if not context.exchange.status:
        message = context.exchange.failure or "No whole answer came."
        yield ours(message) if input_class in _LARGE else documented(message)


def no_server_error(context: CheckContext) -> Iterator[Verdict]:
    """No request makes the server fail; 500 is the documented name of that.

    A proxy before a service may answer 502 to 504 while the service is away.
    """
    status = context.exchange.status
    if not status:
        return
    yield HELD
    if status >= _SERVER_ERROR:
        message = f"The server answered {status}."
        yield documented(message) if status == _SERVER_ERROR else ours(message)


def documented_status(context: CheckContext) -> Iterator[Verdict]:
    """Every status is one of the documented ones.

    HTTP itself may refuse a request that is not a valid call; the documentation is silent on that.
    """
    status, intent = context.exchange.status, context.intent
    if not status or status >= _SERVER_ERROR:
        return
    yield HELD
    if status not in DOCUMENTED_STATUSES | OUR_STATUSES:
        message = f"The status {status} is not among the documented ones."
        is_valid = intent.input_class == VALID_INPUT and intent.call != "other"
        yield documented(message) if is_valid else ours(message)


def status_for_class(context: CheckContext) -> Iterator[Verdict]:
    """The status is the one that is right for what was sent."""
    status, intent = context.exchange.status, context.intent
    if not status and intent.input_class == _TOO_LARGE:
        yield ours("A body over the limit was not answered, where 413 is expected.")
    if not status or status >= _SERVER_ERROR or intent.authorization != "good":
        return
    if not context.allowed_statuses or status in _BEFORE_ALL - context.allowed_statuses:
        return
    yield HELD
    if status in context.allowed_statuses or _is_explained_otherwise(context):
        return
    wanted = " or ".join(str(one) for one in sorted(context.allowed_statuses))
    yield ours(f"{intent.input_class} was answered {status}, where {wanted} is expected.")


def _is_explained_otherwise(context: CheckContext) -> bool:
    """Return whether another check reports this exchange with more detail."""
    known, status, call = context.record, context.exchange.status, context.intent.call
    if call == "get" and context.contradictions:
        return True
    if known is None or call not in {"update", "delete", "convert"}:
        return False
    return (
        (known.exists is False and status == 200)
        or (call == "convert" and bool(known.converted_account) and context.is_success)
        or (
            call == "update"
            and known.last_update is not None
            and known.last_update == context.intent.given
        )
    )


def allow_names_methods(context: CheckContext) -> Iterator[Verdict]:
    """A 405 says which methods there are."""
    if context.exchange.status != _NO_METHOD:
        return
    yield HELD
    if not context.exchange.header("allow"):
        yield ours("A 405 came without the header Allow.")


def error_says_why(context: CheckContext) -> Iterator[Verdict]:
    """An error is an object with a Message."""
    exchange = context.exchange
    if exchange.status < _ERROR or exchange.status >= _SERVER_ERROR or exchange.method == "HEAD":
        return
    yield HELD
    content = exchange.json
    message = content.get("Message") if isinstance(content, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(message, str) or not message.strip():
        yield ours(f"A {exchange.status} came without a Message that says why.")


def error_names_fault(context: CheckContext) -> Iterator[Verdict]:
    """A 400 names the parameter or field at fault."""
    exchange, name = context.exchange, context.intent.names
    if exchange.status != _ERROR or not name:
        return
    yield HELD
    if name.encode() not in exchange.body:
        yield ours(f"The error does not name {name}, which is at fault.")


def no_stack_trace(context: CheckContext) -> Iterator[Verdict]:
    """No error shows the inside of the server."""
    exchange = context.exchange
    if exchange.status < _ERROR:
        return
    yield HELD
    if _TRACES.search(exchange.body):
        yield ours(f"The body of a {exchange.status} holds a stack trace.")


CHECKS = (
    Check("answers", "Calls: each request has an answer", "documented", answers),
    Check(
        "no-server-error", "Status codes: 500 is an unexpected server error", "documented",
        no_server_error,
    ),
    Check("documented-status", "Status codes: 200, 201, 400, 401, 404, 429, 500; and ours: "
          "405, 413", "documented", documented_status),
    Check("status-for-class", "Status codes, and the rows on parameters, bodies and ids", "ours",
          status_for_class),
    Check("allow-names-methods", "known path, other method: 405 with Allow", "ours",
          allow_names_methods),
    Check("error-says-why", "body of an error: {\"Message\": \"…\"}", "ours", error_says_why),
    Check("error-names-fault", "body of an error: names the parameter or field at fault", "ours",
          error_names_fault),
    Check("no-stack-trace", "body of an error: a message", "ours", no_stack_trace),
)  # fmt: skip
