"""Writes one JSON document: an array with one object for each row.

Decimals are JSON numbers with all their digits; times are ISO 8601 in UTC; nulls are nulls.
"""

import json
from collections.abc import Sequence

from cmdm_tui.formats.cells import json_bytes
from cmdm_tui.formats.row_writer import (
    MARK_NAME,
    ByteSink,
    OutputColumn,
    OutputRow,
    OutputStyle,
    ResultMark,
    unique_names,
)
from cmdm_tui.text import visible


class JsonWriter:
    """Writes the array, one object on each line, so that it can be read while it grows."""

    def __init__(self, sink: ByteSink, style: OutputStyle) -> None:
        self._sink = sink
        self._objects = JsonObjects(style)
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

    def end(self, mark: ResultMark = "") -> None:
        """Close the array; a mark is its last item: text, which no reader takes for a row."""
        if mark:
            self._sink.write(b"\n" if self._is_empty else b",\n")
            self._sink.write(json_bytes(f"{MARK_NAME}: {mark}"))
            self._is_empty = False
        self._sink.write(b"]\n" if self._is_empty else b"\n]\n")

    @property
    def notes(self) -> tuple[str, ...]:
        """No notes: nothing is left out."""
        return ()


class JsonObjects:
    """Encodes rows as objects with the columns' names as keys."""

    def __init__(self, style: OutputStyle) -> None:
        self._style = style
        self._keys: list[bytes] = []

    def set_columns(self, columns: Sequence[OutputColumn]) -> None:
        """Take the columns."""
        self._keys = [json_bytes(name) + b": " for name in unique_names(columns)]

    def encode_row(self, row: OutputRow) -> bytes:
        """Return a row as an object on one line."""
        members = (key + json_bytes(value) for key, value in zip(self._keys, row, strict=True))
        text = b"{" + b", ".join(members) + b"}"
        return _escape_controls(text) if self._style.is_terminal else text


def _escape_controls(text: bytes) -> bytes:
    r"""Return the same JSON with characters that a terminal would act on as `\u` escapes."""
    decoded = text.decode("utf-8", "replace")
    if visible(decoded) == decoded:
        return text
    return "".join(
        character if visible(character) == character else json.dumps(character)[1:-1]
        for character in decoded
    ).encode()
