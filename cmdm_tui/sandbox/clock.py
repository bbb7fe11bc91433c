"""The sandbox's clocks: the machine's, and one that tests can move."""

import time
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Protocol

SECONDS_PER_HOUR = 3_600


class Clock(Protocol):
    """A source of the time."""

    def now(self) -> float:
        """Return the Unix time in seconds."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Return the Unix time in seconds."""
        return time.time()


class VirtualClock:
    """A clock that follows another one, and can be moved and frozen."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = 0.0
        self._frozen_at: float | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether time passes only when the clock is moved."""
        return self._frozen_at is not None

    def now(self) -> float:
        """Return the Unix time in seconds."""
        return self._clock.now() + self._offset if self._frozen_at is None else self._frozen_at

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self.set(self.now() + seconds)

    def set(self, now: float) -> None:
        """Make it this time, Unix time in seconds."""
        self._offset = now - self._clock.now()
        if self._frozen_at is not None:
            self._frozen_at = now

    def freeze(self) -> None:
        """Stop where the clock is."""
        self._frozen_at = self.now()

    def resume(self) -> None:
        """Let time pass again, from where the clock is."""
        self._offset = self.now() - self._clock.now()
        self._frozen_at = None

    def reset(self) -> None:
        """Follow the other clock again, without a difference."""
        self._offset, self._frozen_at = 0.0, None


def format_datetime(unix_time: float) -> str:
    """Return `unix_time` as a DateTime of the wire, `2026-03-31T09:30:00Z` (api.md)."""
    return datetime.fromtimestamp(unix_time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def name_periods(now: float) -> tuple[str, str]:
    """Return the names of the hour and the calendar month (UTC) that hold `now`."""
    return _name_periods_of_hour(int(now // SECONDS_PER_HOUR))


# Every call asks for these, and for seconds or an hour they stay what they are.


@lru_cache(maxsize=8)
def _name_periods_of_hour(hour: int) -> tuple[str, str]:
    moment = datetime.fromtimestamp(hour * SECONDS_PER_HOUR, UTC)
    return moment.strftime("hour %Y-%m-%dT%H"), moment.strftime("month %Y-%m")


@lru_cache(maxsize=8)
def format_http_date(second: int) -> str:
    """Return a Unix time as the `Date` header has it (RFC 9110)."""
    return formatdate(second, usegmt=True)
