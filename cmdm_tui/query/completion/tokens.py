"""Cuts SQL into tokens while it is still being typed; what is not closed is a token as well.

It only serves completion and colours: what a statement does, its syntax tree says.
"""

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

TokenKind = Literal["comment", "text", "name", "number", "word", "mark"]
"""A `name` is in double quotes, a `text` in single ones; a `mark` is an operator or a bracket."""

_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<text>'(?:[^']|'')*'?)"
    r'|(?P<name>"(?:[^"]|"")*"?)'
    r"|(?P<number>\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<mark><>|!=|==|<=|>=|\|\||::|~~?|[^\s\w])",
    re.DOTALL,
)


class SqlToken(Struct, frozen=True):
    """One token, and where in the text it begins."""

    kind: TokenKind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place behind it."""
        return self.start + len(self.text)

    @property
    def is_open(self) -> bool:
        """Whether it is a text, a name or a comment that goes on behind its end."""
        match self.kind:
            case "text" | "name":
                return self.text.count(self.text[0]) % 2 == 1
            case "comment":
                return self.text.startswith("--") or not self.text[2:].endswith("*/")
            case _:
                return False

    @property
    def keyword(self) -> str:
        """A word in capitals; empty for everything else."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def is_name(self) -> bool:
        """Whether it can be the name of something, or is a keyword."""
        return self.kind in {"word", "name"}


def tokenize(sql: str, start: int = 0) -> Iterator[SqlToken]:
    """Yield the tokens of `sql`; `start` is its place in a longer text."""
    for found in _TOKEN.finditer(sql):
        match found.lastgroup:
            case "comment" | "text" | "name" | "number" | "word" | "mark" as kind:
                yield SqlToken(kind, found[0], start + found.start())
            case _:
                pass


def unquote_name(name: str) -> str:
    """Return the name that a word of SQL means."""
    return name.strip('"').replace('""', '"') if name.startswith('"') else name
