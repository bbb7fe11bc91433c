"""The records of an entity that meet a condition: the bar that asks for it, and their grid."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from cmdm_tui.api import ApiError, Event, Record
from cmdm_tui.catalog import Account
from cmdm_tui.config import ConfigurationError
from cmdm_tui.formats import OutputColumn, OutputRow
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import QueryError
from cmdm_tui.query.parsing.write_statement import read_statements
from cmdm_tui.query.result import QueryResult
from cmdm_tui.text import one_line
from cmdm_tui.tui.messages import CallReturned, StateChanged
from cmdm_tui.tui.models.drafts import FilterDraft
from cmdm_tui.tui.models.record_filter import FilteredRecords, RecordFilter
from cmdm_tui.tui.models.result_caption import RunProgress
from cmdm_tui.tui.models.row_source import SortKey, turn_key
from cmdm_tui.tui.screens.query.statement_run import RunEnd, RunPrompter, StatementRun
from cmdm_tui.tui.widgets.filter_bar import FilterBar
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.notice import Notice

if TYPE_CHECKING:
    from textual.worker import Worker


class FilteredView(Vertical):
    """Shown instead of the records while they are filtered; `open_for` opens it.

    The screen hides the records meanwhile, and shows them again on `FilterLeft`.
    """

    DEFAULT_CSS = """
    FilteredView {
        height: 1fr;
        display: none;
        layers: below above;
        &.-open { display: block; }
        Grid { height: 1fr; }
        Notice.-alone { layer: above; height: 100%; background: $background; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "leave", "Leave filter", id="filtered.leave",
            tooltip="Stop the filter while it runs; else show all records again",
        ),
    ]  # fmt: skip

    @dataclass
    class RecordHighlighted(Message):
        """Another record has the cursor; None where there is none."""

        record: Record | None

    @dataclass
    class RecordOpened(Message):
        """A record was chosen."""

        record: Record

    class FilterLeft(Message):
        """All records are to be shown again."""

    @dataclass
    class RecordsArrived(CallReturned):
        """Records that meet the condition have come."""

        run: StatementRun
        columns: Sequence[OutputColumn]
        rows: Sequence[OutputRow]

    @dataclass
    class FilterEnded(CallReturned):
        """The query has ended."""

        run: StatementRun
        end: RunEnd

    @dataclass
    class FilterFailed(CallReturned):
        """The query has failed, or was ended at once; `result` is what had come."""

        run: StatementRun
        words: str
        result: QueryResult | None = None

    @dataclass
    class RowsRead(Message):
        """Rows in sight were read from the result."""

        source: FilteredRecords

    @dataclass
    class CallsBegan(Message):
        """The calls begin: at most `most_calls`."""

        most_calls: int

    def __init__(self, account: Account, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._account = account
        self._engine = Engine(account)
        self._texts: dict[str, str] = {}
        """The last condition of each entity, applied or only typed."""
        self._run: StatementRun | None = None
        self._worker: Worker[None] | None = None
        self._progress = RunProgress()
        self.source: FilteredRecords | None = None
        """The records that are shown, None before the first condition was applied."""

    def compose(self) -> ComposeResult:
        """Lay out the bar above the records."""
        yield FilterBar(self._account, self._engine, id="filter-bar")
        yield Grid(id="filtered-grid")
        yield Notice(id="filtered-notice")

    @property
    def bar(self) -> FilterBar:
        """The bar."""
        return self.query_one(FilterBar)

    @property
    def grid(self) -> Grid:
        """The grid of the records."""
        return self.query_one(Grid)

    @property
    def is_open(self) -> bool:
        """Whether it is shown instead of the records."""
        return self.has_class("-open")

    @property
    def is_running(self) -> bool:
        """Whether the query runs."""
        return self._run is not None

    @property
    def drafts(self) -> tuple[FilterDraft, ...]:
        """The condition that is typed and not applied."""
        if not self.is_open or not self.bar.is_open:
            return ()
        typed = self.bar.record_filter
        applied = "" if self.source is None else self.source.record_filter.text
        is_typed = typed.text.strip() not in {"", applied.strip()}
        return (FilterDraft(typed.entity, typed.text),) if is_typed else ()

    @property
    def losses(self) -> tuple[str, ...]:
        """What is lost where it is ended while it is typed, or while it runs."""
        typed = tuple(
            f"The condition on {one_line(one.entity, 40)} was typed and not applied: it is lost."
            for one in self.drafts
        )
        if not self.is_running or self.source is None:
            return typed
        name = one_line(self.source.record_filter.entity, 40)
        calls = self._progress.calls_in_words
        running = f"The filter on {name} still runs ({calls} so far): what it found is lost."
        return (*typed, running)

    @property
    def record(self) -> Record | None:
        """The record under the cursor."""
        return None if self.source is None else self.source.record(self.grid.cursor_row)

    @property
    def column(self) -> str | None:
        """The name of the column under the cursor, None where nothing can be sorted by it."""
        can_sort = self.source is not None and self.source.can_sort
        return self.grid.cursor_column if can_sort else None

    @property
    def order(self) -> tuple[SortKey, ...]:
        """What the records were sorted by here; empty in the query's order."""
        return () if self.source is None else self.source.order

    @property
    def caption(self) -> str:
        """What is shown, in safe words."""
        if self.is_running:
            return self._progress.describe(0 if self.source is None else self.source.row_count).line
        return "" if self.source is None else self.source.caption

    def open_for(self, entity: str, names: Iterable[str] = (), text: str | None = None) -> None:
        """Ask for a condition on the records of an entity: with `text`, else its last one, in it.

        `names` are fields that its records are seen to have.
        """
        if text is not None:
            self._texts[entity] = text
        self.add_class("-open")
        source = self.source
        if source is None or source.record_filter.entity != entity:
            self._clear()
        self.bar.open_for(entity, self._texts.get(entity, ""), names)

    def close(self) -> None:
        """Let go of the records, and hide; nothing is reported."""
        self._clear()
        self.bar.close()
        self.remove_class("-open")

    def on_unmount(self) -> None:
        """Let go of what the engine holds."""
        self._let_go()
        self._engine.close()

    def note_event(self, event: Event) -> None:
        """Count the calls of the run."""
        if self._run is not None:
            self._progress.note(event)

    def action_leave(self) -> None:
        """Stop what runs; else show all records again."""
        if self._run is not None:
            self._stop(self._run)
            return
        self.close()
        self.post_message(self.FilterLeft())

    def _stop(self, run: StatementRun) -> None:
        if run.stop():
            self._progress.is_stopping = True
            self.post_message(StateChanged())
        elif self._worker is not None:
            if self._progress.is_stopping:
                run.discard()
            self._worker.cancel()

    def _clear(self) -> None:
        """Show no record, and nothing that was said of those before."""
        self.query_one(Notice).hide()
        source = self._let_go()
        if source is not None:
            self.grid.show(FilteredRecords(source.record_filter))

    def _let_go(self) -> FilteredRecords | None:
        """End what runs, and close the result; return the source that was shown."""
        if self._run is not None:
            self._run.discard()
            self._run = None
        if self._worker is not None:
            self._worker.cancel()
        source, self.source = self.source, None
        if source is not None:
            source.on_wanted = lambda: None
            if source.result is not None:
                source.result.close()
        return source

    @on(FilterBar.Left)
    def _leave_bar(self) -> None:
        """Close; what was typed is there again when the bar is opened."""
        typed = self.bar.record_filter
        if typed.text.strip():
            self._texts[typed.entity] = typed.text
        if self.source is None:
            self.action_leave()
        else:
            self.grid.focus()

    def find_record(self, external_id: str) -> Record | None:
        """Return a record that is shown, None where it is not: no call."""
        place = None if self.source is None else self.source.position(external_id)
        return None if place is None or self.source is None else self.source.record(place)

    def refresh_records(self) -> None:
        """Look for the records again, by the same condition."""
        if self.source is not None and self._run is None:
            self._look_for(self.source.record_filter)

    @on(FilterBar.Applied)
    def _apply(self, event: FilterBar.Applied) -> None:
        self._look_for(event.record_filter)

    def _look_for(self, record_filter: RecordFilter) -> None:
        self._texts[record_filter.entity] = record_filter.text
        self._clear()
        source = FilteredRecords(record_filter)
        source.on_wanted = self._read_wanted
        self.source = source
        self.grid.show(source)

        def began(most_calls: int) -> None:
            self.post_message(self.CallsBegan(most_calls))

        prompter = RunPrompter(self.app, began)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        run = StatementRun(self._account, self._engine, prompter, is_raw=True)
        self._run, self._progress = run, RunProgress()
        work = partial(self._follow, run, record_filter)
        self._worker = self.run_worker(work, group="filter", exclusive=True)
        self.bar.close()
        self.grid.focus()
        self.query_one(Notice).show_text("Looking for the records …", alone=True)
        self.post_message(StateChanged())

    async def _follow(self, run: StatementRun, record_filter: RecordFilter) -> None:
        def receive(columns: Sequence[OutputColumn], rows: Sequence[OutputRow]) -> None:
            self.post_message(self.RecordsArrived(run, columns, rows))

        try:
            (statement,) = read_statements(record_filter.make_sql())
            end = await run.run(statement, receive)
        except asyncio.CancelledError:
            self.post_message(self.FilterFailed(run, "Stopped; no record is kept.", run.result))
            raise
        except (QueryError, ApiError, ConfigurationError) as error:
            self.post_message(self.FilterFailed(run, one_line(str(error))))
        else:
            self.post_message(self.FilterEnded(run, end))

    @on(CallsBegan)
    def _note_most_calls(self, event: CallsBegan) -> None:
        self._progress.most_calls = event.most_calls

    @on(RecordsArrived)
    def _add_records(self, event: RecordsArrived) -> None:
        if event.run is self._run and self.source is not None:
            self.source.add_rows(event.columns, event.rows)
            self.grid.source_changed()
            self.query_one(Notice).hide()
            self.post_message(StateChanged())

    @on(FilterEnded)
    def _end(self, event: FilterEnded) -> None:
        if event.run is not self._run or self.source is None:
            return
        self._run = None
        result = event.end.result
        if result is None:
            self._fail("Not run; no record was fetched.")
        elif event.end.is_declined:
            result.close()
            self._fail("The search was not finished.")
        else:
            self._finish(result)

    @on(FilterFailed)
    def _end_early(self, event: FilterFailed) -> None:
        if event.run is not self._run or self.source is None:
            if event.result is not None:
                event.result.close()
            return
        self._run = None
        if event.result is None:
            self._fail(event.words)
        else:
            self._finish(event.result)

    def _finish(self, result: QueryResult) -> None:
        source = self.source
        if source is None:
            return
        source.finish(result)
        self.grid.source_changed()
        notice = self.query_one(Notice)
        if not result.count:
            words = "No record meets the condition"
            if result.mark:
                reason = next(iter(result.notes.sentences), f"The result is {result.mark}.")
                words = f"None of the records that were read meets the condition. {reason}"
            notice.show_text(
                one_line(words), alone=True, hint="f changes it · esc shows all records"
            )
        elif result.notes.sentences:
            notice.show_text(one_line(result.notes.sentences[0]), alone=False)
        else:
            notice.hide()
        self.post_message(StateChanged())

    def _fail(self, words: str) -> None:
        if self.source is not None:
            self.source.fail()
            self.grid.source_changed()
            is_empty = not self.source.row_count
            hint = "f changes the condition · esc shows all records"
            self.query_one(Notice).show_error(words, alone=is_empty, hint=hint)
        self.post_message(StateChanged())

    def sort(self, keys: Sequence[SortKey]) -> None:
        """Sort what was found, for no call; with no key it is as it was found."""
        if self.source is not None:
            work = partial(self._sort, self.source, keys)
            self.run_worker(work, group="sort", exclusive=True)

    async def _sort(self, source: FilteredRecords, keys: Sequence[SortKey]) -> None:
        await source.sort(keys)
        self.post_message(self.RowsRead(source))

    @on(Grid.ColumnPressed)
    def _sort_by_pressed(self, event: Grid.ColumnPressed) -> None:
        event.stop()
        self.sort([turn_key(self.order, event.column)])

    @on(Grid.CursorMoved)
    def _report_cursor(self) -> None:
        if self.is_open:  # once it is left, the record under another cursor is shown
            self.post_message(self.RecordHighlighted(self.record))

    @on(Grid.RowOpened)
    def _report_opened(self, event: Grid.RowOpened) -> None:
        record = None if self.source is None else self.source.record(event.row)
        if record is not None:
            self.post_message(self.RecordOpened(record))

    def _read_wanted(self) -> None:
        if self.source is not None:
            self.run_worker(partial(self._read, self.source), group="window", exclusive=True)

    async def _read(self, source: FilteredRecords) -> None:
        await source.read_wanted()
        self.post_message(self.RowsRead(source))

    @on(RowsRead)
    def _show_rows(self, event: RowsRead) -> None:
        if event.source is self.source:
            self.grid.source_changed()
            self.post_message(StateChanged())
