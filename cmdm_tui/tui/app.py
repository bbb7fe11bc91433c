"""The application: opens an account, shows its screens, and closes it again."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import httpx
from textual import on
from textual.binding import BindingType
from textual.command import Provider
from textual.screen import Screen

from cmdm_tui.api import Event
from cmdm_tui.text import one_line
from cmdm_tui.tui.account_opener import AccountOpener, ProfileProvider
from cmdm_tui.tui.app_commands import APP_COMMANDS
from cmdm_tui.tui.commands import CommandApp
from cmdm_tui.tui.crash import crash_report
from cmdm_tui.tui.messages import (
    AccountOpened,
    ClientEvent,
    DemoRequested,
    ScreenRequested,
    SignInRequested,
    WelcomeRequested,
)
from cmdm_tui.tui.palette import CommandProvider
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.sign_in.screen import SignInScreen
from cmdm_tui.tui.screens.start.screen import StartScreen
from cmdm_tui.tui.screens.start.welcome import WelcomeScreen
from cmdm_tui.tui.theme import THEME

if TYPE_CHECKING:
    from cmdm_tui.catalog import Account

_WARNING_SECONDS = 15.0
"""Seconds for which a warning is shown."""


class Explorer(CommandApp):
    """Explores one account in a terminal.

    `catalogs` is the folder of the catalogs' files, None to keep none. `start` chooses between the
    profile and the demo that `profiles` provides. `transport` replaces the network.

    An unexpected error ends it with `return_code` 1 and a report without a value in it.
    """

    TITLE = "cmdm"
    APP_COMMANDS = APP_COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = APP_COMMANDS.bindings
    COMMANDS: ClassVar[set[type[Provider]]] = {CommandProvider}  # pyright: ignore[reportIncompatibleVariableOverride]
    ENABLE_COMMAND_PALETTE = False
    """Its key is one of the commands."""

    def __init__(
        self,
        profiles: ProfileProvider,
        *,
        catalogs: Path | None,
        start: Literal["profile", "demo"] = "profile",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__()
        self.use_command_palette = True
        self._opener = AccountOpener(profiles, catalogs, transport, self._forward_event)
        self._start: Literal["profile", "demo"] = start
        self._account: Account | None = None
        self._warned: set[str] = set()

    def on_mount(self) -> None:
        """Show the first screen; it is painted before anything else is done."""
        self.register_theme(THEME)
        self.theme = THEME.name
        self.push_screen(StartScreen(self._opener, self._start))

    @on(AccountOpened)
    def _open_browse_screen(self, event: AccountOpened) -> None:
        self._account = event.account
        self._switch_to(BrowseScreen(event.account))
        self._show_new_warnings(event.account.profile.warnings)

    @on(WelcomeRequested)
    async def _open_welcome_screen(self, event: WelcomeRequested) -> None:
        self._switch_to(WelcomeScreen(event.words))
        await self._close_account()

    @on(DemoRequested)
    def _start_demo(self) -> None:
        self._switch_to(StartScreen(self._opener, "demo"))

    @on(SignInRequested)
    def _open_sign_in_screen(self) -> None:
        self._switch_to(SignInScreen(self._opener))

    @on(ScreenRequested)
    def _show_main_screen(self, event: ScreenRequested) -> None:
        """Bring a main screen to the front: there is one so far."""

    def _forward_event(self, event: Event) -> None:
        """Pass an event of the client on to the screen that shows it."""
        for screen in self.screen_stack:
            if isinstance(screen, BrowseScreen):
                screen.post_message(ClientEvent(event))

    def _show_new_warnings(self, warnings: tuple[str, ...]) -> None:
        """Show each warning about a profile once a run."""
        for warning in warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                words = one_line(warning)
                self.notify(words, severity="warning", timeout=_WARNING_SECONDS, markup=False)

    def _switch_to(self, screen: Screen[None]) -> None:
        self.switch_screen(screen)  # pyright: ignore[reportUnknownMemberType]

    async def on_unmount(self) -> None:
        """Close the connections."""
        await self._close_account()

    async def _close_account(self) -> None:
        account, self._account = self._account, None
        if account is not None:
            await account.close()

    def _handle_exception(self, error: Exception) -> None:
        # Textual's own report prints the locals of every frame: secrets and records among them.
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()  # pyright: ignore[reportUnknownMemberType]
            self.panic(crash_report(error))
