"""Deletes the records that a run created on a service that nothing restores, and no others."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from cmdm_tui.harness.calls import CHILD_CALLS
from cmdm_tui.harness.exchange import Answer, Intent, OutgoingRequest
from cmdm_tui.harness.http.connection import NoAnswer
from cmdm_tui.text import one_line

SendCall = Callable[[str, str], Answer]

_OK, _CREATED, _NOT_FOUND = 200, 201, 404
_CHILD_PATH_LENGTH = 3
_NEWEST_CONTACTS = 20
_CHILD_ENTITIES = {call: child for child, call in CHILD_CALLS.items()}


@dataclass(frozen=True, slots=True)
class UndeletedRecord:
    """A record that a run created and could not delete, and why.

    Where the deletion was not answered, it may be deleted all the same.
    """

    entity: str
    external_id: str
    reason: str
    is_unanswered: bool = False

    def __str__(self) -> str:
        return f"{one_line(self.entity, 60)} {one_line(self.external_id, 100)}: {self.reason}"


@dataclass(frozen=True, slots=True)
class CreatedRecord:
    """A record that a call made; the account of a conversion `is_of_conversion`.

    It `is_retried` where one deletion of it was not answered.
    """

    entity: str
    external_id: str
    is_of_conversion: bool = False
    is_retried: bool = False


def find_created(
    request: OutgoingRequest, answer: Answer, intent: Intent | None = None
) -> list[CreatedRecord]:
    """Return the record that the answer says was created, if any.

    `intent` says of what entity it is, where the target is too odd to say it.
    """
    if request.method == "POST" and answer.status in {_OK, _CREATED}:
        entity = _created_entity(request.target, intent)
        return [CreatedRecord(entity, one) for one in _read_id(answer, "ExternalID")]
    if request.method == "PUT" and answer.status == _OK:
        return [
            CreatedRecord("account", one, is_of_conversion=True)
            for one in _read_id(answer, "Account ExternalID")
        ]
    return []


def delete_created(one: CreatedRecord, call: SendCall) -> UndeletedRecord | None:
    """Delete a record, and return it where that could not be done."""
    entity, external_id = one.entity, one.external_id
    try:
        answer = call("DELETE", f"/{quote(entity, safe='')}/{quote(external_id, safe='')}")
    except NoAnswer as error:
        return UndeletedRecord(entity, external_id, str(error), is_unanswered=True)
    if answer.status not in {_OK, _NOT_FOUND}:
        reason = f"its deletion was answered {answer.status}."
        return UndeletedRecord(entity, external_id, reason)
    return None


def find_converted_contacts(
    created: Sequence[CreatedRecord], call: SendCall
) -> list[CreatedRecord]:
    """Return the contacts that conversions created.

    A conversion does not name its contact: the newest contacts are searched for the account's.
    """
    accounts = {one.external_id for one in created if one.is_of_conversion}
    if not accounts:
        return []
    query = f"sort_by=CreatedDate&sort_order=desc&per_page={_NEWEST_CONTACTS}&page=1"
    try:
        answer: dict[str, Any] = json.loads(call("GET", f"/contact?{query}").body)
        records: list[dict[str, Any]] = answer["Entity"]
        return [
            CreatedRecord("contact", record["ExternalID"])
            for record in records
            if record["Properties"].get("AccountExternalID") in accounts
        ]
    except (NoAnswer, ValueError, KeyError, TypeError, AttributeError):
        return []


def _created_entity(target: str, intent: Intent | None) -> str:
    if intent is not None and intent.entity:
        return _CHILD_ENTITIES.get(intent.call, intent.entity)
    segments = [unquote(part) for part in target.partition("?")[0].strip("/").split("/")]
    return segments[-1] if len(segments) == _CHILD_PATH_LENGTH else segments[0]


def _read_id(answer: Answer, name: str) -> list[str]:
    try:
        value: Any = json.loads(answer.body)[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [value] if isinstance(value, str) and value else []
