"""Runs one query for `cmdm query`: writes the rows as they arrive, then says what they cost."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click

from cmdm_tui.catalog import Account
from cmdm_tui.cli.commands.query_output import (
    RowOutput,
    choose_style,
    open_destination,
    report_notes,
    report_summary,
)
from cmdm_tui.cli.context import CommandContext, note, report_cache_errors
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
from cmdm_tui.query.parsing.statement_forms import ScriptStatement
from cmdm_tui.query.result import QueryResult
from cmdm_tui.text import one_line

_HOW_TO_ALLOW = "Allow them with --yes, or some of them with --max-calls"


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """What one command was asked for: statements that are run one after another.

    `max_calls`, for all of them together, None sets no limit; where `is_confirmed`, no question is
    asked. `resume_file` keeps what was read where the query is stopped. With `is_raw` every field
    is text as it is stored; with `trusts_order` a search takes the likely order of a field for the
    service's.
    """

    statements: tuple[ScriptStatement, ...]
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
    """The queries of one command."""

    def __init__(self, context: CommandContext, options: QueryOptions) -> None:
        self._context = context
        self._options = options
        self._progress = CallsProgress()
        self._calls_left = options.max_calls
        self._sink: BinaryIO | None = None
        self.statement = options.statements[0]
        """The statement that runs, or was the last to run."""

    def run(self) -> int:
        """Run it and return the exit code. Raises QueryError, ApiError or CommandFailure."""
        return run_async(self._run_on_account())

    async def _run_on_account(self) -> int:
        statements = self._options.statements
        code = int(ExitCode.DONE)
        async with self._context.open_account(self._progress.observe) as account:
            with closing(Engine(account)) as engine, ExitStack() as destination:
                for statement in statements:
                    self.statement = statement
                    try:
                        ended = await self._run_statement(engine, account, destination)
                    except Exception:
                        if len(statements) > 1:
                            _report_stop(account, statement)
                        raise
                    code = code or ended
                    if ended in {ExitCode.INTERRUPTED, ExitCode.RATE_LIMIT}:
                        return ended
        return code

    async def _run_statement(self, engine: Engine, account: Account, destination: ExitStack) -> int:
        statement = self.statement
        operation = self._new_operation(engine, account)
        given = self._options.parameters
        prepared = await operation.prepare(
            statement.padded,
            is_raw=self._options.is_raw,
            trusts_order=self._options.trusts_order,
            parameters={name: given[name] for name in given if name in statement.parameters},
        )
        if self._options.explains:
            self._explain(prepared)
            return ExitCode.DONE
        if self._sink is None:
            self._sink = destination.enter_context(open_destination(self._options.file))
        elif self._options.format not in {"json", "jsonl"}:
            self._sink.write(b"\n")
        outcome, notes = await self._write_rows(operation, prepared, self._sink)
        if statement is self._options.statements[-1]:
            destination.close()
        with _require_result(outcome) as result:
            if self._calls_left is not None:
                self._calls_left = max(self._calls_left - result.stats.calls_used, 0)
            report_notes(result, notes)
            report_cache_errors(account)
            report_summary(result, account.client.quota)
            if self._options.shows_stats:
                _report_stats(result)
            return _exit_code(outcome, result)

    def _new_operation(self, engine: Engine, account: Account) -> QueryOperation:
        options, file = self._options, self._options.resume_file
        policy = CallPolicy(
            _HOW_TO_ALLOW,
            max_calls=self._calls_left,
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
            gap = "\n" if self.statement is not self._options.statements[0] else ""
            write_text(f"{gap}{prepared.explain_text()}".encode())

    async def _write_rows(
        self, operation: QueryOperation, prepared: PlannedQuery, sink: BinaryIO
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

        with handle_interrupt(interrupt):
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


def _report_stats(result: QueryResult) -> None:
    import msgspec

    from cmdm_tui.cli.json_documents import make_document

    stats = make_document("cmdm-stats", msgspec.to_builtins(result.stats))
    click.echo(msgspec.json.encode(stats).decode(), err=True)


def _report_stop(account: Account, statement: ScriptStatement) -> None:
    """Say at which statement of several the command stops."""
    words = account.client.redact(statement.sql)
    shown = one_line(" ".join(words.split()), 80)
    note(f"Stopped at line {statement.line}: {shown}")


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
