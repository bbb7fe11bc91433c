r"""Follows SQL line by line: which of it is text, a name or a comment, and what is outside.

It cuts where sqlglot's tokenizer cuts, which cannot be given a part of a statement.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

_PIECES = re.compile(
    r"""(?P<line>--[^\n]*)|(?P<block>/\*)|(?P<template>\{\#)|(?P<escaped>[eE]')|(?P<text>')|
    (?P<name>")|(?P<dollar>\$(?:[^\W\d]\w*)?\$)|(?P<separator>\\;)|(?P<backslash>\\[A-Za-z]+)|
    (?P<end>;)|(?P<word>[^\W\d][\w$]*)|(?P<number>\d\w*)|(?P<open>[\[{(])|(?P<close>[\]})])|
    (?P<blank>\s+)|(?P<cast>::)|(?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_PLAIN = re.compile(r"""(?:[^-/{'"$\\;\w]++|[^\W\d][\w$]*+(?!')|\d\w*+)++""")
"""Words, numbers and operators that neither end a statement nor open anything."""

_ENDS = {
    "template": re.compile(r"#\}"),
    "escaped": re.compile(r"(?:\\.|''|[^'\\])*'", re.DOTALL),
    "text": re.compile("'"),
    "name": re.compile('"'),
}
_END_MARKS = {"escaped": "'", "text": "'", "name": '"', "block": "*/", "template": "#}"}
_BLOCK_MARKS = re.compile(r"/\*|\*/")
COMMENT_KINDS = frozenset({"line", "block", "template"})


class SqlPiece(Struct, frozen=True):
    """A piece of a line, from `start` to `end`; `kind` is the name of its form.

    A text, name or comment over several lines is a piece in each.
    """

    kind: str
    start: int
    end: int


class SqlScanner:
    """Takes SQL line after line, and remembers what a line leaves open.

    One that `is_coarse` gives words, numbers and operators as one `plain` piece: that is fast.
    """

    def __init__(self, *, is_coarse: bool = False) -> None:
        self._is_coarse = is_coarse
        self._kind = ""
        self._tag = ""
        self._depth = 0

    @property
    def is_inside(self) -> bool:
        """Whether a text, name or comment is still open."""
        return bool(self._kind)

    @property
    def open_mark(self) -> str:
        """What ends the text, name or comment that is open; nothing where none is."""
        return self._tag if self._kind == "dollar" else _END_MARKS.get(self._kind, "")

    def scan(self, line: str, start: int = 0) -> Iterator[SqlPiece]:
        """Yield the pieces of a line, which ends with its line break if another follows."""
        position = start
        while position < len(line):
            if not self._kind:
                plain = _PLAIN.match(line, position) if self._is_coarse else None
                if plain is not None:
                    yield SqlPiece("plain", position, plain.end())
                    position = plain.end()
                    continue
                found = _PIECES.match(line, position)
                assert found is not None  # noqa: S101 - the last form fits any character
                kind = found.lastgroup or "other"
                opens = kind in _ENDS or kind in {"block", "dollar"}
                if not opens:
                    yield SqlPiece(kind, position, found.end())
                    position = found.end()
                    continue
                self._kind, self._tag, self._depth = kind, found[0], 1
                end = self._find_end(line, found.end())
            else:
                kind, end = self._kind, self._find_end(line, position)
            if end is not None:
                self._kind = ""
            yield SqlPiece(kind, position, len(line) if end is None else end)
            position = len(line) if end is None else end

    def _find_end(self, line: str, position: int) -> int | None:
        """Return where what is open ends in the line; None where it does not."""
        if self._kind == "dollar":
            place = line.find(self._tag, position)
            return None if place < 0 else place + len(self._tag)
        if self._kind != "block":
            found = _ENDS[self._kind].match if self._kind == "escaped" else _ENDS[self._kind].search
            end = found(line, position)
            return None if end is None else end.end()
        for mark in _BLOCK_MARKS.finditer(line, position):
            self._depth += 1 if mark[0] == "/*" else -1
            if not self._depth:
                return mark.end()
        return None


def scan_sql(sql: str) -> Iterator[SqlPiece]:
    """Yield the pieces of whole SQL."""
    return SqlScanner().scan(sql)
