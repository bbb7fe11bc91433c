"""The plan of the statement in an editor: what it costs, or what is wrong with it."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from cmdm_tui.tui.models.plan_text import EMPTY, PlanText
from cmdm_tui.tui.models.row_source import Tone

_STYLES = {
    Tone.ERROR: "bold $text-error",
    Tone.WARNING: "bold $text-warning",
    Tone.DIM: "$text-muted",
    Tone.NORMAL: "bold",
}


class PlanView(Vertical):
    """Shows a `PlanText`: its summary, and below it as much more as there is room."""

    DEFAULT_CSS = """
    PlanView {
        height: auto;
        padding: 0 1;
        Static { width: 100%; height: auto; }
        .plan-details { text-wrap: nowrap; text-overflow: ellipsis; color: $foreground 80%; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._shown: PlanText | None = None

    def compose(self) -> ComposeResult:
        """Lay out the summary above the rest."""
        yield Static(markup=False, classes="plan-summary")
        yield Static(markup=False, classes="plan-details")

    def on_mount(self) -> None:
        """Say what will be here."""
        self.show_plan(EMPTY)

    @property
    def plan(self) -> PlanText:
        """What is shown."""
        return self._shown or EMPTY

    def show_plan(self, plan: PlanText) -> None:
        """Show what is said of a statement, if it is another than before."""
        if plan == self._shown:
            return
        self._shown = plan
        summary = Content.styled(plan.summary, _STYLES.get(plan.tone, "bold"))
        self.query_one(".plan-summary", Static).update(summary)
        details = self.query_one(".plan-details", Static)
        details.display = bool(plan.details)
        details.update(Content("\n".join(plan.details)))
