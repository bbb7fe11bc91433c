"""How many requests a run may make, and for how long: it never makes more."""

import time
from dataclasses import dataclass, field
from typing import Protocol

STOPPED = "stopped"
"""The reason of a run that was stopped from outside."""


class BudgetSpent(BaseException):
    """A bound is reached; the message names it. It ends the run: no code catches it as an error."""


class LimitSpent(BudgetSpent):
    """No call is left this hour or month, or none that is not kept back."""


class ServiceGone(BudgetSpent):
    """The service, or its control plane, is gone; the message says so in a sentence."""


class CheckBroken(BudgetSpent):
    """A user's check cannot judge; the message says where it fails, in a sentence."""


class StopSignal(Protocol):
    """A request to end the run: an Event of threads or of processes."""

    def is_set(self) -> bool:
        """Return whether the run is to end."""
        ...


@dataclass(slots=True)
class RunBudget:
    """Counts requests against a bound; None where there is none. `seconds` are of wall time."""

    requests: int | None = None
    seconds: float | None = None
    stop: StopSignal | None = None
    spent: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.started

    @property
    def requests_left(self) -> int | None:
        """Requests that may still be made."""
        return None if self.requests is None else self.requests - self.spent

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the bound of time; None where there is none."""
        return None if self.seconds is None else max(self.seconds - self.elapsed, 0.0)

    @property
    def is_over(self) -> bool:
        """Return whether the run is to end, whatever is left of it."""
        return self.seconds_left == 0 or (self.stop is not None and self.stop.is_set())

    def time_is_up(self) -> BudgetSpent:
        """Return the error of the bound of time."""
        return BudgetSpent(f"{self.seconds:g} seconds passed")

    def spend(self) -> None:
        """Count one request, or raise BudgetSpent where none is left, or the run is to end."""
        if self.stop is not None and self.stop.is_set():
            raise BudgetSpent(STOPPED)
        if self.requests is not None and self.spent >= self.requests:
            message = f"{self.requests:,} requests made"
            raise BudgetSpent(message)
        if self.seconds is not None and self.elapsed >= self.seconds:
            raise self.time_is_up()
        self.spent += 1
