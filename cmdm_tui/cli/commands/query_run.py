"""Runs a query: prepare, ask, fetch, write as rows come, and tell what it was."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import aclosing, closing, contextmanager
from typing import TYPE_CHECKING

import click

from cmdm_tui.api import Event
from cmdm_tui.catalog import Account
from cmdm_tui.cli.commands.query_output import look_of, open_destination
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.prompts import ask_yes_no, can_ask
from cmdm_tui.cli.querying.telling import report_notes, report_summary
from cmdm_tui.cli.querying.watching import CallsProgress
from cmdm_tui.config.private_files import remove_file
from cmdm_tui.formats import OutputColumn, OutputRow, RowWriter, create_writer
from cmdm_tui.query.allowance import Allowance, allow_cost, allow_unasked
from cmdm_tui.query.budget import UNASKED_CALLS
from cmdm_tui.query.engine import Engine, PreparedQuery, QueryRun
from cmdm_tui.repl.interrupts import handle_interrupt
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from typing import BinaryIO

    from cmdm_tui.cli.commands.query import QueryOptions
    from cmdm_tui.config import Profile
    from cmdm_tui.query.fetching.checkpoint import Checkpoint
    from cmdm_tui.query.result import QueryResult


class QueryCommand:
    """One query of one invocation."""

    def __init__(self, invocation: CommandContext, asked: "QueryOptions") -> None:
        self._invocation = invocation
        self._asked = asked
        self._line = CallsProgress()
        self._is_interrupted = False
        self._used_before = 0
        """Calls that were made by the runs before this one, which goes on from them."""

    def run(self) -> int:
        """Run it and return the exit code. Raises QueryError, ApiError or Failure."""
        try:
            return asyncio.run(self._run_on_account())
        except asyncio.CancelledError:
            return ExitCode.INTERRUPTED

    async def _run_on_account(self) -> int:
        async with self._account() as account:
            with closing(Engine(account)) as engine:
                reading = self._load_checkpoint(account.profile)
                self._used_before = 0 if reading is None else reading.used
                prepared = await engine.prepare(
                    self._asked.sql, reading=reading, max_calls=self._asked.max_calls
                )
                if self._asked.explains:
                    self._explain(prepared)
                    return ExitCode.DONE
                result, more = await self._write_rows(
                    engine, prepared, self._ask_allowance(prepared)
                )
                with result:
                    report_notes(result, (*more, *self._save_checkpoint(engine, result)))
                    report_summary(result, account.client.quota)
                    if self._asked.shows_stats:
                        click.echo(result.stats.to_json(), err=True)
                    return self._exit_code(result)

    def _account(self) -> Account:
        profile = self._invocation.load_profile_asking()
        teller = self._invocation.new_event_logger(profile)

        def tell(event: Event) -> None:
            self._line(event)
            teller(event)

        return Account.open(profile, catalogs=self._invocation.paths.catalogs, listener=tell)

    def _load_checkpoint(self, profile: "Profile") -> "Checkpoint | None":
        """Return what the file of --resume keeps. Raises QueryError, Failure."""
        file = self._asked.resume_file
        if file is None:
            return None
        from cmdm_tui.query.fetching.checkpoint import load_checkpoint

        name = one_line(str(file), 200)
        if not file.absolute().parent.is_dir():
            raise CommandFailure(
                f"{name} cannot be written: its folder is not there. Check its path."
            )
        try:
            return load_checkpoint(file, profile, self._asked.sql)
        except OSError as error:
            raise CommandFailure(
                f"{name} cannot be read: {error.strerror}. Check its path."
            ) from None

    def _save_checkpoint(self, engine: Engine, result: "QueryResult") -> tuple[str, ...]:
        """Keep what was read in the file of --resume, or remove it at the end; say so."""
        file = self._asked.resume_file
        if file is None:
            return ()
        reading = engine.make_checkpoint(result, self._asked.sql, before=self._used_before)
        if reading is None:
            remove_file(file)
            return ()
        from cmdm_tui.query.fetching.checkpoint import save_checkpoint

        name = one_line(str(file), 200)
        try:
            save_checkpoint(file, reading)
        except OSError as error:
            return (f"{name} cannot be written, so what was read is not kept: {error.strerror}.",)
        calls = f"{reading.used:,} {'call' if reading.used == 1 else 'calls'}"
        return (f"{name} keeps what {calls} have read; the same command goes on from there.",)

    def _explain(self, prepared: PreparedQuery) -> None:
        from cmdm_tui.cli.output import write_json, write_text

        if self._asked.explains_as_json:
            import msgspec

            write_json(msgspec.json.encode(prepared.explain_json()))
        else:
            write_text(prepared.explain_text().encode())

    def _ask_allowance(self, prepared: PreparedQuery) -> Allowance:
        """Return the calls to make; where they are many, a person or a script must allow them.

        Raises Failure for a no.
        """
        if self._asked.is_confirmed or self._asked.max_calls is not None:
            return Allowance(self._asked.max_calls)
        if (free := allow_unasked(prepared, UNASKED_CALLS)) is not None:
            return free
        most, left = prepared.cost, prepared.quota_left
        calls = f"{most} {'call' if most.high == 1 else 'calls'}"
        calls += "" if left is None else f" of the {left:,} left this hour"
        if not can_ask():
            raise CommandFailure(
                f"The query takes {calls}, and no more than {UNASKED_CALLS} calls are made unasked. "
                "Allow them with --yes, or some of them with --max-calls.",
                ExitCode.TOO_MANY_CALLS,
            )
        if not ask_yes_no(f"The query takes {calls}. Run it?"):
            raise CommandFailure("Not run; no record was fetched.", ExitCode.TOO_MANY_CALLS)
        return allow_cost(prepared, UNASKED_CALLS)

    async def _write_rows(
        self, engine: Engine, prepared: PreparedQuery, allowance: Allowance
    ) -> "tuple[QueryResult, tuple[str, ...]]":
        """Write the rows as they come, and return the result and what to tell of its writing."""
        asked = self._asked
        streaming = engine.stream(
            prepared,
            max_calls=allowance.max_calls,
            keeps=asked.resume_file is not None or allowance.is_guard,
            guards=allowance.is_guard,
        )
        with open_destination(asked.file) as sink, self._line.show_while(prepared.cost.high):
            writing = create_writer(asked.format, sink, look_of(asked.file), raw_csv=asked.raw_csv)
            output = _RowOutput(writing, sink, self._line)
            try:
                if allowance.is_guard:
                    streaming = await self._run_guard(engine, prepared, allowance, streaming)
                with self._interruptible(streaming):
                    async with aclosing(aiter(streaming)) as batches:
                        async for batch in batches:
                            output.rows(batch.columns, batch.rows)
            except BrokenPipeError:
                raise
            except Exception:
                # What came before is a whole document of its format all the same.
                output.end_early()
                raise
            result = streaming.result
            assert result is not None  # noqa: S101 — it is there once the rows have come
            output.end(result.columns)
        return result, writing.notes

    async def _run_guard(
        self, engine: Engine, prepared: PreparedQuery, allowance: Allowance, streaming: QueryRun
    ) -> QueryRun:
        """Return the run that gives the rows, once a search is over within the calls made unasked.

        Where it is not, a person is asked whether to go on. Raises Failure for a no.
        """
        with self._interruptible(streaming):
            result = await streaming.finish()
        if self._is_interrupted or not allowance.has_stopped(result):
            return streaming
        self._line.clear()
        used = result.stats.calls_used
        why = f"{used:,} calls have not been enough for the search"
        more = f"it takes up to {max(prepared.cost.high - used, 1):,} more"
        with result:
            if can_ask() and ask_yes_no(f"{why}, and {more}. Go on?"):
                return engine.stream_resumed(result, max_calls=prepared.cost.high)
            report_notes(result, self._save_checkpoint(engine, result))
        raise CommandFailure(
            f"{why}; {more}. Allow them with --yes, or some of them with --max-calls.",
            ExitCode.TOO_MANY_CALLS,
        )

    @contextmanager
    def _interruptible(self, streaming: QueryRun) -> Generator[None]:
        """Let Ctrl-C end the run with what came."""
        task = asyncio.current_task()
        with handle_interrupt(lambda: self._stop(streaming, task)):
            yield

    def _stop(self, streaming: QueryRun, task: "asyncio.Task[object] | None") -> None:
        """Keep what came; a second time, or where all has come and is computed with, just end."""
        if task is not None and (self._is_interrupted or streaming.is_computing):
            task.cancel()
        self._is_interrupted = True
        streaming.stop()

    def _exit_code(self, result: "QueryResult") -> int:
        if self._is_interrupted:
            return ExitCode.INTERRUPTED
        return ExitCode.TOO_MANY_CALLS if result.partial else ExitCode.DONE


class _RowOutput:
    """A writer that begins with the first rows, and puts each batch where it can be read."""

    def __init__(self, writing: RowWriter, sink: "BinaryIO", line: CallsProgress) -> None:
        self._writing = writing
        self._sink = sink
        self._line = line
        self._is_begun = False

    def rows(self, columns: Sequence[OutputColumn], rows: Sequence[OutputRow]) -> None:
        self._line.clear()
        self._begin(columns)
        self._writing.write_rows(rows)
        self._sink.flush()

    def end(self, columns: Sequence[OutputColumn]) -> None:
        self._line.clear()
        self._begin(columns)
        self._writing.end()
        self._sink.flush()

    def end_early(self) -> None:
        if self._is_begun:
            self._writing.end()
            self._sink.flush()

    def _begin(self, columns: Sequence[OutputColumn]) -> None:
        if not self._is_begun:
            self._writing.begin(columns)
            self._is_begun = True
