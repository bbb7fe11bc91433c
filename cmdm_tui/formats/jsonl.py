"""Writes JSON Lines: one object for each row, one row on each line, each line whole at once."""

from collections.abc import Sequence

from cmdm_tui.formats.cells import json_bytes
from cmdm_tui.formats.json import JsonObjects
from cmdm_tui.formats.row_writer import (
    MARK_NAME,
    ByteSink,
    OutputColumn,
    OutputRow,
    OutputStyle,
    ResultMark,
)


class JsonLinesWriter:
    """Writes one object on each line."""

    def __init__(self, sink: ByteSink, style: OutputStyle) -> None:
        self._sink = sink
        self._objects = JsonObjects(style)

    def begin(self, columns: Sequence[OutputColumn]) -> None:
        """Take the columns; nothing is written for them."""
        self._objects.set_columns(columns)

    def write_rows(self, rows: Sequence[OutputRow]) -> None:
        """Write some lines."""
        self._sink.write(b"".join(self._objects.encode_row(row) + b"\n" for row in rows))

    def end(self, mark: ResultMark = "") -> None:
        """Write the mark, if there is one, as the last object."""
        if mark:
            self._sink.write(b"{" + json_bytes(MARK_NAME) + b": " + json_bytes(mark) + b"}\n")

    @property
    def notes(self) -> tuple[str, ...]:
        """No notes: nothing is left out."""
        return ()
