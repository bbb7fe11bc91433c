"""Writes values that SQL computes as they go over the wire (`api.md`); pure."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from cmdm_tui.query.model import ColumnKind

_KINDS = {list: "a list", tuple: "a list", dict: "a structure", bytes: "bytes", time: "a time"}


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
        case Decimal() | float():
            return _write_number(value)
        case datetime():
            return _write_moment(value)
        case date() if kind is ColumnKind.DATETIME:
            return f"{value.isoformat()}T00:00:00Z"
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            shown = _KINDS.get(type(value), f"of type {type(value).__name__}")
            raise NoWireText(f"is {shown}, which no field can hold")


def _write_number(value: Decimal | float) -> str:
    number = Decimal(repr(value)) if isinstance(value, float) else value
    if not number.is_finite():
        raise NoWireText(f"is {value}, which is not a number that a field can hold")
    text = format(number, "f")
    if isinstance(value, float) and "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _write_moment(moment: datetime) -> str:
    in_utc = moment if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{in_utc.replace(tzinfo=None, microsecond=0).isoformat()}Z"
