"""Writes a table for a person: aligned, as wide as the terminal, rows as they arrive.

The widths are those of the first rows, since the others are not there yet: a wider value later
sticks out of its column, and is cut where a terminal has no room for it.
"""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from cmdm_tui.formats.cells import describe_cell, is_number
from cmdm_tui.formats.column_widths import GAP, fit_widths
from cmdm_tui.formats.row_writer import (
    ByteSink,
    OutputColumn,
    OutputRow,
    OutputStyle,
    ResultMark,
    describe_mark,
)
from cmdm_tui.text import ELLIPSIS, one_line

_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class TableWriter:
    """Writes a table. Columns that do not fit the terminal are left out, and a note says so."""

    def __init__(self, sink: ByteSink, style: OutputStyle) -> None:
        self._sink = sink
        self._style = style
        self._names: list[str] = []
        self._are_numbers: list[bool] = []
        self._widths: list[int] | None = None
        self._is_narrowed: list[bool] = []

    def begin(self, columns: Sequence[OutputColumn]) -> None:
        """Take the columns; nothing is written before the first rows show the widths."""
        self._names = [one_line(column.name) for column in columns]
        self._are_numbers = [is_number(column.type) for column in columns]

    def write_rows(self, rows: Sequence[OutputRow]) -> None:
        """Write some rows."""
        cells = _format_rows(rows)
        widths = self._widths or self._write_heading(cells)
        lines = [self._line(row, texts, widths) for row, texts in zip(rows, cells, strict=True)]
        self._write(lines)

    def end(self, mark: ResultMark = "") -> None:
        """Write the heading, if no row has done so, and the mark below the rows."""
        if self._widths is None:
            self._write_heading([])
        if mark:
            self._write([self._styled(describe_mark(mark), _BOLD)])

    @property
    def notes(self) -> tuple[str, ...]:
        """A note on how many columns fit, if some were left out."""
        there, shown_ = len(self._names), len(self._widths or ())
        if shown_ == there:
            return ()
        return (f"{shown_} of {there} columns fit; the format vertical shows all of them.",)

    def _write_heading(self, cells: Sequence[Sequence[str]]) -> list[int]:
        natural = _measure_columns(self._names, cells)
        width = self._style.width
        self._widths = natural if width is None else fit_widths(natural, width)
        self._is_narrowed = [
            size < needed for size, needed in zip(self._widths, natural, strict=False)
        ]
        heading = [
            self._cell(place, self._names[place], size, cuts=True)
            for place, size in enumerate(self._widths)
        ]
        rule = (" " * GAP).join("─" * size for size in self._widths)
        self._write([self._styled((" " * GAP).join(heading).rstrip(), _BOLD), rule])
        return self._widths

    def _line(self, row: OutputRow, texts: Sequence[str], widths: Sequence[int]) -> str:
        cuts = not self._has_room(texts, widths)
        cells: list[str] = []
        for place, width in enumerate(widths):
            cell = self._cell(place, texts[place], width, cuts=cuts or self._is_narrowed[place])
            cells.append(self._styled(cell, _DIM) if row[place] is None else cell)
        return (" " * GAP).join(cells).rstrip()

    def _has_room(self, texts: Sequence[str], widths: Sequence[int]) -> bool:
        """Return whether a row fits where wide values stick out of their columns."""
        if self._style.width is None:
            return True
        sizes = [
            width if is_narrowed else max(cell_len(text), width)
            for text, width, is_narrowed in zip(texts, widths, self._is_narrowed, strict=False)
        ]
        return sum(sizes) + GAP * (len(sizes) - 1) <= self._style.width

    def _cell(self, place: int, text: str, width: int, *, cuts: bool) -> str:
        length, is_right = cell_len(text), self._are_numbers[place]
        if length > width and self._style.width is not None and cuts and not is_right:
            return set_cell_size(text, max(width - 1, 0)) + ELLIPSIS
        # Half a number is another number: one that does not fit sticks out of its column.
        blank = " " * (width - length)
        return blank + text if is_right else text + blank

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{_PLAIN}" if self._style.has_colours and text else text

    def _write(self, lines: Sequence[str]) -> None:
        if lines:
            self._sink.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))


def fits_width(
    columns: Sequence[OutputColumn], rows: Sequence[OutputRow], width: int | None
) -> bool:
    """Return whether a table has room for all columns, numbers whole; None limits nothing."""
    if width is None:
        return True
    names = [one_line(column.name) for column in columns]
    natural = _measure_columns(names, _format_rows(rows))
    widths = fit_widths(natural, width)
    return len(widths) == len(natural) and all(
        size >= needed or not is_number(column.type)
        for size, needed, column in zip(widths, natural, columns, strict=True)
    )


def _format_rows(rows: Sequence[OutputRow]) -> list[list[str]]:
    return [[one_line(describe_cell(value)) for value in row] for row in rows]


def _measure_columns(names: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    """Return the width that each column needs for its name and its values."""
    return [
        max([cell_len(name), *(cell_len(row[place]) for row in cells)])
        for place, name in enumerate(names)
    ]
