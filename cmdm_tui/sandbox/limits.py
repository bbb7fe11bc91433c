"""The hour's and the month's limit of calls, and the headers that tell of them (api.md)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cmdm_tui.sandbox.answers import Refusal
from cmdm_tui.sandbox.clock import Clock
from cmdm_tui.sandbox.store import AccessStore

SECONDS_AN_HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an identified user may still do, this call being counted.

    `reset` is the Unix time at which the hour's count starts anew. `refusal` says which limit this
    call is over, None for neither.
    """

    limit: int
    remaining: int
    reset: int
    refusal: str | None

    def headers(self, token_end: int | None) -> dict[str, str]:
        """Return the rate-limit headers, and the token's when there is one.

        Raises `Refusal` 429, which carries the headers itself, when a limit is reached.
        """
        values = {
            "x-rate-limit-limit": self.limit,
            "x-rate-limit-remaining": self.remaining,
            "x-rate-limit-reset": self.reset,
        }
        if token_end is not None:
            values["x-token-reset"] = token_end
        headers = {name: str(value) for name, value in values.items()}
        if self.refusal is not None:
            raise Refusal(429, self.refusal, headers)
        return headers


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts every call of an identified user, whatever becomes of it."""

    store: AccessStore
    clock: Clock
    an_hour: int
    a_month: int

    async def count(self) -> Allowance:
        """Count one call and say what is left."""
        now = self.clock.now()
        usage = await self.store.count_call(now)
        reset = (int(now) // SECONDS_AN_HOUR + 1) * SECONDS_AN_HOUR
        refusal = None
        if usage.hour > self.an_hour:
            at = datetime.fromtimestamp(reset, UTC).strftime("%H:%M UTC")
            refusal = f"The limit of {self.an_hour} calls an hour is reached; try again at {at}."
        elif usage.month > self.a_month:
            refusal = f"The limit of {self.a_month} calls a month is reached."
        return Allowance(self.an_hour, max(self.an_hour - usage.hour, 0), reset, refusal)
