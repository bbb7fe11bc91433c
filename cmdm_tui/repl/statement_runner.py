"""Runs statements one after another, and what they ask to be run next."""

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO

from msgspec import Struct, structs

from cmdm_tui.operations.interrupts import raise_on_interrupt
from cmdm_tui.query.sql_excerpt import excerpt
from cmdm_tui.repl.commands.command import FollowUp, RepeatStatement, RunFile
from cmdm_tui.repl.destinations import OutputTarget
from cmdm_tui.repl.dispatch import (
    STATEMENT_ERRORS,
    Dispatched,
    NotePlan,
    dispatch,
    ignore_plan,
    plan_unit,
)
from cmdm_tui.repl.errors import ReplError, StatementDeclined
from cmdm_tui.repl.outcome import (
    StatementEffect,
    StatementOutcome,
    StatementStatus,
    StatementYield,
)
from cmdm_tui.repl.plan import StatementPlan
from cmdm_tui.repl.repeat import check_repeatable, repeat_statement
from cmdm_tui.repl.script_checkpoint import ScriptCheckpoint, StatementState
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_splitter import StatementSplitter
from cmdm_tui.repl.statements import StatementEnding, StatementText
from cmdm_tui.text import one_line


class ScriptSource(Struct, frozen=True):
    """Where statements come from; `name` is shown with a line's number, empty for a stream."""

    name: str = ""
    path: Path | None = None

    def describe(self, line: int) -> str:
        """Return a place in it: `leads.sql:3`, or `line 3`."""
        return f"{self.name}:{line}" if self.name else f"line {line}"


STREAM = ScriptSource()
_NOTHING_RUN = StatementOutcome(StatementEffect.SESSION)
_MOST_LEVELS = 50


class _FollowUpFailedError(Exception):
    """What a statement has run has failed: nothing of it is sent on."""


class StatementRunner:
    """Runs the statements of a session; `goes_on` after one that failed, or ends with it.

    What is done is noted in the `checkpoint`, and what it says is done is not run again.
    """

    def __init__(
        self,
        session: ReplSession,
        *,
        goes_on: bool = False,
        checkpoint: ScriptCheckpoint | None = None,
    ) -> None:
        self._session = session
        self._goes_on = goes_on
        self._checkpoint = checkpoint
        self._sources: list[ScriptSource] = []
        self.run_count = 0
        self.failed_count = 0
        self.first_error: Exception | None = None

    async def run(
        self, unit: StatementText, note_plan: NotePlan = ignore_plan, place: str = ""
    ) -> StatementOutcome:
        """Run one statement, and what it asks to be run next.

        `place` is where it is in a script that is kept in a checkpoint.
        """
        done = await dispatch(self._session, unit, note_plan)
        if done.follow_up is None or done.outcome.error is not None:
            return done.outcome
        try:
            return await self._send_on(unit.ending, done, place)
        except ReplError as error:
            return structs.replace(done.outcome, status=StatementStatus.FAILED, error=error)

    async def run_lines(
        self, lines: TextIO, source: ScriptSource = STREAM, place: str = ""
    ) -> StatementOutcome:
        """Run every statement as soon as it is read; return how the last one ended.

        One that fails is reported with its place; unless the runner goes on, the rest is not read.
        Raises ReplError for a source that runs itself.
        """
        self._enter(source)
        last = _NOTHING_RUN
        try:
            for number, unit in enumerate(_read_units(lines, source), 1):
                if self._session.is_over:
                    break
                ended = await self._run_at(unit, source, f"{place}/{number}".lstrip("/"))
                last = ended if last.error is None else last
                if last.error is not None and not self._goes_on:
                    break
        finally:
            self._leave()
        return last

    async def _run_at(
        self, unit: StatementText, source: ScriptSource, place: str
    ) -> StatementOutcome:
        where = source.describe(unit.line)
        kept = self._checkpoint
        if kept is not None and kept.state_of(place) is StatementState.DONE:
            return await self._skip(unit)
        has_begun: list[str] = []

        def note_plan(plan: StatementPlan) -> None:
            if kept is None or plan.effect is not StatementEffect.WRITES or plan.runs_statements:
                return
            kept.begin_statement(place, unit, where)
            has_begun.append(place)

        failed_before = self.failed_count
        self.run_count += 1
        outcome = await self.run(unit, note_plan, place)
        if outcome.status is StatementStatus.DECLINED:
            words = "Nothing was sent, and nothing is run that comes after it."
            outcome = structs.replace(outcome, error=StatementDeclined(words))
        if kept is not None:
            kept.end_statement(place, unit, where, _state_after(outcome))
        if outcome.error is not None and self.failed_count == failed_before:
            self.failed_count += 1
            self.first_error = self.first_error or outcome.error
            self._report(unit, source, outcome.error)
        return outcome

    async def _skip(self, unit: StatementText) -> StatementOutcome:
        """Leave out a statement that is done; run it again where later ones depend on it."""
        try:
            plan = plan_unit(self._session, unit)
        except STATEMENT_ERRORS:
            return _NOTHING_RUN  # it was done, so it could be read then
        return await self.run(unit) if plan.is_switch else _NOTHING_RUN

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

    async def _send_on(
        self, ending: StatementEnding, done: Dispatched, place: str
    ) -> StatementOutcome:
        """Run what a statement asks for, and send what that writes where its result is to go.

        Raises ReplError where that cannot be written.
        """
        follow_up, outcomes = done.follow_up, list[StatementOutcome]()
        assert follow_up is not None  # noqa: S101 - the caller has looked
        if ending.destination is None and not ending.is_expanded:
            return await self._follow_up(done, follow_up, place)
        target = OutputTarget(self._session, ending)
        target.check()
        if isinstance(follow_up, RepeatStatement):
            # Each run is sent on, as none is the last.
            again = structs.replace(
                follow_up, statement=replace(follow_up.statement, ending=ending)
            )
            return await self._follow_up(done, again, place)

        async def work() -> StatementYield:
            outcomes.append(await self._follow_up(done, follow_up, place))
            if outcomes[0].error is not None:
                raise _FollowUpFailedError
            return StatementYield(rows=outcomes[0].rows)

        with suppress(_FollowUpFailedError):
            await target.run(work)
        return outcomes[0]

    async def _follow_up(
        self, done: Dispatched, follow_up: FollowUp, place: str
    ) -> StatementOutcome:
        """Run what a statement asks for; the outcome is that of the last it ran."""
        session = self._session
        if isinstance(follow_up, RepeatStatement):
            again = partial(self.run, follow_up.statement)
            try:
                unit = follow_up.statement
                words = session.account.client.redact(unit.text)
                check_repeatable(plan_unit(session, unit).effect, words)
            except STATEMENT_ERRORS as error:
                return structs.replace(done.outcome, status=StatementStatus.FAILED, error=error)
            last = await repeat_statement(session, follow_up.seconds, again)
        elif isinstance(follow_up, RunFile):
            with follow_up.lines:
                source = ScriptSource(str(follow_up.path), follow_up.path)
                last = await self._run_source(follow_up.lines, source, place)
        else:
            source, before = ScriptSource(follow_up.origin), session.variables
            if follow_up.parameters:
                session.variables = before.with_values(dict(follow_up.parameters))
            try:
                last = await self._run_source(io.StringIO(follow_up.text), source, place)
            finally:
                session.variables = before if follow_up.parameters else session.variables
        return structs.replace(last, effect=done.outcome.effect)

    async def _run_source(
        self, lines: TextIO, source: ScriptSource, place: str
    ) -> StatementOutcome:
        """Run what a statement reads; what is wrong with the whole of it is in the outcome."""
        try:
            if self._checkpoint is not None and place:
                text = lines.read()
                self._checkpoint.enter_file(place, text)
                lines = io.StringIO(text)
            return await self.run_lines(lines, source, place)
        except (ReplError, UnicodeDecodeError) as error:
            fault = error if isinstance(error, ReplError) else describe_bytes(error, source)
            return structs.replace(_NOTHING_RUN, status=StatementStatus.FAILED, error=fault)

    def _enter(self, source: ScriptSource) -> None:
        if source.path is not None and any(one.path == source.path for one in self._sources):
            raise ReplError(f"{one_line(source.name, 200)} reads itself. Take its \\i out.")
        if len(self._sources) >= _MOST_LEVELS:
            raise ReplError(f"Files are read within files more than {_MOST_LEVELS} deep.")
        self._sources.append(source)
        self._note_folder()

    def _leave(self) -> None:
        self._sources.pop()
        self._note_folder()

    def _note_folder(self) -> None:
        r"""Say whose folder `\ir` begins in: that of the innermost file."""
        paths = [one.path for one in self._sources if one.path is not None]
        self._session.script_folder = paths[-1].parent if paths else None


def _state_after(outcome: StatementOutcome) -> StatementState:
    if outcome.error is None:
        return StatementState.DONE
    return StatementState.UNSURE if outcome.may_have_changed else StatementState.FAILED


def show_position(session: ReplSession, unit: StatementText, error: Exception) -> None:
    """Show where in the SQL an error is, if that is known."""
    text = session.account.client.redact(unit.text)
    for line in excerpt(text, getattr(error, "line", None), getattr(error, "column", None)):
        session.streams.write_pointer(line)


def _read_units(lines: TextIO, source: ScriptSource) -> Iterator[StatementText]:
    splitter = StatementSplitter()
    while line := _next_line(lines, source):
        yield from splitter.feed(line.rstrip("\r\n"))
    yield from splitter.end()


def _next_line(lines: TextIO, source: ScriptSource) -> str:
    try:
        with raise_on_interrupt():
            return lines.readline()
    except UnicodeDecodeError as error:
        raise describe_bytes(error, source) from None


def describe_bytes(error: UnicodeDecodeError, source: ScriptSource) -> ReplError:
    """Return the error for statements that are not in their encoding, with the byte that is not.

    Its place is not known: a stream is decoded in pieces.
    """
    name = one_line(source.name, 200) or "The input"
    byte = error.object[error.start]
    codec = "UTF-16" if error.encoding.startswith("utf-16") else "UTF-8"
    return ReplError(f"{name} is not {codec} (it has the byte 0x{byte:02x}). Save it as UTF-8.")
