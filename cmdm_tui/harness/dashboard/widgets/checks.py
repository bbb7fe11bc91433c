"""The checks: those that found fault first, each with the number of answers it faulted."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from cmdm_tui.harness.dashboard.board import Board, CheckLine, short
from cmdm_tui.harness.dashboard.widgets.words import coloured

_SIGNS = {"bad": "✗", "odd": "○", "good": "✓", "quiet": "·", "plain": "·"}


class Checks(VerticalScroll):
    """Shows which checks hold."""

    def compose(self) -> ComposeResult:
        """Lay out one text."""
        yield Static(markup=False, id="checks-text")

    def show(self, board: Board) -> None:
        """Show the board's part."""
        holding = sum(line.mood != "bad" for line in board.checks)
        self.border_title = f"Checks: {holding} of {len(board.checks)} hold"
        lines = [_line(line) for line in board.checks]
        self.query_one("#checks-text", Static).update(Content("\n").join(lines))


def _line(line: CheckLine) -> Content:
    count = f" {short(line.broken)}" if line.broken else ""
    sign = coloured(_SIGNS[line.mood], line.mood)
    name = coloured(line.name, line.mood if line.broken else "plain")
    return Content(" ").join([sign, name]) + coloured(count, line.mood)
