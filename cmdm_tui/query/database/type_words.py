"""Says what DuckDB's types are in plain words: `DECIMAL(38,9)` is a number."""

import re

from cmdm_tui.query.model import ColumnKind

_WORDS = (
    (re.compile(r".*\[\d*\]$"), "a list"),
    (re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER|\d+)?(_LITERAL)?"), "a number"),
    (re.compile(r"(DECIMAL|DOUBLE|FLOAT|REAL|NUMERIC|BIGNUM).*"), "a number"),
    (re.compile(r"VARCHAR|STRING|STRING_LITERAL|TEXT"), "text"),
    (re.compile(r"DATE"), "a date"),
    (re.compile(r"TIMESTAMP.*|TIME\b.*|DATETIME"), "a time"),
    (re.compile(r"BOOL(EAN)?"), "a boolean"),
    (re.compile(r"INTERVAL"), "an interval"),
    (re.compile(r"(STRUCT|TUPLE|ROW).*"), "a struct"),
    (re.compile(r"ENUM.*"), "one of its values"),
    (re.compile(r"MAP.*"), "a map"),
    (re.compile(r"BLOB|BIT"), "binary data"),
    (re.compile(r"UUID"), "a UUID"),
    (re.compile(r"JSON"), "JSON"),
    (re.compile(r".*NULL.*"), "null"),
)
KIND_WORDS = {
    ColumnKind.TEXT: "text",
    ColumnKind.NUMBER: "a number",
    ColumnKind.DATE: "a date",
    ColumnKind.DATETIME: "a time",
    ColumnKind.BOOLEAN: "a boolean",
}
HOW_TO_WRITE = {
    "a date": "Dates are written as '2024-12-31'",
    "a time": "Times are written as '2024-12-31 23:59:00'",
    "a boolean": "Write true or false",
    "a number": "Numbers are written as 1000 or 0.5",
}
"""How a value is written, by what it is."""
_NAMES = {
    "INT8": "TINYINT",
    "INT16": "SMALLINT",
    "INT32": "INTEGER",
    "INT64": "BIGINT",
    "BOOL": "BOOLEAN",
}


def describe_type(name: str) -> str:
    """Return what a type of DuckDB is, in words that follow "is not"."""
    bare = name.strip().strip('"')
    return next((words for kind, words in _WORDS if kind.fullmatch(bare)), "of that type")


def name_type(name: str) -> str:
    """Return the name under which SQL knows a type of DuckDB."""
    return _NAMES.get(name, name)


def describe_arguments(listed: str) -> list[str]:
    """Return what the arguments of a call are, of the types that DuckDB lists."""
    parts = re.findall(r"(?:[^,()\[\]]|\([^()]*\)|\[[^\]]*\])+", listed)
    return [describe_type(one) for one in parts if one.strip()]
