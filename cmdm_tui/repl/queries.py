"""The queries of a session: each is an operation, and the last result stays to be worked on.

It is sorted, shown and written again without a call.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cmdm_tui.catalog import Account
from cmdm_tui.formats import WITHHELD, MissingExtra, OutputColumn, OutputRow, withholds_rows
from cmdm_tui.formats.output_file import UnknownEnding, write_result
from cmdm_tui.operations.interrupts import cancel_on_interrupt
from cmdm_tui.operations.query import (
    CallPolicy,
    CallsNotAllowed,
    QueryOperation,
    QueryOutcome,
    ReceiveRows,
)
from cmdm_tui.query.engine import Engine, PlannedQuery
from cmdm_tui.query.parsing.statement import Explain
from cmdm_tui.query.parsing.write_statement import ReadStatement, SqlStatement, WriteStatement
from cmdm_tui.query.result import QueryResult
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.outcome import StatementStatus, StatementYield
from cmdm_tui.repl.paged_rows import PagedRows
from cmdm_tui.repl.pager import choose_pager
from cmdm_tui.repl.result_view import ResultView
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.summary import describe_reset, reset_time, summarize_query, summarize_view
from cmdm_tui.repl.terminal_prompter import ReplPrompter
from cmdm_tui.text import count_noun

if TYPE_CHECKING:
    from cmdm_tui.repl.changes import SessionChanges

_ROWS_PER_BATCH = 1_000
_MOST_KEPT_CALLS = 300
"""The most calls that a query may take for what it reads to be kept until it can be continued."""
_HOW_TO_ALLOW = r"Type \confirm off first to allow them"


class SessionQueries:
    """The engine of a session, the query that runs now, and the last result.

    `changes` returns what runs what changes records. `on_result` is called when a query begins to
    give the session's last result.
    """

    def __init__(
        self,
        account: Account,
        streams: ReplStreams,
        settings: SessionSettings,
        prompter: ReplPrompter,
        *,
        changes: "Callable[[], SessionChanges]",
        on_result: Callable[[], None],
    ) -> None:
        self._account = account
        self._streams = streams
        self._settings = settings
        self._prompter = prompter
        self._on_result = on_result
        self._engine = Engine(account)
        self._changes = changes
        self._running: QueryOperation | None = None
        self._view: ResultView | None = None
        self._has_left_partial = False

    @property
    def has_partial(self) -> bool:
        """Whether a query's result was partial or unsure, and no `resume` has completed it."""
        return self._has_left_partial or (self._view is not None and bool(self._view.result.mark))

    @property
    def last_or_none(self) -> QueryResult | None:
        """The last result, as the query gave it; None where there is none."""
        return None if self._view is None else self._view.result

    @property
    def view(self) -> ResultView:
        """The last result, and what is shown of it. Raises ReplError where there is none."""
        if self._view is None:
            raise ReplError("There is no result of a query yet. Run one first: SELECT … ;")
        return self._view

    @property
    def last(self) -> QueryResult:
        """The last result, as the query gave it. Raises ReplError where there is none."""
        return self.view.result

    async def run(self, statements: Sequence[SqlStatement]) -> StatementYield:
        """Run statements: each is a query, or changes records; return what the last one gave.

        One that a person declines ends them.
        """
        given = StatementYield()
        for one in statements:
            if isinstance(one, ReadStatement):
                given = await self._run_query(one)
            else:
                given = await self._run_change(one)
            if given.status is StatementStatus.DECLINED:
                break
        return given

    async def _run_change(self, statement: WriteStatement) -> StatementYield:
        done = await self._changes().run(statement, self._engine, self._new_policy())
        if done is None:
            return StatementYield(StatementStatus.DECLINED)
        if done.returned is None:
            return StatementYield(rows=done.count)
        columns, rows = done.returned
        await self._write(lambda output: _write_returned(output, columns, rows))
        return StatementYield(rows=len(rows))

    async def _run_query(self, statement: ReadStatement) -> StatementYield:
        """Run a query, asking first where it costs much, and write its rows as they arrive."""
        operation = self._new_operation()
        prepared = await operation.prepare(
            statement.script.padded,
            trusts_order=self._settings.trusts_order,
            parameters=statement.parameters or None,
        )
        self._running = operation
        read_seconds = 0.0
        try:
            async with self._open_output(operation.stop) as output:
                if self._must_be_partial(prepared):
                    output.heading = "Partial: the calls that may be made end before its rows do."

                async def receive(
                    columns: Sequence[OutputColumn], rows: Sequence[OutputRow]
                ) -> None:
                    nonlocal read_seconds
                    if not output.withholds(operation.result):
                        output.write_rows(columns, rows)
                        began = time.monotonic()
                        await output.drain()
                        if operation.result is None:  # the query has waited for the reader
                            seconds = time.monotonic() - began
                            read_seconds += seconds
                            self._account.client.extend_command(seconds)

                outcome = await self._run_noting(operation, prepared, receive)
                if outcome.result is not None and not outcome.is_declined:
                    output.end(self.last.columns, self.last.mark)
        finally:
            self._running = None
        if outcome.result is None:
            self._streams.write_note("Not run; no record was fetched.")
            return StatementYield(StatementStatus.DECLINED)
        if outcome.is_declined:
            self._report((), with_cost=True)
            self._name_more()
            return StatementYield(StatementStatus.DECLINED)
        if output.has_failed:
            await self._show(with_cost=True)
        else:
            self._report(self._notes_of(output), with_cost=True, without_seconds=read_seconds)
        self._name_more(is_interrupted=outcome.is_interrupted)
        if self.last.limit is not None and not self._prompter.is_at_prompt:
            # A script would go on as if it had everything.
            raise self.last.limit
        status = StatementStatus.PARTIAL if self.last.mark else StatementStatus.DONE
        return StatementYield(status, self.last.stats.rows)

    async def _run_noting(
        self, operation: QueryOperation, prepared: PlannedQuery, receive: ReceiveRows
    ) -> QueryOutcome:
        """Run a query, and keep what came of it as the last result, however it ends."""
        result: QueryResult | None = None
        try:
            outcome = await operation.run(prepared, receive)
            result = outcome.result
        except CallsNotAllowed as refusal:
            result = refusal.result
            raise
        finally:
            came = operation.result if result is None else result
            self._replace_last(came, has_run=operation.has_run)
        return outcome

    async def resume(self) -> None:
        """Continue the last result, which was stopped, and show what it is then.

        What was read is not read again. Raises QueryError where there is nothing to continue.
        """
        self._require_calls()
        operation = self._new_operation()
        self._running = operation
        try:
            with self._prompter.show_running("Fetching"):
                outcome = await operation.resume(self.last, max_calls=self._settings.max_calls)
        finally:
            self._running = None
        self._set_last(outcome.result)
        self._on_result()
        await self._show(with_cost=True)
        self._name_more()

    def _require_calls(self) -> None:
        """Raise ReplError where the last answer said that no call is left before a reset."""
        known = self._account.known_quota
        reset = reset_time(known.quota, known.clock_offset)
        is_over = reset is not None and reset <= datetime.now(UTC)
        if known.quota.remaining == 0 and known.seen is None and not is_over:
            when = describe_reset(known) or "reset not known"
            raise ReplError(
                f"No call is left this hour ({when}), so none was made. "
                r"What was read is kept: type \more again then."
            )

    def stop(self) -> bool:
        """End what runs now with what has come; return whether it ends by itself then."""
        if self._running is None or not self._running.stop():
            return False
        self._streams.write_note("Stopping; what has come is kept.")
        return True

    async def show(self) -> None:
        """Show what is chosen of the last result, in the format that is set now."""
        self._on_result()
        await self._show(with_cost=False)

    def export(self, file: str) -> None:
        """Write the last result to a file; its ending names the format."""
        try:
            with cancel_on_interrupt():
                name = write_result(self.view.shown, file)
        except OSError as error:
            reason = error.strerror or "it has no such name"
            raise ReplError(f"{file} cannot be written: {reason}. Check its path.") from None
        except (UnknownEnding, MissingExtra) as error:
            raise ReplError(str(error)) from None
        rows = count_noun(self.view.shown.count, "row")
        if withholds_rows(self.last, name):
            self._streams.write_note(WITHHELD)
            return
        self._streams.write_note(f"Wrote {rows} to {file} as {name}; no call was made.")

    def close(self) -> None:
        """Release the last result and the engine."""
        self._set_last(None)
        self._engine.close()

    def _new_operation(self) -> QueryOperation:
        return QueryOperation(self._engine, self._prompter, self._new_policy())

    def _new_policy(self) -> CallPolicy:
        settings = self._settings
        unasked, most = settings.calls_without_asking, settings.max_calls
        return CallPolicy(
            _HOW_TO_ALLOW,
            max_calls=most,
            unasked=unasked,
            kept_calls=_MOST_KEPT_CALLS if self._prompter.is_at_prompt else 0,
            is_allowed=not settings.confirms or (most is not None and most <= unasked),
        )

    def _must_be_partial(self, prepared: PlannedQuery) -> bool:
        """Return whether it is known before a row comes that not all of them can."""
        if isinstance(prepared.statement, Explain):
            return False
        most = self._settings.max_calls
        return prepared.verdict == "exceeds" or (most is not None and most < prepared.plan.cost.low)

    def _replace_last(self, result: QueryResult | None, *, has_run: bool) -> None:
        """Keep the result in place of the last one, unless the query was not run at all."""
        if has_run:
            self._has_left_partial = self.has_partial
            self._set_last(result)
            self._on_result()

    def _set_last(self, result: QueryResult | None) -> None:
        if self._view is not None and self._view.result is not result:
            self._view.result.close()
        self._view = None if result is None else ResultView(result)

    def _open_output(self, on_left: Callable[[], object] = lambda: None) -> PagedRows:
        pager = choose_pager(self._streams, self._settings, self._prompter)
        return PagedRows(self._streams, self._settings, pager, on_left)

    async def _write(self, write: Callable[[PagedRows], Awaitable[None]]) -> PagedRows:
        """Write a result that is there; again and plainly where the pager fails."""
        async with self._open_output() as output:
            await write(output)
        if not output.has_failed:
            return output
        async with self._open_output() as plain:
            await write(plain)
        return plain

    async def _show(self, *, with_cost: bool) -> None:
        shown = self.view.shown

        async def write(output: PagedRows) -> None:
            if shown.mark:
                output.heading = f"{shown.mark.capitalize()}: the notes below the rows say why."
            if not output.withholds(shown):
                await output.write_batches(shown.columns, shown.batches(_ROWS_PER_BATCH))
            output.end(shown.columns, shown.mark)

        output = await self._write(write)
        self._report(self._notes_of(output), with_cost=with_cost)

    def _notes_of(self, output: PagedRows) -> tuple[str, ...]:
        """Return what a reader must know of how the last result was written."""
        is_withheld = self.view.shown.count and output.withholds(self.last)
        return (WITHHELD, *output.notes) if is_withheld else output.notes

    def _report(
        self, more: Sequence[str], *, with_cost: bool, without_seconds: float = 0.0
    ) -> None:
        for sentence in (*self.last.notes.sentences, *more):
            self._streams.write_note(sentence)
        if with_cost:
            milliseconds = max(self.last.stats.ms - without_seconds * 1000, 0.0)
            stats = replace(self.last.stats, ms=milliseconds)
            line = summarize_query(stats, self._account.known_quota, self._settings)
        else:
            line = summarize_view(self.view.shown.count, self.last.count)
        self._streams.write_footer(line, self.last.mark)

    def _name_more(self, *, is_interrupted: bool = False) -> None:
        if not self._prompter.is_at_prompt:
            return
        if self.last.resumption is not None:
            self._streams.write_note(r"\more continues it.")
        elif is_interrupted and self.last.partial:
            self._streams.write_note(
                f"It cannot be continued: of a query of more than {_MOST_KEPT_CALLS:,} calls, what "
                r"is read is kept only under \calls N."
            )


async def _write_returned(
    output: PagedRows, columns: Sequence[OutputColumn], rows: Sequence[OutputRow]
) -> None:
    output.write_rows(columns, rows)
    output.end(columns, "")
