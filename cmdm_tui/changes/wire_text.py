"""Writes values that SQL computes as they go over the wire (`api.md`); pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from cmdm_tui.query.model import ColumnKind

_KINDS: Mapping[str, str] = MappingProxyType(
    {"list": "a list", "tuple": "a list", "dict": "a structure", "bytes": "binary"}
)
"""The words for values that no field can hold, by the names of their types."""


class NoWireText(ValueError):
    """A value has no form on the wire; the message is a clause that begins with a verb."""


def write_wire_text(value: object, kind: ColumnKind) -> str | None:
    """Return the text of a value for a field of a kind; None empties the field.

    Text stays as it is. A time is written in UTC, without fractions of a second; one without a zone
    is in UTC already. A date is the midnight of a field of times, as in SQL. Raises NoWireText.
    """
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return _write_number(value)
        case float():
            return _write_number(Decimal(repr(value)), is_exact=False)
        case datetime():
            return _write_moment(value)
        case date() if kind is ColumnKind.DATETIME:
            return f"{value.isoformat()}T00:00:00Z"
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            name = type(value).__name__
            shown = _KINDS.get(name, f"of type {name}")
            raise NoWireText(f"is {shown}, which no field can hold")


def _write_number(number: Decimal, *, is_exact: bool = True) -> str:
    """Return a number without an exponent; the zeros at its end stay where they were computed."""
    if not number.is_finite():
        raise NoWireText(f"is {number}, which is not a number that a field can hold")
    text = format(number, "f")
    if not is_exact and "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _write_moment(moment: datetime) -> str:
    in_utc = moment if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{in_utc.replace(tzinfo=None, microsecond=0).isoformat()}Z"
