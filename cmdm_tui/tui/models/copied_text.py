"""What is copied of rows: a cell, or whole rows as TSV, JSON or Markdown, or their ids."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cmdm_tui.formats import Format, create_writer
from cmdm_tui.formats.cells import exact_text
from cmdm_tui.tui.models.row_source import GridRow, SourceColumn


class CopyForm(Enum):
    """In which form rows are copied; the value is what the choice is called."""

    CELL = "this cell"
    ID = "the id"
    TSV = "TSV, with a header, as for a spreadsheet"
    JSON = "JSON"
    MARKDOWN = "a Markdown table"


@dataclass(frozen=True, slots=True)
class CopiedColumn:
    """A column that is copied, and its index in the source."""

    place: int
    name: str
    type: str

    @classmethod
    def of(cls, place: int, column: SourceColumn) -> "CopiedColumn":
        """Return the column of a source with the index `place`."""
        return cls(place, column.name or column.label, "DOUBLE" if column.is_number else "VARCHAR")

    @classmethod
    def of_text(cls, place: int, column: SourceColumn) -> "CopiedColumn":
        """Return the same as text, for values that may be no numbers though most of them are."""
        return cls(place, column.name or column.label, "VARCHAR")


def format_rows(rows: Sequence[GridRow], columns: Sequence[CopiedColumn], form: CopyForm) -> str:
    """Return the rows as text for the clipboard; empty where there is nothing to copy.

    A cell and ids are as they are stored, one a line; the rest is as the same formats write files.
    One row as JSON is an object, several are an array.
    """
    if not rows:
        return ""
    if form is CopyForm.ID:
        return "\n".join(row.key for row in rows)
    if form is CopyForm.CELL:
        return "\n".join("\t".join(_cell(row.value(one.place)) for one in columns) for row in rows)
    return _write(rows, columns, _choose_format(form, len(rows))).rstrip("\n")


def _choose_format(form: CopyForm, row_count: int) -> Format:
    if form is CopyForm.JSON:
        return "jsonl" if row_count == 1 else "json"
    return "tsv" if form is CopyForm.TSV else "markdown"


def _write(rows: Sequence[GridRow], columns: Sequence[CopiedColumn], name: Format) -> str:
    written = io.BytesIO()
    writer = create_writer(name, written)
    writer.begin(columns)
    writer.write_rows([[row.value(column.place) for column in columns] for row in rows])
    writer.end()
    return written.getvalue().decode()


def _cell(value: object) -> str:
    return "" if value is None else exact_text(value)
