"""The screen of one failure: what is wrong, the steps, and how to repeat them."""

from typing import ClassVar, cast

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from cmdm_tui.harness.report.dashboard.state import describe_failure
from cmdm_tui.harness.report.results import Failure
from cmdm_tui.text import one_line


class FailureScreen(Screen[None]):
    """Shows one failure, and updates it when more is known."""

    CSS_PATH = "failure_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "leave", "Back", id="failure.back", tooltip="Back to the run"),
        Binding("c", "copy", "Copy curl", id="failure.copy", tooltip="Copy the curl lines"),
    ]

    def __init__(self, failure: Failure) -> None:
        super().__init__()
        self._failure = failure

    @property
    def failure(self) -> Failure:
        """The failure that is shown."""
        return self._failure

    def compose(self) -> ComposeResult:
        """Lay out a text that scrolls."""
        with VerticalScroll(id="failure-scroll") as scroll:
            scroll.border_title = one_line(self._failure.name, 70)
            yield Static(markup=False, id="failure-text")
        yield Footer()

    def on_mount(self) -> None:
        """Show what is known so far."""
        self.show(self._failure)
        self.query_one(VerticalScroll).focus()

    def show(self, failure: Failure) -> None:
        """Show what is known of the failure now."""
        self._failure = failure
        lines: list[Content] = []
        for title, texts in describe_failure(failure):
            lines += [Content.styled(title, "bold $text-accent"), *map(Content, texts), Content("")]
        self.query_one("#failure-text", Static).update(Content("\n").join(lines))

    def action_leave(self) -> None:
        """Go back to the run."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copy the lines that repeat the failure, by the terminal's own clipboard."""
        app = cast("App[object]", self.app)  # pyright: ignore[reportUnknownMemberType] — any app may show it
        if not self._failure.curl:
            app.notify("The steps are not known yet.", markup=False)
            return
        app.copy_to_clipboard("\n".join(self._failure.curl))
        app.notify("The curl lines are copied.", markup=False)
