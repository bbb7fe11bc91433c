"""Writes the rows of a result in the format that is set, to the terminal or to a pager."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Self

from cmdm_tui.formats import (
    Format,
    OutputColumn,
    OutputRow,
    OutputStyle,
    ResultMark,
    RowWriter,
    create_writer,
    withholds_rows,
)
from cmdm_tui.formats.fitted import FittedWriter
from cmdm_tui.formats.row_writer import FORMATS_FOR_PEOPLE, MarkedResult
from cmdm_tui.operations.interrupts import cancel_on_interrupt
from cmdm_tui.repl.pager import PagedOutput
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.text import visible


class PagedRows:
    """Writes the rows of one result; use it as an asynchronous context.

    `pager` is the command of the pager, None for none; `on_left` is called when a person has left
    it.
    """

    def __init__(
        self,
        streams: ReplStreams,
        settings: SessionSettings,
        pager: str | None,
        on_left: Callable[[], object] = lambda: None,
    ) -> None:
        self._streams = streams
        self._settings = settings
        self._output = PagedOutput(
            streams, settings, pager, on_left, is_table=self._format in FORMATS_FOR_PEOPLE
        )
        self._writer: RowWriter | None = None
        self.heading = ""
        """What a reader must know before the first row; a format for programs has no place for it.
        """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._output.__aexit__(kind, error, trace)

    @property
    def has_left(self) -> bool:
        """Whether a person has left the pager: nothing more is shown."""
        return self._output.has_left

    @property
    def has_failed(self) -> bool:
        """Whether the pager failed, so that the rows are to be written again."""
        return self._output.has_failed

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the writing."""
        return () if self._writer is None else self._writer.notes

    def withholds(self, result: MarkedResult | None) -> bool:
        """Return whether the format gets no row of a result."""
        return withholds_rows(result, self._format)

    def write_rows(self, columns: Sequence[OutputColumn], rows: Sequence[OutputRow]) -> None:
        """Write some rows."""
        self._begin(columns).write_rows(rows)

    async def drain(self) -> None:
        """Show what was written; wait until a pager has taken it."""
        await self._output.drain()

    async def write_batches(
        self, columns: Sequence[OutputColumn], batches: Iterator[Sequence[OutputRow]]
    ) -> None:
        """Write rows that are there, batch after batch, until a person has left the pager."""
        while not self.has_left and not self.has_failed:
            with self._interruptible():
                rows = next(batches, None)
                if rows is None:
                    return
                self.write_rows(columns, rows)
            await self.drain()

    def end(self, columns: Sequence[OutputColumn], mark: ResultMark) -> None:
        """Write what comes behind the rows; the pager is closed when the context is."""
        with self._interruptible():
            self._begin(columns).end(mark)

    def _interruptible(self) -> AbstractContextManager[None]:
        """Let Ctrl-C end the block, which works without a wait, unless it is the pager's."""
        return nullcontext() if self._output.has_terminal else cancel_on_interrupt()

    def _begin(self, columns: Sequence[OutputColumn]) -> RowWriter:
        if self._writer is None:
            form, style = self._format, self._style
            if self.heading and form in FORMATS_FOR_PEOPLE and self._streams.output_is_terminal:
                self._output.write(f"{visible(self.heading)}\n".encode())
            fits_itself = form == "table" and self._settings.expanded == "auto"
            self._writer = (
                FittedWriter(self._output, style)
                if fits_itself
                else create_writer(form, self._output, style)
            )
            self._writer.begin(columns)
        return self._writer

    @property
    def _format(self) -> Format:
        settings = self._settings
        if settings.format != "auto" and not (
            settings.format == "table" and settings.expanded == "on"
        ):
            return settings.format
        if settings.format == "auto" and not self._streams.output_is_terminal:
            return "json"
        return "vertical" if settings.expanded == "on" else "table"

    @property
    def _style(self) -> OutputStyle:
        streams = self._streams
        # A pager moves to the right: a table that is not to be turned has all of its columns there.
        is_whole = self._output.is_paged and self._settings.expanded == "off"
        width = None if is_whole else streams.width
        return OutputStyle(streams.output_is_terminal, width, streams.has_colours)
