"""Runs something in a thread of its own while a screen in the main thread shows how it goes."""

import threading
from collections.abc import Callable
from multiprocessing import resource_tracker
from typing import Generic, TypeVar

from cmdm_tui.harness.report import ResultCollector

Result = TypeVar("Result")


class BackgroundRun(Generic[Result]):
    """A run in a thread of its own, which is asked to end by an event that it looks at."""

    def __init__(self, run: Callable[[threading.Event], Result]) -> None:
        self._run = run
        self._stop = threading.Event()
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="run", daemon=True)

    def start(self) -> None:
        """Begin; to be called once."""
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
        """Whether it has ended, well or not."""
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


def watch_run(gathering: ResultCollector, run: Callable[[threading.Event], Result]) -> Result:
    """Show `gathering` while `run` tells it how it goes, and return what `run` returned.

    `run` gets an event that is set when it is to end soon, because whoever watches wants to leave.
    To be called in the main thread, on a terminal. Raises what `run` raises, once the screen is
    left.
    """
    from cmdm_tui.harness.report.dashboard.app import Dashboard

    # Processes that share anything need a tracker, which cannot be started while Textual holds
    # stderr: it asks for the number of its file.
    resource_tracker.ensure_running()
    running = BackgroundRun(run)
    dashboard = Dashboard(gathering, running)
    try:
        dashboard.run()
    finally:
        running.end()
    if dashboard.fault is not None:
        raise dashboard.fault
    return running.result()
