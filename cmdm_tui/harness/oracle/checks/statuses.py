"""Checks of statuses and of what an error says."""

import re
from collections.abc import Iterator

from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.contract import DOCUMENTED_STATUSES, OUR_STATUSES

_SERVER_ERROR, _ERROR, _NO_METHOD = 500, 400, 405
_BEFORE_ALL = {401, 429}
_TOO_LARGE = "body:over-a-mebibyte"

_TRACES = re.compile(
    rb"Traceback \(most recent call last\)|File \"[^\"]+\", line [0-9]+|"
    rb"\bat [\w.$<>]+\([\w]+\.(?:java|cs|js|kt|scala):[0-9]+\)|"
    rb"\n\s+at [\w.$<>\[\]]+ ?\(|System\.[\w.]+Exception|"
    rb"(?:sqlite3|psycopg2?|asyncpg|sqlalchemy)\.[\w.]*Error|"
    rb"goroutine [0-9]+ \[|panic: |#[0-9]+ /[\w/.-]+\.php\([0-9]+\)"
)


def answers(seen: CheckContext) -> Iterator[str]:
    """Every request is answered, whole; of one too large, another check says so."""
    if not seen.exchange.status and seen.intent.input_class != _TOO_LARGE:
        yield seen.exchange.failure or "No whole answer came."


def no_server_error(seen: CheckContext) -> Iterator[str]:
    """No request makes the server fail."""
    if seen.exchange.status >= _SERVER_ERROR:
        yield f"The server answered {seen.exchange.status}."


def documented_status(seen: CheckContext) -> Iterator[str]:
    """No status is answered that is not in the table."""
    status = seen.exchange.status
    if status and status < _SERVER_ERROR and status not in DOCUMENTED_STATUSES | OUR_STATUSES:
        yield f"The status {status} is not among the documented ones."


def status_for_class(seen: CheckContext) -> Iterator[str]:
    """The status is the one that is right for what was sent."""
    status, intent = seen.exchange.status, seen.intent
    if not status and intent.input_class == _TOO_LARGE:
        yield "A body over the limit was not answered, where 413 is right."
    if not status or status >= _SERVER_ERROR or intent.authorization != "good":
        return
    if not seen.allowed_statuses or status in seen.allowed_statuses or status in _BEFORE_ALL:
        return
    if _is_explained_otherwise(seen):
        return
    wanted = " or ".join(str(one) for one in sorted(seen.allowed_statuses))
    yield f"{intent.input_class} was answered {status}, where {wanted} is right."


def _is_explained_otherwise(seen: CheckContext) -> bool:
    """Tell whether another check says the same of this exchange, and more of it."""
    known, status, call = seen.record, seen.exchange.status, seen.intent.call
    if call == "get" and seen.contradictions:
        return True
    if known is None or call not in {"update", "delete", "convert"}:
        return False
    return (
        (known.exists is False and status == 200)
        or (call == "convert" and bool(known.converted_account) and seen.is_success)
        or (
            call == "update"
            and known.last_update is not None
            and known.last_update == seen.intent.given
        )
    )


def allow_names_methods(seen: CheckContext) -> Iterator[str]:
    """A 405 says which methods there are."""
    if seen.exchange.status == _NO_METHOD and not seen.exchange.header("allow"):
        yield "A 405 came without the header Allow."


def error_says_why(seen: CheckContext) -> Iterator[str]:
    """An error is an object with a Message."""
    exchange = seen.exchange
    if exchange.status < _ERROR or exchange.status >= _SERVER_ERROR or exchange.method == "HEAD":
        return
    content = exchange.json
    message = content.get("Message") if isinstance(content, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(message, str) or not message.strip():
        yield f"A {exchange.status} came without a Message that says why."


def error_names_fault(seen: CheckContext) -> Iterator[str]:
    """A 400 names the parameter or field at fault."""
    exchange, name = seen.exchange, seen.intent.names
    if exchange.status == _ERROR and name and name.encode() not in exchange.body:
        yield f"The error does not name {name}, which is at fault."


def no_stack_trace(seen: CheckContext) -> Iterator[str]:
    """No body shows what the server is made of."""
    exchange = seen.exchange
    if exchange.status >= _ERROR and _TRACES.search(exchange.body):
        yield f"The body of a {exchange.status} holds a stack trace."


CHECKS = (
    Check("answers", "Calls: each request has an answer", "documented", answers),
    Check(
        "no-server-error", "Status codes: 500 is an unexpected server error", "documented",
        no_server_error,
    ),
    Check("documented-status", "Status codes: 200, 201, 400, 401, 404, 429, 500; beside them ours: "
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
