"""Makes a JSON object of a row: what both JSON formats are made of."""

import json
from collections.abc import Sequence

from cmdm_tui.formats.cells import json_bytes
from cmdm_tui.formats.row_writer import OutputColumn, OutputRow, OutputStyle, unique_names
from cmdm_tui.text import visible


class JsonObjects:
    """Makes objects under the names of the columns."""

    def __init__(self, look: OutputStyle) -> None:
        self._look = look
        self._keys: list[bytes] = []

    def set_columns(self, columns: Sequence[OutputColumn]) -> None:
        """Take the columns."""
        self._keys = [json_bytes(name) + b": " for name in unique_names(columns)]

    def encode_row(self, row: OutputRow) -> bytes:
        """Return a row as an object on one line."""
        members = (key + json_bytes(value) for key, value in zip(self._keys, row, strict=True))
        text = b"{" + b", ".join(members) + b"}"
        return _escape_controls(text) if self._look.is_terminal else text


def _escape_controls(text: bytes) -> bytes:
    r"""Return the same JSON with what a terminal would act on as `\u` escapes."""
    decoded = text.decode("utf-8", "replace")
    if visible(decoded) == decoded:
        return text
    return "".join(
        character if visible(character) == character else json.dumps(character)[1:-1]
        for character in decoded
    ).encode()
