"""Makes the rows of RETURNING from what became of each change; pure, and makes no call."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from cmdm_tui.api.models import Field, Properties
from cmdm_tui.changes.change_set import OWNER_FIELDS, ChangeKind
from cmdm_tui.changes.entity_fields import EntityFields, kind_of
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.unchanged import find_value
from cmdm_tui.query.database.casts import parse_value
from cmdm_tui.query.model import EXTERNAL_ID, ColumnKind
from cmdm_tui.query.parsing.write_parts import ReturnedColumn
from cmdm_tui.text import one_line

_TYPES: Mapping[ColumnKind, str] = MappingProxyType(
    {
        ColumnKind.TEXT: "VARCHAR",
        ColumnKind.NUMBER: "DECIMAL",
        ColumnKind.DATE: "DATE",
        ColumnKind.DATETIME: "TIMESTAMP WITH TIME ZONE",
        ColumnKind.BOOLEAN: "BOOLEAN",
    }
)
_RETURNED = frozenset({EntryState.DONE, EntryState.UNCHANGED})


@dataclass(frozen=True, slots=True)
class ReturnedField:
    """A column of RETURNING: its title, the field that it shows, and how that is typed."""

    name: str
    field: str
    kind: ColumnKind = ColumnKind.TEXT
    is_read_only: bool = False

    @property
    def type(self) -> str:
        """The type of its values, for the writers of `formats`."""
        return _TYPES[self.kind]

    def convert(self, stored: object) -> object:
        """Return a stored value as a query gives it; what does not fit its type is null there."""
        if self.kind is ColumnKind.TEXT or not isinstance(stored, str):
            return stored
        value = parse_value(self.kind, stored)
        return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def returned_columns(
    returning: Sequence[ReturnedColumn], known: EntityFields
) -> tuple[ReturnedField, ...]:
    """Return the columns."""
    columns: list[ReturnedField] = []
    for one in returning:
        if one.field is None:
            columns.append(ReturnedField(EXTERNAL_ID, EXTERNAL_ID))
            columns += [_make_column(field.name, field) for field in known.readable]
        elif one.field.name.casefold() == EXTERNAL_ID.casefold():
            columns.append(ReturnedField(one.title, EXTERNAL_ID))
        else:
            columns.append(_make_column(one.title, known.find(one.field)))
    return tuple(columns)


def describe_unread(
    columns: Sequence[ReturnedField], entries: Iterable[JournalEntry]
) -> Iterator[str]:
    """Yield what the columns do not know: no record is read again after its change."""
    kinds = {entry.change.kind for entry in entries if entry.state in _RETURNED}
    others = [one for one in columns if one.field != EXTERNAL_ID]
    names = ", ".join(one_line(one.field, 60) for one in others if one.is_read_only)
    how = "SELECT reads the records as they are."
    if ChangeKind.CREATE in kinds and others:
        yield f"A new record is shown as it was sent: what the service sets itself is null. {how}"
    if ChangeKind.UPDATE in kinds and names:
        yield f"{names}: as before the change. {how}"
    if ChangeKind.CONVERT in kinds and others:
        yield f"The lead is shown as it was before the call, except for AccountExternalID. {how}"
    if ChangeKind.CLOSE in kinds and others:
        yield f"The task is shown as it was before the call. {how}"


def _make_column(title: str, field: Field) -> ReturnedField:
    return ReturnedField(title, field.name, kind_of(field), bool(field.read_only))


def returned_rows(
    columns: Sequence[ReturnedField],
    entries: Iterable[JournalEntry],
    read: Mapping[str, Properties] | None = None,
) -> list[tuple[object, ...]]:
    """Return a row for each change that was done, or was found as wanted.

    Of a new record the fields that were given are known, of any other what was read of it (`read`,
    by id, see `from_sql.MadeChanges`) with the values written; the rest is None. A deleted record
    shows what it was.
    """
    return [
        tuple(column.convert(find_value(values, column.field)) for column in columns)
        for entry in entries
        if entry.state in _RETURNED
        for values in (_values_of(entry, read or {}),)
    ]


def _values_of(entry: JournalEntry, read: Mapping[str, Properties]) -> Properties:
    change = entry.change
    is_new = change.kind is ChangeKind.CREATE
    external_id = entry.result_id if is_new else change.external_id
    known: dict[str, object] = {}
    if change.external_id is not None:
        known |= read.get(change.external_id, {})
    known |= change.before or {}
    known |= entry.observed or {}
    if change.kind in {ChangeKind.CREATE, ChangeKind.UPDATE}:
        known |= change.properties
    if change.kind is ChangeKind.CONVERT and entry.result_id:
        known["AccountExternalID"] = entry.result_id
    if change.parent is not None:
        known |= dict(
            zip(OWNER_FIELDS, (change.parent.entity, change.parent.external_id), strict=True)
        )
    return {**known, EXTERNAL_ID: external_id}
