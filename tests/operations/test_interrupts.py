"""Ctrl-C: the innermost block hears it, and then the one around it again."""

import asyncio
import signal
from collections.abc import Callable

from cmdm_tui.operations.interrupts import handle_interrupt, run_interruptible


class Heard(list[str]):
    """What has heard Ctrl-C, in order."""

    def __init__(self) -> None:
        super().__init__()
        self._is_heard = asyncio.Event()

    def handle(self, name: str) -> Callable[[], None]:
        def hear() -> None:
            self.append(name)
            self._is_heard.set()

        return hear

    async def interrupt(self) -> None:
        """Send SIGINT, and wait until it is heard."""
        self._is_heard.clear()
        signal.raise_signal(signal.SIGINT)
        await asyncio.wait_for(self._is_heard.wait(), 5)


async def test_the_outer_block_hears_ctrl_c_again_after_the_inner_one() -> None:
    before = signal.getsignal(signal.SIGINT)
    heard = Heard()
    with handle_interrupt(heard.handle("outer")):
        with handle_interrupt(heard.handle("inner")):
            await heard.interrupt()
        await heard.interrupt()
    assert heard == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) == before


async def test_ctrl_c_ends_what_runs_after_a_program_had_the_terminal() -> None:
    has_program_ended = asyncio.Event()

    async def work() -> None:
        heard = Heard()
        with handle_interrupt(heard.handle("program")):
            await heard.interrupt()
        has_program_ended.set()
        await asyncio.Event().wait()

    running = asyncio.ensure_future(run_interruptible(work()))
    await has_program_ended.wait()
    signal.raise_signal(signal.SIGINT)
    assert not await running
