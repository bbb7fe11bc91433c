"""The first screen: it is painted at once, and opens the account."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from cmdm_tui.config import MissingSecrets, NoProfile
from cmdm_tui.text import one_line
from cmdm_tui.tui.account_opener import AccountChoice, AccountOpener
from cmdm_tui.tui.commands import BoundCommand, Command, CommandScreen, CommandTable
from cmdm_tui.tui.messages import (
    AccountOpened,
    ReturnRequested,
    SwitchRequested,
    WelcomeRequested,
)
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from cmdm_tui.tui.widgets.notice import Notice

if TYPE_CHECKING:
    from cmdm_tui.tui.messages import UserError
    from cmdm_tui.tui.screens.dialogs.secrets import SecretsScreen

_FAILURE = "an account that could not be opened"

LOGO = """\
█▀▀ █▀▄▀█ █▀▄ █▀▄▀█
█▄▄ █ ▀ █ █▄▀ █ ▀ █"""


class StartScreen(CommandScreen):
    """Opens an account; asks for secrets that are kept nowhere.

    Where `can_return` is true, another account is open, and there is a way back to it.
    """

    CSS_PATH = "start.tcss"
    _TABLE = CommandTable["StartScreen"](
        "start",
        Command(
            "retry", "t", "Try again", "Try to open it again",
            lambda screen: screen.open_account(), lambda screen: screen.has_failed,
            needs=_FAILURE,
        ),
        Command(
            "welcome", "w", "Switch account", "Another profile, the demo, or a sign-in",
            lambda screen: screen.switch_account(), lambda screen: screen.has_failed,
            needs=_FAILURE,
        ),
        Command(
            "back", "escape", "Back", "Back to the account that is open",
            lambda screen: screen.go_back(), lambda screen: screen.can_return,
        ),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = _TABLE.bindings

    class Failed(Message):
        """The account could not be opened."""

        def __init__(self, trouble: "UserError") -> None:
            super().__init__()
            self.trouble = trouble

    def __init__(
        self, opener: AccountOpener, choice: AccountChoice, *, can_return: bool = False
    ) -> None:
        super().__init__()
        self._opener = opener
        self._choice = choice
        self.can_return = can_return
        """Whether another account is open."""
        self._secrets: Mapping[str, str] = {}
        self._painted = asyncio.Event()
        """Set after the first paint, which what is imported to open an account would delay."""
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
        self.call_after_refresh(self._painted.set)
        self.open_account()

    def open_account(self) -> None:
        """Open the account."""
        self.has_failed = False
        self.query_one(Notice).show_text(self._describe_choice(), alone=True)
        self.refresh_bindings()
        self.run_worker(self._open, group="start", exclusive=True)

    def switch_account(self) -> None:
        """Offer the other accounts."""
        self.post_message(SwitchRequested())

    def go_back(self) -> None:
        """Leave it unopened, and go back to the account that is open."""
        self.workers.cancel_node(self)  # pyright: ignore[reportUnknownMemberType]
        self.post_message(ReturnRequested())

    def _describe_choice(self) -> str:
        if self._choice.is_demo:
            return "Starting the demo …"
        name = self._choice.profile
        return "Opening the profile …" if name is None else f"Opening {one_line(name, 40)} …"

    async def _open(self) -> None:
        await self._painted.wait()
        from cmdm_tui.tui import messages

        try:
            account = await self._opener.open_choice(self._choice, self._secrets)
        except messages.USER_ERRORS as trouble:
            self.post_message(self.Failed(trouble))
        else:
            self.post_message(AccountOpened(account))

    @on(Failed)
    def _fail(self, event: Failed) -> None:
        trouble = event.trouble
        if isinstance(trouble, MissingSecrets):
            from cmdm_tui.tui.screens.dialogs.secrets import SecretsScreen

            self.query_one(Notice).show_text("The profile keeps no secrets", alone=True)
            self._ask(SecretsScreen(trouble))
        elif isinstance(trouble, NoProfile) and not self.can_return:
            self.post_message(WelcomeRequested(str(trouble)))
        else:
            self.has_failed = True
            self.query_one(Notice).show_error(
                trouble, alone=True, hint="t tries again · w switches account"
            )
            self.refresh_bindings()

    def _ask(self, screen: "SecretsScreen") -> None:
        self.app.push_screen(screen, self._take_secrets)  # pyright: ignore[reportUnknownMemberType]

    def _take_secrets(self, secrets: Mapping[str, str] | None) -> None:
        if secrets is None:
            self.has_failed = True
            self.query_one(Notice).show_text(
                "The profile keeps no secrets",
                alone=True,
                hint="t asks for them · w switches account",
            )
            self.refresh_bindings()
            self.switch_account()
        else:
            self._secrets = secrets
            self.open_account()
