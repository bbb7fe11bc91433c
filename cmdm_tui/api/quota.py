"""The quota: the calls left this hour, by the last answer; and the server's clock."""

import math
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

_SECONDS = re.compile(r"\d+(\.\d*)?", re.ASCII)
_LATEST_UNIX_TIME = 253_402_300_799.0  # the end of the year 9999, beyond which no datetime goes


class Quota(Struct, frozen=True):
    """The hour's limit by the last answer; None where a header was missing or not a number.

    `reset` and `token_reset` are Unix times by the server's clock (`api.md`, response headers).
    """

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    token_reset: float | None = None

    @property
    def reset_at(self) -> datetime | None:
        """When the hour's count starts again, in UTC."""
        return _to_datetime(self.reset)

    @property
    def token_ends_at(self) -> datetime | None:
        """When the token ends, in UTC."""
        return _to_datetime(self.token_reset)


RESET_ZONE = "UTC"
"""The zone in which resets are shown, as the service counts the hours in it."""


def format_reset(moment: datetime, pattern: str = "%H:%M") -> str:
    """Return when the count of calls starts again, by a pattern of `strftime`: `13:00 UTC`."""
    return f"{moment.astimezone(UTC):{pattern}} {RESET_ZONE}"


def read_quota(headers: Mapping[str, str], before: Quota) -> Quota:
    """Return the quota in `headers`; what they leave out stays as it was `before`."""
    limit = parse_whole_number(headers.get("x-rate-limit-limit"))
    remaining = parse_whole_number(headers.get("x-rate-limit-remaining"))
    reset = parse_unix_time(headers.get("x-rate-limit-reset"))
    token_reset = parse_unix_time(headers.get("x-token-reset"))
    return Quota(
        limit=before.limit if limit is None else limit,
        remaining=before.remaining if remaining is None else remaining,
        reset=before.reset if reset is None else reset,
        token_reset=before.token_reset if token_reset is None else token_reset,
    )


def read_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the Unix time a `Retry-After` header names, in seconds or as a date (RFC 9110).

    None where it names none. Seconds may have a fraction; a number without end is the latest time.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(now + float(value), _LATEST_UNIX_TIME)
    return parse_http_date(value) if value else None


def parse_unix_time(value: str | None) -> float | None:
    """Return the Unix time in a header, None where it holds none."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 <= number <= _LATEST_UNIX_TIME else None


def parse_http_date(value: str) -> float | None:
    """Return the Unix time of an HTTP date, None where it is not one; without a zone it is UTC."""
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


class ServerClock:
    """The server's time, from its `Date` headers; this machine's until one came.

    Between answers it runs on monotonic time, so that setting this machine's clock moves nothing.
    """

    def __init__(
        self,
        local_time: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._local_time = local_time
        self._monotonic = monotonic
        self._ahead = local_time() - monotonic()
        self.is_known = False
        """Whether an answer has shown the server's time."""

    @property
    def offset(self) -> float:
        """Seconds that the server's clock is ahead of this machine's."""
        return self.now() - self._local_time()

    def update(self, headers: Mapping[str, str]) -> None:
        """Set the time from an answer that has just arrived."""
        server_time = parse_http_date(headers.get("date", ""))
        if server_time is not None:
            self._ahead = server_time - self._monotonic()
            self.is_known = True

    def now(self) -> float:
        """Return the server's Unix time."""
        return self._monotonic() + self._ahead


class QuotaTracker:
    """Counts one user's calls: each is reserved before it is sent, and released by its answer.

    Answers of concurrent calls come in any order, so within an hour the lowest count is believed
    while calls are under way.
    """

    def __init__(self, clock: ServerClock | None = None) -> None:
        self.clock = clock or ServerClock()
        self.quota = Quota()
        self._under_way = 0

    @property
    def calls_left(self) -> float:
        """Calls that may still be sent this hour; infinite where that is unknown."""
        quota = self.quota
        if quota.remaining is None or quota.reset is None or quota.reset <= self.clock.now():
            return math.inf
        return quota.remaining - self._under_way

    @property
    def seconds_to_reset(self) -> float:
        """Seconds until the hour's count starts again; 0 where that is unknown."""
        return max((self.quota.reset or 0.0) - self.clock.now(), 0.0)

    def reserve(self, *, floor: int = 0) -> bool:
        """Reserve one of the calls left, to be released; return whether `floor` are then left."""
        is_within = self.calls_left > floor
        self._under_way += 1
        return is_within

    def release(self) -> None:
        """Give back what was reserved, once the answer has come or will not."""
        self._under_way -= 1

    def update(self, headers: Mapping[str, str]) -> None:
        """Update from the headers of an answer that has just arrived."""
        self.clock.update(headers)
        before, now = self.quota, read_quota(headers, self.quota)
        if (
            before.remaining is not None
            and now.remaining is not None
            and now.reset == before.reset
            and now.remaining > before.remaining
            and self._under_way > 1
        ):
            now = Quota(now.limit, before.remaining, now.reset, now.token_reset)
        self.quota = now


def parse_whole_number(value: str | None) -> int | None:
    """Return a text as a number, None for other texts and for absurdly large numbers."""
    value = (value or "").strip()
    if value.isascii() and value.isdigit() and len(value) <= 15:
        return int(value)
    return None


def _to_datetime(unix_time: float | None) -> datetime | None:
    return None if unix_time is None else datetime.fromtimestamp(unix_time, UTC)
