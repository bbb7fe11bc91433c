"""Checks of what is stored: that writes are kept, and that nothing else changes."""

from collections.abc import Iterator
from unicodedata import normalize

from cmdm_tui.harness.oracle.check import Check, CheckFunction
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.record_model import Cause


def _contradicts_after(cause: Cause, words: str) -> CheckFunction:
    def judge(seen: CheckContext) -> Iterator[str]:
        for clash in (*seen.contradictions, *seen.miscounts):
            if clash.cause == cause:
                yield f"{words}: {clash}."

    return judge


def put_twice(seen: CheckContext) -> Iterator[str]:
    """An update sent a second time is accepted as the first was, and changes nothing more."""
    known, intent = seen.record, seen.intent
    if intent.call == "update" and intent.authorization == "good" and known is not None:
        is_again = (
            known.last_update is not None
            and known.last_update == intent.given
            and bool(known.exists)
        )
        if is_again and seen.exchange.status in {400, 404, 405}:
            yield f"An update was accepted, and answered {seen.exchange.status} when repeated."
    yield from _contradicts_after("again", "After an update was repeated")(seen)


def over_limit_without_effect(seen: CheckContext) -> Iterator[str]:
    """What was refused over the limit has changed nothing."""
    yield from _contradicts_after("over-limit", "After a request over the limit")(seen)


def reads_stable(seen: CheckContext) -> Iterator[str]:
    """Two readings of a record are the same while nothing was written."""
    for clash in seen.contradictions:
        if clash.cause == "read" and not clash.is_listed:
            yield f"Nothing was written in between: {clash}."


def list_agrees(seen: CheckContext) -> Iterator[str]:
    """A list shows records as they are shown alone, and the records there are."""
    for clash in seen.contradictions:
        if clash.cause == "read" and clash.is_listed and not clash.is_projected:
            yield f"The list says otherwise than the record: {clash}."
    for miscount in seen.miscounts:
        if miscount.cause == "read" and miscount.kind != "total":
            yield f"The list is not that of the records: {miscount}."


def answers_for_itself(seen: CheckContext) -> Iterator[str]:
    """The record that is answered is the one that was asked for."""
    asked = seen.intent.external_id
    if seen.intent.call != "get" or not seen.is_success:
        return
    for row in seen.answer.rows:
        if row.external_id != asked and not _is_other_spelling(seen, row.external_id):
            yield f"{asked} was asked for, and {row.external_id} came."


def _is_other_spelling(seen: CheckContext, external_id: str) -> bool:
    """Tell whether an id was spelt otherwise on purpose; that ids match exactly is another law."""
    is_odd = seen.intent.input_class.startswith("id:")
    return is_odd and _folded(external_id) == _folded(seen.intent.external_id)


def _folded(external_id: str) -> str:
    return normalize("NFKC", external_id).casefold().strip()


def own_entity(seen: CheckContext) -> Iterator[str]:
    """An id answers for its own entity only."""
    intent = seen.intent
    if intent.call not in {"get", "update", "delete", "convert", "close"} or not seen.is_success:
        return
    home = seen.model.entity_of(intent.external_id)
    if home is not None and home != intent.entity and seen.record is None:
        yield f"{intent.external_id} is a record of {home}, and {intent.entity} answers for it."


def new_id(seen: CheckContext) -> Iterator[str]:
    """A new record has an id that no other has."""
    made = seen.answer.created_id
    if made and seen.intent.call != "convert" and seen.model.entity_of(made) is not None:
        yield f"The new record was given {made}, which is another's."


CHECKS = (
    Check("create-then-get", "create: 201 with the ExternalID; retrieve one", "documented",
          _contradicts_after("created", "After a create")),
    Check("update-then-get", "update: 200 \"Record updated.\"", "documented",
          _contradicts_after("updated", "After an update")),
    Check("update-leaves-others", "update: changes the fields given, no others", "ours",
          _contradicts_after("others", "After an update of other fields")),
    Check("put-twice", "update: PUT, of which a second one has no effect more (RFC 9110 9.2.2)",
          "documented", put_twice),
    Check("refused-changes-nothing", "create, update: 400, nothing stored", "ours",
          _contradicts_after("refused", "After a refused request")),
    Check("over-limit-without-effect", "429 limit reached", "documented",
          over_limit_without_effect),
    Check("reads-stable", "retrieve one", "documented", reads_stable),
    Check("list-agrees-with-records", "retrieve many: records as retrieve one shows them",
          "documented", list_agrees),
    Check("answers-for-itself", "retrieve one: the ExternalID asked for", "documented",
          answers_for_itself),
    Check("own-entity", "Status codes: 404 resource not found", "documented", own_entity),
    Check("new-id", "ExternalID: given by the server", "documented", new_id),
)  # fmt: skip
