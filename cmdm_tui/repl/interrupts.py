"""Ctrl-C while a statement runs: it is cancelled, and the session goes on."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any


async def interruptible(work: Coroutine[Any, Any, None]) -> bool:
    """Run `work` to its end, or to SIGINT; tell whether it came to its end.

    What it raises is raised, and a cancellation from outside stays one.
    """
    task = asyncio.ensure_future(work)
    with _on_interrupt(task.cancel):
        try:
            await task
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if not task.cancelled() or (caller is not None and caller.cancelling()):
                raise
            return False
    return True


@contextmanager
def _on_interrupt(cancel: Callable[[], object]) -> Generator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
