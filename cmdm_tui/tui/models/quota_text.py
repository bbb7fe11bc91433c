"""Puts the quota and the token's time into words."""

import time
from dataclasses import dataclass

from cmdm_tui.api import Quota
from cmdm_tui.api.quota import RESET_ZONE

_DAY = 86_400.0
_LOW_PERCENT = 10
"""Percent of the limit below which the calls left are called low."""


@dataclass(frozen=True, slots=True)
class QuotaText:
    """The quota as the status line shows it; each part is empty where the service says nothing."""

    calls: str
    reset: str
    token: str
    is_low: bool

    @property
    def times(self) -> str:
        """When calls come back and until when the token is good, with their zone."""
        known = [words for words in (self.reset, self.token) if words]
        return f"{', '.join(known)} {RESET_ZONE}" if known else ""

    @classmethod
    def of(cls, quota: Quota, clock_offset: float, now: float) -> "QuotaText":
        """Return the words for a quota; `clock_offset` is how far the server's clock is ahead."""
        calls = ""
        if quota.remaining is not None:
            calls = f"{quota.remaining:,}"
            calls += f"/{quota.limit:,} calls" if quota.limit is not None else " calls left"
        return cls(
            calls=calls,
            reset=_describe_time("resets", quota.reset, clock_offset, now),
            token=_describe_time("token until", quota.token_reset, clock_offset, now),
            is_low=quota.remaining is not None
            and quota.remaining * 100 <= (quota.limit or 0) * _LOW_PERCENT,
        )


def _describe_time(what: str, server_time: float | None, clock_offset: float, now: float) -> str:
    if server_time is None:
        return ""
    try:
        moment = server_time - clock_offset
        shape = "%H:%M" if abs(moment - now) < _DAY else "%d %b %H:%M"
        return f"{what} {time.strftime(shape, time.gmtime(moment))}"
    except (OverflowError, ValueError, OSError):  # a time beyond this machine's calendar
        return ""
