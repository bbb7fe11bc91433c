"""Reads what a person types for a field: the value as it goes over the wire, or what is wrong."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from msgspec.structs import replace

from cmdm_tui.api import Field
from cmdm_tui.changes.value_check import find_value_fault
from cmdm_tui.changes.wire_text import write_wire_text
from cmdm_tui.formats.relative_dates import read_relative_date
from cmdm_tui.query.model import ColumnKind
from cmdm_tui.text import one_line

_TRIMMED = frozenset({"Number", "Currency", "Date", "DateTime", "Boolean"})
"""Types of which no value begins or ends with a space."""

_DAY_KINDS = {"Date": ColumnKind.DATE, "DateTime": ColumnKind.DATETIME}
"""Types of which a day can be named from today."""


def read_typed(field: Field, text: str | None) -> str | None:
    """Return the value for the wire; None is null.

    Dates and times are taken in any form of ISO 8601, and written as the service does; a time
    without a zone is in UTC. Digits stay as they are typed. What cannot be read stays as it is:
    `find_typed_fault` says what is wrong with it. Of an inferred field nothing is rewritten but a
    day that is named from today.
    """
    day = read_named_day(field, text)
    if day is not None or text is None or field.inferred:
        return day or text
    if field.type in _TRIMMED:
        text = text.strip() or None
    if text is None:
        return None
    match field.type:
        case "Date":
            return _rewrite(text, lambda: write_wire_text(_read_date(text), ColumnKind.DATE))
        case "DateTime":
            read = datetime.fromisoformat
            return _rewrite(text, lambda: write_wire_text(read(text), ColumnKind.DATETIME))
        case _:
            return text


def read_named_day(field: Field, text: str | None) -> str | None:
    """Return the value for a day that is named from today, such as `+1d`; None for other texts.

    Today is that of this machine's zone for a date. A time is the midnight with which that day
    begins in UTC, so there it is today in UTC.
    """
    if text is None or field.type not in _DAY_KINDS:
        return None
    zone = UTC if field.type == "DateTime" else None
    day = read_relative_date(text, datetime.now(UTC).astimezone(zone).date())
    return None if day is None else write_wire_text(day, _DAY_KINDS[field.type])


def find_typed_doubt(field: Field, value: str | None) -> str:
    """Return a sentence that says why a value does not look like those of a guessed type.

    It is empty where it does, and where the type is known: then `find_typed_fault` judges it. The
    service may take such a value.
    """
    if not field.inferred or not value:
        return ""
    fault = find_value_fault(replace(field, inferred=False, required=None), value)
    return "" if fault is None else f"{one_line(field.label or field.name, 60)} {fault}."


def find_typed_fault(field: Field, value: str | None) -> str:
    """Return a sentence that says why the field cannot hold the value; empty if it can."""
    fault = find_value_fault(field, value)
    return "" if fault is None else f"{one_line(field.label or field.name, 60)} {fault}."


def has_empty_text(field: Field) -> bool:
    """Return whether the field can hold an empty text, which is another value than null."""
    return find_value_fault(field, "") is None


def _read_date(text: str) -> date:
    return date.fromisoformat(text)


def _rewrite(text: str, read: Callable[[], str | None]) -> str | None:
    try:
        return read()
    except (ValueError, OverflowError):
        return text
