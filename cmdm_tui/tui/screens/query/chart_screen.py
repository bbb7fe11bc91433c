"""A dialog that draws a column as bars, as a histogram, or as a line over time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from cmdm_tui.operations.charts.chart_data import ChartData, ChartKind
from cmdm_tui.query.errors import QueryError
from cmdm_tui.text import one_line
from cmdm_tui.tui.dialog_screen import DialogScreen


class ChartScreen(DialogScreen[None]):
    """Shows the charts of a `ChartData`. `title` is safe; `mark` is the result's."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "draw('bar')", "Bars", id="chart.bar", tooltip="Draw bars"),
        Binding("h", "draw('histogram')", "Histogram", id="chart.histogram", tooltip="Draw parts"),
        Binding("l", "draw('line')", "Line", id="chart.line", tooltip="Draw a line over time"),
        Binding("escape,enter,q,p", "close", "Close", id="chart.close", tooltip="Back to the rows"),
    ]

    @dataclass
    class DataRead(Message):
        """What is drawn is there."""

        data: ChartData

    @dataclass
    class Failed(Message):
        """The rows could not be read."""

        words: str

    def __init__(self, title: str, mark: str, read: Callable[[], Awaitable[ChartData]]) -> None:
        super().__init__()
        self._title = title
        self._mark = mark
        self._read = read
        self.data: ChartData | None = None
        """What is drawn, once it is read."""
        self.kind: ChartKind | None = None
        """How it is drawn; None where there is nothing to draw."""

    def compose(self) -> ComposeResult:
        """Lay out the chart below what it is."""
        with Vertical(classes="dialog -tall") as dialog:
            dialog.border_title = Content(self._title)
            mark = f"the result is {self._mark} · " if self._mark else ""
            keys = "b bars · h histogram · l line · esc close"
            dialog.border_subtitle = Content(f"{mark}{keys}")
            yield Static("Looking at the rows …", markup=False, classes="muted", id="chart-title")
            with VerticalScroll():
                yield Static(markup=False, classes="said", id="chart")

    def on_mount(self) -> None:
        """Read the rows."""
        self.run_worker(self._work, group="chart", exclusive=True)

    async def _work(self) -> None:
        try:
            self.post_message(self.DataRead(await self._read()))
        except (QueryError, RuntimeError) as error:
            self.post_message(self.Failed(one_line(str(error))))

    @on(DataRead)
    def _show(self, event: DataRead) -> None:
        self.data = event.data
        self.kind = next(iter(event.data.kinds), None)
        self._draw()

    @on(Failed)
    def _show_failure(self, event: Failed) -> None:
        self._say(event.words)

    def on_resize(self) -> None:
        """Fit the chart to the new size."""
        self._draw()

    def action_draw(self, kind: str) -> None:
        """Draw it in another way, where the values allow that."""
        if self.data is None:
            return
        if kind in self.data.kinds:
            self.kind = ChartKind(kind)
            self._draw()
        else:
            needs = {"bar": "a value", "histogram": "numbers or dates", "line": "two numbers"}
            self._say(f"A {kind} needs {needs[kind]}; this column has none.")

    def action_close(self) -> None:
        """Go back to the rows."""
        self.dismiss(None)

    def _draw(self) -> None:
        data, kind = self.data, self.kind
        if data is None:
            return
        if kind is None:
            self._say("There is nothing to draw: every value is null.")
            return
        width = max(min(self.size.width * 9 // 10, 120) - 6, 20)
        height = max(self.size.height * 9 // 10 - 5, 4)
        self._say(data.describe(kind, height))
        self.query_one("#chart", Static).update(data.draw(kind, width, height))

    def _say(self, words: str) -> None:
        self.query_one("#chart-title", Static).update(Content(one_line(words)))
