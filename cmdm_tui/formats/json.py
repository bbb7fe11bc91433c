"""Writes one JSON document: an array with an object a row, whatever the rows are.

Decimals are JSON numbers with all of their digits; moments are ISO 8601 in UTC; nulls are nulls.
"""

from collections.abc import Sequence

from cmdm_tui.formats.json_objects import JsonObjects
from cmdm_tui.formats.row_writer import ByteSink, OutputColumn, OutputRow, OutputStyle


class JsonWriter:
    """Writes the array, an object a line, so that it can be read while it grows."""

    def __init__(self, sink: ByteSink, look: OutputStyle) -> None:
        self._sink = sink
        self._objects = JsonObjects(look)
        self._is_empty = True

    def begin(self, columns: Sequence[OutputColumn]) -> None:
        """Open the array."""
        self._objects.set_columns(columns)
        self._sink.write(b"[")

    def write_rows(self, rows: Sequence[OutputRow]) -> None:
        """Write some objects."""
        if rows:
            self._sink.write(b"\n" if self._is_empty else b",\n")
            self._sink.write(b",\n".join(map(self._objects.encode_row, rows)))
            self._is_empty = False

    def end(self) -> None:
        """Close the array."""
        self._sink.write(b"]\n" if self._is_empty else b"\n]\n")

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing is left out."""
        return ()
