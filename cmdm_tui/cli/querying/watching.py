"""A line on stderr, for people alone, that says how many of the calls planned have been made."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click

from cmdm_tui.api import CallFinished, Event, SignInStarted

_SECONDS_BETWEEN_LINES = 0.1
_WIDTH = 16
_FEW_CALLS = 3
"""Calls that are over before a line about them could be read."""


class CallsProgress:
    """Counts the calls as they are answered, and draws one line anew while a query runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._drawn = 0.0
        self._most: int | None = None
        self._is_there = False
        self._sign_ins: set[int] = set()
        self.calls = 0

    def __call__(self, event: Event) -> None:
        """Take one of the client's events."""
        if isinstance(event, SignInStarted):
            self._sign_ins.add(event.call.number)
        elif isinstance(event, CallFinished) and event.call.number not in self._sign_ins:
            self.calls += 1
            self._draw()

    @contextmanager
    def show_while(self, most: int) -> "Generator[CallsProgress]":
        """Draw while the block runs a plan of at most that many calls; then take the line away."""
        self._most = most if most > _FEW_CALLS and sys.stderr.isatty() else None
        try:
            yield self
        finally:
            self.clear()
            self._most = None

    def clear(self) -> None:
        """Take the line away, before something else is written."""
        if self._is_there:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._is_there = False

    def _draw(self) -> None:
        now = self._clock()
        if self._most is None or now - self._drawn < _SECONDS_BETWEEN_LINES:
            return
        self._drawn = now
        self._is_there = True
        done = min(self.calls / self._most, 1.0)
        bar = ("#" * round(done * _WIDTH)).ljust(_WIDTH, "-")
        line = f"Fetching [{bar}] {self.calls:,} of at most {self._most:,} calls; Ctrl-C stops"
        click.echo(f"\r\x1b[K{line}", err=True, nl=False)
