"""The queries of a session: each is an operation, and the last result stays to be worked on.

It is sorted, shown and written again without a call.
"""

from collections.abc import Callable, Sequence

from cmdm_tui.catalog import Account
from cmdm_tui.formats import (
    WITHHELD,
    Format,
    MissingExtra,
    OutputColumn,
    OutputRow,
    OutputStyle,
    ResultMark,
    RowWriter,
    create_writer,
    withholds_rows,
)
from cmdm_tui.formats.output_file import UnknownEnding, write_result
from cmdm_tui.operations.interrupts import cancel_on_interrupt
from cmdm_tui.operations.query import CallPolicy, CallsNotAllowed, QueryOperation
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.parsing.write_statement import ReadStatement, SqlStatement, WriteStatement
from cmdm_tui.query.result import QueryResult
from cmdm_tui.repl.changes import SessionChanges
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.outcome import StatementStatus, StatementYield
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.summary import summarize_query
from cmdm_tui.repl.terminal_prompter import ReplPrompter

_ROWS_PER_BATCH = 1_000
_HOW_TO_ALLOW = r"Type \confirm off first to allow them"


class SessionQueries:
    """The engine of a session, the query that runs now, and the last result.

    `changes` runs what changes records. `on_result` is called when a query begins to give the
    session's last result.
    """

    def __init__(
        self,
        account: Account,
        streams: ReplStreams,
        settings: SessionSettings,
        prompter: ReplPrompter,
        *,
        changes: SessionChanges,
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
        self._last: QueryResult | None = None
        self._has_left_partial = False

    @property
    def has_partial(self) -> bool:
        """Whether a query's result was partial or unsure, and no `resume` has completed it."""
        return self._has_left_partial or (self._last is not None and bool(self._last.mark))

    @property
    def last_or_none(self) -> QueryResult | None:
        """The last result; None where there is none."""
        return self._last

    @property
    def last(self) -> QueryResult:
        """The last result. Raises ReplError where there is none."""
        if self._last is None:
            raise ReplError("There is no result of a query yet. Run one first: SELECT … ;")
        return self._last

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
        done = await self._changes.run(statement, self._engine, self._new_policy())
        if done is None:
            return StatementYield(StatementStatus.DECLINED)
        if done.returned is None:
            return StatementYield(rows=done.count)
        columns, rows = done.returned
        output = _RowOutput(self._streams, self._settings)
        output.write_rows(columns, rows)
        output.end(columns, "")
        return StatementYield(rows=len(rows))

    async def _run_query(self, statement: ReadStatement) -> StatementYield:
        """Run a query, asking first where it costs much, and write its rows as they arrive."""
        operation = self._new_operation()
        prepared = await operation.prepare(
            statement.script.padded,
            trusts_order=self._settings.trusts_order,
            parameters=statement.parameters or None,
        )
        output = _RowOutput(self._streams, self._settings)
        self._running = operation
        result: QueryResult | None = None

        def receive(columns: Sequence[OutputColumn], rows: Sequence[OutputRow]) -> None:
            if not output.withholds(operation.result):
                output.write_rows(columns, rows)

        try:
            outcome = await operation.run(prepared, receive)
            result = outcome.result
        except CallsNotAllowed as refusal:
            result = refusal.result
            raise
        finally:
            self._running = None
            came = operation.result if result is None else result
            self._replace_last(came, has_run=operation.has_run)
        if outcome.result is None:
            self._streams.write_note("Not run; no record was fetched.")
            return StatementYield(StatementStatus.DECLINED)
        if outcome.is_declined:
            self._report((), with_cost=True)
            self._streams.write_note(r"\more continues it.")
            return StatementYield(StatementStatus.DECLINED)
        with cancel_on_interrupt():
            output.end(self.last.columns, self.last.mark)
        self._report(self._notes_of(output), with_cost=True)
        if self.last.limit is not None and not self._prompter.is_at_prompt:
            # A script would go on as if it had everything.
            raise self.last.limit
        status = StatementStatus.PARTIAL if self.last.mark else StatementStatus.DONE
        return StatementYield(status, self.last.stats.rows)

    async def resume(self) -> None:
        """Continue the last result, which its number of calls ended, and show what it is then.

        What was read is not read again. Raises QueryError where there is nothing to continue.
        """
        operation = self._new_operation()
        self._running = operation
        try:
            outcome = await operation.resume(self.last, max_calls=self._settings.max_calls)
        finally:
            self._running = None
        self._set_last(outcome.result)
        self._on_result()
        self._show(with_cost=True)

    def stop(self) -> bool:
        """End what runs now with what has come; return whether it ends by itself then."""
        if self._running is None or not self._running.stop():
            return False
        self._streams.write_note("Stopping; what has come is kept.")
        return True

    async def sort(self, column: str, *, descending: bool) -> None:
        """Put the last result in another order and show it."""
        self._last = await self.last.sort(column, descending=descending)
        self.show()

    def show(self) -> None:
        """Show the last result again, in the format that is set now."""
        self._show(with_cost=False)

    def export(self, file: str) -> None:
        """Write the last result to a file; its ending names the format."""
        try:
            with cancel_on_interrupt():
                name = write_result(self.last, file)
        except OSError as error:
            reason = error.strerror or "it has no such name"
            raise ReplError(f"{file} cannot be written: {reason}. Check its path.") from None
        except (UnknownEnding, MissingExtra) as error:
            raise ReplError(str(error)) from None
        count = self.last.count
        rows = f"{count:,} {'row' if count == 1 else 'rows'}"
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
            is_allowed=not settings.confirms or (most is not None and most <= unasked),
        )

    def _replace_last(self, result: QueryResult | None, *, has_run: bool) -> None:
        """Keep the result in place of the last one, unless the query was not run at all."""
        if has_run:
            self._has_left_partial = self.has_partial
            self._set_last(result)
            self._on_result()

    def _set_last(self, result: QueryResult | None) -> None:
        if self._last is not None and self._last is not result:
            self._last.close()
        self._last = result

    def _show(self, *, with_cost: bool) -> None:
        output = _RowOutput(self._streams, self._settings)
        with cancel_on_interrupt():
            if not output.withholds(self.last):
                for rows in self.last.batches(_ROWS_PER_BATCH):
                    output.write_rows(self.last.columns, rows)
            output.end(self.last.columns, self.last.mark)
        self._report(self._notes_of(output), with_cost=with_cost)

    def _notes_of(self, output: "_RowOutput") -> tuple[str, ...]:
        """Return what a reader must know of how the last result was written."""
        is_withheld = self.last.count and output.withholds(self.last)
        return (WITHHELD, *output.notes) if is_withheld else output.notes

    def _report(self, more: Sequence[str], *, with_cost: bool) -> None:
        for sentence in (*self.last.notes.sentences, *more):
            self._streams.write_note(sentence)
        quota = self._account.client.quota if with_cost else None
        self._streams.write_note(summarize_query(self.last.stats, quota, self._settings))


class _RowOutput:
    """Writes rows to the session's streams in the format that is set."""

    def __init__(self, streams: ReplStreams, settings: SessionSettings) -> None:
        self._streams = streams
        self._settings = settings
        self._writer: RowWriter | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the writing."""
        return () if self._writer is None else self._writer.notes

    def withholds(self, result: QueryResult | None) -> bool:
        return withholds_rows(result, self._format)

    def write_rows(self, columns: Sequence[OutputColumn], rows: Sequence[OutputRow]) -> None:
        self._begin(columns).write_rows(rows)
        self._streams.flush()

    def end(self, columns: Sequence[OutputColumn], mark: ResultMark) -> None:
        self._begin(columns).end(mark)
        self._streams.flush()

    def _begin(self, columns: Sequence[OutputColumn]) -> RowWriter:
        if self._writer is None:
            self._writer = create_writer(self._format, self._streams, self._style)
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
        return OutputStyle(streams.output_is_terminal, streams.width, streams.has_colours)
