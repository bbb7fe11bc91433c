"""Counts the calls of one run, and stops it before it makes too many."""

from collections.abc import Generator
from contextlib import contextmanager

from cmdm_tui.api import ApiError
from cmdm_tui.api.sender import SendHook
from cmdm_tui.query.errors import BudgetReached, PlanExceeded

UNASKED_CALLS = 100
"""The calls that a query may make without confirmation."""


class CallBudget:
    """The calls of one run: every API call counts, except sign-in.

    `max_calls` is the most that it may make, None for no limit; `used` were made before. `planned`
    is the most that its plan takes, None where that does not bind: a call that is sent again after
    a failure is none of the plan's, and does not count towards it.
    """

    def __init__(
        self, most: int | None = None, *, planned: int | None = None, used: int = 0
    ) -> None:
        self.max_calls = most
        self._planned = planned
        self.resent = 0
        """Calls that were sent again after a failure; they are included in `used`."""
        self._used = used

    @property
    def used(self) -> int:
        """Calls made so far."""
        return self._used

    @property
    def left(self) -> int | None:
        """Calls that may still be made; None without a limit."""
        return None if self.max_calls is None else max(self.max_calls - self._used, 0)

    @contextmanager
    def call(self) -> Generator[SendHook]:
        """Count the calls that are made in this block, and each time that one is sent again.

        Give what this yields to the client, as `with_options(on_send=…)`. It raises BudgetReached
        before a call that is too many, PlanExceeded where the plan does not allow it. What never
        reached the service does not count.
        """
        try:
            yield self._spend
        except ApiError as error:
            if not error.was_sent:
                self._used -= 1
            raise

    def _spend(self, times_sent: int) -> None:
        if self.max_calls is not None and self._used >= self.max_calls:
            raise BudgetReached(self._used, self.max_calls)
        of_plan = self._used - self.resent
        if self._planned is not None and not times_sent and of_plan >= self._planned:
            raise PlanExceeded(of_plan, self._planned)
        self._used += 1
        self.resent += bool(times_sent)
