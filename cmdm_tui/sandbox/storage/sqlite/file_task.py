"""Long work on a file, done by its own thread, so that a signal is heard meanwhile."""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

SeedProgress = Callable[[int, int], None]
"""Called with the number of records stored so far and in all, their indexes being part of it."""

_SECONDS_TO_CANCEL = 0.5
_SECONDS_BETWEEN_INTERRUPTS = 0.02


class FileTask:
    """Work on a file, done by its own thread, while the caller's waits.

    A signal's handler runs in the main thread, between two steps of Python. SQLite calls our
    `sort_key` in the middle of a statement: what a handler raises there ends in SQLite, which
    reports that a function failed, and the signal is lost. And a long step of SQLite's own would
    delay it. A thread that only waits hears a signal at once.
    """

    def __init__(self, work: Callable[["FileTask"], None]) -> None:
        self._work = work
        self._steps: SimpleQueue[tuple[int, int] | None] = SimpleQueue()
        self._error: BaseException | None = None
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._is_cancelled = self._is_last_step = False

    def run(self, progress: SeedProgress) -> None:
        """Do the work, and raise what it raises. `progress` is called in the caller's thread."""
        thread = threading.Thread(target=self._run_work, name="sandbox data", daemon=True)
        thread.start()
        try:
            while (step := self._steps.get()) is not None:
                progress(*step)
        except BaseException:
            self._cancel(thread)
            raise
        thread.join()
        if self._error is not None:
            raise self._error

    def note_step(self, done: int, total: int) -> None:
        """Pass on how far the work is; raises `_CancelledError` when no one wants it any more."""
        self.check()
        self._steps.put((done, total))

    def check(self) -> None:
        """Raise `_CancelledError` when no one wants the work any more."""
        if self._is_cancelled:
            raise _CancelledError

    def begin_last_step(self) -> None:
        """Begin a short step that is done whole, even where the work is cancelled in the middle."""
        with self._lock:
            self.check()
            self._is_last_step = True

    def watch(self, connection: sqlite3.Connection) -> None:
        """Interrupt the statements of `connection` when the work is cancelled."""
        self._connection = connection
        self.check()

    def _run_work(self) -> None:
        try:
            self._work(self)
        except BaseException as error:  # noqa: BLE001 (raised again by `run`)
            self._error = error
        finally:
            self._steps.put(None)

    def _cancel(self, thread: threading.Thread) -> None:
        """End the work; what does not end in time is left to the end of the process."""
        with self._lock:
            self._is_cancelled = True
        if self._is_last_step:
            thread.join()
        deadline = time.monotonic() + _SECONDS_TO_CANCEL
        while thread.is_alive() and time.monotonic() < deadline:
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.interrupt()
            thread.join(_SECONDS_BETWEEN_INTERRUPTS)


class _CancelledError(Exception):
    """No one waits for the work any more."""
