"""Writes a table where its columns fit the terminal, and each row down the page where they do not.

The first rows decide, as they decide how wide the columns are.
"""

from collections.abc import Sequence

from cmdm_tui.formats.row_writer import (
    ByteSink,
    OutputColumn,
    OutputRow,
    OutputStyle,
    ResultMark,
    RowWriter,
)
from cmdm_tui.formats.table import TableWriter, fits_width
from cmdm_tui.formats.vertical import VerticalWriter


class FittedWriter:
    """Writes a table, or a field a line where a table would leave columns out."""

    def __init__(self, sink: ByteSink, style: OutputStyle) -> None:
        self._sink = sink
        self._style = style
        self._columns: Sequence[OutputColumn] = ()
        self._writer: RowWriter | None = None

    def begin(self, columns: Sequence[OutputColumn]) -> None:
        """Take the columns; nothing is written before the first rows show the widths."""
        self._columns = columns

    def write_rows(self, rows: Sequence[OutputRow]) -> None:
        """Write some rows."""
        if rows:
            self._choose(rows).write_rows(rows)

    def end(self, mark: ResultMark = "") -> None:
        """Write the heading, if no row has come, and the mark below the rows."""
        self._choose(()).end(mark)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on what was left out."""
        return () if self._writer is None else self._writer.notes

    def _choose(self, rows: Sequence[OutputRow]) -> RowWriter:
        if self._writer is None:
            fits = not rows or fits_width(self._columns, rows, self._style.width)
            kind = TableWriter if fits else VerticalWriter
            self._writer = kind(self._sink, self._style)
            self._writer.begin(self._columns)
        return self._writer
