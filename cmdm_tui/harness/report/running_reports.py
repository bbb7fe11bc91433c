"""Writes the reports while a run goes on, so that one that is killed leaves what it had found."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from cmdm_tui.config import ConfigurationError
from cmdm_tui.harness.fuzz.events import FailureSaved, FuzzEvent, Progress, RunStarted
from cmdm_tui.harness.report.collector import ResultCollector
from cmdm_tui.harness.report.writers import write_reports
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak

_SECONDS_BETWEEN = 10.0
# Writing them grows with the run, and takes a twentieth of its time at most.
_TIMES_OF_WRITING = 20


class RunningReports:
    """Hears the events of a run, after the `collector`, and writes the reports now and then.

    The first are written when the run begins, where they are `wanted` though nothing fails; else
    when the first failure is saved. They say that the run is not finished. What cannot be written
    stops no run: the reports at its end are written by the caller, who learns of it.
    """

    def __init__(
        self,
        collector: ResultCollector,
        folder: Path,
        scanner: LeakScanner,
        *,
        wanted: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._collector = collector
        self._folder = folder
        self._scanner = scanner
        self._is_wanted = wanted
        self._clock = clock
        self._due_at = 0.0
        self._can_write = True
        self._lock = threading.Lock()

    def __call__(self, event: FuzzEvent) -> None:
        """Hear one event."""
        match event:
            case RunStarted() if self._is_wanted:
                self._write()
            case FailureSaved():
                self._is_wanted = True
                self._write()
            case Progress() if self._is_wanted and self._clock() >= self._due_at:
                self._write()
            case _:
                pass

    def _write(self) -> None:
        with self._lock:
            if not self._can_write:
                return
            began = self._clock()
            try:
                write_reports(self._collector.results(), self._folder, self._scanner)
            except (SecretLeak, ConfigurationError, OSError):
                self._can_write = False
            ended = self._clock()
            self._due_at = ended + max(_SECONDS_BETWEEN, _TIMES_OF_WRITING * (ended - began))
