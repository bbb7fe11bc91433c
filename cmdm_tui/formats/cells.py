"""Values as text: for a person to read, and for a program with nothing lost."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

NULL_TEXT = "null"
"""How null is written for a person."""

_LIKE_NULL = re.compile(f"('*){NULL_TEXT}('*)")
_encode = msgspec.json.Encoder(decimal_format="number").encode

_NUMBERS = (
    "DECIMAL", "DOUBLE", "FLOAT", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT",
    "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
)  # fmt: skip


def is_number(type_name: str) -> bool:
    """Return whether a column of this type holds numbers, which are aligned to the right."""
    name = type_name.upper().partition("(")[0]
    return name in _NUMBERS


def describe_cell(value: object) -> str:
    """Return a value as a person reads it in a cell, not yet safe to show.

    Null is `null`, and the text null is `'null'`, so that they differ without colour, too. The
    text `'null'` gets quotes again.
    """
    return NULL_TEXT if value is None else quote_like_null(display_text(value))


def quote_like_null(text: str) -> str:
    """Return text in quotes where it would be taken for null; any other as it is."""
    found = _LIKE_NULL.fullmatch(text)
    return f"'{text}'" if found is not None and found[1] == found[2] else text


def display_text(value: object) -> str:
    """Return a value as text for a person; each format decides how null looks."""
    if isinstance(value, datetime):
        return _in_utc(value).isoformat(sep=" ").removesuffix("+00:00")
    return exact_text(value)


def exact_text(value: object) -> str:
    """Return a value that is not null as text with nothing lost.

    Times in UTC are written like the service writes them (`api.md`), with a `Z`; local times, which
    have no zone, without one; lists, structs and bytes as JSON.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case int() | float():
            return str(value)
        case datetime():
            return _in_utc(value).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            text = json_bytes(value).decode()
            return text[1:-1] if text.startswith('"') else text


def json_bytes(value: object) -> bytes:
    """Return a value as JSON.

    Decimals are numbers with all their digits and no exponent; NaN and infinity are null.
    """
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}".encode()
    return _encode(_to_plain(value))


def _in_utc(moment: datetime) -> datetime:
    """Return a time that has a zone in UTC; one without is a local time, and stays so."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC)


def _to_plain(value: object) -> object:
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, list | tuple):
        return [_to_plain(one) for one in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, dict):
        return {str(key): _to_plain(one) for key, one in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return value
