"""Checks that a change is of what it names alone: no other record, and no field not given."""

from collections.abc import Iterator

from cmdm_tui.harness.oracle.answer_parser import ListedRow
from cmdm_tui.harness.oracle.check import HELD, READS, Check, Verdict, ours
from cmdm_tui.harness.oracle.check_context import CheckContext

_CLOSING_FIELDS = {"Status", "ClosedDate"}


def others_untouched(context: CheckContext) -> Iterator[Verdict]:
    """A change of one record changes no other."""
    if context.has_compared("neighbour"):
        yield HELD
    for contradiction in context.contradictions:
        if contradiction.cause == "neighbour":
            yield ours(f"After a change of another record: {contradiction}.", *contradiction.quotes)


def closed_after_update(context: CheckContext) -> Iterator[Verdict]:
    """A closed task stays closed, since the same moment, after an update of other fields."""
    if context.intent.entity != "task" or not context.is_record_read:
        return
    updated = {
        row.external_id for row in context.answer.rows if _is_closed_and_updated(context, row)
    }
    if updated:
        yield HELD
    for contradiction in context.contradictions:
        is_closing = contradiction.cause == "others" and contradiction.name in _CLOSING_FIELDS
        if is_closing and contradiction.external_id in updated:
            yield ours(
                f"The task was closed, and other fields were updated: {contradiction}.",
                *contradiction.quotes,
            )


def _is_closed_and_updated(context: CheckContext, row: ListedRow) -> bool:
    known = context.model.records.get(("task", row.external_id))
    if known is None or not known.is_updated:
        return False
    status = known.values.get("Status")
    return status is not None and status.value == "Closed" and status.source == "read"


CHECKS = (
    Check("others-untouched", "update: changes the fields given, no others", "ours",
          others_untouched, READS),
    Check("closed-after-update", "close a task: Status = Closed, ClosedDate set; update: changes "
          "the fields given, no others", "ours", closed_after_update, READS),
)  # fmt: skip
