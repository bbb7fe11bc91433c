"""Runs statements in order, from a stream or a text, and what they ask to be run next."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TextIO

from cmdm_tui.operations.interrupts import raise_on_interrupt
from cmdm_tui.query.sql_excerpt import excerpt
from cmdm_tui.repl.commands.command import FollowUp, RepeatStatement, RunFile
from cmdm_tui.repl.dispatch import Dispatched, dispatch
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.outcome import StatementEffect, StatementOutcome
from cmdm_tui.repl.repeat import repeat_statement
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_splitter import StatementSplitter
from cmdm_tui.repl.statements import StatementText
from cmdm_tui.text import one_line

_MOST_LEVELS = 50


@dataclass(frozen=True, slots=True)
class ScriptSource:
    """Where statements come from; `name` is shown with a line's number, empty for a stream."""

    name: str = ""
    path: Path | None = None

    def describe(self, line: int) -> str:
        """Return a place in it: `leads.sql:3`, or `line 3`."""
        return f"{self.name}:{line}" if self.name else f"line {line}"


STREAM = ScriptSource()
_NOTHING_RUN = StatementOutcome(StatementEffect.SESSION)


class StatementRunner:
    """Runs the statements of a session; `goes_on` after one that failed, or ends with it."""

    def __init__(self, session: ReplSession, *, goes_on: bool = False) -> None:
        self._session = session
        self._goes_on = goes_on
        self._sources: list[ScriptSource] = []
        self.failed_count = 0
        self.first_error: Exception | None = None

    async def run(self, unit: StatementText) -> StatementOutcome:
        """Run one statement, and what it asks to be run next."""
        done = await dispatch(self._session, unit)
        if done.follow_up is None or done.outcome.error is not None:
            return done.outcome
        return await self._follow_up(done, done.follow_up)

    async def run_lines(self, lines: TextIO, source: ScriptSource = STREAM) -> StatementOutcome:
        """Run every statement as soon as it is read; return how the last one ended.

        One that fails is reported with its place; unless the runner goes on, the rest is not read.
        Raises ReplError for a source that runs itself.
        """
        self._enter(source)
        last: StatementOutcome | None = None
        try:
            for unit in _read_units(lines):
                if self._session.is_over:
                    break
                last = await self._run_at(unit, source)
                if last.error is not None and not self._goes_on:
                    break
        finally:
            self._sources.pop()
        return last or _NOTHING_RUN

    async def _run_at(self, unit: StatementText, source: ScriptSource) -> StatementOutcome:
        errors_before = self.failed_count
        outcome = await self.run(unit)
        if outcome.error is not None and self.failed_count == errors_before:
            self.failed_count += 1
            self.first_error = self.first_error or outcome.error
            self._report(unit, source, outcome.error)
        return outcome

    def _report(self, unit: StatementText, source: ScriptSource, error: Exception) -> None:
        streams = self._session.streams
        words = self._session.account.client.redact(unit.text)
        line = unit.line + (getattr(error, "line", None) or 1) - 1
        shown = one_line(" ".join(words.split()), 80)
        verb = "Failed" if self._goes_on else "Stopped"
        streams.write_note(f"{verb} at {one_line(source.describe(line), 200)}: {shown}")
        show_position(self._session, unit, error)
        if self._goes_on:
            streams.write_error(str(error))

    async def _follow_up(self, done: Dispatched, follow_up: FollowUp) -> StatementOutcome:
        """Run what a statement asks for; the outcome counts its calls and time with its own."""
        if isinstance(follow_up, RepeatStatement):
            again = partial(self.run, follow_up.statement)
            last = await repeat_statement(self._session, follow_up.seconds, again)
        elif isinstance(follow_up, RunFile):
            with follow_up.lines:
                source = ScriptSource(str(follow_up.path), follow_up.path)
                last = await self.run_lines(follow_up.lines, source)
        else:
            source = ScriptSource(follow_up.origin)
            last = await self.run_lines(io.StringIO(follow_up.text), source)
        return replace(last, effect=done.outcome.effect)

    def _enter(self, source: ScriptSource) -> None:
        if source.path is not None and any(one.path == source.path for one in self._sources):
            raise ReplError(f"{one_line(source.name, 200)} reads itself. Take its \\i out.")
        if len(self._sources) >= _MOST_LEVELS:
            raise ReplError(f"Files are read within files more than {_MOST_LEVELS} deep.")
        self._sources.append(source)


async def run_script(session: ReplSession, lines: TextIO) -> None:
    """Run every statement of a stream in order; the first error is raised, the rest not read."""
    outcome = await StatementRunner(session).run_lines(lines)
    if outcome.error is not None:
        raise outcome.error


def show_position(session: ReplSession, unit: StatementText, error: Exception) -> None:
    """Show where in the SQL an error is, if that is known."""
    text = session.account.client.redact(unit.text)
    for line in excerpt(text, getattr(error, "line", None), getattr(error, "column", None)):
        session.streams.write_pointer(line)


def _read_units(lines: TextIO) -> Iterator[StatementText]:
    splitter = StatementSplitter()
    while line := _next_line(lines):
        yield from splitter.feed(line.rstrip("\r\n"))
    yield from splitter.end()


def _next_line(lines: TextIO) -> str:
    try:
        with raise_on_interrupt():
            return lines.readline()
    except UnicodeDecodeError as error:
        message = f"The input is not UTF-8 (byte {error.start}). Save it as UTF-8."
        raise ReplError(message) from None
