"""Deletes the records that a run created on a service that nothing restores, and no others."""

import json
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from cmdm_tui.harness.exchange import Answer, OutgoingRequest
from cmdm_tui.harness.http.connection import NoAnswer
from cmdm_tui.text import one_line

SendCall = Callable[[str, str], Answer]

_OK, _CREATED, _NOT_FOUND = 200, 201, 404
_CHILD_PATH_LENGTH = 3
_NEWEST_CONTACTS = 20


@dataclass(frozen=True, slots=True)
class UndeletedRecord:
    """A record that a run created and could not delete, and why."""

    entity: str
    external_id: str
    reason: str

    def __str__(self) -> str:
        return f"{one_line(self.entity, 60)} {one_line(self.external_id, 100)}: {self.reason}"


@dataclass(frozen=True, slots=True)
class CreatedRecord:
    """A record that a call made; `of_lead` for the account of a conversion."""

    entity: str
    external_id: str
    is_of_conversion: bool = False


def find_created(request: OutgoingRequest, answer: Answer) -> list[CreatedRecord]:
    """Return the record that the answer says was created, if any."""
    segments = [unquote(part) for part in request.target.partition("?")[0].strip("/").split("/")]
    if request.method == "POST" and answer.status in {_OK, _CREATED}:
        entity = segments[-1] if len(segments) == _CHILD_PATH_LENGTH else segments[0]
        return [CreatedRecord(entity, one) for one in _read_id(answer, "ExternalID")]
    if request.method == "PUT" and answer.status == _OK:
        return [
            CreatedRecord("account", one, is_of_conversion=True)
            for one in _read_id(answer, "Account ExternalID")
        ]
    return []


def delete_created(created: Sequence[CreatedRecord], call: SendCall) -> list[UndeletedRecord]:
    """Delete what was created, the newest first, and return what could not be deleted.

    A conversion does not name the contact that it creates: the newest contacts are searched for the
    account's.
    """
    left: list[UndeletedRecord] = []
    accounts = {one.external_id for one in created if one.is_of_conversion}
    for one in reversed([*created, *_find_converted_contacts(accounts, call)]):
        entity, external_id = one.entity, one.external_id
        try:
            answer = call("DELETE", f"/{quote(entity, safe='')}/{quote(external_id, safe='')}")
        except NoAnswer as error:
            left.append(UndeletedRecord(entity, external_id, str(error)))
            continue
        if answer.status not in {_OK, _NOT_FOUND}:
            left.append(
                UndeletedRecord(entity, external_id, f"its deletion was answered {answer.status}.")
            )
    return left


def _find_converted_contacts(accounts: Set[str], call: SendCall) -> list[CreatedRecord]:
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


def _read_id(answer: Answer, name: str) -> list[str]:
    try:
        value: Any = json.loads(answer.body)[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [value] if isinstance(value, str) and value else []
