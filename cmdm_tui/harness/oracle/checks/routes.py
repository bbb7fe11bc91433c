"""Checks of paths: the case of their letters, and the methods they take."""

from collections.abc import Iterator

from cmdm_tui.harness.oracle.check import HELD, Check, Verdict, ours
from cmdm_tui.harness.oracle.check_context import CheckContext

_SERVER_ERROR = 500
_OTHER_CASE = {"route:upper", "route:title", "route:mixed-case"}


def route_case(context: CheckContext) -> Iterator[Verdict]:
    """Entity and action segments match without regard to case, in every call alike."""
    if context.intent.input_class not in _OTHER_CASE or context.intent.authorization != "good":
        return
    status = context.exchange.status
    if status == 429 or not status or status >= _SERVER_ERROR or not context.allowed_statuses:
        return
    yield HELD
    if status not in context.allowed_statuses:
        yield ours(
            f"With other capitals in its path, {context.intent.call} is answered {status}; "
            "elsewhere case does not matter."
        )


def id_case(context: CheckContext) -> Iterator[Verdict]:
    """External ids match exactly."""
    intent = context.intent
    if intent.input_class != "id:other-case" or not context.exchange.status:
        return
    yield HELD
    if context.is_success:
        yield ours(f"{intent.external_id} was found although its letters are small.")


CHECKS = (
    Check(
        "route-case", "Entity and action segments match without regard to case", "ours", route_case
    ),
    Check("id-case", "External ids match exactly", "ours", id_case),
)
