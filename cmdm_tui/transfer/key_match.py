"""Decides for each record of a file whether it is created, updated or left, by a key field.

A key that occurs twice, in the file or on the server, and one that differs from another by its case
alone are refused: a record is never made next to the one that was meant. Pure: the caller reads the
records that exist.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from cmdm_tui.api.models import Field, Record
from cmdm_tui.api.value_match import is_empty, is_same_value
from cmdm_tui.changes.change_set import Change, ChangeKind, Reject
from cmdm_tui.text import one_line
from cmdm_tui.transfer.columns import required_fields
from cmdm_tui.transfer.field_matcher import EXTERNAL_ID
from cmdm_tui.transfer.imported_file import ImportedFile, ImportedRow, RefusedRow

_NUMBERS = {"number", "currency"}
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class MatchedRow:
    """A record of the file and what it leads to: a change, or none where nothing differs.

    `record` is the one on the server that it is about, None for a new one.
    """

    line: int
    change: Change | None
    number: int = 0
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """What becomes of the records of a file, in its order.

    `refused` holds those that could not be read either.
    """

    rows: tuple[MatchedRow, ...]
    refused: tuple[RefusedRow, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes to make."""
        return tuple(row.change for row in self.rows if row.change is not None)

    @property
    def unchanged(self) -> int:
        """How many records of the file are on the server already as they are."""
        return sum(1 for row in self.rows if row.change is None)


def match_keys(
    imported: ImportedFile, existing: Iterable[Record] = (), *, is_partial: bool = False
) -> KeyMatch:
    """Return what becomes of each record of a file.

    `existing` are the records that may have one of its keys; for the mode `create` there are none.
    Where they are a part of those (`is_partial`), a key that none has is refused, as another may
    have it.
    """
    if imported.mode == "create":
        rows = [
            MatchedRow(row.line, _make_create(imported, row, row.properties), row.number)
            for row in imported.rows
        ]
        return KeyMatch(tuple(rows), imported.refused)
    return _Matching(imported, existing, is_partial=is_partial).match()


def to_changes(
    imported: ImportedFile, match: KeyMatch
) -> tuple[tuple[Change, ...], tuple[Reject, ...]]:
    """Return the changes of a file and its rejects, as a change set holds them."""
    rejects = [
        Reject(row.reason, imported.name_line(row.line), row.column) for row in match.refused
    ]
    return match.changes, tuple(rejects)


def fold_key(value: object, key: Field) -> str:
    """Return a key's value so that equal keys are equal text.

    Addresses are compared in lower case, numbers by value.
    """
    kind = (key.type or "").casefold()
    text = str(value).strip()
    if kind == "email":
        return text.casefold()
    if kind in _NUMBERS:
        try:
            return str(Decimal(text).normalize())
        except InvalidOperation:
            return text
    return text


def _fold_nearly(value: object, key: Field) -> str:
    """Return a key's value without what people write differently: case, blanks, widths."""
    if key.name == EXTERNAL_ID:
        return str(value)
    text = unicodedata.normalize("NFKC", str(value)).casefold()
    if (key.type or "").casefold() == "phone":
        return "".join(character for character in text if character.isalnum())
    return " ".join(text.split())


class _Matching:
    """The state of one match: which keys the file and the server have."""

    def __init__(
        self, imported: ImportedFile, existing: Iterable[Record], *, is_partial: bool
    ) -> None:
        self._imported = imported
        self._is_partial = is_partial
        by_name = {field.name: field for field in imported.fields}
        name = imported.key or EXTERNAL_ID
        self._key = by_name.get(name, Field(name, type="Text"))
        self._header = next(
            (header for header, field in imported.detected.columns.items() if field == name), name
        )
        self._required = required_fields(imported.fields)
        self._records: defaultdict[str, list[Record]] = defaultdict(list)
        self._near_records: defaultdict[str, list[Record]] = defaultdict(list)
        for record in existing:
            value = self._get_key(record)
            if not is_empty(value):
                self._records[fold_key(value, self._key)].append(record)
                self._near_records[_fold_nearly(value, self._key)].append(record)
        self._lines = self._find_lines()

    def match(self) -> KeyMatch:
        rows: list[MatchedRow] = []
        refused = list(self._imported.refused)
        for row in self._imported.rows:
            outcome = self._match_row(row)
            if isinstance(outcome, RefusedRow):
                refused.append(outcome)
            else:
                rows.append(outcome)
        return KeyMatch(tuple(rows), tuple(sorted(refused, key=lambda row: row.line)))

    def _get_key(self, record: Record) -> object:
        if self._key.name == EXTERNAL_ID:
            return record.external_id
        return record.properties.get(self._key.name)

    def _find_lines(self) -> Mapping[str, Sequence[int]]:
        """Return the lines of each key of the file, those of refused records among them."""
        lines: defaultdict[str, list[int]] = defaultdict(list)
        keys = [(row.line, row.key) for row in self._imported.rows]
        keys += [(row.line, row.cells.get(self._header)) for row in self._imported.refused]
        for line, key in sorted(keys, key=lambda pair: pair[0]):
            if key is not None and key.strip():
                lines[_fold_nearly(key.strip(), self._key)].append(line)
        return lines

    def _match_row(self, row: ImportedRow) -> MatchedRow | RefusedRow:
        if row.key is None:
            return self._refuse(row, "no key")
        lines = self._lines.get(_fold_nearly(row.key.strip(), self._key), ())
        if len(lines) > 1:
            return self._refuse(row, f"the key occurs twice {self._describe_lines(lines)}")
        found = self._records.get(fold_key(row.key, self._key), [])
        if len(found) > 1:
            count = "two" if len(found) == 2 else f"{len(found):,}"
            return self._refuse(row, f"{count} records have this key")
        if found:
            return self._update(row, found[0])
        near = self._near_records.get(_fold_nearly(row.key, self._key))
        if near:
            value = one_line(str(self._get_key(near[0])), _SHOWN)
            return self._refuse(row, f"a record has this key in another spelling, {value!r}")
        if self._is_partial:
            return self._refuse(row, "not every record was read, so one may have this key")
        if self._imported.mode == "update":
            return self._refuse(row, "no record has this key")
        return self._create(row)

    def _describe_lines(self, lines: Sequence[int]) -> str:
        if self._imported.line_names:
            names = [self._imported.name_line(line) for line in lines]
            return f"among the records ({', '.join(names[:-1])} and {names[-1]})"
        shown = ", ".join(map(str, lines[:-1]))
        return f"in the file ({self._imported.line_word}s {shown} and {lines[-1]})"

    def _create(self, row: ImportedRow) -> MatchedRow | RefusedRow:
        if self._key.name == EXTERNAL_ID or self._key.read_only:
            return self._refuse(row, "no record has this key, and the server gives it to new ones")
        for field in self._required:
            if field.name not in row.properties and field.name not in row.awaited:
                return self._refuse(row, "is required in a new record", field)
        change = _make_create(self._imported, row, row.properties)
        return MatchedRow(row.line, change, row.number)

    def _update(self, row: ImportedRow, record: Record) -> MatchedRow | RefusedRow:
        # The key found the record: another case of it is not a change.
        sent: dict[str, str | None] = {
            name: value
            for name, value in row.properties.items()
            if name != self._key.name and not self._is_same(name, record, value)
        }
        if self._imported.blank == "clear":
            for field in self._imported.fields:
                if field.name not in row.blanks or record.properties.get(field.name) is None:
                    continue
                if field.required:
                    return self._refuse(row, "is required, and a blank would clear it", field)
                sent[field.name] = None
        if not sent:
            return MatchedRow(row.line, None, row.number, record)
        before = {name: record.properties.get(name) for name in sent}
        change = Change(
            ChangeKind.UPDATE,
            self._imported.entity,
            record.external_id,
            MappingProxyType(sent),
            MappingProxyType(before),
            origin=self._imported.name_line(row.line),
        )
        return MatchedRow(row.line, change, row.number, record)

    def _is_same(self, name: str, record: Record, value: str) -> bool:
        stored: object = record.properties.get(name)
        kinds = {
            (field.type or "").casefold() for field in self._imported.fields if field.name == name
        }
        if kinds <= {"text", "email", "phone", "url", "picklist", "lookup"}:
            return stored == value
        return not is_empty(stored) and is_same_value(stored, value)

    def _refuse(self, row: ImportedRow, reason: str, field: Field | None = None) -> RefusedRow:
        column = self._header if field is None else _find_header(self._imported, field.name)
        return _make_refused(self._imported, row, reason, column)


def list_refused(imported: ImportedFile, rejects: Iterable[Reject]) -> list[RefusedRow]:
    """Return the records of a file whose changes were rejected after they were matched."""
    rows = {imported.name_line(row.line): row for row in imported.rows}
    return [
        _make_refused(
            imported,
            rows[reject.origin],
            reject.reason,
            None if reject.column is None else _find_header(imported, reject.column),
        )
        for reject in rejects
        if reject.origin in rows
    ]


def _find_header(imported: ImportedFile, name: str) -> str:
    """Return the header of a field; its name where no column has it."""
    columns = imported.detected.columns
    return next((header for header, of in columns.items() if of == name), name)


def _make_refused(
    imported: ImportedFile, row: ImportedRow, reason: str, column: str | None
) -> RefusedRow:
    cells = {
        header: row.properties[name]
        for header, name in imported.detected.columns.items()
        if name is not None and name in row.properties
    }
    return RefusedRow(row.line, column, reason, MappingProxyType(cells))


def _make_create(imported: ImportedFile, row: ImportedRow, properties: Mapping[str, str]) -> Change:
    return Change(
        ChangeKind.CREATE,
        imported.entity,
        properties=properties,
        origin=imported.name_line(row.line),
    )
