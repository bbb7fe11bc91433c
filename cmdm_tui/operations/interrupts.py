"""Ctrl-C while an operation runs: it ends in good order, and the face continues."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

SignalHandler = Callable[[int, FrameType | None], object]

_END_SIGNALS = tuple(
    signal.Signals[name]
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if name in signal.Signals.__members__
)

_INTERRUPT_HANDLERS: WeakKeyDictionary[asyncio.AbstractEventLoop, Callable[[], object]] = (
    WeakKeyDictionary()
)
"""What hears Ctrl-C in each loop now: a loop does not say which handler it has."""


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
    """Call `handle` on SIGINT while the block runs, which must be within an event loop.

    Where blocks are within each other, the innermost hears it, and then the one around it again.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)
    outer = _INTERRUPT_HANDLERS.get(loop)
    _listen(loop, handle)
    try:
        yield
    finally:
        with suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
        if outer is None:
            del _INTERRUPT_HANDLERS[loop]
        else:
            # A loop has one handler at a time, and has just forgotten that of the outer block.
            _listen(loop, outer)


def _listen(loop: asyncio.AbstractEventLoop, handle: Callable[[], object]) -> None:
    _INTERRUPT_HANDLERS[loop] = handle
    try:
        loop.add_signal_handler(signal.SIGINT, handle)
    except NotImplementedError:
        # The loops of Windows handle no signal themselves.
        signal.signal(signal.SIGINT, partial(_call_in_loop, loop, handle))


@contextmanager
def raise_on_interrupt() -> Generator[None]:
    """Raise KeyboardInterrupt on SIGINT in the block, which waits for input or works alone.

    The event loop cannot react meanwhile: the block holds its thread. What hears another signal
    that ends the program hears it still, and the block is left.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _END_SIGNALS}
    handlers = {
        number: _raise_after(handler) for number, handler in before.items() if callable(handler)
    }
    handlers[signal.SIGINT] = signal.default_int_handler
    for number, handler in handlers.items():
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in handlers:
            signal.signal(number, before[number])


@contextmanager
def cancel_on_interrupt() -> Generator[None]:
    """Raise CancelledError on Ctrl-C in the block, which works without a wait.

    The task that works is cancelled by it, as one that waits would be.
    """
    try:
        with raise_on_interrupt():
            yield
    except KeyboardInterrupt:
        raise asyncio.CancelledError from None


def _call_in_loop(
    loop: asyncio.AbstractEventLoop,
    handle: Callable[[], object],
    _number: int,
    _frame: FrameType | None,
) -> None:
    loop.call_soon_threadsafe(handle)


def _raise_after(handler: SignalHandler) -> SignalHandler:
    def handle(number: int, frame: FrameType | None) -> None:
        handler(number, frame)
        raise KeyboardInterrupt

    return handle
