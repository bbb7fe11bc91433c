"""The sandbox's time: everything that asks what time it is asks a clock."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> float:
        """Return the Unix time in seconds."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Return the Unix time in seconds."""
        return time.time()


def wire_time(unix_time: float) -> str:
    """Return `unix_time` as a DateTime of the wire, `2026-03-31T09:30:00Z` (api.md)."""
    return datetime.fromtimestamp(unix_time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def periods(now: float) -> tuple[str, str]:
    """Return the names of the hour and the calendar month (UTC) that hold `now`."""
    moment = datetime.fromtimestamp(now, UTC)
    return moment.strftime("hour %Y-%m-%dT%H"), moment.strftime("month %Y-%m")
