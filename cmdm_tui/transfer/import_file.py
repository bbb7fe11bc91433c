"""Reads a file into the records of an entity: all of it, before anything is returned.

Nothing is guessed that could be otherwise: what a file leaves open is a question, and a record that
is not right is refused with its line, column and reason, while the others stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cmdm_tui.api.models import Field
from cmdm_tui.text import one_line
from cmdm_tui.transfer.column_formats import find_formats
from cmdm_tui.transfer.column_rules import ColumnRule, ConversionCounts, RejectedValue
from cmdm_tui.transfer.columns import (
    NO_LINKS,
    ColumnPlan,
    ColumnUse,
    LinkedColumns,
    check_header,
    plan_columns,
    required_fields,
)
from cmdm_tui.transfer.errors import ImportFileError, ImportQuestions
from cmdm_tui.transfer.field_matcher import FieldMatcher
from cmdm_tui.transfer.guards import take_off_guard
from cmdm_tui.transfer.import_options import ImportOptions
from cmdm_tui.transfer.imported_file import DetectedForm, ImportedFile, ImportedRow, RefusedRow
from cmdm_tui.transfer.source_file import read_source
from cmdm_tui.transfer.source_table import FileCell, SourceRow, SourceTable, source_text
from cmdm_tui.transfer.table_shape import find_unnamed_values
from cmdm_tui.transfer.values import BLANK, ConvertedValue, ValueConverter

_IS_REQUIRED = "is required"
_DEFAULT = ImportOptions()


def read_table(
    path: Path, entity: str, fields: Sequence[Field], options: ImportOptions = _DEFAULT
) -> tuple[SourceTable, FieldMatcher]:
    """Return the columns and cells of a file, not yet interpreted, and what matches its headers.

    Raises what `read_import` does.
    """
    if not fields:
        raise ImportFileError(
            f"The fields of {one_line(entity, 60)} are not known: the service does not list them, "
            "and there is no record to read them from"
        )
    matcher = FieldMatcher(entity, fields, options.mapping)
    required = [field.name for field in required_fields(fields)]
    table = read_source(path, matcher, options, required if options.mode == "create" else ())
    check_header(table, matcher)
    return table, matcher


def read_import(
    path: Path,
    entity: str,
    fields: Sequence[Field],
    options: ImportOptions = _DEFAULT,
    linked: LinkedColumns = NO_LINKS,
) -> ImportedFile:
    """Return the records that a file holds for an entity with these fields.

    Raises ImportQuestions where the file can be read in more than one way, and ImportFileError
    where none of it can be imported.
    """
    table, matcher = read_table(path, entity, fields, options)
    required = [field.name for field in required_fields(fields)]
    plan = plan_columns(table, matcher, options, linked)
    targets = [use.field if use.is_sent or use.field == plan.key else None for use in plan.uses]
    formats, questions = find_formats(table, targets, options)
    if plan.questions or questions:
        raise ImportQuestions((*plan.questions, *questions))
    counts = ConversionCounts()
    is_delimited = table.format in {"csv", "tsv"}
    converters = [
        None
        if target is None
        else ValueConverter(ColumnRule(target, form, counts), is_delimited=is_delimited)
        for target, form in zip(targets, formats, strict=True)
    ]
    needed = required if options.mode == "create" else []
    builder = _RowBuilder(table, plan, converters, needed, linked)
    rows, refused = builder.build_all()
    # With links, records may still be refused as the other files are read.
    totals = _describe_totals(rows, refused) if linked == NO_LINKS else []
    return ImportedFile(
        entity,
        path.name,
        options.mode,
        options.blank,
        tuple(fields),
        tuple(rows),
        tuple(refused),
        _describe_form(table, plan),
        (*table.notes, *plan.notes, *_describe_counts(counts), *totals),
        plan.key.name if plan.key else None,
        table.line_word,
    )


class _Refusal(Exception):
    """A record cannot be imported: why, and the place or the name of the column at fault."""

    def __init__(self, reason: str, place: int | None = None, column: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place
        self.column = column


@dataclass
class _RowBuilder:
    """Makes records of rows, cell by cell."""

    table: SourceTable
    plan: ColumnPlan
    converters: Sequence[ValueConverter | None]
    required: Sequence[str]
    linked: LinkedColumns

    def build_all(self) -> tuple[list[ImportedRow], list[RefusedRow]]:
        """Return every record of the table, as imported or as refused."""
        rows: list[ImportedRow] = []
        refused: list[RefusedRow] = []
        unnamed = self._find_unnamed()
        for index, row in enumerate(self.table.rows):
            if index in unnamed:
                refused.append(self._refuse(row, _Refusal(unnamed[index])))
                continue
            try:
                rows.append(self._build(row, index))
            except _Refusal as refusal:
                refused.append(self._refuse(row, refusal))
        return rows, refused

    def _find_unnamed(self) -> dict[int, str]:
        """Return the rows, by index, that have a value in a column without a name and a use."""
        reasons: dict[int, str] = {}
        for place, indexes in find_unnamed_values(self.table.headers, self.table.rows).items():
            if self.plan.uses[place].field is None and not self.plan.uses[place].is_left_out:
                for index in indexes:
                    reasons.setdefault(
                        index,
                        f"a value in column {place + 1}, which has no header: "
                        "the cells may not be under their headers",
                    )
        return reasons

    def _build(self, row: SourceRow, number: int) -> ImportedRow:
        if row.fault is not None:
            raise _Refusal(row.fault.reason, row.fault.column)
        properties: dict[str, str] = {}
        blanks: set[str] = set()
        key: str | None = None
        for place, (use, converter) in enumerate(zip(self.plan.uses, self.converters, strict=True)):
            cell = row.cells[place]
            if converter is None or use.field is None or cell is None:
                continue
            name = use.field.name
            if name in properties or name in blanks:
                raise _Refusal(f"{name} is given twice", place)
            value = self._convert(row, place, use, converter)
            if use.field == self.plan.key and isinstance(value, str):
                key = value.strip() or None
            if not use.is_sent:
                continue
            if isinstance(value, str):
                properties[name] = value
            else:
                blanks.add(name)
        texts = self._list_linked(row)
        awaited = self._list_awaited(texts)
        blanks |= self._list_awaited(texts, is_blank=True)
        for name in self.required:
            if name not in properties and name not in awaited:
                raise _Refusal(_IS_REQUIRED, column=name)
        return ImportedRow(
            row.line,
            MappingProxyType(properties),
            frozenset(blanks),
            key,
            number,
            texts,
            awaited,
        )

    def _list_awaited(self, texts: Mapping[str, str], *, is_blank: bool = False) -> frozenset[str]:
        """Return the fields that get the id of a record of another file, or are blank."""
        return frozenset(
            target.name
            for header, target in self.linked.links.items()
            if target is not None and header in texts and bool(texts[header]) is not is_blank
        )

    def _list_linked(self, row: SourceRow) -> Mapping[str, str]:
        """Return the texts of the cells by which records of several files name each other."""
        return MappingProxyType(
            {
                header.strip(): read_local_key(row.cells[place])
                for place, header in enumerate(self.table.headers)
                if self.linked.names(header) and row.cells[place] is not None
            }
        )

    def _convert(
        self, row: SourceRow, place: int, use: ColumnUse, converter: ValueConverter
    ) -> ConvertedValue:
        try:
            value = converter.convert(row.cells[place])
        except RejectedValue as error:
            raise _Refusal(str(error), place) from None
        needs_value = use.field is not None and use.field.required and use.is_sent
        is_missing = value is BLANK and bool(self.required)
        if needs_value and (is_missing or (isinstance(value, str) and not value.strip())):
            raise _Refusal(_IS_REQUIRED, place)
        return value

    def _refuse(self, row: SourceRow, refusal: _Refusal) -> RefusedRow:
        headers = self.table.headers
        column = refusal.column
        if refusal.place is not None and refusal.place < len(headers):
            column = headers[refusal.place].strip() or f"#{refusal.place + 1}"
        cells = {
            (headers[place].strip() if place < len(headers) else "")
            or f"#{place + 1}": source_text(cell.value)
            for place, cell in enumerate(row.cells)
            if cell is not None
        }
        return RefusedRow(row.line, column, refusal.reason, MappingProxyType(cells))


def read_local_key(cell: FileCell | None) -> str:
    """Return the text of a cell by which records of several files name each other."""
    return "" if cell is None else take_off_guard(source_text(cell.value).strip()).strip()


def _describe_form(table: SourceTable, plan: ColumnPlan) -> DetectedForm:
    found = table.found
    return DetectedForm(
        table.format,
        table.header_line,
        found.get("encoding"),
        found.get("delimiter"),
        found.get("quote"),
        found.get("line_end"),
        found.get("sheet"),
        MappingProxyType(
            {use.header: use.field.name if use.field else None for use in plan.uses if use.header}
        ),
    )


def _describe_counts(counts: ConversionCounts) -> list[str]:
    notes: list[str] = []
    if spellings := sum(counts.spellings.values()):
        values = "1 picklist value" if spellings == 1 else f"{spellings:,} picklist values"
        notes.append(f"{values} taken in the list's own spelling")
    for name, taken in counts.taken_off.items():
        notes.append(f"{' and '.join(sorted(taken, key=len))} taken off {one_line(name)}")
    for name, count in counts.number_phones.items():
        values = "1 number" if count == 1 else f"{count:,} numbers"
        notes.append(
            f"{values} in {one_line(name)}, not text: a zero or + in front may have been lost"
        )
    for name, count in counts.outer_blanks.items():
        values = "1 text begins or ends" if count == 1 else f"{count:,} texts begin or end"
        notes.append(f"{values} with blanks, which stay ({one_line(name)})")
    return notes


def _describe_totals(rows: Sequence[ImportedRow], refused: Sequence[RefusedRow]) -> list[str]:
    count = len(rows) + len(refused)
    records = "1 record" if count == 1 else f"{count:,} records"
    return [f"{records} read" + (f", {len(refused):,} refused in reading" if refused else "")]
