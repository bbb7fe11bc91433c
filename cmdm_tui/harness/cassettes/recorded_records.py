"""The records that cassettes saw: what each was when it was last read, sent or deleted.

A value is the last one that came in an answer, or was sent in a change that the service took. What
the service did besides, such as the status of a task that was closed, is unknown until it is read.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from cmdm_tui.api import Record, ResponseTooLarge
from cmdm_tui.api.decode_lists import (
    NoList,
    find_rows,
    parse_text,
    parse_total,
    read_row,
    read_rows,
)
from cmdm_tui.api.json_body import decode_json
from cmdm_tui.harness.calls import parse_call, parse_given
from cmdm_tui.harness.cassettes.canonical_yaml import RecordedAnswer
from cmdm_tui.harness.exchange import Call

_ADDRESS = re.compile(r"(?is)[a-z][a-z0-9+.-]*://[^/?#]*")
_ROUTE = re.compile(r"(?is)[^?#]*?/api/[^/?#]+/(?P<route>[^?#]*)")
_NUMBERED_ID = re.compile(r"(?<![A-Za-z0-9])NEW[0-9]{5,}(?![A-Za-z0-9])")
"""An id that `cmdm record` has numbered (`format.IdAliases`): another record in each cassette."""

_CHILD_ENTITIES: Mapping[Call, str] = {
    "create-task": "task",
    "create-opportunity": "opportunity",
}


def find_route(target: str) -> str | None:
    """Return what an address or its path calls, after `/api/{version}/`, without a query.

    None for what is not below such a path.
    """
    address = _ADDRESS.match(target)
    found = _ROUTE.match(target, address.end() if address else 0)
    return None if found is None else found["route"]


@dataclass(slots=True)
class RecordedEntity:
    """What was seen of one entity.

    `records` has the properties by external id, in the order in which the records were first seen;
    it is None where no record was asked for or sent. `fields` has the rows of its fields' list, by
    their ids; None where none was seen.
    """

    records: dict[str, dict[str, Any]] | None = None
    fields: dict[str, Any] | None = None


@dataclass(slots=True)
class RecordedRecords:
    """The last known state of the records that recorded calls read and changed."""

    entities: dict[str, RecordedEntity] = field(default_factory=dict[str, RecordedEntity])
    """By their names in lower case, in the order in which they were first seen."""
    call_count: int = 0
    """How many recorded calls were read, whatever they were."""

    @property
    def record_count(self) -> int:
        """How many records there are."""
        return sum(len(entity.records or ()) for entity in self.entities.values())

    @property
    def is_empty(self) -> bool:
        """Whether neither records nor fields were seen."""
        return not self.record_count and not any(one.fields for one in self.entities.values())

    def find_records(self, entity: str) -> Mapping[str, Mapping[str, Any]] | None:
        """Return the records of an entity by id; None where none was asked for or sent."""
        found = self.entities.get(entity.casefold())
        return None if found is None else found.records

    def find_fields(self, entity: str) -> list[Any] | None:
        """Return the rows of an entity's fields as they came; None where none were seen."""
        found = self.entities.get(entity.casefold())
        return None if found is None or found.fields is None else list(found.fields.values())

    def read(self, answers: Iterable[RecordedAnswer], *, label: str = "") -> None:
        """Take over what the calls of one cassette show, in their order.

        With a `label`, the ids that `cmdm record` has numbered get it as an ending: another
        cassette numbers its own the same. Raises CassetteUnreadable for a body that the file turns
        out not to hold.
        """
        for answer in answers:
            self.call_count += 1
            reading = _Reading(self, answer, label)
            reading.take_over()

    def open_entity(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the records of an entity, to be added to; from now on it has been seen."""
        entity = self.entities.setdefault(name.casefold(), RecordedEntity())
        if entity.records is None:
            entity.records = {}
        return entity.records


class _Reading:
    """One recorded call, taken over into the records."""

    def __init__(self, records: RecordedRecords, answer: RecordedAnswer, label: str) -> None:
        self._records = records
        self._answer = answer
        self._label = label
        method, address, self._sent = answer.key
        route = find_route(address)
        call, self._entity, external_id = ("other", "", "")
        if route is not None:
            call, self._entity, external_id = parse_call(method, route)
        self._call: Call = call
        self._id: str = self._mark(external_id)

    def take_over(self) -> None:
        """Put what the call shows into the records; one that failed shows nothing."""
        if self._call == "get" and self._answer.status == 404:
            self._forget()
            return
        readers: Mapping[Call, Callable[[], None]] = {
            "list": self._read_list,
            "get": self._read_record,
            "fields": self._read_fields,
            "create": self._read_created,
            "create-task": self._read_created,
            "create-opportunity": self._read_created,
            "update": self._read_update,
            "convert": self._read_conversion,
            "close": self._read_closing,
            "delete": self._forget,
        }
        read = readers.get(self._call)
        if read is not None and 200 <= self._answer.status < 300:
            read()

    def _read_list(self) -> None:
        content = self._content()
        try:
            rows = read_rows(content, self._entity).records if content else ()
        except NoList:
            return
        if not rows and parse_total(content, "Total Records"):
            return  # a page past the last: there are records, and none of them was seen
        known = self._records.open_entity(self._entity)
        for row in rows:
            known.setdefault(row.external_id, {}).update(row.properties)

    def _read_record(self) -> None:
        record, _ = read_row(self._content(), self._entity, external_id=self._id)
        if record is not None:
            known = self._records.open_entity(self._entity)
            known[record.external_id] = dict(record.properties)

    def _read_fields(self) -> None:
        try:
            rows = find_rows(self._content(), ("Field", "Fields"), None)
        except NoList:
            return
        entity = self._records.entities.setdefault(self._entity.casefold(), RecordedEntity())
        known = entity.fields = entity.fields or {}
        for row in rows:
            field_row, _ = read_row(row, self._entity)
            known[_name_of(field_row, row)] = row

    def _read_created(self) -> None:
        entity = _CHILD_ENTITIES.get(self._call, self._entity)
        self._add(entity, parse_text(self._content().get("ExternalID")))

    def _read_conversion(self) -> None:
        self._read_closing()
        self._add("account", parse_text(self._content().get("Account ExternalID")))

    def _read_update(self) -> None:
        self._add(self._entity, self._id)

    def _read_closing(self) -> None:
        self._records.open_entity(self._entity).setdefault(self._id, {})

    def _add(self, entity: str, external_id: str | None) -> None:
        """Give a record the properties that were sent; none where the cassette has only a hash."""
        if external_id is None:
            return
        given = self._mark(dict(parse_given(self._call, self._sent) or {}))
        self._records.open_entity(entity).setdefault(external_id, {}).update(given)

    def _forget(self) -> None:
        known = self._records.find_records(self._entity)
        if known is not None:
            self._records.open_entity(self._entity).pop(self._id, None)

    def _content(self) -> dict[str, Any]:
        """Return the answer's object; an empty one where it holds none that can be read."""
        try:
            value: object = decode_json(self._answer.body)
        except (ValueError, RecursionError, ResponseTooLarge):
            return {}
        return self._mark(cast("dict[str, Any]", value)) if isinstance(value, dict) else {}

    def _mark(self, value: Any) -> Any:
        """Return a value with the label behind each numbered id in it."""
        if not self._label:
            return value
        match value:
            case str():
                return _NUMBERED_ID.sub(lambda found: f"{found[0]}@{self._label}", value)
            case dict():
                inner = cast("dict[str, Any]", value)
                return {name: self._mark(one) for name, one in inner.items()}
            case list():
                return [self._mark(one) for one in cast("list[Any]", value)]
            case _:
                return value


def _name_of(field_row: Record | None, row: object) -> str:
    return repr(row) if field_row is None else field_row.external_id
