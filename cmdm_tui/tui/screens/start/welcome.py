"""What a newcomer sees: the demo, or a sign-in."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Static

from cmdm_tui.text import one_line
from cmdm_tui.tui.messages import DemoRequested, SignInRequested
from cmdm_tui.tui.screens.start.screen import LOGO
from cmdm_tui.tui.widgets.key_footer import KeyFooter


class WelcomeScreen(Screen[None]):
    """Offers the two ways in. `words` say why they are offered; safe, one line."""

    CSS_PATH: ClassVar[list[str]] = ["start.tcss", "welcome.tcss"]  # pyright: ignore[reportIncompatibleVariableOverride]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "demo", "Demo", id="welcome.demo", tooltip="Explore made-up data, no account"),
        Binding("s", "sign_in", "Sign in", id="welcome.sign_in", tooltip="Make a profile"),
        Binding("up", "app.focus_previous", "Up", id="welcome.up", tooltip="Back", show=False),
        Binding("down", "app.focus_next", "Down", id="welcome.down", tooltip="On", show=False),
    ]

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def compose(self) -> ComposeResult:
        """Lay out the name, the two ways and why."""
        with Vertical(id="welcome"):
            yield Static(LOGO, markup=False, id="logo")
            yield Static(
                "Explore a CMDataManager account from a terminal.", markup=False, id="what"
            )
            with Center():
                yield Button(Content("Explore the demo"), variant="primary", id="demo")
            yield Static("Made-up records on this machine; no account needed.", markup=False)
            with Center():
                yield Button(Content("Sign in"), id="sign-in")
            yield Static("With the four values your vendor gave you.", markup=False)
            yield Static(Content(one_line(self._words)), markup=False, id="why")
        yield KeyFooter()

    @on(Button.Pressed, "#demo")
    def action_demo(self) -> None:
        """Explore the demo."""
        self.post_message(DemoRequested())

    @on(Button.Pressed, "#sign-in")
    def action_sign_in(self) -> None:
        """Make a profile."""
        self.post_message(SignInRequested())
