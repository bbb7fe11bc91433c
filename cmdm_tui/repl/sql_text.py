"""Follows SQL as far as it is typed, to know where it ends: at a semicolon that is no text."""

import re

_PIECES = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|(?P<name>"(?:[^"]|"")*")|(?P<line>--[^\n]*)|
    (?P<block>/\*.*?\*/)|(?P<open>'|"|/\*)|(?P<end>;)|(?P<blank>\s+)|(?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)


class OpenSql:
    """Takes a statement line by line; tells whether it goes on."""

    missing = ""
    """Nothing: SQL without its semicolon is run where the input ends."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, piece: str) -> None:
        """Take the next piece of the statement."""
        self._text += piece

    @property
    def is_open(self) -> bool:
        """True until a semicolon has come that is in no text, name or comment."""
        for piece in _PIECES.finditer(self._text):
            if piece.lastgroup == "open":
                return True
            if piece.lastgroup == "end":
                return False
        return True


def strip_semicolon(sql: str) -> str:
    """Return a statement without the semicolon at its end, and the comments behind it."""
    end = len(sql)
    for piece in _PIECES.finditer(sql):
        if piece.lastgroup == "end" and not _has_content(sql[piece.end() :]):
            end = piece.start()
            break
    return sql[:end].rstrip()


def _has_content(rest: str) -> bool:
    kinds = {piece.lastgroup for piece in _PIECES.finditer(rest)}
    return not kinds <= {"line", "block", "blank", "end"}
