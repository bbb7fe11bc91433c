"""Counts the calls of one run, and stops it before it makes more than it may."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from cmdm_tui.api import ApiError
from cmdm_tui.query.errors import BudgetReached

UNASKED_CALLS = 100
"""Calls that a query makes without asking a person, or without being allowed by a script."""


class CallBudget:
    """The calls of one run: every call of the API that it makes counts, signing in does not.

    `most` is the most that it may make, None for as many as it takes; `used` what was made before.
    """

    def __init__(self, most: int | None = None, *, used: int = 0) -> None:
        self.max_calls = most
        self.resent = 0
        """Calls that were sent again, after a failure; they are among those used."""
        self._used = used

    @property
    def used(self) -> int:
        """Calls made so far."""
        return self._used

    @property
    def left(self) -> int | None:
        """Calls that may still be made; None where nothing limits them."""
        return None if self.max_calls is None else max(self.max_calls - self._used, 0)

    @contextmanager
    def call(self) -> Generator[Callable[[], None]]:
        """Count the call that is made in this block, and each time that it is sent again.

        Give what this yields to the client, as `with_options(on_send=…)`. It raises BudgetReached
        before a call that is too many. What never reached the service does not count.
        """
        sent = 0

        def count() -> None:
            nonlocal sent
            self._spend()
            self.resent += bool(sent)
            sent += 1

        try:
            yield count
        except ApiError as error:
            if sent and not error.was_sent:
                self._used -= 1
            raise

    def _spend(self) -> None:
        if self.max_calls is not None and self._used >= self.max_calls:
            raise BudgetReached(self._used, self.max_calls)
        self._used += 1
