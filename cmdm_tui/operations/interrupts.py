"""Ctrl-C while an operation runs: it ends in good order, and the face continues."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any


async def run_interruptible(
    work: Coroutine[Any, Any, None], stop: Callable[[], bool] = lambda: False
) -> bool:
    """Run `work` to its end, or to SIGINT; return whether it came to its end.

    Where `stop` returns true, it ends the work in good order, and SIGINT does not cancel it. What
    the work raises is raised, and a cancellation from outside stays one.
    """
    task = asyncio.ensure_future(work)
    with handle_interrupt(lambda: stop() or task.cancel()):
        try:
            await task
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if not task.cancelled() or (caller is not None and caller.cancelling()):
                raise
            return False
    return True


@contextmanager
def handle_interrupt(handle: Callable[[], object]) -> Generator[None]:
    """Call `handle` on SIGINT while the block runs, which must be within an event loop."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, handle)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)


@contextmanager
def raise_on_interrupt() -> Generator[None]:
    """Raise KeyboardInterrupt on SIGINT in the block, which waits for input.

    The event loop cannot react meanwhile: the block holds its thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
