"""Checks that a change is of what it names alone: no other record, and no field not given."""

from collections.abc import Iterator

from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.check_context import CheckContext

_CLOSING_FIELDS = {"Status", "ClosedDate"}


def others_untouched(context: CheckContext) -> Iterator[str]:
    """A change of one record changes no other."""
    for contradiction in context.contradictions:
        if contradiction.cause == "neighbour":
            yield f"After a change of another record: {contradiction}."


def closed_after_update(context: CheckContext) -> Iterator[str]:
    """A closed task stays closed, since the same moment, after an update of other fields."""
    for contradiction in context.contradictions:
        if contradiction.entity != "task" or contradiction.cause != "others":
            continue
        known = context.model.find_record("task", contradiction.external_id)
        status = known.values.get("Status") if known is not None else None
        is_closed = status is not None and status.value == "Closed"
        if contradiction.name in _CLOSING_FIELDS and is_closed:
            yield f"The task was closed, and other fields were updated: {contradiction}."


CHECKS = (
    Check("others-untouched", "update: changes the fields given, no others", "ours",
          others_untouched),
    Check("closed-after-update", "close a task: Status = Closed, ClosedDate set; update: changes "
          "the fields given, no others", "ours", closed_after_update),
)  # fmt: skip
