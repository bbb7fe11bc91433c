"""Counts the calls of one run, and stops it before it makes more than it may."""

from cmdm_tui.query.errors import BudgetReached


class CallBudget:
    """The calls of one run: every call of the API that it makes counts, signing in does not.

    `most` is the most that it may make, None for as many as it takes; `used` what was made before.
    """

    def __init__(self, most: int | None = None, *, used: int = 0) -> None:
        self.most = most
        self._used = used

    @property
    def used(self) -> int:
        """Calls made so far."""
        return self._used

    @property
    def left(self) -> int | None:
        """Calls that may still be made; None where nothing limits them."""
        return None if self.most is None else max(self.most - self._used, 0)

    def spend(self, calls: int = 1) -> None:
        """Account for calls about to be made. Raises BudgetReached, before one that is too many."""
        if self.most is not None and self._used + calls > self.most:
            raise BudgetReached(self._used, self.most)
        self._used += calls
