"""The calls and their answers: a row a call, a column a status, the number of answers in each."""

from textual.app import ComposeResult
from textual.containers import ScrollableContainer
from textual.content import Content
from textual.widgets import Static

from cmdm_tui.harness.report.dashboard.state import DashboardState, TonedText
from cmdm_tui.harness.report.dashboard.widgets.styles import style_text, style_toned

_COLUMN_WIDTH = 5


class StatusMatrix(ScrollableContainer):
    """Shows how often each call was answered with each status."""

    BORDER_TITLE = "Calls and answers"

    def compose(self) -> ComposeResult:
        """Lay out one text that is as wide as it needs to be."""
        yield Static(markup=False, id="matrix-text")

    def show(self, board: DashboardState) -> None:
        """Show the board's part."""
        name = max((len(call) for call, _ in board.matrix), default=4)
        lines = [_format_line(style_text("call".ljust(name), "quiet"), board.statuses)]
        lines += [_format_line(Content(call.ljust(name)), cells) for call, cells in board.matrix]
        self.query_one("#matrix-text", Static).update(Content("\n").join(lines))


def _format_line(name: Content, cells: tuple[TonedText, ...]) -> Content:
    padded = [
        Content(" " * max(_COLUMN_WIDTH - len(cell.text), 1)) + style_toned(cell) for cell in cells
    ]
    return Content("").join([name, *padded])
