"""Checks of what was deleted."""

from collections.abc import Iterator

from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.check_context import CheckContext

_OK, _NOT_FOUND = 200, 404


def deleted_is_gone(context: CheckContext) -> Iterator[str]:
    """What was deleted is answered 404, whatever is asked of it."""
    intent, known = context.intent, context.record
    if known is None or known.exists is not False or intent.authorization != "good":
        return
    is_refused = context.exchange.status not in {_OK, 201}
    if intent.call == "delete" or is_refused or intent.call == "other":
        return
    yield f"{intent.entity} {intent.external_id} was deleted, and {intent.call} is still accepted."


def delete_twice(context: CheckContext) -> Iterator[str]:
    """A record is deleted once."""
    intent, known = context.intent, context.record
    if intent.call != "delete" or intent.authorization != "good" or known is None:
        return
    if known.exists is False and context.exchange.status == _OK:
        yield f"{intent.entity} {intent.external_id} was deleted a second time."


def deleted_not_listed(context: CheckContext) -> Iterator[str]:
    """What was deleted is in no list and in no total."""
    for contradiction in context.contradictions:
        if contradiction.cause == "deleted" and contradiction.is_listed:
            yield f"It was deleted, and is listed: {contradiction}."
    for miscount in context.miscounts:
        if miscount.cause == "deleted":
            yield f"After a deletion: {miscount}."


CHECKS = (
    Check("deleted-is-gone", "delete: the record is gone", "ours", deleted_is_gone),
    Check("delete-twice", "delete: again: 404", "ours", delete_twice),
    Check("deleted-not-listed", "delete: the record is gone", "ours", deleted_not_listed),
)
