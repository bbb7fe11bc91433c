"""Runs one query for `cmdm query`: writes the rows as they arrive, then says what they cost."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from cmdm_tui.api import CallFinished, Event, SignInStarted
from cmdm_tui.catalog import Account
from cmdm_tui.cli.commands.query_output import (
    RowOutput,
    choose_style,
    open_destination,
    report_notes,
    report_summary,
)
from cmdm_tui.cli.context import CommandContext, report_cache_errors
from cmdm_tui.cli.event_loop import run_async
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.progress import CallsProgress
from cmdm_tui.cli.prompts import TerminalPrompter
from cmdm_tui.formats import (
    WITHHELD,
    Format,
    OutputColumn,
    OutputRow,
    create_writer,
    withholds_rows,
)
from cmdm_tui.operations.interrupts import cancel_on_interrupt, handle_interrupt
from cmdm_tui.operations.query import CallPolicy, CheckpointFile, QueryOperation, QueryOutcome
from cmdm_tui.query.engine import Engine, PlannedQuery
from cmdm_tui.query.result import QueryResult

_HOW_TO_ALLOW = "Allow them with --yes, or some of them with --max-calls"


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """What one command was asked for.

    `max_calls` None sets no limit; where `is_confirmed`, no question is asked. `resume_file` keeps
    what was read where the query is stopped. With `is_raw` every field is text as it is stored;
    with `trusts_order` a search takes the likely order of a field for the service's.
    """

    sql: str
    format: Format
    file: Path | None
    max_calls: int | None
    resume_file: Path | None
    is_confirmed: bool
    explains: bool
    explains_as_json: bool
    shows_stats: bool
    is_raw: bool
    trusts_order: bool
    raw_csv: bool
    has_bom: bool
    parameters: Mapping[str, str]
    """The values of each `$name` in the SQL."""


class QueryCommand:
    """One query of one command."""

    def __init__(self, context: CommandContext, options: QueryOptions) -> None:
        self._context = context
        self._options = options
        self._progress = CallsProgress()
        self._sign_ins: set[int] = set()

    def run(self) -> int:
        """Run it and return the exit code. Raises QueryError, ApiError or CommandFailure."""
        return run_async(self._run_on_account())

    async def _run_on_account(self) -> int:
        async with self._open_account() as account:
            with closing(Engine(account)) as engine:
                operation = self._new_operation(engine, account)
                prepared = await operation.prepare(
                    self._options.sql,
                    is_raw=self._options.is_raw,
                    trusts_order=self._options.trusts_order,
                    parameters=self._options.parameters,
                )
                if self._options.explains:
                    self._explain(prepared)
                    return ExitCode.DONE
                outcome, notes = await self._write_rows(operation, prepared)
                with _require_result(outcome) as result:
                    report_notes(result, notes)
                    report_cache_errors(account)
                    report_summary(result, account.client.quota)
                    if self._options.shows_stats:
                        click.echo(result.stats.to_json(), err=True)
                    return _exit_code(outcome, result)

    def _open_account(self) -> Account:
        profile = self._context.load_profile_asking()
        log = self._context.new_event_logger(profile)

        def listen(event: Event) -> None:
            self._count(event)
            log(event)

        return Account.open(
            profile,
            catalogs=self._context.paths.catalogs,
            listener=listen,
            time=self._context.new_command_time(profile),
        )

    def _count(self, event: Event) -> None:
        """Count the calls that are answered, without sign-ins."""
        if isinstance(event, SignInStarted):
            self._sign_ins.add(event.call.number)
        elif isinstance(event, CallFinished) and event.call.number not in self._sign_ins:
            self._progress.count()

    def _new_operation(self, engine: Engine, account: Account) -> QueryOperation:
        options, file = self._options, self._options.resume_file
        policy = CallPolicy(
            _HOW_TO_ALLOW,
            max_calls=options.max_calls,
            is_allowed=options.is_confirmed or options.max_calls is not None,
        )
        return QueryOperation(
            engine,
            TerminalPrompter(self._progress),
            policy,
            checkpoint_file=None if file is None else CheckpointFile(file, account.profile),
        )

    def _explain(self, prepared: PlannedQuery) -> None:
        from cmdm_tui.cli.output import write_json, write_text

        if self._options.explains_as_json:
            import msgspec

            write_json(msgspec.json.encode(prepared.explain_json()))
        else:
            write_text(prepared.explain_text().encode())

    async def _write_rows(
        self, operation: QueryOperation, prepared: PlannedQuery
    ) -> tuple[QueryOutcome, tuple[str, ...]]:
        """Write the rows as they arrive; return how it ended, and what to say of the writing.

        Raises CommandFailure where the person declines: then the destination is left as it was.
        """
        options = self._options
        task = asyncio.current_task()

        def interrupt() -> None:
            if not operation.stop() and task is not None:
                operation.discard()
                task.cancel()

        with open_destination(options.file) as sink, handle_interrupt(interrupt):
            style = choose_style(options.file)
            writer = create_writer(
                options.format,
                sink,
                style,
                raw_csv=options.raw_csv,
                has_bom=options.has_bom,
            )
            output = RowOutput(writer, sink, self._progress)

            def receive(columns: Sequence[OutputColumn], rows: Sequence[OutputRow]) -> None:
                if not withholds_rows(operation.result, options.format):
                    output.write_rows(columns, rows)

            try:
                outcome = await operation.run(prepared, receive)
            except BrokenPipeError:
                raise
            except asyncio.CancelledError:
                output.break_off()
                raise
            except Exception:
                # What came before is a whole document of its format all the same.
                output.end_early()
                raise
            if outcome.is_declined:
                raise _declined(outcome)
            with cancel_on_interrupt():
                result = _require_result(outcome)
                output.end(result.columns, result.mark)
        notes = (WITHHELD,) if result.count and withholds_rows(result, options.format) else ()
        return outcome, (*notes, *writer.notes)


def _declined(outcome: QueryOutcome) -> CommandFailure:
    """Return the failure of a query that the person declined, before it or amid its search."""
    if outcome.result is None:
        return CommandFailure("Not run; no record was fetched.", ExitCode.TOO_MANY_CALLS)
    with outcome.result as result:
        report_notes(result)
    return CommandFailure(f"The search was not finished. {_HOW_TO_ALLOW}.", ExitCode.TOO_MANY_CALLS)


def _require_result(outcome: QueryOutcome) -> QueryResult:
    assert outcome.result is not None  # noqa: S101 — only a declined query has none
    return outcome.result


def _exit_code(outcome: QueryOutcome, result: QueryResult) -> int:
    if outcome.is_interrupted:
        return ExitCode.INTERRUPTED
    if result.limit is not None:
        return ExitCode.RATE_LIMIT
    return ExitCode.PARTIAL if result.mark else ExitCode.DONE
