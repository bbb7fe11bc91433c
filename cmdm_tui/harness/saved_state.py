"""What a service with a control plane was found as: saved once, and restored for every case."""

import time
from collections.abc import Mapping

from cmdm_tui.harness.control_client import ControlClient

CASE_TIME = 1_774_953_000.0
"""2026-03-31T10:30:00Z: the time of every case and fuzz example, where the clock can be stopped."""

DEFAULT_LIMITS: Mapping[str, int] = {
    "rate_limit": 5_000,
    "month_limit": 500_000,
    "token_ttl": 3_600,
}
"""The limits of a sandbox that the cases expect: calls an hour and a month, seconds of a token."""


class SavedState:
    """The records, clock and limits of a service with a control plane: saved once, restored often.

    `reset` restores the records and counts, stops the clock at CASE_TIME, and sets `limits`, by
    default those that the service had. `restore` leaves everything as it was found.
    """

    def __init__(
        self, control: ControlClient, snapshot: str, limits: Mapping[str, int] | None = None
    ) -> None:
        self._control = control
        self._snapshot = snapshot
        self._limits = limits
        self._found_limits: dict[str, int] = {}
        self._current_limits: dict[str, int] = {}
        self._stopped_at: float | None = None
        self._clock_offset = 0.0
        self._is_saved = False
        self.is_clock_stopped = False
        self.now: float | None = None
        """The time on its clock where that is stopped, else None."""

    @property
    def limits(self) -> dict[str, int]:
        """The limits after a reset."""
        return self._found_limits if self._limits is None else dict(self._limits)

    def save(self) -> None:
        """Save what the service is now."""
        control = self._control
        now = control.read_clock()
        self._stopped_at = now if control.is_clock_frozen() else None
        self._clock_offset = now - time.time()
        settings = control.settings()
        self._found_limits = {
            name: value for name in DEFAULT_LIMITS if (value := settings.get(name)) is not None
        }
        self._current_limits = {}
        self.is_clock_stopped = False
        self.now = None
        control.snapshot(self._snapshot)
        self._is_saved = True

    def reset(self) -> None:
        """Restore records and counts, stop the clock, and set the limits."""
        self._control.restore(self._snapshot, calls=True)
        self.stop_clock()
        self.set_limits(self.limits)

    def restore(self) -> None:
        """Leave the service as it was found; nothing where it was not saved."""
        if not self._is_saved:
            return
        self._control.restore(self._snapshot, calls=True)
        self._control.set(**self._found_limits)
        if self._stopped_at is not None:
            self._control.freeze_clock(self._stopped_at)
        else:
            self._control.run_clock_from(time.time() + self._clock_offset)

    def stop_clock(self) -> None:
        """Stop the clock at CASE_TIME."""
        if not self.is_clock_stopped:
            self._control.freeze_clock(CASE_TIME)
            self.is_clock_stopped, self.now = True, CASE_TIME

    def advance_clock(self, seconds: float) -> None:
        """Move the clock on, until the next reset."""
        self.is_clock_stopped = False
        self._control.advance_clock(seconds)
        self.now = None if self.now is None else self.now + seconds

    def set_limits(self, limits: Mapping[str, int]) -> None:
        """Change these limits, until the next reset."""
        changed = {**self._current_limits, **limits}
        if changed != self._current_limits:
            self._control.set(**changed)
            self._current_limits = changed
