"""Runs a command's asynchronous work so that signals and Ctrl-C cancel it, and end it quickly."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from cmdm_tui.cli.crashes import conceal_last_resort, report_loop_error
from cmdm_tui.cli.signals import EndedBySignal, active_signals

Result = TypeVar("Result")


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run `work` in an event loop, and cancel it on SIGTERM and SIGHUP as on Ctrl-C.

    Work that was cancelled raises EndedBySignal or KeyboardInterrupt, whatever it made of that, and
    no thread that it has left behind is waited for.
    """
    signals = active_signals()
    conceal_last_resort()

    async def run_cancellable() -> Result:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 — this is a coroutine that a task runs
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(report_loop_error)
        loop.set_default_executor(_AbandonedExecutor(lambda: bool(task.cancelling())))
        with signals.cancelling(lambda: loop.call_soon_threadsafe(task.cancel)):
            result = await work
        if task.cancelling():
            raise asyncio.CancelledError
        return result

    try:
        return asyncio.run(run_cancellable())
    except asyncio.CancelledError:
        if signals.number is None:
            raise KeyboardInterrupt from None
        raise EndedBySignal(signals.number.name) from None


class _AbandonedExecutor(ThreadPoolExecutor):
    """The threads of a loop, which are not waited for where its work was cancelled."""

    def __init__(self, is_cancelled: Callable[[], bool]) -> None:
        super().__init__(thread_name_prefix="cmdm")
        self._is_cancelled = is_cancelled

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads; what a cancelled run has begun in them may still go on."""
        is_cancelled = self._is_cancelled()
        super().shutdown(wait and not is_cancelled, cancel_futures=cancel_futures or is_cancelled)
