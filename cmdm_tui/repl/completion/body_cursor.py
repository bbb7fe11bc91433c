"""Finds where in a JSON object the typing is: at a key or a value, and what of it is typed."""

import json
import re
from typing import Literal

from msgspec import Struct

_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*")|(?P<unfinished>"(?:[^"\\]|\\.)*\\?\Z)|"""
    r"""(?P<mark>[{}\[\],:])|(?P<blank>\s+)|(?P<bare>[^\s"{}\[\],:]+)""",
    re.DOTALL,
)
CursorPlace = Literal["key", "value", "elsewhere"]


class BodyCursor(Struct, frozen=True):
    """The end of an object as far as it is typed; `partial` includes an opening quote.

    `key` is that of the value being typed, `keys` are those that have been given already.
    """

    place: CursorPlace
    partial: str = ""
    key: str = ""
    keys: frozenset[str] = frozenset()


def find_cursor(body: str) -> BodyCursor:
    """Return where `body` ends. Nested objects and lists are elsewhere: no field is theirs."""
    place: CursorPlace = "elsewhere"
    depth, key, partial = 0, "", ""
    keys: set[str] = set()
    for token in _TOKEN.finditer(body):
        word = token[0]
        match token.lastgroup:
            case "mark":
                depth += (word in "{[") - (word in "}]")
                place = _place_after_mark(word, depth)
            case "text":
                if depth == 1 and place == "key":
                    key = _decode(word)
                    keys.add(key)
                place = "elsewhere"
            case "blank":
                pass
            case _ if token.end() == len(body):
                partial = word
            case _:
                place = "elsewhere"
    return BodyCursor(place, partial, key, frozenset(keys))


def _place_after_mark(mark: str, depth: int) -> CursorPlace:
    if depth != 1:
        return "elsewhere"
    return "key" if mark in "{," else "value" if mark == ":" else "elsewhere"


def _decode(text: str) -> str:
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        return text[1:-1]
