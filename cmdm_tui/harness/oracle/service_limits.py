"""What an answer says about the limit of calls, and whether a time in it has moved."""

from dataclasses import dataclass
from functools import lru_cache

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.harness.exchange import Exchange

_ROUNDING = 1


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """What an answer to a user says about the limit; each None where it gives no number."""

    limit: int | None = None
    remaining: int | None = None
    reset: int | None = None

    @property
    def is_given(self) -> bool:
        """Whether the answer gives any of the numbers."""
        return any(number is not None for number in (self.limit, self.remaining, self.reset))


def parse_limits(exchange: Exchange) -> ServiceLimits:
    """Return the limits in the headers of an answer."""
    header = exchange.header
    return _parse_numbers(
        header("x-rate-limit-limit"), header("x-rate-limit-remaining"), header("x-rate-limit-reset")
    )


@lru_cache(maxsize=16)
def _parse_numbers(limit: str | None, remaining: str | None, reset: str | None) -> ServiceLimits:
    """Parse what several checks of one exchange ask for."""
    return ServiceLimits(
        parse_whole_number(limit), parse_whole_number(remaining), parse_whole_number(reset)
    )


def has_moved(before: int, now: int) -> bool:
    """Return whether a time differs from what it was before.

    One second does not count: a service may compute it for each answer, and round it either way.
    """
    return abs(now - before) > _ROUNDING


def keep_first(before: int | None, now: int | None) -> int | None:
    """Return the time that was given first, so that small moves add up and are noticed."""
    return now if before is None or now is None or has_moved(before, now) else before
