"""Holds changes back while no call is left, so that no change is begun that cannot be finished."""

import asyncio
import time
from collections.abc import Callable

from cmdm_tui.api import Client
from cmdm_tui.api.errors import HourLimitReached, QuotaFloorReached
from cmdm_tui.changes.apply_events import ResetReached, WaitingForReset

_FIRST_WAIT, _LONGEST_WAIT = 2.0, 60.0
"""Seconds to wait where a service that refuses calls names no time in the future."""

QuotaUsedUp = HourLimitReached | QuotaFloorReached
GateEvent = WaitingForReset | ResetReached


class QuotaGate:
    """One wait for all changes of a run, which ends at the reset, or at once when it is left.

    `refuse`, where it is given, is called instead of waiting, and is to leave the gate.
    """

    def __init__(
        self,
        client: Client,
        notify: Callable[[GateEvent], None],
        *,
        refuse: Callable[[QuotaUsedUp | None], None] | None = None,
    ) -> None:
        self._client = client
        self._notify = notify
        self._refuse = refuse
        self._left = asyncio.Event()
        self._opens_at = 0.0
        self._is_waiting = False
        self._blind_wait = _FIRST_WAIT

    @property
    def is_left(self) -> bool:
        """Whether nothing more passes: the run ends."""
        return self._left.is_set()

    def leave(self) -> None:
        """Let no more changes pass, and end the waits."""
        self._left.set()

    def close(self, error: QuotaUsedUp) -> None:
        """Close until the reset, as a call was refused."""
        if self._refuse is not None:
            self._refuse(error)
            return
        reset = error.reset if isinstance(error, HourLimitReached) else None
        self._close_until(reset or self._client.quota.reset, error.message)

    async def wait(self) -> bool:
        """Wait until calls are left; return False where the run ends first."""
        quota = self._client.quota
        if quota.remaining == 0 and self._seconds_to(quota.reset) > 0:
            if self._refuse is not None:
                self._refuse(None)
            else:
                self._close_until(quota.reset, "No call is left this hour")
        while (seconds := self._opens_at - time.monotonic()) > 0 and not self.is_left:
            try:
                async with asyncio.timeout(seconds):
                    await self._left.wait()
            except TimeoutError:
                continue
        if self._is_waiting and not self.is_left:
            self._is_waiting = False
            self._notify(ResetReached())
        return not self.is_left

    def reopen(self) -> None:
        """Note that a call was answered: the next wait without a reset begins small again."""
        self._blind_wait = _FIRST_WAIT

    def _close_until(self, reset: float | None, reason: str) -> None:
        seconds = self._seconds_to(reset)
        if self._is_waiting and self._opens_at > time.monotonic():
            return
        if seconds <= 0:
            seconds = self._blind_wait
            self._blind_wait = min(self._blind_wait * 2, _LONGEST_WAIT)
        self._opens_at = time.monotonic() + seconds
        self._is_waiting = True
        self._notify(WaitingForReset(time.time() + seconds, seconds, reason))

    def _seconds_to(self, reset: float | None) -> float:
        return (reset or 0.0) - (time.time() + self._client.clock_offset)
