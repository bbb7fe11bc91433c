"""Reads days and times: as ISO 8601, or in the one format that the user named."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cmdm_tui.text import one_line
from cmdm_tui.transfer.errors import ImportFileError

EXAMPLE_FORMATS = ("dd/mm/yyyy", "mm/dd/yyyy", "dd.mm.yyyy", "d mmm yyyy", "yyyy/mm/dd")

_SHOWN = 40
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_PARTS = {
    "d": r"(?P<day>[0-9]{1,2})",
    "dd": r"(?P<day>[0-9]{1,2})",
    "m": r"(?P<month>[0-9]{1,2})",
    "mm": r"(?P<month>[0-9]{1,2})",
    "mmm": r"(?P<name>[A-Za-z]{3,9})\.?",
    "mmmm": r"(?P<name>[A-Za-z]{3,9})\.?",
    "yyyy": r"(?P<year>[0-9]{4})",
}
_NUMERIC = {"d", "dd", "m", "mm", "yyyy"}
_BARE_FORMATS = ("yyyymmdd", "ddmmyyyy", "mmddyyyy")
_TOKEN = re.compile(r"d+|m+|y+|[^dmy]+", re.IGNORECASE)
_TIME_OF_FORMAT = re.compile(r"[ T]hh?:mm(?::ss)?$", re.IGNORECASE)
_TIME_OF_STRFTIME = re.compile(r"[ T]%H:%M(?::%S)?$")
_STRFTIME = {"%d": "dd", "%-d": "d", "%m": "mm", "%-m": "m", "%b": "mmm", "%B": "mmmm"}
_STRFTIME_YEARS = {"%Y": "yyyy", "%y": "yy"}
_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_TIME = re.compile(
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<part>[0-9]{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_LOOKS_NUMERIC = re.compile(
    r"(?:[0-9]{1,4}([./-])[0-9]{1,2}\1[0-9]{2,4}|[0-9]{4}([./-])[0-9]{1,2}\2[0-9])(?:[T ,].*)?"
)
_LOOKS_BARE = re.compile(r"[0-9]{8}(?:[T ,].*)?")
_LOOKS_NAMED = re.compile(
    r"(?:[A-Za-z]+,? )?[0-9]{1,2}[ -](?P<first>[A-Za-z]{3,9})\.?,?[ -][0-9]{2,4}(?: .*)?"
    r"|(?P<second>[A-Za-z]{3,9})\.? [0-9]{1,2},? [0-9]{4}(?: .*)?"
)
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([./-])[0-9]{1,2}\1[0-9]{2}(?:[T ].*)?")
_DAY_NUMBER = re.compile(r"[0-9]{4,6}(?:\.[0-9]+)?")


class NotADate(ValueError):
    """A text is not a day or a time that can be taken; `str()` says why, as a clause."""


def _from_strftime(name: str) -> str:
    for directive, token in (_STRFTIME | _STRFTIME_YEARS).items():
        name = name.replace(directive, token)
    return name


@dataclass(frozen=True)
class DateFormat:
    """A named format of dates, such as `dd/mm/yyyy`; ISO 8601 is read too where it differs.

    `%d/%m/%Y`, as `strftime` has it, means the same. Raises ImportFileError for no format.
    """

    name: str = ""

    def __post_init__(self) -> None:
        # A time after the day is always read: a format need not name it.
        name = _from_strftime(_TIME_OF_STRFTIME.sub("", self.name.strip()))
        object.__setattr__(self, "name", _TIME_OF_FORMAT.sub("", name))
        if self.name:
            self._check()

    def _check(self) -> None:
        tokens: list[str] = _TOKEN.findall(self.name.strip().lower())
        parts = [token for token in tokens if token[0] in "dmy"]
        if sorted(part[0] for part in parts) != ["d", "m", "y"] or not set(parts) <= {*_PARTS}:
            hint = f"A format is written like {', '.join(EXAMPLE_FORMATS)}"
            if any(part in {"yy", "y"} for part in parts):
                hint = "A year needs four digits, yyyy: two of them name no century"
            raise ImportFileError(f"{self.name!r} is not a format of dates", hint)
        if any(one in {"d", "m"} and _is_joined(tokens, at) for at, one in enumerate(tokens)):
            hint = f"Without a separator a day and a month have two digits: {_BARE_FORMATS[0]}"
            raise ImportFileError(f"{self.name!r} is not a format of dates", hint)

    @cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """What a day in the format looks like; None without a format."""
        if not self.name:
            return None
        tokens: list[str] = _TOKEN.findall(self.name.strip().lower())
        return re.compile("".join(_part_pattern(tokens, at) for at in range(len(tokens))))

    @cached_property
    def takes_iso(self) -> bool:
        """Whether a day in ISO 8601 could be one in the format: it is read by the format alone."""
        return self.pattern is not None and self.pattern.fullmatch("2000-01-01") is not None

    def __str__(self) -> str:
        return f"{self.name} date" if self.name else "date such as 2026-03-31"


def _is_joined(tokens: list[str], at: int) -> bool:
    """Return whether a part in digits is next to another, with no separator."""
    beside = tokens[max(at - 1, 0) : at] + tokens[at + 1 : at + 2]
    return tokens[at] in _NUMERIC and not _NUMERIC.isdisjoint(beside)


def _part_pattern(tokens: list[str], at: int) -> str:
    pattern = _PARTS.get(tokens[at], re.escape(tokens[at]))
    return pattern.replace("{1,2}", "{2}") if _is_joined(tokens, at) else pattern


ISO_DATES = DateFormat()
"""No format but ISO 8601."""
_DAY_BEFORE_MONTH = DateFormat("yyyy-dd-mm")


@dataclass(frozen=True, slots=True)
class ReadMoment:
    """A day, and the time of it where there is one; without a zone it is not known whose time."""

    day: date
    time: timedelta | None = None
    zone: tzinfo | None = None

    @property
    def is_day(self) -> bool:
        """Whether it is a day alone: a midnight without a zone says no more."""
        return self.zone is None and not self.time


def read_moment(text: str, form: DateFormat) -> ReadMoment:
    """Return the day and time of a text. Raises NotADate."""
    bare = " ".join(text.split())
    found = None if form.takes_iso else _ISO.match(bare)
    if found is None and form.pattern is not None:
        found = form.pattern.match(bare)
    shown = repr(one_line(bare, _SHOWN))
    rest = "" if found is None else bare[found.end() :]
    # More digits would be those of a longer year or day.
    if found is None or (rest and rest[0] not in "Tt ,"):
        raise NotADate(_describe_other(bare, shown, form))
    day = _make_day(found, shown, form)
    rest = rest[1:].strip() if rest else ""
    if not rest:
        return ReadMoment(day)
    clock = _TIME.fullmatch(rest)
    if clock is None:
        raise NotADate(f"{shown} is not a {form}")
    return ReadMoment(day, _make_time(clock, shown), _make_zone(clock["zone"], shown))


def _make_day(found: re.Match[str], shown: str, form: DateFormat) -> date:
    parts = found.groupdict()
    name = parts.get("name")
    month = _month_of(name) if name else int(parts["month"])
    if not 1 <= month <= len(_MONTHS):
        raise NotADate(f"{shown} is not a {form}: there is no such month")
    try:
        return date(int(parts["year"]), month, int(parts["day"]))
    except ValueError:
        raise NotADate(f"{shown}: there is no such day") from None


def _month_of(name: str) -> int:
    wanted = name.casefold()
    for number, month in enumerate(_MONTHS, 1):
        if wanted in {month, month[:3]} or (wanted == "sept" and month == "september"):
            return number
    return 0


def _make_time(clock: re.Match[str], shown: str) -> timedelta:
    hour, minute, second = (int(clock[name] or 0) for name in ("hour", "minute", "second"))
    if half := clock["half"]:
        if not 1 <= hour <= 12:
            raise NotADate(f"{shown}: there is no such time")
        hour = hour % 12 + (12 if half[0] in "Pp" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise NotADate(f"{shown}: there is no such time")
    part = int(((clock["part"] or "") + "000000")[:6])
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=part)


def _make_zone(text: str | None, shown: str) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset >= timedelta(hours=24):
        raise NotADate(f"{shown}: there is no such zone")
    return timezone(-offset if text[0] == "-" else offset)


def _describe_other(bare: str, shown: str, form: DateFormat) -> str:
    if _SHORT_YEAR.fullmatch(bare):
        return f"{shown} has a two-digit year"
    if _DAY_NUMBER.fullmatch(bare):
        return f"{shown} is not a {form}: is it a spreadsheet's number of a day?"
    return f"{shown} is not a {form}"


def looks_like_other_date(text: str) -> bool:
    """Return whether a text is a date in a format that has to be named.

    Such are `03/04/2026`, `20260403` and `2026-31-03`, which no ISO 8601 is.
    """
    bare = " ".join(text.split())
    if _ISO.match(bare):
        return not _is_in(text, ISO_DATES) and _is_in(text, _DAY_BEFORE_MONTH)
    if _LOOKS_BARE.fullmatch(bare):
        return any(_is_in(text, DateFormat(name)) for name in _BARE_FORMATS)
    return _LOOKS_NUMERIC.fullmatch(bare) is not None or _is_named_date(bare)


def _is_named_date(bare: str) -> bool:
    found = _LOOKS_NAMED.fullmatch(bare)
    return found is not None and _month_of(found["first"] or found["second"]) > 0


def suggest_formats(texts: list[str]) -> tuple[str, ...]:
    """Return the formats in which all of the texts could be written, else the usual ones."""
    names = [
        f"{first}{mark}{second}{mark}{third}"
        for mark in "/.-"
        for first, second, third in (
            ("dd", "mm", "yyyy"),
            ("mm", "dd", "yyyy"),
            ("yyyy", "mm", "dd"),
        )
    ]
    names += [_DAY_BEFORE_MONTH.name, *_BARE_FORMATS]
    names += ["d mmm yyyy", "d-mmm-yyyy", "mmm d, yyyy", "mmm d yyyy"]
    counts = {name: sum(_is_in(text, DateFormat(name)) for text in texts) for name in names}
    most = max(counts.values(), default=0)
    fitting = [name for name, count in counts.items() if count and count * 2 >= most]
    return tuple(sorted(fitting, key=lambda name: -counts[name])) or EXAMPLE_FORMATS


def _is_in(text: str, form: DateFormat) -> bool:
    try:
        read_moment(text, form)
    except NotADate:
        return False
    return True


def find_zone(name: str) -> tzinfo:
    """Return a time zone by its name. Raises ImportFileError."""
    if name.strip().upper() in {"UTC", "Z", "GMT"}:
        return UTC
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "Zones are named like UTC or Europe/London"
        raise ImportFileError(f"There is no time zone {name!r}", hint) from None


def format_moment(moment: datetime) -> str:
    """Return a time that has a zone as the service writes it (`api.md`)."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
