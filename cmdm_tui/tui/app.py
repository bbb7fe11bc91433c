"""The application: opens an account, shows its screens, and closes it again."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import httpx
from msgspec.structs import replace
from textual import on
from textual.binding import BindingType
from textual.command import Provider
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.screen import Screen
from textual.theme import Theme

from cmdm_tui.api import Event
from cmdm_tui.config import ConfigurationError, Paths
from cmdm_tui.text import one_line
from cmdm_tui.tui.account_opener import AccountOpener, ProfileProvider
from cmdm_tui.tui.app_commands import APP_COMMANDS
from cmdm_tui.tui.commands import CommandApp
from cmdm_tui.tui.keymap import list_binding_sets, read_keymap
from cmdm_tui.tui.messages import (
    AccountOpened,
    ClientEvent,
    DemoRequested,
    ScreenRequested,
    SignInRequested,
    WelcomeRequested,
)
from cmdm_tui.tui.models.error_log import ErrorLog
from cmdm_tui.tui.models.settings import SettingsFile
from cmdm_tui.tui.palette import CommandProvider
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.sign_in.screen import SignInScreen
from cmdm_tui.tui.screens.start.screen import StartScreen
from cmdm_tui.tui.screens.start.welcome import WelcomeScreen
from cmdm_tui.tui.theme import THEMES, WithoutColour
from cmdm_tui.tui.tolerant_app import TolerantApp
from cmdm_tui.tui.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from cmdm_tui.catalog import Account

_WARNING_SECONDS = 15.0
"""Seconds for which a warning is shown."""


KEYMAP_OWNERS: tuple[type[DOMNode], ...] = (
    BrowseScreen, RecordTable, StartScreen, WelcomeScreen, SignInScreen,
)  # fmt: skip
"""The screens and widgets whose keys a keymap can change."""


class Explorer(CommandApp, TolerantApp):
    """Explores one account in a terminal.

    `catalogs` is the folder of the catalogs' files, None to keep none. `start` chooses between the
    profile and the demo that `profiles` provides. `transport` replaces the network.

    `paths` says where keys that were changed are read, and settings and unexpected errors kept;
    None reads and keeps nothing. An error that leaves nothing usable ends it with `return_code` 1
    and a report without a value in it.
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
        paths: Paths | None = None,
    ) -> None:
        super().__init__()
        self._paths = paths
        self.settings_file = SettingsFile.read(None if paths is None else paths.explorer_settings)
        """What is kept between runs."""
        self.error_log = ErrorLog(None if paths is None else paths.explorer_log)
        self.use_command_palette = True
        self._opener = AccountOpener(profiles, catalogs, transport, self._forward_event)
        self._start: Literal["profile", "demo"] = start
        self._account: Account | None = None
        self._warned: set[str] = set()

    def on_mount(self) -> None:
        """Show the first screen; it is painted before anything else is done."""
        for theme in THEMES:
            self.register_theme(theme)
        kept = self.settings_file.settings.theme
        self.theme = kept if kept in self.available_themes else THEMES[0].name
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        self._use_keymap()
        self.push_screen(StartScreen(self._opener, self._start))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what is applied to each line: where NO_COLOR is set, no colour is left."""
        return (WithoutColour(),) if self.no_color else super().get_line_filters()

    def _use_keymap(self) -> None:
        """Give the commands the keys of the user's keymap, and tell what is wrong with it."""
        if self._paths is None:
            return
        keymap = read_keymap(self._paths.keymap, list_binding_sets(*KEYMAP_OWNERS))
        self.keymap = keymap.keys
        self.set_keymap(dict(keymap.keys))
        for fault in keymap.faults:
            self.notify(one_line(fault), severity="warning", timeout=_WARNING_SECONDS, markup=False)

    def _keep_theme(self, theme: Theme) -> None:
        """Keep a theme that was chosen for the next run."""
        settings = self.settings_file.settings
        if theme.name == (settings.theme or THEMES[0].name):
            return
        try:
            self.settings_file.save(replace(settings, theme=theme.name))
        except ConfigurationError as error:
            words = one_line(f"The theme is not kept: {error}")
            self.notify(words, severity="warning", timeout=_WARNING_SECONDS, markup=False)

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
