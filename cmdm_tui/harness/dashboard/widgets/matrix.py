"""The calls and their answers: a row a call, a column a status, the number of answers in each."""

from textual.app import ComposeResult
from textual.containers import ScrollableContainer
from textual.content import Content
from textual.widgets import Static

from cmdm_tui.harness.dashboard.board import Board, Word
from cmdm_tui.harness.dashboard.widgets.words import coloured, shown

_COLUMN = 5


class Matrix(ScrollableContainer):
    """Shows how often each call was answered with each status."""

    BORDER_TITLE = "Calls and answers"

    def compose(self) -> ComposeResult:
        """Lay out one text that is as wide as it needs to be."""
        yield Static(markup=False, id="matrix-text")

    def show(self, board: Board) -> None:
        """Show the board's part."""
        name = max((len(call) for call, _ in board.matrix), default=4)
        lines = [_line(coloured("call".ljust(name), "quiet"), board.statuses)]
        lines += [_line(Content(call.ljust(name)), cells) for call, cells in board.matrix]
        self.query_one("#matrix-text", Static).update(Content("\n").join(lines))


def _line(name: Content, cells: tuple[Word, ...]) -> Content:
    padded = [Content(" " * max(_COLUMN - len(cell.text), 1)) + shown(cell) for cell in cells]
    return Content("").join([name, *padded])
