"""Writes JSON Lines: an object a row, a row a line, each of them whole as soon as it is there."""

from collections.abc import Sequence

from cmdm_tui.query.output.json_objects import JsonObjects
from cmdm_tui.query.output.writing import Column, Look, Row, Sink


class JsonLinesWriter:
    """Writes an object a line."""

    def __init__(self, sink: Sink, look: Look) -> None:
        self._sink = sink
        self._objects = JsonObjects(look)

    def begin(self, columns: Sequence[Column]) -> None:
        """Take the columns; nothing is written for them."""
        self._objects.name(columns)

    def rows(self, rows: Sequence[Row]) -> None:
        """Write some lines."""
        self._sink.write(b"".join(self._objects.object(row) + b"\n" for row in rows))

    def end(self) -> None:
        """Write nothing more."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing is left out."""
        return ()
