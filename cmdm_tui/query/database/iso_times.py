"""Reads dates and times in every form of ISO 8601, and writes them in the one form DuckDB casts.

Forms: extended and basic, ordinal and week dates, fractions of any length of the last part that is
there, offsets of hours alone, a comma for the point. A time without an offset is in UTC.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

PLAIN_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
"""A date as DuckDB casts it, for its regular expressions and Python's."""

PLAIN_MOMENT = (
    PLAIN_DATE + r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
    r"(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])?"
)
"""A time as DuckDB casts it, likewise."""

_PLAIN_DATE = re.compile(PLAIN_DATE)
_PLAIN_MOMENT = re.compile(PLAIN_MOMENT)
_YEAR = r"(?!0000|0001|9999)"
_PLAIN_DATES = re.compile(rf"(?:{_YEAR}{PLAIN_DATE}(?:\n|\Z))*")
_PLAIN_MOMENTS = re.compile(rf"(?:{_YEAR}{PLAIN_MOMENT.replace('(', '(?:')}(?:\n|\Z))*")
_DAY = (
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})|(?P<compact>[0-9]{4})"
    r"|-?W(?P<week>[0-9]{2})-?(?P<weekday>[1-7])|-?(?P<ordinal>[0-9]{3}))"
)
_TIME = (
    r"(?P<hour>[0-9]{2})(?::?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2}))?)?"
    r"(?:[.,](?P<fraction>[0-9]+))?"
)
_OFFSET = (
    r"(?:Z|(?P<sign>[+\-\u2212])(?P<hours>[0-9]{2})"
    r"(?::?(?P<minutes>[0-9]{2})(?::?(?P<seconds>[0-9]{2}))?)?)"
)
_ISO = re.compile(f"{_DAY}(?:(?:T| +){_TIME} ?{_OFFSET}?)?", re.IGNORECASE | re.ASCII)
_MICROSECONDS = 6


def read_moment(text: str) -> datetime | None:
    """Return the time that `text` names, in UTC and without a zone; a date is its midnight.

    None where it names none, or one outside the years 1 to 9999.
    """
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    try:
        day = _read_day(found)
        return datetime.combine(day, datetime.min.time()) + _time_of(found) - _offset_of(found)
    except (ValueError, OverflowError):
        return None


def read_day(text: str) -> date | None:
    """Return the date that `text` names, as it is written there; None where it names none.

    Of a time with an offset it is the date in that offset.
    """
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    try:
        day = _read_day(found)
        _time_of(found)
        _offset_of(found)
    except (ValueError, OverflowError):
        return None
    return day


def are_plain(texts: Iterable[str | None], *, are_moments: bool) -> bool:
    """Return whether all texts that are there are dates, or times, in the form DuckDB casts.

    It looks at all of them at once, which takes a fraction of a look at each.
    """
    together = "\n".join(filter(None, texts))
    return (_PLAIN_MOMENTS if are_moments else _PLAIN_DATES).fullmatch(together) is not None


def plain_moment(text: str | None) -> str | None:
    """Return a time in the form that DuckDB casts; text that names none does not match it."""
    if text is None or (_PLAIN_MOMENT.fullmatch(text) and "0001" < text[:4] < "9999"):
        return text
    moment = read_moment(text)
    return _spoil(text, _PLAIN_MOMENT) if moment is None else f"{moment.isoformat()}Z"


def plain_day(text: str | None) -> str | None:
    """Return a date in the form that DuckDB casts; text that names none does not match it."""
    if text is None or (_PLAIN_DATE.fullmatch(text) and text[:4] != "0000"):
        return text
    day = read_day(text)
    return _spoil(text, _PLAIN_DATE) if day is None else day.isoformat()


def _spoil(text: str, plain: re.Pattern[str]) -> str:
    return f"{text}?" if plain.fullmatch(text) else text


def _read_day(found: re.Match[str]) -> date:
    year = int(found["year"])
    if found["month"]:
        return date(year, int(found["month"]), int(found["day"]))
    if found["compact"]:
        return date(year, int(found["compact"][:2]), int(found["compact"][2:]))
    if found["week"]:
        return date.fromisocalendar(year, int(found["week"]), int(found["weekday"]))
    ordinal = int(found["ordinal"])
    day = date(year, 1, 1) + timedelta(days=ordinal - 1)
    if not ordinal or day.year != year:
        raise ValueError
    return day


def _time_of(found: re.Match[str]) -> timedelta:
    """Return the time since midnight. A leap second is the second after it."""
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    fraction = found["fraction"] or ""
    unit = 1 if found["second"] else 60 if found["minute"] else 3600
    part = int((fraction + "0" * 16)[:16]) * unit * 10**_MICROSECONDS // 10**16
    time = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=part)
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and time > timedelta(days=1)):
        raise ValueError
    return time


def _offset_of(found: re.Match[str]) -> timedelta:
    if not found["sign"]:
        return timedelta()
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError
    offset = timedelta(hours=hours, minutes=minutes, seconds=int(found["seconds"] or 0))
    return offset if found["sign"] == "+" else -offset


def in_utc(moment: datetime) -> datetime:
    """Return a time that is in UTC with the zone that says so."""
    return moment.replace(tzinfo=UTC)
