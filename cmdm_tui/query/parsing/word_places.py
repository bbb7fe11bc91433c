"""Finds the places of words in SQL: where it begins, in which line and column."""

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token

from cmdm_tui.query.parsing.dialect import SCRIPT_DIALECT


def read_tokens(sql: str) -> list[Token]:
    """Return the words of SQL; none where a text, a name or a comment in it has no end."""
    try:
        return list(sqlglot.tokenize(sql, dialect=SCRIPT_DIALECT))
    except (SqlglotError, RecursionError):
        return []


def place_of(sql: str, offset: int) -> tuple[int, int]:
    """Return the line and the column, both from 1, of the character at an offset."""
    return sql.count("\n", 0, offset) + 1, offset - sql.rfind("\n", 0, offset)


def find_token(sql: str, line: int | None, column: int | None) -> Token | None:
    """Return the word that begins at a place of the SQL."""
    if line is None or column is None:
        return None
    return next(
        (one for one in read_tokens(sql) if place_of(sql, one.start) == (line, column)), None
    )
