"""The two lines on top: what is run and how it stands, how far and how fast."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import ProgressBar, Static

from cmdm_tui.harness.report.dashboard.state import DashboardState
from cmdm_tui.harness.report.dashboard.widgets.styles import style_text, style_toned

_GAP = Content.styled(" · ", "$foreground 40%")


class RunHeadline(Vertical):
    """Tells how the run goes, in two lines and a bar where there is a bound to it."""

    def compose(self) -> ComposeResult:
        """Lay out the lines and the bar."""
        yield Static(markup=False, id="headline-outcome")
        yield Static(markup=False, id="headline-pace")
        yield ProgressBar(total=1, show_eta=False, show_percentage=False, id="headline-bar")

    def show(self, board: DashboardState) -> None:
        """Show the board's part."""
        outcome = [style_toned(board.outcome), style_toned(board.phase)]
        outcome += [style_text(board.target, "quiet")] if board.target else []
        self.query_one("#headline-outcome", Static).update(_GAP.join(outcome))
        pace = [Content(board.progress), Content(board.rate), Content(board.sparkline)]
        self.query_one("#headline-pace", Static).update(_GAP.join(pace))
        bar = self.query_one(ProgressBar)
        bar.display = board.share is not None
        bar.update(progress=board.share or 0.0)
