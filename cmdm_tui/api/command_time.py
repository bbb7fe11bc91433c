"""How long all calls of one command may take together: in all, or without an answer."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from cmdm_tui.api.errors import DeadlineExceeded, TimeLimitReached

SILENCE = 60.0
"""Seconds without an answer after which a command is given up, where nothing else is said."""


class CommandTime:
    """The time that is left to a command, whose calls share it. All times are in seconds.

    With `limit`, the command may take that long, from `start` to its end, waits included. Without,
    it may take as long as it likes while its calls are answered, and ends after `silence` seconds
    in which a call was under way and none was answered. What is done between calls, and a wait for
    the quota, does not count then. The first command began at `began_at`, a monotonic time, None
    for now.
    """

    def __init__(
        self,
        limit: float | None = None,
        *,
        silence: float = SILENCE,
        began_at: float | None = None,
        process_began_at: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = limit
        self._silence = silence
        self._monotonic = monotonic
        self._under_way = 0
        self._idle_since = self._end = 0.0
        self.process_began_at: float | None = process_began_at
        """When the process began whose only command this is, by the monotonic clock."""
        self._start(monotonic() if began_at is None else began_at)

    def start(self) -> None:
        """Give the whole time to the next command of the same client."""
        self.process_began_at = None
        self._start(self._monotonic())

    def _start(self, now: float) -> None:
        self._end = now + (self._silence if self.limit is None else self.limit)
        self._idle_since = now

    @property
    def left(self) -> float:
        """Seconds that are left to the calls under way; 0 or less where the time is over."""
        return self._end - self._monotonic()

    @contextmanager
    def count_call(self) -> Generator[Callable[[], None]]:
        """Count the time of a call, the block; it calls what this yields where it was answered."""
        if self.limit is None and not self._under_way:
            self._end += self._monotonic() - self._idle_since
        self._under_way += 1
        try:
            yield self._note_answer
        finally:
            self._under_way -= 1
            self._idle_since = self._monotonic()

    def add_wait(self, seconds: float) -> None:
        """Leave a wait for the quota, which begins now, out of the count of silence."""
        if self.limit is None:
            self._end += seconds

    def add_pause(self, seconds: float) -> None:
        """Leave a pause, which is over, out of the limit: a person has read meanwhile."""
        if self.limit is not None:
            self._end += seconds

    @contextmanager
    def explaining(self) -> Generator[None]:
        """Say, of a call in the block that had no time left, whose time that was."""
        try:
            yield
        except DeadlineExceeded as error:
            raise self.explain(error) from None

    def explain(self, error: DeadlineExceeded) -> DeadlineExceeded:
        """Return the error of a call that had no time left, which says whose time that was."""
        if self.left > 0:
            return error
        if self.limit is None:
            return DeadlineExceeded(
                f"No call was answered for {self._silence:g} s",
                call=error.call,
                was_sent=error.was_sent,
                partial=error.partial,
            )
        return TimeLimitReached(
            f"The {self.limit:g} s that this may take are over: {error.message}",
            call=error.call,
            was_sent=error.was_sent,
            partial=error.partial,
        )

    def _note_answer(self) -> None:
        if self.limit is None:
            self._end = self._monotonic() + self._silence
