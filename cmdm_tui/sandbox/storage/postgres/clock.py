"""The time by the database's clock: the same for every process, wherever it runs."""

import time


class DatabaseClock:
    """The machine's clock, put right by every answer that says what time it is in the database."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Return the Unix time in seconds."""
        return time.time() + self._offset

    def set(self, now: float) -> None:
        """Go on from `now`, the database's Unix time."""
        self._offset = now - time.time()
