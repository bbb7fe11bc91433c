"""Checks of what was deleted."""

from collections.abc import Iterator

from cmdm_tui.harness.oracle.check import HELD, LISTS, Check, Verdict, ours
from cmdm_tui.harness.oracle.check_context import CheckContext

_OK, _NOT_FOUND = 200, 404


def _is_about_deleted(context: CheckContext) -> bool:
    known, is_answered = context.record, bool(context.exchange.status)
    is_deleted = known is not None and known.exists is False
    return is_deleted and is_answered and context.intent.authorization == "good"


def deleted_is_gone(context: CheckContext) -> Iterator[Verdict]:
    """What was deleted is answered 404, whatever is asked of it."""
    intent = context.intent
    if not _is_about_deleted(context) or intent.call in {"delete", "other"}:
        return
    yield HELD
    if context.is_success:
        record = f"{intent.entity} {intent.external_id}"
        yield ours(f"{record} was deleted, and {intent.call} is still accepted.")


def delete_twice(context: CheckContext) -> Iterator[Verdict]:
    """A record is deleted once."""
    intent = context.intent
    if not _is_about_deleted(context) or intent.call != "delete":
        return
    yield HELD
    if context.exchange.status == _OK:
        yield ours(f"{intent.entity} {intent.external_id} was deleted a second time.")


def deleted_not_listed(context: CheckContext) -> Iterator[Verdict]:
    """What was deleted is in no list and in no total."""
    if "deleted" in context.counted:
        yield HELD
    for contradiction in context.contradictions:
        if contradiction.cause == "deleted" and contradiction.is_listed:
            yield ours(f"It was deleted, and is listed: {contradiction}.", *contradiction.quotes)
    for miscount in context.miscounts:
        if miscount.cause == "deleted":
            yield ours(f"After a deletion: {miscount}.")


CHECKS = (
    Check("deleted-is-gone", "delete: the record is gone", "ours", deleted_is_gone),
    Check("delete-twice", "delete: again: 404", "ours", delete_twice, frozenset({"delete"})),
    Check("deleted-not-listed", "delete: the record is gone", "ours", deleted_not_listed, LISTS),
)
