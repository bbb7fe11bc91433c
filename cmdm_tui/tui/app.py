"""The application: opens an account, shows its screens, and closes it again."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import httpx
from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from cmdm_tui.api import Event
from cmdm_tui.text import one_line
from cmdm_tui.tui.account_opener import AccountOpener, ProfileProvider
from cmdm_tui.tui.crash import crash_report
from cmdm_tui.tui.messages import (
    AccountOpened,
    ClientEvent,
    DemoRequested,
    SignInRequested,
    WelcomeRequested,
)
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.sign_in.screen import SignInScreen
from cmdm_tui.tui.screens.start.screen import StartScreen
from cmdm_tui.tui.screens.start.welcome import WelcomeScreen
from cmdm_tui.tui.theme import THEME

if TYPE_CHECKING:
    from cmdm_tui.catalog import Account

_WARNING_SECONDS = 15.0
"""Seconds for which a warning is shown."""


class Explorer(App[None]):
    """Explores one account in a terminal.

    `catalogs` is the folder of the catalogs' files, None to keep none. `start` chooses between the
    profile and the demo that `profiles` provides. `transport` replaces the network.

    An unexpected error ends it with `return_code` 1 and a report without a value in it.
    """

    TITLE = "cmdm"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit", id="app.quit", tooltip="Quit the explorer"),
        Binding(
            "ctrl+z",
            "suspend_process",
            "Suspend",
            id="app.suspend",
            show=False,
            tooltip="Back to the shell; fg there comes back",
        ),
    ]

    def __init__(
        self,
        profiles: ProfileProvider,
        *,
        catalogs: Path | None,
        start: Literal["profile", "demo"] = "profile",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__()
        self._opener = AccountOpener(profiles, catalogs, transport, self._forward_event)
        self._start: Literal["profile", "demo"] = start
        self._account: Account | None = None
        self._warned: set[str] = set()

    def on_mount(self) -> None:
        """Show the first screen; it is painted before anything else is done."""
        self.register_theme(THEME)
        self.theme = THEME.name
        self.push_screen(StartScreen(self._opener, self._start))

    def get_system_commands(
        self,
        screen: Screen[object],  # noqa: ARG002 - these are the same on every screen
    ) -> Iterable[SystemCommand]:
        """Offer in the palette what every screen has."""
        yield SystemCommand("Theme", "Choose the colours", self.action_change_theme)
        yield SystemCommand("Quit", "Quit the explorer", self.action_quit)

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
