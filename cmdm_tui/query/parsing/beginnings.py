"""Tells by the first word of a line whether it begins SQL, while the rest is still being typed.

What a whole statement does, and whether it changes anything, its tree says: see `write_statement`.
"""

import re

_COMMENTS = r"(?:/\*.*?\*/\s*)*"
_READING_SQL = re.compile(
    rf"{_COMMENTS}\(*(?P<word>SELECT|WITH|FROM|SHOW|DESCRIBE|DESC|EXPLAIN|VALUES|SUMMARIZE|PIVOT|UNPIVOT)(?=[\s('\"*]|$)",
    re.IGNORECASE | re.DOTALL,
)
_CHANGING_SQL = re.compile(
    rf"{_COMMENTS}(?P<word>INSERT|UPDATE|DELETE\s+FROM|CALL|CREATE|DROP|ALTER|MERGE|TRUNCATE)"
    r"(?=\s|$)",
    re.IGNORECASE | re.DOTALL,
)
_ONE_LINE_WORDS = {"SHOW", "DESCRIBE", "DESC"}


def is_sql(text: str) -> bool:
    """Return whether a text begins as SQL, which reads or changes records."""
    sql = text.lstrip()
    return _READING_SQL.match(sql) is not None or _CHANGING_SQL.match(sql) is not None


def is_explain(text: str) -> bool:
    """Return whether a text begins as EXPLAIN."""
    found = _READING_SQL.match(text.lstrip())
    return found is not None and found["word"].upper() == "EXPLAIN"


def begins_sql(line: str) -> bool:
    """Return whether a line begins SQL that continues to a semicolon, over any number of lines.

    SHOW and DESCRIBE end with their line.
    """
    found = _READING_SQL.match(line.lstrip()) or _CHANGING_SQL.match(line.lstrip())
    return found is not None and found["word"].upper() not in _ONE_LINE_WORDS
