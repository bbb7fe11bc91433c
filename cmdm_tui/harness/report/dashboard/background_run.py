"""Runs something in a thread while a screen in the main thread shows its progress."""

import threading
from collections.abc import Callable
from multiprocessing import resource_tracker
from typing import Generic, TypeVar

from cmdm_tui.harness.report import ResultCollector

Result = TypeVar("Result")


class BackgroundRun(Generic[Result]):
    """A run in its own thread, which checks an event to know when to end."""

    def __init__(self, run: Callable[[threading.Event], Result]) -> None:
        self._run = run
        self._stop = threading.Event()
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="run", daemon=True)

    def start(self) -> None:
        """Start; call it once."""
        self._thread.start()

    def end(self) -> None:
        """Ask the run to end soon."""
        self._stop.set()

    @property
    def is_ending(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, with a result or an error."""
        return bool(self._results) or self._error is not None

    def result(self) -> Result:
        """Wait for the end, and return what the run returned or raise what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _work(self) -> None:
        try:
            self._results.append(self._run(self._stop))
        except BaseException as error:  # noqa: BLE001 — raised where the result is asked for
            self._error = error


def watch_run(
    collector: ResultCollector,
    run: Callable[[threading.Event], Result],
    on_signal: Callable[[int], None] | None = None,
) -> Result:
    """Show `collector` while `run` sends it events, and return what `run` returned.

    `run` gets an event that is set when the user or a signal wants to leave, so that it ends soon;
    `on_signal` gets the number of that signal. Call it in the main thread, on a terminal. Raises
    what `run` raises, once the screen is closed.
    """
    from cmdm_tui.harness.report.dashboard.app import Dashboard

    # Processes that share anything need a tracker, which cannot be started while Textual holds
    # stderr: it asks for the number of its file.
    resource_tracker.ensure_running()
    running = BackgroundRun(run)
    dashboard = Dashboard(collector, running, on_signal)
    try:
        dashboard.run()
    finally:
        running.end()
    if dashboard.fault is not None:
        raise dashboard.fault
    return running.result()
