"""Puts values, counts and ages into words."""

import json

from cmdm_tui.text import one_line

NOTHING = "–"
"""Written for null, and for what is not known."""

_MAX_CELL = 200
"""Characters of a value that a cell takes; no column is as wide."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def value_text(value: object) -> str:
    """Return a JSON value as text, not yet safe to show: texts as they are, the rest as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict) or value is None:
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def cell_text(value: object) -> str:
    """Return a value as one safe line for a table, cut where no column would show more."""
    return NOTHING if value is None else one_line(value_text(value), _MAX_CELL)


def format_count(value: int | None) -> str:
    """Return a count as it is shown, `–` where it is not known."""
    return NOTHING if value is None else f"{value:,}"


def format_counted(value: int, thing: str) -> str:
    """Return a count of things in words, such as `1 call` and `12 calls`."""
    return f"{value:,} {thing}" if value == 1 else f"{value:,} {thing}s"


def format_age(seconds: float) -> str:
    """Return an age in its largest whole unit, such as `3 h`."""
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{seconds // length:,.0f} {unit}"
    return "now"
