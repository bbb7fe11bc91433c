"""What records are called: the name of each record that was read, for those that point at it."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmdm_tui.api import Record

_MOST_NAMES = 100_000
_NAME_FIELDS = ("Name", "Subject", "Title", "Company")
_PERSON_FIELDS = ("FirstName", "LastName")


class RecordNames:
    """The names of records by entity and external id, the last `most` that were read: no call."""

    def __init__(self, most: int = _MOST_NAMES) -> None:
        self._most = most
        self._names: OrderedDict[tuple[str, str], str] = OrderedDict()

    def learn(self, records: "Iterable[Record]") -> None:
        """Keep the names of records that were read."""
        for record in records:
            name = name_record(record)
            if name:
                key = make_owner_key(record.entity, record.external_id)
                self._names[key] = name
                self._names.move_to_end(key)
        while len(self._names) > self._most:
            self._names.popitem(last=False)

    def find(self, entity: str, external_id: str) -> str:
        """Return what the record is called, untrusted; empty where it was not read."""
        return self._names.get(make_owner_key(entity, external_id), "")


def make_owner_key(entity: str, external_id: str) -> tuple[str, str]:
    """Return the key of a record: entities match without regard to case, external ids exactly."""
    return (entity.casefold(), external_id)


def find_name_fields(fields: Iterable[str]) -> frozenset[str]:
    """Return which of these fields of an entity say what a record of it is called."""
    names = frozenset(fields)
    if _PERSON_FIELDS[-1] in names:
        return names & frozenset(_PERSON_FIELDS)
    return frozenset(next(({field} for field in _NAME_FIELDS if field in names), ()))


def name_record(record: "Record") -> str:
    """Return what a record is called, untrusted: its name, a person's two, else its subject.

    Empty where no field of it says so.
    """
    person = [_text(record, field) for field in _PERSON_FIELDS]
    if person[-1]:
        return " ".join(part for part in person if part)
    return next((text for field in _NAME_FIELDS if (text := _text(record, field))), "")


def _text(record: "Record", field: str) -> str:
    value = record.properties.get(field)
    return value.strip() if isinstance(value, str) else ""
