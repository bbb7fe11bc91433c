"""Writes CSV and TSV: a header and one row on each line, safe for a spreadsheet unless raw."""

import codecs
from collections.abc import Callable, Sequence

from cmdm_tui.formats.cells import exact_text
from cmdm_tui.formats.row_writer import (
    ByteSink,
    OutputColumn,
    OutputRow,
    OutputStyle,
    ResultMark,
    unique_names,
)
from cmdm_tui.text import escape_formula, visible

_TAB_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class DelimitedWriter:
    """Writes lines of cells. With `is_raw`, text that looks like a formula is not escaped.

    With `has_bom`, a byte order mark comes first, by which Excel on Windows knows UTF-8.
    """

    def __init__(
        self,
        sink: ByteSink,
        style: OutputStyle,
        form: "LineFormat",
        *,
        is_raw: bool,
        has_bom: bool = False,
    ) -> None:
        self._has_bom = has_bom
        self._sink = sink
        self._style = style
        self._form = form
        self._is_raw = is_raw

    def begin(self, columns: Sequence[OutputColumn]) -> None:
        """Write the names."""
        if self._has_bom:
            self._sink.write(codecs.BOM_UTF8)
        self._sink.write(self._line(unique_names(columns)))

    def write_rows(self, rows: Sequence[OutputRow]) -> None:
        """Write some lines."""
        self._sink.write(b"".join(map(self._line, rows)))

    def end(self, mark: ResultMark = "") -> None:
        """Write nothing more."""

    @property
    def notes(self) -> tuple[str, ...]:
        """No notes: nothing is left out."""
        return ()

    def _line(self, row: OutputRow) -> bytes:
        return self._form([self._text(value) for value in row]).encode("utf-8", "replace")

    def _text(self, value: object) -> str | None:
        if value is None:
            return None
        text = exact_text(value)
        # Numbers, dates and booleans are written by this program and are not formulas.
        if isinstance(value, str) and not self._is_raw:
            text = escape_formula(text)
        return visible(text) if self._style.is_terminal else text


LineFormat = Callable[[Sequence[str | None]], str]
"""Formats a line of cells, None for null."""


def csv_line(cells: Sequence[str | None]) -> str:
    """Return a line of CSV (RFC 4180). Null is an empty cell, empty text is quoted."""
    if list(cells) == [None]:
        # A line of nothing would be taken for no row.
        return '""\n'
    return ",".join("" if cell is None else _quote_cell(cell) for cell in cells) + "\n"


def tsv_line(cells: Sequence[str | None]) -> str:
    r"""Return a line of TSV: tabs, line ends and backslashes are escaped as `\t`, `\n`, `\\`.

    Null is an empty cell. Text that is empty, all blanks or begins with a quote is quoted as in
    CSV, so that no reader takes it for null or for the begin of a quoted cell.
    """
    return "\t".join("" if cell is None else _escape_cell(cell) for cell in cells) + "\n"


def _escape_cell(cell: str) -> str:
    escaped = cell.translate(_TAB_ESCAPES)
    if cell.strip() and not cell.startswith('"'):
        return escaped
    return '"' + escaped.replace('"', '""') + '"'


def _quote_cell(cell: str) -> str:
    if cell and not any(mark in cell for mark in ',"\r\n') and cell == cell.strip():
        return cell
    return '"' + cell.replace('"', '""') + '"'
