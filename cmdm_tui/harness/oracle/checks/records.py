"""Checks of what is stored: that writes are kept, and that nothing else changes."""

from collections.abc import Iterator
from unicodedata import normalize

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.oracle.accepted_changes import CHILD_ENTITIES
from cmdm_tui.harness.oracle.check import (
    HELD,
    READS,
    Check,
    CheckFunction,
    Verdict,
    breach_of,
    documented,
    ours,
)
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.record_model import Cause

_OF_RECORD = frozenset[Call]({"get", "update", "delete", "convert", "close"})
_UPDATE = frozenset[Call]({"update"})
_CREATES = frozenset[Call]({"create", "create-task", "create-opportunity"})


def _contradicts_after(cause: Cause, words: str, *, is_documented: bool = True) -> CheckFunction:
    """Return a check of what is known for a cause; whether each fault is documented, it knows."""

    def judge(context: CheckContext) -> Iterator[Verdict]:
        if context.has_compared(cause) or cause in context.counted:
            yield HELD
        for contradiction in (*context.contradictions, *context.miscounts):
            if contradiction.cause == cause:
                found = breach_of(contradiction, words)
                yield found if is_documented else ours(found.message, *found.quotes)

    return judge


def put_twice(context: CheckContext) -> Iterator[Verdict]:
    """An update sent a second time is accepted as the first was, and changes nothing more."""
    known, intent = context.record, context.intent
    if intent.call == "update" and intent.authorization == "good" and known is not None:
        is_again = (
            known.last_update is not None
            and known.last_update == intent.given
            and bool(known.exists)
        )
        if is_again and context.exchange.status:
            yield HELD
        if is_again and context.exchange.status in {400, 404, 405}:
            status = context.exchange.status
            yield ours(f"An update was accepted, and answered {status} when repeated.")
    yield from _contradicts_after("again", "After an update was repeated")(context)


def over_limit_without_effect(context: CheckContext) -> Iterator[Verdict]:
    """What was refused over the limit has changed nothing."""
    yield from _contradicts_after("over-limit", "After a request over the limit")(context)


def reads_stable(context: CheckContext) -> Iterator[Verdict]:
    """Two readings of a record are the same while nothing was written."""
    if context.intent.call == "get" and context.has_compared("read"):
        yield HELD
    for contradiction in context.contradictions:
        if contradiction.cause == "read" and not contradiction.is_listed:
            yield breach_of(contradiction, "Nothing was written in between")


def list_agrees(context: CheckContext) -> Iterator[Verdict]:
    """A list shows records as they are shown alone, and the records there are."""
    if context.intent.call == "list" and not context.is_projected and context.has_compared("read"):
        yield HELD
    for contradiction in context.contradictions:
        if (
            contradiction.cause == "read"
            and contradiction.is_listed
            and not contradiction.is_projected
        ):
            yield breach_of(contradiction, "The list differs from the record")
    for miscount in context.miscounts:
        if miscount.cause == "read" and miscount.kind != "total":
            yield breach_of(miscount, "The list is not that of the records")


def answers_for_itself(context: CheckContext) -> Iterator[Verdict]:
    """The record that is answered is the one that was asked for."""
    asked = context.intent.external_id
    if context.intent.call != "get" or not context.is_success:
        return
    if context.answer.rows:
        yield HELD
    for row in context.answer.rows:
        if row.external_id != asked and not _is_other_spelling(context, row.external_id):
            yield documented(f"{asked} was asked for, and {row.external_id} came.")


def _is_other_spelling(context: CheckContext, external_id: str) -> bool:
    """Return whether an id was changed on purpose; another law says that ids match exactly."""
    is_odd = context.intent.input_class.startswith("id:")
    return is_odd and _folded(external_id) == _folded(context.intent.external_id)


def _folded(external_id: str) -> str:
    return normalize("NFKC", external_id).casefold().strip()


def own_entity(context: CheckContext) -> Iterator[Verdict]:
    """An id answers for its own entity only; that no other has the same ids is our own law."""
    intent = context.intent
    if intent.call not in _OF_RECORD:
        return
    home = context.model.entity_of(intent.external_id)
    if home in {None, intent.entity} or context.record is not None or not context.exchange.status:
        return
    yield HELD
    if context.is_success:
        message = f"{intent.external_id} is a record of {home}, and {intent.entity} answers for it."
        yield ours(message)


def new_id(context: CheckContext) -> Iterator[Verdict]:
    """A new record has an id that no other has, or had.

    That a record of another entity does not have it either is our own law.
    """
    made, intent, model = context.answer.created_id, context.intent, context.model
    if not made or intent.call == "convert":
        return
    yield HELD
    if model.entity_of(made) is not None:
        known = model.find_record(CHILD_ENTITIES.get(intent.call, intent.entity), made)
        message = f"The new record was given {made}, which is the id of another record."
        is_there = known is not None and known.exists is True
        yield documented(message) if is_there else ours(message)


CHECKS = (
    Check("create-then-get", "create: 201 with the ExternalID; retrieve one", "documented",
          _contradicts_after("created", "After a create"), READS),
    Check("update-then-get", "update: 200 \"Record updated.\"", "documented",
          _contradicts_after("updated", "After an update"), READS),
    Check("update-leaves-others", "update: changes the fields given, no others", "ours",
          _contradicts_after("others", "After an update of other fields", is_documented=False),
          READS),
    Check("put-twice", "update: PUT, of which a second one has no effect more (RFC 9110 9.2.2)",
          "documented", put_twice, READS | _UPDATE),
    Check("refused-changes-nothing", "create, update: 400, nothing stored", "ours",
          _contradicts_after("refused", "After a refused request", is_documented=False),
          READS),
    Check("over-limit-without-effect", "429 limit reached", "documented",
          over_limit_without_effect, READS),
    Check("reads-stable", "retrieve one", "documented", reads_stable, READS),
    Check("list-agrees-with-records", "retrieve many: records as retrieve one shows them",
          "documented", list_agrees, READS),
    Check("answers-for-itself", "retrieve one: the ExternalID asked for", "documented",
          answers_for_itself, frozenset({"get"})),
    Check("own-entity", "Status codes: 404 resource not found", "ours", own_entity, _OF_RECORD),
    Check("new-id", "ExternalID: given by the server", "documented", new_id, _CREATES),
)  # fmt: skip
