"""Reads a stored value as SQL sees it: strictly, so that no cast differs.

What is not written in the plain way is an `OddValue`: its place in the service's order is not
known, nor what a cast makes of it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from cmdm_tui.query.model import ColumnKind, Value

MOST_DIGITS = 38
"""The most digits that a DECIMAL holds (DuckDB)."""

_FIRST_YEAR = 1970
"""That of the time 0 of most systems."""

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z?")


class OddValue(ValueError):
    """A value whose place in the order is not known."""


def read_value(kind: ColumnKind, raw: object) -> Value | None:
    """Return the value of a record's property, None for null.

    An empty string is null in every field except text. Raises OddValue.
    """
    if raw is None or (raw == "" and kind is not ColumnKind.TEXT):
        return None
    return _READERS[kind](raw)


def read_date(text: str) -> date:
    """Return the date of `2026-03-31`. Raises OddValue for anything else."""
    if not _DATE.fullmatch(text):
        raise OddValue
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise OddValue from None


def read_datetime(text: str) -> datetime:
    """Return the time of `2026-03-31T09:30:00Z`, naive. Raises OddValue for anything else."""
    if not _DATETIME.fullmatch(text):
        raise OddValue
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise OddValue from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def is_below_defaults(value: Value) -> bool:
    """Return whether a value is below those that a service may sort null as: 0, and 1970."""
    match value:
        case Decimal():
            return value < 0
        case date():
            return value.year < _FIRST_YEAR
        case _:
            return False


def number_text(raw: object) -> str:
    """Return a number's text as a service stores it. Raises OddValue for other forms."""
    text = raw if isinstance(raw, str) else _write_number(raw)
    if not _NUMBER.fullmatch(text) or sum(map(str.isdigit, text)) > MOST_DIGITS:
        raise OddValue
    return text


def _write_number(raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise OddValue
    if isinstance(raw, Decimal) and not raw.is_finite():
        raise OddValue
    return format(raw, "f") if isinstance(raw, Decimal) else str(raw)


def _read_text(raw: object) -> str:
    if not isinstance(raw, str):
        raise OddValue
    return raw


def _read_number(raw: object) -> Decimal:
    return Decimal(number_text(raw))


def _read_boolean(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw not in {"true", "false"}:
        raise OddValue
    return raw == "true"


_READERS: Mapping[ColumnKind, Callable[[Any], Value]] = {
    ColumnKind.TEXT: _read_text,
    ColumnKind.NUMBER: _read_number,
    ColumnKind.DATE: lambda raw: read_date(_read_text(raw)),
    ColumnKind.DATETIME: lambda raw: read_datetime(_read_text(raw)),
    ColumnKind.BOOLEAN: _read_boolean,
}
