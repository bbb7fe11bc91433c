"""Gives a result that does not fit the terminal to a pager, such as less, as it arrives."""

import asyncio
import os
import re
import shlex
import signal
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import PurePath
from types import TracebackType
from typing import Self

from cmdm_tui.operations.interrupts import handle_interrupt
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.repl.shell import end_process
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.terminal_prompter import ReplPrompter
from cmdm_tui.repl.terminal_state import keep_terminal
from cmdm_tui.text import one_line

DEFAULT_PAGER = "less -SRXF"
"""The pager of a person who names none: it cuts no line, keeps colours, and leaves the page."""

_LINES_BELOW = 3
"""Lines of the terminal that the footer, the prompt and the toolbar take."""

_OUR_STYLES = re.compile(r"\x1b\[[0-9;]*m")
_LEFT_BY_SIGNAL = {-signal.SIGINT, -signal.SIGPIPE, 128 + signal.SIGINT, 128 + signal.SIGPIPE}


def choose_pager(
    streams: ReplStreams, settings: SessionSettings, prompter: ReplPrompter
) -> str | None:
    r"""Return the command of the pager; None where results are written without one.

    It is `\pager COMMAND`, else `$PAGER`, else less. There is none in a script, and none where the
    output is not a terminal.
    """
    is_wanted = settings.uses_pager and prompter.is_at_prompt and streams.output_is_terminal
    if not is_wanted or streams.output_handle is None:
        return None
    command = settings.pager_command
    if command is None:
        command = os.environ.get("PAGER", DEFAULT_PAGER)
    return command if command.strip() else None


class PagedOutput:
    """A sink for one result: what fits the terminal is written to it, the rest a pager gets.

    Use it as an asynchronous context, and wait for `drain` after each part of a long result: the
    pager takes no more than a person reads, so that no more than that is held here. `command` is
    the pager's, None for none. `on_left` is called when a person has left the pager. Lines wider
    than the terminal do not fit where the result `is_table`, and are wrapped where it is not.
    """

    def __init__(
        self,
        streams: ReplStreams,
        settings: SessionSettings,
        command: str | None,
        on_left: Callable[[], object] = lambda: None,
        *,
        is_table: bool = True,
    ) -> None:
        self._streams = streams
        self._settings = settings
        self._command = command
        self._on_left = on_left
        self.is_table = is_table
        self._pending = bytearray()
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._while_paging = ExitStack()
        self._was_interrupted = False
        self.has_left = False
        """Whether a person has left the pager: nothing more of the result is shown."""
        self.has_failed = False
        """Whether the pager was killed or cannot be run: the result is to be written again."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Show what is left, and wait until a person has left the pager."""
        try:
            if error is None or isinstance(error, Exception):
                await self.drain()
                await self._close()
            self._write_plainly()
        finally:
            if self._process is not None:
                await end_process(self._process)
            if self._watching is not None:
                await self._watching

    @property
    def is_paged(self) -> bool:
        """Whether a pager takes what does not fit."""
        return self._command is not None

    @property
    def has_terminal(self) -> bool:
        """Whether a pager has the terminal now, and Ctrl-C is its own."""
        return self._process is not None and not (self.has_left or self.has_failed)

    def write(self, data: bytes, /) -> None:
        """Take part of the result, safe already; it may end amid a line."""
        if self.has_left or self.has_failed:
            return
        if self._command is None:
            self._streams.write(data)
        else:
            self._pending += data

    async def drain(self) -> None:
        """Show what was written, as far as that can be decided; wait for the pager to take it."""
        if self._command is None:
            self._streams.flush()
        elif self._process is not None:
            await self._feed()
        elif not (self.has_failed or self._fits()):
            await self._start()

    def _fits(self) -> bool:
        """Return whether what is pending fits the terminal, in rows and in columns."""
        columns, rows = self._streams.size
        most = max(rows - _LINES_BELOW, 1)
        if self._pending.count(b"\n") > most:
            return False
        widths = self._measure_lines()
        if self.is_table:
            return max(widths) <= columns
        return sum(max(-(-width // columns), 1) for width in widths) <= most + 1

    def _measure_lines(self) -> list[int]:
        """Return the width of each pending line, the one behind the last line break included."""
        from rich.cells import cell_len

        text = _OUR_STYLES.sub("", self._pending.decode("utf-8", "replace"))
        return [cell_len(line) for line in text.split("\n")]

    def _write_plainly(self) -> None:
        """Write what is pending where there was no pager."""
        if self._process is None and self._pending and not self.has_failed:
            self._streams.write(bytes(self._pending))
            self._pending.clear()
        self._streams.flush()

    async def _start(self) -> None:
        assert self._command is not None  # noqa: S101 - the caller has looked
        self._streams.flush()
        # Ctrl-C is the pager's while it has the terminal, and notes wait until it is closed.
        self._while_paging.enter_context(self._streams.held_messages())
        self._while_paging.enter_context(keep_terminal())
        self._while_paging.enter_context(handle_interrupt(self._note_interrupt))
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._split_command(self._command),
                stdin=asyncio.subprocess.PIPE,
                stdout=self._streams.output_handle,
                env=self._make_environment(),
            )
        except (OSError, ValueError) as error:
            self._while_paging.close()
            reason = (error.strerror if isinstance(error, OSError) else None) or "no such command"
            self._give_up(f"cannot be run: {reason}")
            return
        except BaseException:
            self._while_paging.close()
            raise
        self._watching = asyncio.ensure_future(self._watch(self._process))
        await self._feed()

    def _split_command(self, command: str) -> list[str]:
        """Return the words of the command. Raises ValueError for a quote that is not closed."""
        words = shlex.split(command)
        if not words:
            raise ValueError
        if PurePath(words[0]).name != "less":
            return words
        if not self.is_table:
            return [*words, "-+S"]  # its lines are wrapped, not cut
        is_wide = max(self._measure_lines()) > self._streams.size[0]
        # Less ends at once where its lines fit in number, though it has cut them.
        return [*words, "-+F"] if is_wide else words

    def _make_environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        environment.setdefault("LESS", "-SRX")
        if self._streams.is_utf_8:
            environment.setdefault("LESSCHARSET", "utf-8")
        return environment

    async def _feed(self) -> None:
        process, data = self._process, bytes(self._pending)
        self._pending.clear()
        if process is None or process.stdin is None or not self.has_terminal:
            return
        try:
            process.stdin.write(self._streams.encode(data))
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            await self._wait()

    async def _close(self) -> None:
        """Say that this was all, and wait until the person has read it."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._wait()

    async def _wait(self) -> None:
        if self._watching is not None:
            await asyncio.shield(self._watching)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Wait for the end of the pager, take the terminal back, and note how it came."""
        code = await process.wait()
        self._while_paging.close()
        if code == 0 or code in _LEFT_BY_SIGNAL or (code > 0 and self._was_interrupted):
            self.has_left = True
            self._on_left()
        else:
            end = f"exit code {code}" if code > 0 else f"signal {-code}"
            self._give_up(f"ended with {end}")

    def _note_interrupt(self) -> None:
        self._was_interrupted = True

    def _give_up(self, why: str) -> None:
        """Say why there is no pager, and use none any more."""
        shown = one_line(self._command or "", 60)
        self._streams.write_note(
            f"The pager {shown!r} {why}, so there is none from here on. "
            r"\pager COMMAND names another one, and \pager on switches it on."
        )
        self._settings.uses_pager = False
        self._pending.clear()
        self.has_failed = True
