"""Reads the limit and token headers of an answer, and learns the server's clock from its `Date`."""

import math
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from cmdm_tui.api.models import Quota

_LATEST = 253_402_300_799.0  # the end of the year 9999, beyond which no datetime goes


def read_quota(headers: Mapping[str, str], before: Quota) -> Quota:
    """Return the quota that `headers` tell; what they leave out stays as it was `before`."""
    limit = _whole(headers.get("x-rate-limit-limit"))
    remaining = _whole(headers.get("x-rate-limit-remaining"))
    reset = _unix_time(headers.get("x-rate-limit-reset"))
    token_reset = _unix_time(headers.get("x-token-reset"))
    return Quota(
        limit=before.limit if limit is None else limit,
        remaining=before.remaining if remaining is None else remaining,
        reset=before.reset if reset is None else reset,
        token_reset=before.token_reset if token_reset is None else token_reset,
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the Unix time a `Retry-After` header names, in seconds or as a date (RFC 9110)."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    seconds = _whole(value)
    if seconds is not None:
        return min(now + seconds, _LATEST)
    return _http_date(value)


class ServerClock:
    """The server's time, as far as its `Date` headers tell it; this machine's until one came."""

    def __init__(self, local_time: Callable[[], float] = time.time) -> None:
        self._local_time = local_time
        self.offset = 0.0
        """Seconds that the server's clock is ahead of this machine's."""

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take the offset from an answer that has just arrived."""
        server_time = _http_date(headers.get("date", ""))
        if server_time is not None:
            self.offset = server_time - self._local_time()

    def now(self) -> float:
        """Return the server's Unix time."""
        return self._local_time() + self.offset


class Meter:
    """What the answers of one server have told so far: its quota and its clock."""

    def __init__(self, clock: ServerClock | None = None) -> None:
        self.clock = clock or ServerClock()
        self.quota = Quota()

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of an answer that has just arrived."""
        self.clock.learn(headers)
        self.quota = read_quota(headers, self.quota)


def _whole(value: str | None) -> int | None:
    value = (value or "").strip()
    if value.isascii() and value.isdigit() and len(value) <= 15:
        return int(value)
    return None


def _unix_time(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 <= number <= _LATEST else None


def _http_date(value: str) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
