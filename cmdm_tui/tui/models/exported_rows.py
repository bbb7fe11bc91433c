"""What is exported of a grid: the rows that were read, under the columns that are shown."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cmdm_tui.formats import MissingExtra, OutputColumn, OutputRow, ResultMark
from cmdm_tui.formats.output_file import (
    BatchedRows,
    UnknownEnding,
    format_of_file,
    try_replacement,
    write_result,
)
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.models.copied_text import CopiedColumn
from cmdm_tui.tui.models.loaded_search import list_loaded_ranges
from cmdm_tui.tui.models.marks import Marks
from cmdm_tui.tui.models.row_source import GridRow, RowSource

if TYPE_CHECKING:
    from cmdm_tui.formats import Format

_AT_ONCE = 1_000
"""Rows that are asked of a source at once."""

_LONGEST_PATH = 200
_LONGEST_NAME = 40
_NO_FILE_NAME = re.compile(r"[^\w.-]+")
_IN_FILES = "Text, JSON and Markdown files say so too."


class ExportStopped(Exception):
    """Writing was stopped; the file is as it was."""


class ExportFailed(Exception):
    """Nothing was written; `str()` is a sentence that says why, and what to do."""


@dataclass(frozen=True, slots=True)
class RowExport:
    """Rows that are to be written to a file.

    `description` says what is written, as in `2 marked rows`, and `advice` what else is to be
    known; both are safe. `file_name` is offered first. `write` writes a file, whole or not at all,
    and returns its format, or raises ExportFailed; it is cancelled to stop it.
    """

    description: str
    advice: str
    file_name: str
    write: Callable[[str], Awaitable["Format"]]


class ExportedRows:
    """Rows to be written, in their order; each value is written as it is stored.

    `total` is how many rows there are in all, None where that is not known. With `of_marked`, they
    are the rows that were marked; `missing` counts those marked that are not read now. `hint` says
    how rows are exported that were not read.
    """

    has_partial_values = False
    """No value is computed over several rows."""

    def __init__(
        self,
        columns: Sequence[CopiedColumn],
        rows: Sequence[GridRow],
        total: int | None,
        *,
        of_marked: bool = False,
        missing: int = 0,
        hint: str = "",
    ) -> None:
        self._columns = columns
        self._rows = rows
        self._total = total
        self._of_marked = of_marked
        self._missing = missing
        self._hint = hint
        self._stopped = threading.Event()

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def columns(self) -> Sequence[OutputColumn]:
        """The columns, all of them text: types of stored values are not known for certain."""
        return self._columns

    @property
    def mark(self) -> ResultMark:
        """What a reader of the file must know: whether rows are missing that were asked for."""
        if self._of_marked:
            return "partial" if self._missing else ""
        return "" if self._total == len(self._rows) else "partial"

    @property
    def description(self) -> str:
        """What is written, in words: `100 of 250 rows: those that were read`."""
        rows = count_noun(len(self._rows), "row")
        if self._of_marked:
            words = count_noun(len(self._rows), "marked row")
            if self._missing:
                words += f"; {self._missing:,} more are marked, but not read now"
            return words
        if self._total is None:
            return f"{rows}: those that were read, of an unknown number"
        if self._total != len(self._rows):
            return f"{len(self._rows):,} of {self._total:,} rows: those that were read"
        return f"all {rows}" if len(self._rows) > 1 else rows

    @property
    def advice(self) -> str:
        """What more is to be known of rows that are missing; empty where none is."""
        if not self.mark:
            return ""
        return f"{_IN_FILES} {self._hint}".rstrip()

    def batches(self, size: int = _AT_ONCE) -> Iterator[Sequence[OutputRow]]:
        """Yield the rows, `size` at a time. Raises ExportStopped after `stop`."""
        for first in range(0, len(self._rows), size):
            if self._stopped.is_set():
                raise ExportStopped
            yield [
                [row.value(column.place) for column in self._columns]
                for row in self._rows[first : first + size]
            ]
        if self._stopped.is_set():
            raise ExportStopped

    def stop(self) -> None:
        """Write no further, and leave the file as it was; called from any thread."""
        self._stopped.set()


def collect_rows(
    source: RowSource, columns: Sequence[CopiedColumn], marks: Marks, hint: str = ""
) -> ExportedRows:
    """Return the marked rows, or all that were read where none is marked; it makes no call.

    `hint` is a safe sentence that says how rows are exported that were not read.
    """
    rows = [
        row
        for loaded in list_loaded_ranges(source)
        for first in range(loaded.start, loaded.stop, _AT_ONCE)
        for row in source.rows(first, min(_AT_ONCE, loaded.stop - first))
        if row is not None and (not len(marks) or row.key in marks)
    ]
    total = source.row_count if source.is_count_known else None
    missing = len(marks) - len(rows) if len(marks) else 0
    return ExportedRows(columns, rows, total, of_marked=len(marks) > 0, missing=missing, hint=hint)


def export_rows(rows: ExportedRows, name: str) -> RowExport | None:
    """Return the export of rows that are called `name`, untrusted; None where there is none."""
    if not len(rows):
        return None

    async def write(file: str) -> "Format":
        try:
            return await asyncio.to_thread(write_rows, rows, file)
        except asyncio.CancelledError:
            rows.stop()
            raise

    return RowExport(rows.description, rows.advice, suggest_file(name), write)


def suggest_file(name: str) -> str:
    """Return a file's name for rows of something that is called so: `lead.csv`."""
    safe = _NO_FILE_NAME.sub("-", name).strip("-.")[:_LONGEST_NAME]
    return f"{safe or 'rows'}.csv"


def check_file(name: str) -> str:
    """Return what is wrong with a file to write to, in words; empty where nothing is."""
    try:
        path = Path(name).expanduser()
        shown = one_line(str(path), _LONGEST_PATH)
        if path.is_dir():
            return f"{shown} is a folder. Give the name of a file in it."
        if not path.absolute().parent.is_dir():
            folder = one_line(str(path.absolute().parent), _LONGEST_PATH)
            return f"There is no folder {folder}. Make it, or choose another."
        format_of_file(path)
        try_replacement(path)
    except UnknownEnding as error:
        return str(error)
    except OSError as error:
        return _describe(error, name)
    except (ValueError, RuntimeError):  # a zero byte; a home folder that is not known
        return "No file can have that name."
    return ""


def write_rows(rows: BatchedRows, name: str) -> "Format":
    """Write rows to a file, whole or not at all; return the format that its ending names.

    They may be a query's result, too. Raises ExportFailed and ExportStopped.
    """
    try:
        return write_result(rows, name)
    except (MissingExtra, UnknownEnding) as error:
        raise ExportFailed(one_line(str(error))) from error
    except OSError as error:
        raise ExportFailed(_describe(error, name)) from error
    except _library_errors(name) as error:
        shown = one_line(name, _LONGEST_PATH)
        reason = one_line(str(error), _LONGEST_PATH)
        raise ExportFailed(f"{shown} is not written: {reason}") from error


def _library_errors(name: str) -> tuple[type[Exception], ...]:
    """Return what else the writer of the file may raise: Parquet is written by DuckDB."""
    if format_of_file(Path(name)) != "parquet":
        return ()
    import duckdb

    return (duckdb.Error,)


def _describe(error: OSError, name: str) -> str:
    shown = one_line(name, _LONGEST_PATH)
    if isinstance(error, PermissionError):
        return f"{shown}: you may not write there. Choose another folder."
    reason = one_line(error.strerror or "it cannot be written")
    return f"{shown} is not written: {reason}. Choose another place."
