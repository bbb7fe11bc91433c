"""One tab of the query screen: runs the statement of its editor, and shows the rows."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import TextArea

from cmdm_tui.api import ApiError, Event
from cmdm_tui.catalog import Account
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.sql_returning import describe_unread, returned_columns, returned_rows
from cmdm_tui.config import ConfigurationError
from cmdm_tui.formats import OutputColumn, OutputRow
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import QueryError, SqlError, UnreadableFile
from cmdm_tui.query.parsing.write_statement import read_statements
from cmdm_tui.query.result import QueryResult
from cmdm_tui.text import one_line
from cmdm_tui.tui.messages import CallReturned, StateChanged
from cmdm_tui.tui.models.plan_text import PlanText, describe_fault
from cmdm_tui.tui.models.query_document import QueryDocument
from cmdm_tui.tui.models.result_caption import ResultCaption, RunProgress
from cmdm_tui.tui.models.result_source import ResultSource
from cmdm_tui.tui.models.row_source import Tone
from cmdm_tui.tui.screens.changes.apply_screen import ApplyResult
from cmdm_tui.tui.screens.query.editor_pane import EditorPane
from cmdm_tui.tui.screens.query.result_pane import ResultPane
from cmdm_tui.tui.screens.query.statement_run import RunEnd, RunPrompter, StatementRun
from cmdm_tui.tui.widgets.sql_editor import SqlEditor

if TYPE_CHECKING:
    from textual.timer import Timer
    from textual.worker import Worker

_FAULT_ABOVE = "No result: the SQL has a fault, which is shown above."


class QueryPane(Vertical):
    """Runs the SQL of an editor. Its workers post messages; their handlers alone change it."""

    @dataclass
    class RowsArrived(CallReturned):
        """Rows of the run have come."""

        run: StatementRun
        columns: Sequence[OutputColumn]
        rows: Sequence[OutputRow]

    @dataclass
    class CallsBegan(Message):
        """The calls of the run begin: at most `most_calls`."""

        run: StatementRun
        most_calls: int

    @dataclass
    class RunEnded(CallReturned):
        """The run has ended."""

        run: StatementRun
        end: RunEnd

    @dataclass
    class RunFailed(CallReturned):
        """The run has failed; `result` is what had come of one that was cancelled.

        `is_fault` where the SQL itself is wrong.
        """

        run: StatementRun
        plan: PlanText
        is_fault: bool = False
        result: QueryResult | None = None

    @dataclass
    class StatementRan(Message):
        """A statement was begun, for the history."""

        sql: str

    @dataclass
    class ChangesMade(Message):
        """A statement makes changes, of which none was sent."""

        pane: "QueryPane"
        end: RunEnd

    def __init__(self, account: Account, engine: Engine, number: int, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.document = QueryDocument(number)
        self._account = account
        self._engine = engine
        self._run: StatementRun | None = None
        self._progress = RunProgress()
        self._worker: Worker[None] | None = None
        self._timer: Timer | None = None
        self._rows: ResultSource | None = None
        """The rows of the run, once the first have come."""
        self._sql = ""
        """The statement of the run, at its place; empty where it goes on with a result."""

    def compose(self) -> ComposeResult:
        """Lay out the editor and its plan above the rows."""
        yield EditorPane(self._account, self._engine)
        yield ResultPane(id="result")

    def on_mount(self) -> None:
        """Begin with the cursor in the editor."""
        self._timer = self.set_interval(0.5, self._show_progress, pause=True)

    @property
    def editor_pane(self) -> EditorPane:
        """The editor with its plan and completion."""
        return self.query_one(EditorPane)

    @property
    def editor(self) -> SqlEditor:
        """The editor itself."""
        return self.query_one(SqlEditor)

    @property
    def result_pane(self) -> ResultPane:
        """The rows."""
        return self.query_one(ResultPane)

    @property
    def is_running(self) -> bool:
        """Whether a statement runs."""
        return self._run is not None

    @property
    def losses(self) -> tuple[str, ...]:
        """What is lost where it is ended while a statement runs."""
        if not self.is_running:
            return ()
        title, calls = one_line(self.document.title, 40), self._progress.calls_in_words
        return (f"The SQL of {title} still runs ({calls} so far): its rows are lost.",)

    @property
    def has_statement(self) -> bool:
        """Whether there is a statement to run."""
        return bool(self.editor.text.strip())

    @property
    def can_resume(self) -> bool:
        """Whether the result can go on where its number of calls ended it."""
        result = self.result_pane.result
        return not self.is_running and result is not None and result.resumption is not None

    def close(self) -> None:
        """End what runs, and let go of the rows."""
        if self._run is not None:
            self._run.discard()
            self._run = None
        if self._worker is not None:
            self._worker.cancel()
        self.result_pane.close_result()

    # Running.

    def run_statement(self) -> None:
        """Run the statement with the cursor, or what is selected."""
        if self.is_running:
            return
        self.editor_pane.close_completion()
        script = self.editor_pane.statement
        if script is None:
            self._show_no_result("There is no SQL to run here: type a statement.", Tone.WARNING)
            return
        try:
            (statement,) = read_statements(script.padded, allows_files=True)
        except QueryError as error:
            self.editor_pane.note_run(script.padded, describe_fault(error, script.padded))
            self._show_no_result(_FAULT_ABOVE, Tone.ERROR)
            return
        self.document.run_texts.add(self.editor.text.strip())
        self.post_message(self.StatementRan(script.sql))
        self._begin(lambda run: run.run(statement, partial(self._receive, run)), script.padded)

    def resume(self) -> None:
        """Go on with a result that its number of calls ended."""
        result = self.result_pane.result
        if result is not None and self.can_resume:
            self._begin(lambda run: run.resume(result), "")

    def stop(self) -> None:
        """Fetch no more and keep what has come; a second time, end it at once."""
        if self._run is None:
            return
        if self._run.stop():
            self._progress.is_stopping = True
            self._show_progress()
        elif self._worker is not None:
            if self._progress.is_stopping:
                self._run.discard()
            self._worker.cancel()

    def show_changes(self, end: RunEnd, result: ApplyResult) -> None:
        """Say what became of the changes of a statement, with the rows that RETURNING gives."""
        words = ResultCaption(result.words or "Nothing was sent.", Tone.CHANGED)
        change, made = end.change, end.changes
        entries = () if result.run is None else result.run.entries
        if change is not None and made is not None and entries:
            columns = returned_columns(change.statement.returning, change.known)
            if columns:
                source = ResultSource(columns)
                source.add_rows(columns, list(returned_rows(columns, entries, made.read)))
                source.end()
                self.result_pane.show_source(source)
                unread = tuple(one_line(one) for one in describe_unread(columns, entries))
                words = ResultCaption(words.line, words.tone, unread)
        self.result_pane.show_rows_caption(words)

    def note_event(self, event: Event) -> None:
        """Count the calls of the run."""
        if self._run is not None:
            self._progress.note(event)

    @on(TextArea.Changed)
    def _forget_failure(self) -> None:
        """Say no more why what was there before did not run."""
        self.result_pane.forget_failure()

    def _begin(self, start: Callable[[StatementRun], Awaitable[RunEnd]], sql: str) -> None:
        def began(most_calls: int) -> None:
            self.post_message(self.CallsBegan(run, most_calls))

        prompter = RunPrompter(self.app, began)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        run = StatementRun(self._account, self._engine, prompter)
        self._run, self._progress, self._rows = run, RunProgress(), None
        self._sql = sql
        work = partial(self._follow, run, start, sql)
        self._worker = self.run_worker(work, group="run", exclusive=True)
        if self._timer is not None:
            self._timer.resume()
        self._show_progress()
        self.post_message(StateChanged())

    def _receive(
        self, run: StatementRun, columns: Sequence[OutputColumn], rows: Sequence[OutputRow]
    ) -> None:
        self.post_message(self.RowsArrived(run, columns, rows))

    async def _follow(
        self, run: StatementRun, start: Callable[[StatementRun], Awaitable[RunEnd]], sql: str
    ) -> None:
        try:
            end = await start(run)
        except asyncio.CancelledError:
            words = PlanText("Stopped; no row is kept.", tone=Tone.WARNING)
            self.post_message(self.RunFailed(run, words, result=run.result))
            raise
        except (QueryError, ChangeError) as error:
            is_fault = isinstance(error, SqlError) and not isinstance(error, UnreadableFile)
            self.post_message(self.RunFailed(run, describe_fault(error, sql), is_fault))
        except (ApiError, ConfigurationError) as error:
            words = PlanText(one_line(str(error)), tone=Tone.ERROR)
            self.post_message(self.RunFailed(run, words))
        else:
            self.post_message(self.RunEnded(run, end))

    @on(CallsBegan)
    def _note_most_calls(self, event: CallsBegan) -> None:
        if event.run is self._run:
            self._progress.most_calls = event.most_calls
            self._show_progress()

    @on(RowsArrived)
    def _add_rows(self, event: RowsArrived) -> None:
        if event.run is not self._run:
            return
        if self._rows is None:
            self._rows = ResultSource(event.columns)
            self._rows.add_rows(event.columns, event.rows)
            self.result_pane.show_source(self._rows)
        else:
            self._rows.add_rows(event.columns, event.rows)
            self.result_pane.grid.source_changed()
        self._show_progress()

    @on(RunEnded)
    def _end_run(self, event: RunEnded) -> None:
        if event.run is not self._run:
            return
        self._finish()
        end = event.end
        if end.changes is not None:
            self._show_no_result("Nothing was sent so far.", Tone.DIM)
            self.post_message(self.ChangesMade(self, end))
        elif end.result is None:
            self._show_no_result("Not run; no record was fetched.", Tone.DIM)
        else:
            self._show_result(end.result, end)

    @on(RunFailed)
    def _fail_run(self, event: RunFailed) -> None:
        if event.run is not self._run:
            if event.result is not None:
                event.result.close()
            return
        self._finish(event.plan if event.is_fault else None)
        if event.result is not None:
            self._show_result(event.result, RunEnd(event.result, is_interrupted=True))
            return
        if self._rows is not None:
            self._rows.fail()
            self.result_pane.grid.source_changed()
            count = self._rows.row_count
            words = f"Failed after {count:,} rows, which are not all: {event.plan.summary}"
            self.result_pane.show_rows_caption(ResultCaption(words, Tone.ERROR))
        else:
            words = _FAULT_ABOVE if event.is_fault else event.plan.summary
            self._show_no_result(words, event.plan.tone)

    def _show_result(self, result: QueryResult, end: RunEnd) -> None:
        self.result_pane.show_result(
            result, self._rows, is_interrupted=end.is_interrupted, is_declined=end.is_declined
        )

    def _show_no_result(self, words: str, tone: Tone) -> None:
        """Say why there are no rows; those of the query before stay."""
        older = " The rows above are of the query before." if self.result_pane.has_rows else ""
        self.result_pane.show_failure(ResultCaption(f"{words}{older}", tone))

    def _finish(self, fault: PlanText | None = None) -> None:
        self._run = None
        if self._timer is not None:
            self._timer.pause()
        self.editor_pane.note_run(self._sql, fault)
        self.post_message(StateChanged())

    def _show_progress(self) -> None:
        if self._run is not None:
            rows = 0 if self._rows is None else self._rows.row_count
            self.result_pane.show_caption(self._progress.describe(rows))
