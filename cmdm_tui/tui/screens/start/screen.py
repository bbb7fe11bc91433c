"""The first screen: it is painted at once, and waits for an account."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from cmdm_tui.config import MissingSecrets, NoProfile
from cmdm_tui.tui.account_opener import AccountOpener
from cmdm_tui.tui.messages import USER_ERRORS, AccountOpened, UserError, WelcomeRequested
from cmdm_tui.tui.screens.dialogs.secrets import SecretsScreen
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from cmdm_tui.tui.widgets.notice import Notice

LOGO = """\
█▀▀ █▀▄▀█ █▀▄ █▀▄▀█
█▄▄ █ ▀ █ █▄▀ █ ▀ █"""


class StartScreen(Screen[None]):
    """Opens the demo or the chosen profile; asks for secrets that are kept nowhere."""

    CSS_PATH = "start.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "try_again", "Try again", id="start.retry", tooltip="Try to open it again"),
        Binding("w", "welcome", "Other ways", id="start.welcome", tooltip="The demo, or a sign-in"),
    ]

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
        self._has_failed = False

    def compose(self) -> ComposeResult:
        """Lay out the name and what is going on."""
        with Vertical(id="centre"):
            yield Static(LOGO, markup=False, id="logo")
            yield Notice(id="start-notice")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Begin once the screen is there."""
        self.action_try_again()

    def action_try_again(self) -> None:
        """Open the account."""
        self._has_failed = False
        words = "Starting the demo …" if self._start == "demo" else "Opening the profile …"
        self.query_one(Notice).show_text(words, alone=True)
        self.refresh_bindings()
        self.run_worker(self._open(), group="start", exclusive=True)

    def action_welcome(self) -> None:
        """Offer the other ways in."""
        self.post_message(WelcomeRequested("Explore the demo, or sign in with another profile."))

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002 - the actions here take none
    ) -> bool | None:
        """Offer another try after a failure only."""
        return self._has_failed if action in {"try_again", "welcome"} else True

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
            self._has_failed = True
            self.query_one(Notice).show_error(
                trouble, alone=True, hint="t tries again · w other ways"
            )
            self.refresh_bindings()

    def _ask(self, screen: SecretsScreen) -> None:
        self.app.push_screen(screen, self._take_secrets)  # pyright: ignore[reportUnknownMemberType]

    def _take_secrets(self, secrets: Mapping[str, str] | None) -> None:
        if secrets is None:
            self.action_welcome()
        else:
            self._secrets = secrets
            self.action_try_again()
