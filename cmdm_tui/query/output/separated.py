"""Writes CSV and TSV: a row a line under a line of names, safe for a spreadsheet unless told."""

from collections.abc import Callable, Sequence

from cmdm_tui.query.output.cells import exact
from cmdm_tui.query.output.writing import Column, Look, Row, Sink, unique_names
from cmdm_tui.text import escape_formula, visible

_TAB_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class SeparatedWriter:
    """Writes lines of cells. With `is_raw`, text that looks like a formula stays as it is."""

    def __init__(self, sink: Sink, look: Look, form: "Form", *, is_raw: bool) -> None:
        self._sink = sink
        self._look = look
        self._form = form
        self._is_raw = is_raw

    def begin(self, columns: Sequence[Column]) -> None:
        """Write the names."""
        self._sink.write(self._line(unique_names(columns)))

    def rows(self, rows: Sequence[Row]) -> None:
        """Write some lines."""
        self._sink.write(b"".join(map(self._line, rows)))

    def end(self) -> None:
        """Write nothing more."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing is left out."""
        return ()

    def _line(self, row: Row) -> bytes:
        return self._form([self._text(value) for value in row]).encode("utf-8", "replace")

    def _text(self, value: object) -> str | None:
        if value is None:
            return None
        text = exact(value)
        # Numbers, dates and truth values are written by this program and are no formulas.
        if isinstance(value, str) and not self._is_raw:
            text = escape_formula(text)
        return visible(text) if self._look.is_terminal else text


Form = Callable[[Sequence[str | None]], str]
"""Makes a line of cells, None being null."""


def comma_separated(cells: Sequence[str | None]) -> str:
    """Return a line of CSV (RFC 4180). Null is nothing between commas, empty text is quoted."""
    if list(cells) == [None]:
        # A line of nothing would be taken for no row.
        return '""\n'
    return ",".join("" if cell is None else _quoted(cell) for cell in cells) + "\n"


def tab_separated(cells: Sequence[str | None]) -> str:
    r"""Return a line of TSV: tabs, line ends and backslashes are escaped as `\t`, `\n`, `\\`."""
    return "\t".join("" if cell is None else cell.translate(_TAB_ESCAPES) for cell in cells) + "\n"


def _quoted(cell: str) -> str:
    if cell and not any(mark in cell for mark in ',"\r\n') and cell == cell.strip():
        return cell
    return '"' + cell.replace('"', '""') + '"'
