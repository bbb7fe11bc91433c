"""Which parts of a text are words, texts, numbers and comments of SQL, for its colours.

It only colours: what a statement does, its tree says. What is not finished is coloured as well.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

from cmdm_tui.query.completion.sql import CHANGE_KEYWORDS, KEYWORDS

MOST_CHARACTERS = 50_000
"""A longer text has no colours: each key pressed would take too long."""


class SqlPart(StrEnum):
    """What a part of SQL is."""

    KEYWORD = "keyword"
    TEXT = "text"
    NUMBER = "number"
    COMMENT = "comment"
    NAME = "name"
    """A name in double quotes."""


_MORE_WORDS = (
    "CALL", "DESCRIBE", "SUMMARIZE", "PIVOT", "UNPIVOT", "EXPLAIN", "SHOW", "RECURSIVE", "QUALIFY",
    "USING", "FILTER", "WINDOW", "ROWS", "RANGE", "CAST", "TRY_CAST", "INTERVAL", "NULLS", "FIRST",
    "LAST", "ANY", "SOME", "EXTRACT", "COLLATE", "LATERAL", "NATURAL", "OUTER", "SEMI", "ANTI",
    "ENTITIES",
)  # fmt: skip
_WORDS = frozenset({*KEYWORDS, *CHANGE_KEYWORDS, *_MORE_WORDS})
_PART = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<text>'(?:[^']|'')*'?)"
    r'|(?P<name>"(?:[^"]|"")*"?)'
    r"|(?P<number>\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)"
    r"|(?P<word>[^\W\d]\w*)",
    re.DOTALL,
)


def highlight_sql(sql: str) -> Iterator[tuple[int, int, SqlPart]]:
    """Yield the start and the end of each part that has a colour; none where it is too long."""
    if len(sql) > MOST_CHARACTERS:
        return
    for found in _PART.finditer(sql):
        if found.lastgroup == "word":
            if found[0].upper() in _WORDS:
                yield found.start(), found.end(), SqlPart.KEYWORD
        elif found.lastgroup is not None:
            yield found.start(), found.end(), SqlPart(found.lastgroup)
