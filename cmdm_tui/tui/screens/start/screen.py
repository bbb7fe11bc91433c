"""The first screen: it is painted at once, and opens the account."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from cmdm_tui.config import MissingSecrets, NoProfile
from cmdm_tui.tui.account_opener import AccountOpener
from cmdm_tui.tui.commands import BoundCommand, Command, CommandScreen, CommandTable
from cmdm_tui.tui.messages import USER_ERRORS, AccountOpened, UserError, WelcomeRequested
from cmdm_tui.tui.screens.dialogs.secrets import SecretsScreen
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from cmdm_tui.tui.widgets.notice import Notice

LOGO = """\
█▀▀ █▀▄▀█ █▀▄ █▀▄▀█
█▄▄ █ ▀ █ █▄▀ █ ▀ █"""


class StartScreen(CommandScreen):
    """Opens the demo or the chosen profile; asks for secrets that are kept nowhere."""

    CSS_PATH = "start.tcss"
    _TABLE = CommandTable["StartScreen"](
        "start",
        Command(
            "retry", "t", "Try again", "Try to open it again",
            lambda screen: screen.open_account(), lambda screen: screen.has_failed,
        ),
        Command(
            "welcome", "w", "Switch account", "The demo, or a sign-in",
            lambda screen: screen.switch_account(), lambda screen: screen.has_failed,
        ),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = _TABLE.bindings

    class Failed(Message):
        """The account could not be opened."""

        def __init__(self, trouble: UserError) -> None:
            super().__init__()
            self.trouble = trouble

    def __init__(self, entrance: AccountOpener, start: Literal["profile", "demo"]) -> None:
        super().__init__()
        self._opener = entrance
        self._start: Literal["profile", "demo"] = start
        self._secrets: Mapping[str, str] = {}
        self.has_failed = False
        """Whether the account could not be opened."""

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        """Return the screen's commands by id."""
        return self._TABLE.bind(self, self.keymap)

    def compose(self) -> ComposeResult:
        """Lay out the name and what is going on."""
        with Vertical(id="centre"):
            yield Static(LOGO, markup=False, id="logo")
            yield Notice(id="start-notice")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Begin once the screen is there."""
        self.open_account()

    def open_account(self) -> None:
        """Open the account."""
        self.has_failed = False
        words = "Starting the demo …" if self._start == "demo" else "Opening the profile …"
        self.query_one(Notice).show_text(words, alone=True)
        self.refresh_bindings()
        self.run_worker(self._open(), group="start", exclusive=True)

    def switch_account(self) -> None:
        """Offer the demo and a sign-in."""
        self.post_message(WelcomeRequested("Explore the demo, or sign in with another profile."))

    async def _open(self) -> None:
        try:
            if self._start == "demo":
                account = await self._opener.open_demo()
            else:
                account = await self._opener.open_profile(self._secrets)
        except USER_ERRORS as trouble:
            self.post_message(self.Failed(trouble))
        else:
            self.post_message(AccountOpened(account))

    @on(Failed)
    def _fail(self, event: Failed) -> None:
        trouble = event.trouble
        if isinstance(trouble, MissingSecrets):
            self.query_one(Notice).show_text("The profile keeps no secrets", alone=True)
            self._ask(SecretsScreen(trouble))
        elif isinstance(trouble, NoProfile):
            self.post_message(WelcomeRequested(str(trouble)))
        else:
            self.has_failed = True
            self.query_one(Notice).show_error(
                trouble, alone=True, hint="t tries again · w switches account"
            )
            self.refresh_bindings()

    def _ask(self, screen: SecretsScreen) -> None:
        self.app.push_screen(screen, self._take_secrets)  # pyright: ignore[reportUnknownMemberType]

    def _take_secrets(self, secrets: Mapping[str, str] | None) -> None:
        if secrets is None:
            self.switch_account()
        else:
            self._secrets = secrets
            self.open_account()
