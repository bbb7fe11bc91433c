"""Holds calls back after a 429: one probes when the time has come, then the rest follow."""

import asyncio
import random
import time
from collections.abc import Callable
from enum import Enum, auto


class _State(Enum):
    FREE = auto()
    BLOCKED = auto()
    PROBING = auto()


class RateLimiter:
    """While it blocks, nothing is sent; when its time has come, one call probes.

    The rest follow once that one is answered, spread over `spread` seconds. All times are
    monotonic, in seconds.
    """

    def __init__(
        self,
        *,
        spread: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._spread = spread
        self._monotonic = monotonic
        self._draw = draw
        self._state = _State.FREE
        self._free_at = 0.0
        self._changed = asyncio.Event()

    @property
    def blocked_for(self) -> float:
        """Seconds until a call may probe; 0 where one may, or nothing is blocked."""
        return max(self._free_at - self._monotonic(), 0.0) if self._state is _State.BLOCKED else 0.0

    def block(self, seconds: float) -> None:
        """Block for `seconds`, or longer if it blocks for longer already."""
        free_at = self._monotonic() + seconds
        is_blocked = self._state is _State.BLOCKED
        self._free_at = max(self._free_at, free_at) if is_blocked else free_at
        self._set_state(_State.BLOCKED)

    async def acquire(self) -> bool:
        """Wait until a call may be sent; return whether it is the probe.

        Whoever gets True must call `end_probe()`, whatever comes of the call.
        """
        has_waited = False
        while True:
            if self._state is _State.FREE:
                if not has_waited:
                    return False
                has_waited = False
                await asyncio.sleep(self._spread * self._draw())
            elif self._state is _State.PROBING:
                has_waited = True
                await self._changed.wait()
            elif self.blocked_for > 0:
                has_waited = True
                await asyncio.sleep(self.blocked_for)
            else:
                self._set_state(_State.PROBING)
                return True

    def end_probe(self) -> None:
        """Free the rest after the probe, unless that blocked again."""
        if self._state is _State.PROBING:
            self._set_state(_State.FREE)

    def _set_state(self, state: _State) -> None:
        self._state = state
        self._changed.set()
        self._changed = asyncio.Event()
