"""A dialog that says what the values of a column are like."""

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

from cmdm_tui.operations.charts.column_summary import ColumnSummary
from cmdm_tui.query.errors import QueryError
from cmdm_tui.text import one_line
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.models.summary_text import describe_summary

CLOSE_KEYS = "escape,enter,q,m,p"


class SummaryScreen(DialogScreen[None]):
    """Shows a `ColumnSummary` once it is computed. `title` is safe; `mark` is the result's."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(CLOSE_KEYS, "close", "Close", id="summary.close", tooltip="Back to the rows")
    ]

    @dataclass
    class Computed(Message):
        """The summary is there."""

        summary: ColumnSummary

    @dataclass
    class Failed(Message):
        """The summary could not be computed."""

        words: str

    def __init__(
        self, title: str, mark: str, compute: Callable[[], Awaitable[ColumnSummary]]
    ) -> None:
        super().__init__()
        self._title = title
        self._mark = mark
        self._compute = compute
        self.summary: ColumnSummary | None = None
        """What is shown, once it is computed."""

    def compose(self) -> ComposeResult:
        """Lay out the lines."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._title)
            mark = f"the result is {self._mark} · " if self._mark else ""
            dialog.border_subtitle = Content(f"{mark}no call was made · esc close")
            with VerticalScroll():
                yield Static("Looking at the rows …", markup=False, classes="said", id="summary")

    def on_mount(self) -> None:
        """Compute it."""
        self.run_worker(self._work, group="summary", exclusive=True)

    async def _work(self) -> None:
        try:
            self.post_message(self.Computed(await self._compute()))
        except (QueryError, RuntimeError) as error:
            self.post_message(self.Failed(one_line(str(error))))

    @on(Computed)
    def _show(self, event: Computed) -> None:
        self.summary = event.summary
        self._draw()

    @on(Failed)
    def _show_failure(self, event: Failed) -> None:
        self.query_one("#summary", Static).update(Content(event.words))

    def on_resize(self) -> None:
        """Fit the lines to the new width."""
        self._draw()

    def _draw(self) -> None:
        if self.summary is not None:
            width = max(min(self.size.width * 9 // 10, 120) - 6, 20)
            self.query_one("#summary", Static).update(describe_summary(self.summary, width))

    def action_close(self) -> None:
        """Go back to the rows."""
        self.dismiss(None)
