"""The checks: those that found fault first, each with the number of answers it faulted."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from cmdm_tui.harness.report.dashboard.state import CheckLine, DashboardState, shorten_count
from cmdm_tui.harness.report.dashboard.widgets.styles import style_text

_MARKS = {"bad": "✗", "odd": "○", "good": "✓", "quiet": "·", "plain": "·"}


class CheckList(VerticalScroll):
    """Shows which checks hold."""

    def compose(self) -> ComposeResult:
        """Lay out one text."""
        yield Static(markup=False, id="checks-text")

    def show(self, board: DashboardState) -> None:
        """Show the board's part."""
        holding = sum(line.tone != "bad" for line in board.checks)
        self.border_title = f"Checks: {holding} of {len(board.checks)} hold"
        lines = [_format_line(line) for line in board.checks]
        self.query_one("#checks-text", Static).update(Content("\n").join(lines))


def _format_line(line: CheckLine) -> Content:
    count = f" {shorten_count(line.broken)}" if line.broken else ""
    sign = style_text(_MARKS[line.tone], line.tone)
    name = style_text(line.name, line.tone if line.broken else "plain")
    return Content(" ").join([sign, name]) + style_text(count, line.tone)
