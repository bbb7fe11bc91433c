"""The line that says how far a statement has come, on a terminal, while it runs."""

import asyncio
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from cmdm_tui.operations.fetch_progress import describe_fetching
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.text import one_line

SECONDS_BEFORE_LINE = 0.4
"""Seconds that a statement runs without a line: what is over sooner could not be read."""

_SECONDS_BETWEEN_LINES = 0.2
_LONGEST_NAME = 40


class StatementProgress:
    """Draws the line again and again while a block runs, and removes it then.

    `count_calls` returns the calls that the account's client has sent. Nothing is drawn where no
    terminal shows it, while a person is asked, and where whoever runs draws a line itself.
    """

    def __init__(
        self,
        streams: ReplStreams,
        count_calls: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._streams = streams
        self._count_calls = count_calls
        self._clock = clock
        self._is_silent = False

    @contextmanager
    def show(self, what: str = "", *, most_calls: int | None = None) -> Generator[None]:
        """Say within the block what is running: `what`, or how many of the calls are made."""
        if not self._streams.can_show_progress:
            yield
            return
        self._is_silent = False
        drawing = asyncio.ensure_future(self._draw(one_line(what, _LONGEST_NAME), most_calls))
        try:
            yield
        finally:
            drawing.cancel()
            self._streams.write_progress("")

    @contextmanager
    def paused(self) -> Generator[None]:
        """Draw nothing within the block, in which a person is asked."""
        before, self._is_silent = self._is_silent, True
        self._streams.write_progress("")
        try:
            yield
        finally:
            self._is_silent = before

    def draw_other(self, line: str) -> None:
        """Draw the line of whoever runs, and none from here any more; none for empty text."""
        self._is_silent = True
        self._streams.write_progress(line)

    async def _draw(self, what: str, most_calls: int | None) -> None:
        began, before = self._clock(), self._count_calls()
        await asyncio.sleep(SECONDS_BEFORE_LINE)
        while True:
            if not self._is_silent:
                calls = self._count_calls() - before
                doing = what if most_calls is None else describe_fetching(calls, most_calls)
                seconds = int(self._clock() - began)
                self._streams.write_progress(f"{doing} · {seconds} s · Ctrl-C stops")
            await asyncio.sleep(_SECONDS_BETWEEN_LINES)
