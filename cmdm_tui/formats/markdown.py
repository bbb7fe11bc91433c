"""Writes a Markdown table (GitHub's); the text of a cell is escaped and formats nothing."""

import re
from collections.abc import Sequence

from cmdm_tui.formats.cells import display_text, is_number
from cmdm_tui.formats.row_writer import (
    ByteSink,
    OutputColumn,
    OutputRow,
    OutputStyle,
    ResultMark,
    describe_mark,
)
from cmdm_tui.text import visible

_MARKS = re.compile(r"([\\`*\[\]|~])")


class MarkdownWriter:
    """Writes one row on each line, between pipes."""

    def __init__(self, sink: ByteSink, style: OutputStyle) -> None:
        self._sink = sink
        self._style = style

    def begin(self, columns: Sequence[OutputColumn]) -> None:
        """Write the names and the rule below them."""
        self._write([_line([_cell(column.name) for column in columns])])
        rules = ["---:" if is_number(column.type) else "---" for column in columns]
        self._write([_line(rules)])

    def write_rows(self, rows: Sequence[OutputRow]) -> None:
        """Write some rows."""
        self._write(
            [
                _line(["" if one is None else _cell(display_text(one)) for one in row])
                for row in rows
            ]
        )

    def end(self, mark: ResultMark = "") -> None:
        """Write the mark as a paragraph below the table."""
        if mark:
            self._write(["", f"**{describe_mark(mark)}**"])

    @property
    def notes(self) -> tuple[str, ...]:
        """No notes: nothing is left out."""
        return ()

    def _write(self, lines: Sequence[str]) -> None:
        self._sink.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    plain = visible(text, keep_lines=True).replace("&", "&amp;").replace("<", "&lt;")
    return "<br>".join(_MARKS.sub(r"\\\1", line) for line in plain.split("\n"))
