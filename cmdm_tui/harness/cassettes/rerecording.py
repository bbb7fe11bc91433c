"""Finds out whether a case was answered as in its last recording, so that the file can stay.

A live service has another time each day, and others use its calls. What follows from that alone
does not count: the time and the counts in headers, and the times of the recording in the records
that the case itself creates. Everything else is compared byte for byte.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx

from cmdm_tui.api.quota import parse_http_date, parse_unix_time, parse_whole_number
from cmdm_tui.harness.cassettes.canonical_yaml import RecordedAnswer
from cmdm_tui.harness.cassettes.format import HeaderLists, Interaction
from cmdm_tui.harness.cassettes.reader import CassetteUnreadable, read_cassette

_PARSERS: dict[str, Callable[[str], float | None]] = {
    "date": parse_http_date,
    "retry-after": parse_whole_number,
    "x-rate-limit-remaining": parse_whole_number,
    "x-rate-limit-reset": parse_unix_time,
    "x-token-reset": parse_unix_time,
}
"""The headers that time and other users change, and what reads their values."""

_TIMES_AHEAD = frozenset({"x-rate-limit-reset", "x-token-reset"})

_MOMENT = re.compile(
    r"(?P<iso>\d{4}-\d\d-\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)?"
    r"|(?P<day>\d{1,2}[/.]\d{1,2}[/.]\d{4})(?:,? \d{1,2}:\d\d(?::\d\d)?)?"
    r"|(?<=/Date\()(?P<milliseconds>\d+)(?=[)+-])"
)
"""A date or a time, in the spellings that services use."""

_DIGITS = re.compile(r"\d+")
_OWN_ID = re.compile(r"NEW[0-9]{5,}")
_ONE_DAY = timedelta(days=1)
"""How far local time may be from UTC, in days."""
_MONTHS = 12

EncodeCassette = Callable[[list[Interaction]], bytes]
JsonPairs = tuple[tuple[str, object], ...]


def is_answered_as_before(path: Path, now: list[Interaction], encode: EncodeCassette) -> bool:
    """Return whether only times and counts differ between the cassette at `path` and `now`.

    `encode` writes a cassette. A file that is missing, or not a cassette, is not as before.
    """
    try:
        before = read_cassette(path)
        settled = [_settle(one, other) for one, other in zip(now, before, strict=True)]
        return encode(settled) == path.read_bytes()
    except (OSError, CassetteUnreadable, ValueError):
        return False


def _settle(now: Interaction, before: RecordedAnswer) -> Interaction:
    """Return an interaction with the times and counts that were recorded before."""
    earlier: HeaderLists = {}
    for name, value in before.headers:
        earlier.setdefault(name.decode("ascii"), []).append(value.decode("latin-1"))
    headers = {
        name: earlier[name] if _says_the_same(name, earlier, now.headers) else values
        for name, values in now.headers.items()
    }
    comparison = _BodyComparison(_find_day(earlier), _find_day(now.headers))
    is_same = comparison.differs_in_times(before.body, now.body)
    return replace(now, headers=headers, body=before.body if is_same else now.body)


def find_own_times(headers: httpx.Headers, body: bytes, now: Interaction) -> frozenset[str]:
    """Return where two answers differ only in a time of a record that the session made.

    `headers` and `body` are the recorded ones. Each place is a JSON pointer.
    """
    earlier = {"date": [headers.get("date", "")]}
    comparison = _BodyComparison(_find_day(earlier), _find_day(now.headers))
    try:
        return frozenset(comparison.list_times(_parse(body), _parse(now.body)))
    except (ValueError, RecursionError):
        return frozenset()


def _says_the_same(name: str, before: HeaderLists, now: HeaderLists) -> bool:
    """Return whether a header differs only as time makes it differ."""
    parse = _PARSERS.get(name)
    if parse is None or len(before.get(name, ())) != len(now[name]):
        return False
    was, has = [parse(value) for value in before[name]], [parse(value) for value in now[name]]
    if None in was or None in has:
        return False
    return name not in _TIMES_AHEAD or _is_ahead(was, before) == _is_ahead(has, now)


def _is_ahead(times: list[float | None], headers: HeaderLists) -> list[bool]:
    moment = parse_http_date(headers.get("date", [""])[0]) or 0.0
    return [time is not None and time > moment for time in times]


def _find_day(headers: HeaderLists) -> datetime | None:
    moment = parse_http_date(headers.get("date", [""])[0])
    return None if moment is None else datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class _BodyComparison:
    """Compares two bodies; `before` and `now` are the times in UTC at which they were answered."""

    before: datetime | None
    now: datetime | None

    def differs_in_times(self, was: bytes, has: bytes) -> bool:
        """Return whether only times of records that the case created differ in two JSON texts."""
        try:
            before, now = was.decode("utf-8"), has.decode("utf-8")
            # How a time is written must be the same, and so must everything between the times.
            if _MOMENT.sub(_keep_spelling, before) != _MOMENT.sub(_keep_spelling, now):
                return False
            return self._agree(_parse(before), _parse(now), is_own=False)
        except (ValueError, RecursionError):
            return False

    def list_times(
        self, before: object, now: object, place: str = "", *, is_own: bool = False
    ) -> Iterator[str]:
        """Yield the places of strings that differ as times of own records may."""
        match before, now:
            case tuple(), tuple():
                was = dict(cast("JsonPairs", before))
                is_own = is_own or _is_own_record(cast("JsonPairs", now))
                for name, value in cast("JsonPairs", now):
                    where = f"{place}/{name}"
                    yield from self.list_times(was.get(name), value, where, is_own=is_own)
            case list(), list():
                pairs = zip(cast("list[object]", before), cast("list[object]", now), strict=False)
                for number, (old, new) in enumerate(pairs):
                    yield from self.list_times(old, new, f"{place}/{number}", is_own=is_own)
            case str(), str() if is_own and before != now and self._are_times(before, now):
                yield place
            case _:
                pass

    def _are_times(self, before: str, now: str) -> bool:
        return (
            _MOMENT.sub(_keep_spelling, before) == _MOMENT.sub(_keep_spelling, now)
            and _tells_day(before, self.before)
            and _tells_day(now, self.now)
        )

    def _agree(self, before: object, now: object, *, is_own: bool) -> bool:
        match before, now:
            case tuple(), tuple():
                was, has = cast("JsonPairs", before), cast("JsonPairs", now)
                is_own = is_own or _is_own_record(has)
                return len(was) == len(has) and all(
                    one == other and self._agree(value, fresh, is_own=is_own)
                    for (one, value), (other, fresh) in zip(was, has, strict=True)
                )
            case list(), list():
                old, new = cast("list[object]", before), cast("list[object]", now)
                return len(old) == len(new) and all(
                    self._agree(value, fresh, is_own=is_own)
                    for value, fresh in zip(old, new, strict=True)
                )
            case str(), str() if is_own and before != now:
                return self._are_times(before, now)
            case _:
                return before == now


def _keep_spelling(found: re.Match[str]) -> str:
    return _DIGITS.sub("0", found[0])


def _parse(text: str | bytes) -> object:
    # Objects as pairs and numbers as text: nothing that differs in the text may become equal.
    return json.loads(text, object_pairs_hook=tuple, parse_int=str, parse_float=str)


def _is_own_record(pairs: JsonPairs) -> bool:
    return any(
        name == "ExternalID" and isinstance(value, str) and _OWN_ID.fullmatch(value) is not None
        for name, value in pairs
    )


def _tells_day(text: str, answered: datetime | None) -> bool:
    """Return whether a text is a time of the day on which it was answered."""
    found = _MOMENT.search(text)
    if found is None or answered is None:
        return False
    return any(abs(day - answered.date()) <= _ONE_DAY for day in _read_days(found))


def _read_days(found: re.Match[str]) -> list[date]:
    if found["milliseconds"]:
        seconds = int(found["milliseconds"]) / 1_000
        return [datetime.fromtimestamp(seconds, UTC).date()]
    if found["iso"]:
        return [datetime.fromisoformat(found["iso"]).date()]
    one, other, year = (int(part) for part in re.split("[/.]", found["day"]))
    return [
        date(year, month, day) for day, month in ((one, other), (other, one)) if month <= _MONTHS
    ]
