"""Writes one field on each line, for a person: no value is cut."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from cmdm_tui.formats.cells import NULL_TEXT, describe_cell
from cmdm_tui.formats.folding import fold_line
from cmdm_tui.formats.row_writer import (
    ByteSink,
    OutputColumn,
    OutputRow,
    OutputStyle,
    ResultMark,
    describe_mark,
)
from cmdm_tui.text import one_line, visible

_GAP = 2
_WIDEST_NAME = 40
_NARROWEST = 12
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class VerticalWriter:
    """Writes each row under a heading with its number."""

    def __init__(self, sink: ByteSink, style: OutputStyle) -> None:
        self._sink = sink
        self._style = style
        self._labels: list[str] = []
        self._number = 0

    def begin(self, columns: Sequence[OutputColumn]) -> None:
        """Take the columns."""
        names = [one_line(column.name, _WIDEST_NAME) for column in columns]
        widest = max(map(cell_len, names), default=0)
        self._labels = [set_cell_size(name, widest) for name in names]

    def write_rows(self, rows: Sequence[OutputRow]) -> None:
        """Write some rows."""
        lines: list[str] = []
        for row in rows:
            self._number += 1
            lines.append(self._styled(f"── {self._number:,} ──", _DIM))
            for label, value in zip(self._labels, row, strict=True):
                lines += self._field(label, value)
        self._sink.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))

    def end(self, mark: ResultMark = "") -> None:
        """Write the mark below the rows."""
        if mark:
            self._sink.write(f"{self._styled(describe_mark(mark), _BOLD)}\n".encode())

    @property
    def notes(self) -> tuple[str, ...]:
        """No notes: nothing is left out."""
        return ()

    def _field(self, label: str, value: object) -> list[str]:
        if value is None:
            return [self._styled(label, _BOLD) + " " * _GAP + self._styled(NULL_TEXT, _DIM)]
        indent = cell_len(label) + _GAP
        lines = visible(describe_cell(value), keep_lines=True).split("\n")
        if self._style.width is not None:
            room = max(self._style.width - indent, _NARROWEST)
            lines = [piece for line in lines for piece in fold_line(line, room)]
        first = self._styled(label, _BOLD) + " " * _GAP + lines[0]
        return [line.rstrip(" ") for line in (first, *(" " * indent + line for line in lines[1:]))]

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{_PLAIN}" if self._style.has_colours else text
