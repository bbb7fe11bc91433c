"""Progress lines on stderr, for people: how far something long has come."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cmdm_tui.api import Event

_WIDTH = 16
_SECONDS_BETWEEN_LINES = 0.1
_FEW_CALLS = 3
"""Calls that are over before a line about them could be read."""


def open_records_progress() -> Callable[[int, int], None] | None:
    """Return what shows the records made so far and in all; None without a terminal."""
    return RecordsProgress() if sys.stderr.isatty() else None


class RecordsProgress:
    """Redraws one line: a bar, how many of how many, how fast, and how long it still takes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._drawn = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Draw the line, unless it was drawn a moment ago and is not the last."""
        now = self._clock()
        if self._began is None:
            self._began = now
        elif done < total and now - self._drawn < _SECONDS_BETWEEN_LINES:
            return
        self._drawn = now
        end = "\n" if done >= total else ""
        line = format_records_progress(done, total, now - self._began)
        click.echo(f"\r\x1b[K{line}{end}", err=True, nl=False)


def format_records_progress(done: int, total: int, seconds: float) -> str:
    """Return the line: it fits a terminal of 80 columns."""
    share = done / total if total else 1.0
    bar = ("#" * round(share * _WIDTH)).ljust(_WIDTH, "-")
    line = f"Making data [{bar}] {done:,} of {total:,}"
    if done and seconds >= 1:
        left = (total - done) * seconds / done
        line += f", {done / seconds:,.0f}/s"
        line += f", {int(left) // 60}:{int(left) % 60:02} left" if done < total else ""
    return line


class CallsProgress:
    """Counts the calls of a query, and draws one line again and again while it runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._drawn = 0.0
        self._most: int | None = None
        self._is_shown = False
        self._calls = 0
        self._sign_ins = set[int]()

    def count(self) -> None:
        """Count a call that was answered."""
        self._calls += 1
        self._draw()

    def observe(self, event: "Event") -> None:
        """Count the calls of a client that are answered, without sign-ins."""
        from cmdm_tui.api import CallFinished, SignInStarted

        if isinstance(event, SignInStarted):
            self._sign_ins.add(event.call.number)
        elif isinstance(event, CallFinished) and event.call.number not in self._sign_ins:
            self.count()

    @contextmanager
    def show_while(self, most: int) -> Generator[None]:
        """Draw while the block makes at most `most` calls; then remove the line."""
        self._most = most if most > _FEW_CALLS and sys.stderr.isatty() else None
        try:
            yield
        finally:
            self.clear()
            self._most = None

    def show_line(self, line: str) -> None:
        """Draw a line of another, in place of the last one, unless one was drawn a moment ago."""
        if sys.stderr.isatty() and (not self._is_shown or self._is_due()):
            self._show(line)

    def clear(self) -> None:
        """Remove the line, before something else is written."""
        if self._is_shown:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._is_shown = False

    def _draw(self) -> None:
        if self._most is None or not self._is_due():
            return
        from cmdm_tui.operations.fetch_progress import describe_fetching

        self._show(f"{describe_fetching(self._calls, self._most)}; Ctrl-C stops")

    def _is_due(self) -> bool:
        return self._clock() - self._drawn >= _SECONDS_BETWEEN_LINES

    def _show(self, line: str) -> None:
        self._drawn = self._clock()
        self._is_shown = True
        click.echo(f"\r\x1b[K{line}", err=True, nl=False)
