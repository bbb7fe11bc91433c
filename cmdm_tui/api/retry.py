"""Which call may be sent again: a pure policy, from the call, its failure and the attempt.

What was never sent may always be sent again. What may have been done may be sent again only where
doing it twice has the same effect as doing it once: not a create and not a conversion, which are in
doubt instead. Those are sent again for no answer at all, not even one that says to come back later;
the sign-in alone does it, after a 401.
"""

import random
from collections.abc import Callable

from msgspec import Struct

from cmdm_tui.api.errors import (
    ApiError,
    DeadlineExceeded,
    HourLimitReached,
    MalformedResponse,
    NetworkError,
    NotFound,
    ResponseTooLarge,
    ServerError,
)

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class RetryAfter(Struct, frozen=True):
    """Send it again after `seconds`; when the rate limiter allows it, where `seconds` is None."""

    seconds: float | None


class GiveUp(Struct, frozen=True):
    """The failure is final."""


class InDoubt(Struct, frozen=True):
    """The call may have been done, and doing it again could do it twice."""


class AlreadyDone(Struct, frozen=True):
    """An earlier attempt did it: a repeated delete finds nothing left to delete."""


RetryDecision = RetryAfter | GiveUp | InDoubt | AlreadyDone


class Attempt(Struct, frozen=True):
    """One sending of a call. `number` counts from 1.

    `once` is a call that must not be done twice, `was_sent` whether this attempt reached the
    network, and `may_be_done` whether an earlier one may have done it.
    """

    method: str
    number: int
    once: bool = False
    was_sent: bool = True
    may_be_done: bool = False

    @property
    def is_idempotent(self) -> bool:
        """Whether doing the call twice has the same effect as doing it once."""
        return not self.once and self.method in IDEMPOTENT_METHODS


class RetryPolicy(Struct, frozen=True):
    """How often and how patiently a call is sent again.

    Waits double from `first_wait` to `longest_wait`, in seconds, and are drawn from the upper half
    of that span, so that callers who failed together do not come back together. With `keeps_quota`,
    a call is not sent where the last answer said that none is left.
    """

    attempts: int = 4
    first_wait: float = 0.25
    longest_wait: float = 8.0
    keeps_quota: bool = True
    draw: Callable[[], float] = random.random

    def decide(self, attempt: Attempt, failure: ApiError) -> RetryDecision:
        """Return what to do about an attempt that ended in `failure`."""
        if isinstance(failure, HourLimitReached):
            return GiveUp() if attempt.once and attempt.was_sent else RetryAfter(None)
        if isinstance(failure, NotFound) and attempt.method == "DELETE" and attempt.may_be_done:
            return AlreadyDone()
        if isinstance(failure, NetworkError | ServerError):
            if attempt.was_sent and not attempt.is_idempotent:
                return InDoubt()
            if not isinstance(failure, DeadlineExceeded) and attempt.number < self.attempts:
                asked = failure.retry_after if isinstance(failure, ServerError) else None
                return RetryAfter(max(self.draw_wait(attempt.number), asked or 0.0))
        if isinstance(failure, MalformedResponse | ResponseTooLarge):
            return InDoubt() if attempt.was_sent and attempt.once else GiveUp()
        return GiveUp()

    def draw_wait(self, number: int) -> float:
        """Return the seconds to wait after attempt `number`."""
        span = min(self.first_wait * 2 ** (number - 1), self.longest_wait)
        return span / 2 + span / 2 * self.draw()


NO_RETRIES = RetryPolicy(attempts=1, keeps_quota=False)
"""Every call is sent, and sent once, for whoever wants to see what the service says."""
