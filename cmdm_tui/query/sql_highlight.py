"""Which parts of a text are words, texts, numbers and comments of SQL, for its colours.

It only colours: what a statement does, its tree says. What is not finished is coloured as well.
"""

from collections.abc import Iterator
from enum import StrEnum

from cmdm_tui.query.completion.tokens import tokenize
from cmdm_tui.query.completion.words import CHANGE_KEYWORDS, KEYWORDS, MORE_KEYWORDS

MOST_CHARACTERS = 50_000
"""A longer text has no colours: each key pressed would take too long."""

_WORDS = frozenset({*KEYWORDS, *CHANGE_KEYWORDS, *MORE_KEYWORDS})


class SqlPart(StrEnum):
    """What a part of SQL is."""

    KEYWORD = "keyword"
    TEXT = "text"
    NUMBER = "number"
    COMMENT = "comment"
    NAME = "name"
    """A name in double quotes."""


def highlight_sql(sql: str) -> Iterator[tuple[int, int, SqlPart]]:
    """Yield the start and the end of each part that has a colour; none where it is too long."""
    if len(sql) > MOST_CHARACTERS:
        return
    for token in tokenize(sql):
        match token.kind:
            case "word":
                if token.keyword in _WORDS:
                    yield token.start, token.end, SqlPart.KEYWORD
            case "mark":
                pass
            case kind:
                yield token.start, token.end, SqlPart(kind)
