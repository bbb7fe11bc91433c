"""The gate that all calls pass: closed by a 429, opened once, by one call that tries first."""

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
    """While it is closed nothing is sent; when its time has come, one caller tries it.

    The rest follow once that one has been answered, spread over `spread` seconds. All times are
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
        """Seconds until the gate's time has come; 0 where it has, or the gate is open."""
        return max(self._free_at - self._monotonic(), 0.0) if self._state is _State.BLOCKED else 0.0

    def block(self, seconds: float) -> None:
        """Close the gate for `seconds`, or longer if it is closed for longer already."""
        opens = self._monotonic() + seconds
        self._free_at = opens if self._state is not _State.BLOCKED else max(self._free_at, opens)
        self._set_state(_State.BLOCKED)

    async def acquire(self) -> bool:
        """Wait until a call may be sent; return whether it is the one that tries the gate.

        Who gets True must `settle()`, whatever comes of the call.
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
        """Open the gate after its try, unless that closed it again."""
        if self._state is _State.PROBING:
            self._set_state(_State.FREE)

    def _set_state(self, state: _State) -> None:
        self._state = state
        self._changed.set()
        self._changed = asyncio.Event()
