"""What is copied of rows: a cell, or whole rows as TSV, JSON or Markdown, or their ids."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cmdm_tui.formats import Format, create_writer
from cmdm_tui.formats.cells import exact_text
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.models.row_source import GridRow, SourceColumn

_LONGEST_TOLD = 40
"""Characters that are shown of a value once it is copied."""


class CopyForm(Enum):
    """In which form rows are copied; the value is what the choice calls it."""

    CELL = "cell"
    ID = "id"
    TSV = "TSV, with a header, as for a spreadsheet"
    JSON = "JSON"
    MARKDOWN = "a Markdown table"

    def name_choice(self, *, of_marked: bool) -> str:
        """Return what the choice is called: of the row under the cursor, or of the marked rows."""
        if self in {CopyForm.CELL, CopyForm.ID}:
            return f"their {self.value}s" if of_marked else f"this {self.value}"
        return f"as {self.value}" if of_marked else f"this row as {self.value}"

    @property
    def short_name(self) -> str:
        """The form in a word or two, as in `2 rows as TSV`."""
        return self.value.partition(",")[0]


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


def describe_copied(what: str, text: str, *, has_value: bool = False) -> str:
    """Return a sentence that says what was copied, and how much that is, in characters; safe.

    With `has_value`, the text itself follows `what`, its beginning where it is long.
    """
    shown = f" {one_line(text, _LONGEST_TOLD)}" if has_value else ""
    return f"Copied {what}{shown} ({count_noun(len(text), 'character')})."


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
