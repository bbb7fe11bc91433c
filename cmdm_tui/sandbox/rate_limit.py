"""The hour's and the month's limit of calls, and the headers that say what is left (api.md)."""

from dataclasses import dataclass

import msgspec

from cmdm_tui.sandbox.clock import SECONDS_PER_HOUR, Clock, format_datetime
from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.storage.store import AccessStore


class RemainingCalls(msgspec.Struct, frozen=True):
    """The calls that a signed-in user has left, after this one.

    `reset` is the Unix time at which the hour's count starts again.
    """

    limit: int
    remaining: int
    reset: int

    def headers(self, token_end: int | None) -> dict[str, str]:
        """Return the rate-limit headers, and the token's when there is one."""
        values = {
            "x-rate-limit-limit": self.limit,
            "x-rate-limit-remaining": self.remaining,
            "x-rate-limit-reset": self.reset,
        }
        if token_end is not None:
            values["x-token-reset"] = token_end
        return {name: str(value) for name, value in values.items()}


@dataclass(slots=True)
class CallLimiter:
    """Counts every call of a signed-in user, whatever its answer.

    The limits are in calls; the control plane may change them.
    """

    store: AccessStore
    clock: Clock
    per_hour: int
    per_month: int

    async def count_call(self, token_end: int | None) -> RemainingCalls:
        """Count one call and return what is left.

        Raises `Refusal` 429, with the headers, when the call is over a limit. The hour's leaves
        nothing; a call over the month's may have calls left in its hour (api.md).
        """
        now = self.clock.now()
        usage = await self.store.count_call(now)
        reset = (int(now) // SECONDS_PER_HOUR + 1) * SECONDS_PER_HOUR
        allowance = RemainingCalls(self.per_hour, max(self.per_hour - usage.hour, 0), reset)
        if usage.hour > self.per_hour:
            at = format_datetime(reset)
            message = f"The limit of {self.per_hour} calls an hour is reached; it ends at {at}."
        elif usage.month > self.per_month:
            message = f"The limit of {self.per_month} calls a month is reached."
        else:
            return allowance
        raise Refusal(429, message, allowance.headers(token_end))
