"""Writes a workbook of Excel through XlsxWriter: one sheet, text as text, never a formula.

XlsxWriter comes with the extra `xlsx`. Rows go to a temporary file as they arrive.
"""

import errno
import importlib
import tempfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cmdm_tui.formats.cells import exact_text
from cmdm_tui.formats.row_writer import (
    ByteSink,
    MissingExtra,
    OutputColumn,
    OutputRow,
    ResultMark,
    unique_names,
)

MOST_ROWS = 1_048_575
"""The rows that a sheet holds below its heading."""

_LONGEST_TEXT = 32_767
_MOST_COLUMNS = 16_384
_EXACT_DIGITS = 15
_FIRST_YEAR = 1900
# XlsxWriter takes a time of 1 January 1900 for a time without a day. A zone may add to it.
_FIRST_TIME = datetime(1900, 1, 3)  # noqa: DTZ001 — in any zone
_CHUNK_SIZE = 1 << 20


class XlsxWriter:
    """Writes a workbook, whole, at the end.

    Numbers of more than 15 digits, which Excel would round, and dates before 1900 are text, as are
    times of the first two days of 1900. Times in UTC are shown with a `Z`. Raises MissingExtra
    without XlsxWriter, OSError where a sheet is too small.
    """

    def __init__(self, sink: ByteSink) -> None:
        library = _load_library()
        self._sink = sink
        self._folder = tempfile.TemporaryDirectory(prefix="cmdm-xlsx-")
        self._made = Path(self._folder.name) / "made.xlsx"
        options = {"constant_memory": True, "tmpdir": self._folder.name}
        self._book = library.Workbook(str(self._made), options)
        self._sheet = self._book.add_worksheet()
        form = self._book.add_format
        self._bold = form({"bold": True})
        self._day = form({"num_format": "yyyy-mm-dd"})
        self._local = form({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._utc = form({"num_format": 'yyyy-mm-dd hh:mm:ss"Z"'})
        self._is_discarded = False
        self._row = 0
        self._cut = 0

    def begin(self, columns: Sequence[OutputColumn]) -> None:
        """Write the names. Raises OSError where there are too many."""
        if len(columns) > _MOST_COLUMNS:
            self.discard()
            raise OSError(errno.EFBIG, f"a sheet holds {_MOST_COLUMNS:,} columns")
        for place, name in enumerate(unique_names(columns)):
            self._write_text(place, name, self._bold)
        self._sheet.freeze_panes(1, 0)

    def write_rows(self, rows: Sequence[OutputRow]) -> None:
        """Write some rows. Raises OSError where there are too many."""
        for row in rows:
            self._row += 1
            if self._row > MOST_ROWS:
                self.discard()
                raise OSError(errno.EFBIG, f"a sheet holds {MOST_ROWS:,} rows")
            for place, value in enumerate(row):
                self._write_value(place, value)

    def end(self, mark: ResultMark = "") -> None:  # noqa: ARG002 — no place for it
        """Write the workbook, unless it was discarded."""
        if self._is_discarded:
            return
        with self._folder:
            self._book.close()
            with self._made.open("rb") as file:
                while piece := file.read(_CHUNK_SIZE):
                    self._sink.write(piece)

    def discard(self) -> None:
        """Delete what was written so far; nothing more is written."""
        self._is_discarded = True
        rows = getattr(self._sheet, "row_data_fh", None)
        if rows is not None:
            rows.close()
        self._folder.cleanup()

    @property
    def notes(self) -> tuple[str, ...]:
        """A note on texts that were cut, as a cell holds no longer ones."""
        if not self._cut:
            return ()
        texts = "1 text was" if self._cut == 1 else f"{self._cut:,} texts were"
        return (f"{texts} cut: a cell of xlsx holds {_LONGEST_TEXT:,} characters.",)

    def _write_value(self, place: int, value: object) -> None:
        match value:
            case None:
                pass
            case bool():
                self._sheet.write_boolean(self._row, place, value)
            case int() | float() | Decimal() if _is_exact(value):
                self._sheet.write_number(self._row, place, value)
            case datetime() if value.replace(tzinfo=None) >= _FIRST_TIME:
                form = self._local if value.tzinfo is None else self._utc
                moment = value.replace(tzinfo=None) - (value.utcoffset() or _NO_OFFSET)
                self._sheet.write_datetime(self._row, place, moment, form)
            case date() if not isinstance(value, datetime) and value.year >= _FIRST_YEAR:
                self._sheet.write_datetime(self._row, place, value, self._day)
            case _:
                self._write_text(place, exact_text(value))

    def _write_text(self, place: int, text: str, form: Any = None) -> None:
        if len(text) > _LONGEST_TEXT:
            self._cut += 1
        whole = text[:_LONGEST_TEXT].encode("utf-8", "replace").decode()
        self._sheet.write_string(self._row, place, whole, form)


_NO_OFFSET = timedelta()


def _is_exact(number: int | float | Decimal) -> bool:
    """Return whether Excel keeps a number as it is: it has 15 digits."""
    if isinstance(number, float):
        return abs(number) < float("inf")
    return len(Decimal(number).as_tuple().digits) <= _EXACT_DIGITS


def _load_library() -> Any:
    try:
        return importlib.import_module("xlsxwriter")
    except ImportError:
        message = "xlsx needs XlsxWriter, which is not installed: pip install 'cmdm-tui[xlsx]'."
        raise MissingExtra(message) from None
