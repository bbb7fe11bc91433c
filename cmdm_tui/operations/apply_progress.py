"""Says how far an apply has come, in one line: changes, calls that are left, and time."""

import time
from collections.abc import Callable

from cmdm_tui.changes.apply_events import ChangeApplied, WaitingForReset

_BAR = 10
_WIDTH = 79
_SECONDS_BEFORE_ESTIMATE = 2.0


class ApplyProgress:
    """Makes the line from what an apply reports; `clock` gives seconds, as time.monotonic does."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._waited = 0.0
        self._done_before: int | None = None
        self.line = ""
        """The last line; empty before anything was reported."""

    def note_wait(self, event: WaitingForReset) -> None:
        """Leave a wait for the reset out of the time that a change takes."""
        self._waited += event.seconds

    def describe(self, event: ChangeApplied) -> str:
        """Return the line after a change: it fits a terminal of 80 columns."""
        if self._done_before is None:
            self._done_before = event.finished - 1
        bar = ("#" * (event.finished * _BAR // max(event.total, 1))).ljust(_BAR, "-")
        parts = [f"[{bar}] {event.finished:,} of {event.total:,} changes"]
        if event.calls_left is not None:
            parts.append(f"{event.calls_left:,} calls left")
        parts.append(self._describe_time(event, event.finished - self._done_before))
        parts.append("Ctrl-C stops")
        self.line = ""
        for part in parts:
            line = f"{self.line}; {part}" if self.line else part
            if len(line) <= _WIDTH:
                self.line = line
        return self.line

    def _describe_time(self, event: ChangeApplied, done: int) -> str:
        """Return the time that is left where it can be estimated, else the time that has passed."""
        seconds = max(self._clock() - self._began - self._waited, 0.0)
        rest = event.total - event.finished
        if done <= 0 or not rest or seconds < _SECONDS_BEFORE_ESTIMATE:
            return _format_time(seconds)
        if event.calls_left is not None and rest * event.calls_made / done > event.calls_left:
            return f"{_format_time(seconds)}, with a wait to come"
        return f"{_format_time(seconds)}, some {_format_time(rest * seconds / done)} to go"


def _format_time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
