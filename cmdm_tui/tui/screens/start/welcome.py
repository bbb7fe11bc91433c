"""What a newcomer sees: the demo, or a sign-in."""

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from cmdm_tui.text import one_line
from cmdm_tui.tui.account_opener import AccountChoice
from cmdm_tui.tui.commands import BoundCommand, Command, CommandScreen, CommandTable
from cmdm_tui.tui.messages import AccountRequested, SignInRequested
from cmdm_tui.tui.screens.start.screen import LOGO
from cmdm_tui.tui.widgets.key_footer import KeyFooter


class WelcomeScreen(CommandScreen):
    """Offers the demo and a sign-in. `words` say why; safe, one line."""

    CSS_PATH: ClassVar[list[str]] = ["start.tcss", "welcome.tcss"]  # pyright: ignore[reportIncompatibleVariableOverride]
    _TABLE = CommandTable["WelcomeScreen"](
        "welcome",
        Command(
            "demo", "d", "Demo", "Explore made-up data, no account",
            lambda screen: screen.open_demo(),
        ),
        Command(
            "sign_in", "s", "Sign in", "Make a profile", lambda screen: screen.open_sign_in()
        ),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        *_TABLE.bindings,
        Binding("up", "app.focus_previous", "Up", id="welcome.up", tooltip="Back", show=False),
        Binding("down", "app.focus_next", "Down", id="welcome.down", tooltip="On", show=False),
    ]

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        """Return the screen's commands by id."""
        return self._TABLE.bind(self, self.keymap)

    def compose(self) -> ComposeResult:
        """Lay out the name, the two buttons and why."""
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
    def open_demo(self) -> None:
        """Explore the demo."""
        self.post_message(AccountRequested(AccountChoice(is_demo=True)))

    @on(Button.Pressed, "#sign-in")
    def open_sign_in(self) -> None:
        """Make a profile."""
        self.post_message(SignInRequested())
