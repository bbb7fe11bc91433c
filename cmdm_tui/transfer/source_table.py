"""What a reader of any format gives: headers, and records of cells that are not yet interpreted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

SourceFormat = Literal["csv", "tsv", "xlsx", "json", "jsonl", "parquet"]


class Unreadable(msgspec.Struct, frozen=True):
    """A value that no field takes, such as an object or an error of a spreadsheet, and why."""

    reason: str
    text: str = ""


SourceValue = str | Decimal | bool | date | Unreadable | None
"""A cell's value. Numbers are decimals with the digits of the file; `date` includes `datetime`,
which has a zone where the file gives one. None is a blank."""


class FileCell(msgspec.Struct, frozen=True, gc=False):
    """One cell. `is_exact`: its text is meant as it is, being in quotes or in a typed format."""

    value: SourceValue
    is_exact: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether nothing is in it: no value, or text of blanks that was not quoted."""
        if self.value is None:
            return True
        return isinstance(self.value, str) and not self.is_exact and not self.value.strip()


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a record cannot be read, and the column at fault, from 0, if there is one."""

    reason: str
    column: int | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a file: the line on which it begins, and its cells; None where it has no cell."""

    line: int
    cells: Sequence[FileCell | None]
    fault: RowFault | None = None


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A file taken apart: `headers` name the columns, empty where a column has no name.

    `line_word` is what `line` counts; `found` are the properties of the file that were detected,
    and `notes` what a person must be shown of it.
    """

    format: SourceFormat
    headers: Sequence[str]
    rows: Sequence[SourceRow]
    header_line: int | None = None
    line_word: str = "line"
    found: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: Sequence[str] = ()

    @property
    def has_one_key_a_row(self) -> bool:
        """Whether each row names its own values, so that columns may differ from row to row."""
        return self.format in {"json", "jsonl"}


def source_text(value: SourceValue) -> str:
    """Return a value as text for a message or a file of refused records."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case Unreadable():
            return value.text
        case str():
            return value
