"""Checks of paths: the case of their letters, and the methods they take."""

from collections.abc import Iterator

from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.check_context import CheckContext

_NOT_FOUND, _SERVER_ERROR = 404, 500


def route_case(seen: CheckContext) -> Iterator[str]:
    """Entity and action segments match without regard to case, in every call alike."""
    if seen.intent.input_class != "route:case" or seen.intent.authorization != "good":
        return
    status = seen.exchange.status
    if status == 429 or not status or status >= _SERVER_ERROR or not seen.allowed_statuses:
        return
    if status not in seen.allowed_statuses:
        yield (
            f"With other capitals in its path, {seen.intent.call} is answered {status}; "
            "elsewhere case does not matter."
        )


def id_case(seen: CheckContext) -> Iterator[str]:
    """External ids match exactly."""
    if seen.intent.input_class == "id:lower-case" and seen.is_success:
        yield f"{seen.intent.external_id} was found although its letters are small."


CHECKS = (
    Check(
        "route-case", "Entity and action segments match without regard to case", "ours", route_case
    ),
    Check("id-case", "External ids match exactly", "ours", id_case),
)
