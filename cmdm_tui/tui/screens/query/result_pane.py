"""The rows of a statement: a grid, and below it what they are worth. Nothing here makes a call."""

from dataclasses import dataclass
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from cmdm_tui.query.errors import QueryError
from cmdm_tui.query.result import QueryResult
from cmdm_tui.text import one_line
from cmdm_tui.tui.messages import StateChanged
from cmdm_tui.tui.models.column_layout import ColumnLayout
from cmdm_tui.tui.models.result_caption import ResultCaption, describe_result
from cmdm_tui.tui.models.result_source import ResultSource
from cmdm_tui.tui.models.row_source import SortKey, Tone
from cmdm_tui.tui.widgets.grid import Grid

_STYLES = {
    Tone.WARNING: "bold $text-warning",
    Tone.ERROR: "bold $text-error",
    Tone.GOOD: "$text-success",
    Tone.CHANGED: "bold $text-accent",
    Tone.DIM: "$text-muted",
}


class ResultPane(Vertical):
    """Shows a `ResultSource`, reads the rows in sight, and sorts it."""

    @dataclass
    class WindowRead(Message):
        """Rows in sight were read from the result."""

        source: ResultSource

    @dataclass
    class Sorted(Message):
        """The result is in another order."""

        result: QueryResult
        order: tuple[SortKey, ...]

    @dataclass
    class WorkFailed(Message):
        """Work on the rows has failed."""

        words: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.source: ResultSource | None = None
        self.result: QueryResult | None = None
        """The result as the query gave it; `source` may show it in another order."""
        self._caption = ResultCaption("")
        self._rows_caption = ResultCaption("")
        """What was last said of the rows."""
        self._shows_failure = False
        self._ending = {"is_interrupted": False, "is_declined": False}

    def compose(self) -> ComposeResult:
        """Lay out the grid above what is said of it."""
        yield Grid(opens_rows=False, id="result-grid")
        yield Static(markup=False, id="result-notes")
        yield Static(markup=False, id="result-caption")

    def on_unmount(self) -> None:
        """Let go of the result."""
        self.close_result()

    @property
    def grid(self) -> Grid:
        """The grid."""
        return self.query_one(Grid)

    @property
    def caption(self) -> ResultCaption:
        """What is said of the rows."""
        return self._caption

    @property
    def has_rows(self) -> bool:
        """Whether there is a row."""
        return self.source is not None and self.source.row_count > 0

    @property
    def shown_result(self) -> QueryResult | None:
        """The result that is shown, in the order that is shown."""
        return None if self.source is None else self.source.result

    def show_source(self, source: ResultSource, layout: ColumnLayout | None = None) -> None:
        """Show other rows; without a layout, their columns are all shown in their order."""
        if self.source is not None:
            self.source.on_wanted = lambda: None
        self.source = source
        if source.result is None:
            self.close_result()
        source.on_wanted = self._read_wanted
        self.set_class(True, "-shown", "-rows")
        self.grid.show(source, layout)
        if source.has_wanted:
            self._read_wanted()

    def show_result(
        self,
        result: QueryResult,
        streamed: ResultSource | None = None,
        *,
        is_interrupted: bool = False,
        is_declined: bool = False,
    ) -> None:
        """Show a result; `streamed` are its rows, where they have come and are shown already."""
        self._ending = {"is_interrupted": is_interrupted, "is_declined": is_declined}
        if streamed is not None and streamed is self.source and not is_declined:
            streamed.finish(result)
            self.grid.source_changed()
        else:
            self.show_source(ResultSource.of_result(result))
        self.close_result()
        self.result = result
        self.show_rows_caption(
            describe_result(result, is_interrupted=is_interrupted, is_declined=is_declined)
        )

    def show_failure(self, caption: ResultCaption) -> None:
        """Say why there is no result, until `forget_failure`."""
        self.show_caption(caption)
        self._shows_failure = True

    def forget_failure(self) -> None:
        """Say no more why there is no result, but what the rows are worth, where there are some."""
        if self._shows_failure:
            self.show_caption(self._rows_caption if self.has_rows else ResultCaption(""))

    def show_rows_caption(self, caption: ResultCaption) -> None:
        """Say what the rows that are shown are worth."""
        self._rows_caption = caption
        self.show_caption(caption)

    def show_caption(self, caption: ResultCaption) -> None:
        """Say this below the rows."""
        self._shows_failure = False
        if caption == self._caption:
            return
        self._caption = caption
        self.add_class("-shown")  # what runs or has failed is told before there is a row
        self._show_line()
        notes = self.query_one("#result-notes", Static)
        notes.display = bool(caption.sentences)
        notes.update(Content("\n".join(caption.sentences)))
        self.post_message(StateChanged())

    @on(Grid.MarksChanged)
    def _show_line(self) -> None:
        marked = len(self.grid.marks)
        marks = f"{marked:,} marked · " if marked else ""
        style = _STYLES.get(self._caption.tone, "")
        line = Content.styled(marks + self._caption.line, style)
        self.query_one("#result-caption", Static).update(line)

    def close_result(self) -> None:
        """Let go of the result; the rows that are held stay."""
        if self.result is not None:
            self.result.close()
            self.result = None

    # Order, for no call.

    def sort(self, *, descending: bool | None = None) -> None:
        """Sort by the column under the cursor; again, the other way round."""
        source, column = self.source, self.grid.cursor_column
        if source is None or source.result is None or column is None:
            return
        is_same = bool(source.order) and source.order[0].column == column
        way = (
            descending if descending is not None else is_same and not source.order[0].is_descending
        )
        names = [one.name for one in source.columns]
        name = source.output_columns[names.index(column)].name
        order = (SortKey(column, way),)
        self.run_worker(partial(self._sort, name, order), group="result", exclusive=True)

    def unsort(self) -> None:
        """Go back to the query's order."""
        if self.result is not None and self.source is not None and self.source.order:
            self._show_sorted(self.Sorted(self.result, ()))

    async def _sort(self, name: str, order: tuple[SortKey, ...]) -> None:
        result = self.result
        if result is None:
            return
        try:
            ordered = await result.sort(name, descending=order[0].is_descending)
        except QueryError as error:
            self.post_message(self.WorkFailed(one_line(str(error))))
        else:
            self.post_message(self.Sorted(ordered, order))

    @on(Sorted)
    def _show_sorted(self, event: Sorted) -> None:
        if self.result is None:
            return
        source = ResultSource.of_result(event.result, event.order)
        self.show_source(source, self.grid.column_layout)
        self.show_rows_caption(describe_result(event.result, order=event.order, **self._ending))

    def _read_wanted(self) -> None:
        if self.source is not None:
            self.run_worker(partial(self._read, self.source), group="window", exclusive=True)

    async def _read(self, source: ResultSource) -> None:
        await source.read_wanted()
        self.post_message(self.WindowRead(source))

    @on(WindowRead)
    def _show_window(self, event: WindowRead) -> None:
        if event.source is self.source:
            self.grid.source_changed()

    @on(WorkFailed)
    def _show_failure(self, event: WorkFailed) -> None:
        self.notify(event.words, severity="error", markup=False)
