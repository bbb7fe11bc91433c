"""Reads days that are named by how far they are from today: `today`, `+1d`, `-2w`."""

import re
from datetime import date, timedelta

_WORDS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_DISTANCE = re.compile(r"([+-])\s*([0-9]{1,6})\s*([dw])", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7}


def read_relative_date(text: str, today: date) -> date | None:
    """Return the day that a text names, in any case; None where it names none.

    It is `yesterday`, `today`, `tomorrow`, or a sign, a number, and `d` for days or `w` for weeks.
    A day that no calendar has is none.
    """
    typed = text.strip().casefold()
    days = _WORDS.get(typed)
    if days is None:
        found = _DISTANCE.fullmatch(typed)
        if found is None:
            return None
        sign, number, unit = found.groups()
        days = int(f"{sign}{number}") * _DAYS[unit]
    try:
        return today + timedelta(days=days)
    except OverflowError:
        return None
