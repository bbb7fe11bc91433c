"""How many requests a run may make, and for how long: bounds that are never overstepped."""

import time
from dataclasses import dataclass, field
from typing import Protocol

STOPPED = "stopped"
"""The reason of a run that was told to end."""


class BudgetSpent(BaseException):
    """A bound is reached; the message names it. No error: nothing may catch it on the way out."""


class Stop(Protocol):
    """Says whether whoever watches a run wants it to end: an Event of threads or of processes."""

    def is_set(self) -> bool:
        """Tell whether the run is to end."""
        ...


@dataclass(slots=True)
class Budget:
    """Counts requests against a bound; None where there is none. `seconds` are of wall time."""

    requests: int | None = None
    seconds: float | None = None
    stop: Stop | None = None
    spent: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.began

    @property
    def left(self) -> int | None:
        """Requests that may still be made."""
        return None if self.requests is None else self.requests - self.spent

    def spend(self) -> None:
        """Count one request, or raise BudgetSpent where none is left, or the run is to end."""
        if self.stop is not None and self.stop.is_set():
            raise BudgetSpent(STOPPED)
        if self.requests is not None and self.spent >= self.requests:
            message = f"{self.requests:,} requests made"
            raise BudgetSpent(message)
        if self.seconds is not None and self.elapsed >= self.seconds:
            message = f"{self.seconds:g} seconds passed"
            raise BudgetSpent(message)
        self.spent += 1
