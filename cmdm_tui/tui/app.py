"""The application: opens accounts, shows their screens, and closes them again."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import events, on
from textual.binding import BindingType
from textual.command import CommandPalette, Provider
from textual.filter import LineFilter
from textual.screen import Screen
from textual.theme import Theme, ThemeProvider

from cmdm_tui.text import one_line
from cmdm_tui.tui.account_opener import (
    AccountChoice,
    AccountOpener,
    ProfileProvider,
)
from cmdm_tui.tui.app_commands import APP_COMMANDS
from cmdm_tui.tui.call_recording import CallRecorder
from cmdm_tui.tui.colourless import WithoutColour
from cmdm_tui.tui.commands import CommandApp, CommandScreen
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.draft_keeper import SECONDS_BETWEEN, DraftKeeper, DraftSource
from cmdm_tui.tui.messages import (
    AccountOpened,
    AccountRequested,
    ClientEvent,
    MainScreenName,
    PartRequested,
    ReturnRequested,
    ScreenRequested,
    SignInRequested,
    SwitchRequested,
    WelcomeRequested,
)
from cmdm_tui.tui.models.error_log import ErrorLog
from cmdm_tui.tui.models.settings import SettingsFile
from cmdm_tui.tui.offline_account import OfflineAccount
from cmdm_tui.tui.palette import CommandProvider, SafePalette
from cmdm_tui.tui.screens.dialogs.leave import LeaveScreen
from cmdm_tui.tui.screens.start.screen import StartScreen
from cmdm_tui.tui.straight_lines import StraightLines
from cmdm_tui.tui.theme import THEMES
from cmdm_tui.tui.tolerant_app import TolerantApp

if TYPE_CHECKING:
    import httpx

    from cmdm_tui.api import Event
    from cmdm_tui.catalog import Account
    from cmdm_tui.config import Paths
    from cmdm_tui.operations.call_log import CallLog
    from cmdm_tui.tui.account_events import AccountEvents
    from cmdm_tui.tui.main_screens import MainScreens

_STRAIGHT_LINES = StraightLines()

_WARNING_SECONDS = 15.0
"""Seconds for which a warning is shown."""


class Explorer(CommandApp, TolerantApp):
    """Explores accounts in a terminal, one at a time.

    `catalogs` is the folder of the catalogs' files, None to keep none. `start` chooses between the
    profile and the demo that `profiles` provides; an `offline` account is opened instead of both,
    and is offered with them. `transport` replaces the network of all but that one.

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
    # Textual gives it the colour of other text, which may be that of its background.
    CSS = """
        OptionList:blur > .option-list--option-highlighted {
            color: $block-cursor-blurred-foreground;
        }
    """

    def __init__(
        self,
        profiles: ProfileProvider,
        *,
        catalogs: Path | None,
        start: Literal["profile", "demo"] = "profile",
        offline: OfflineAccount | None = None,
        transport: "httpx.AsyncBaseTransport | None" = None,
        paths: "Paths | None" = None,
    ) -> None:
        super().__init__()
        self._paths = paths
        self.settings_file = SettingsFile.read(None if paths is None else paths.explorer_settings)
        """What is kept between runs."""
        self.error_log = ErrorLog(None if paths is None else paths.explorer_log)
        self.use_command_palette = True
        self._opener = AccountOpener(
            profiles, catalogs, transport, self._listen, _import_main_screens
        )
        self._offline = offline
        self._start = AccountChoice(is_demo=start == "demo", offline=offline)
        self._screens: MainScreens | None = None
        self._events: list[AccountEvents] = []
        """Those of the account that is shown, and of those opened since."""
        self._warned: set[str] = set()
        self.recorder = CallRecorder(self, paths, self._show_recording)
        """Records calls; whoever runs the explorer finishes what is recorded in the end."""
        self.drafts = DraftKeeper(paths, self._list_owners)
        """Keeps what is typed and not sent."""

    def on_mount(self) -> None:
        """Show the first screen; it is painted before anything else is done."""
        for theme in THEMES:
            self.register_theme(theme)
        kept = self.settings_file.settings.theme
        self.theme = kept if kept in self.available_themes else THEMES[0].name
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        self._use_keymap()
        if self._paths is not None:
            self.set_interval(SECONDS_BETWEEN, self.drafts.note)
        self.push_screen(StartScreen(self._opener, self._start))

    @property
    def main_screen_names(self) -> frozenset[str]:
        """The names of the screens that the open account has."""
        return self._screens.names if self._screens is not None else frozenset()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what is applied to each line: where NO_COLOR is set, no colour is left."""
        colours = (WithoutColour(),) if self.no_color else super().get_line_filters()
        return (_STRAIGHT_LINES, *colours)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, half characters as question marks: no terminal takes them.

        Nothing leaves the clipboard as it was: an empty text would clear it.
        """
        if text:
            super().copy_to_clipboard(text.encode(errors="replace").decode())

    @property
    def clipboard(self) -> str:
        """What was copied here last; the palette's input would show it as it is."""
        text = super().clipboard
        return one_line(text) if isinstance(self.screen, CommandPalette) else text

    def action_command_palette(self) -> None:
        """Show the palette of commands, unless one is open."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(SafePalette())

    def search_themes(self) -> None:
        """Show the palette of themes."""
        words = "Find a theme by typing"
        self.push_screen(SafePalette(providers=[ThemeProvider], placeholder=words))

    async def on_event(self, event: events.Event) -> None:
        """Take an event in; what is pasted into the palette is made visible first."""
        if isinstance(event, events.Paste) and isinstance(self.screen, CommandPalette):
            event.text = one_line(event.text)
        await super().on_event(event)

    def _use_keymap(self) -> None:
        """Give the commands the keys of the user's keymap, and tell what is wrong with it."""
        if self._paths is None or not self._paths.keymap.exists():
            return
        from cmdm_tui.tui.keymap import list_binding_sets, read_keymap
        from cmdm_tui.tui.keymap_owners import KEYMAP_OWNERS

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
        from cmdm_tui.config import ConfigurationError

        try:
            self.settings_file.save(replace(settings, theme=theme.name))
        except ConfigurationError as error:
            words = one_line(f"The theme is not kept: {error}")
            self.notify(words, severity="warning", timeout=_WARNING_SECONDS, markup=False)

    @on(AccountOpened)
    async def _show_account(self, event: AccountOpened) -> None:
        """Show the account that was opened, and close the one before."""
        make = _import_main_screens()
        former, self._screens = (
            self._screens,
            make(
                self, event.account, self.settings_file, self._take_log(event.account), self._paths
            ),
        )
        await self._show_alone(self._screens.get("records"))
        self._show_new_warnings(event.account.profile.warnings)
        self._show_new_warnings(self.drafts.begin(event.account))
        if former is not None:
            self.recorder.end_of(former.account)
            await former.close()
        self.offer_drafts()

    @on(ScreenRequested)
    async def _show_screen(self, event: ScreenRequested) -> None:
        if self._screens is not None:
            await self._bring_to_front(event.name)

    async def _bring_to_front(self, name: MainScreenName) -> Screen[None]:
        assert self._screens is not None  # noqa: S101 - an account is open
        screen = await self._screens.load(name)
        await self._show_alone(screen)
        return screen

    @on(PartRequested)
    async def _open_part(self, event: PartRequested) -> None:
        await event.open_part()

    @on(WelcomeRequested)
    async def _open_welcome_screen(self, event: WelcomeRequested) -> None:
        from cmdm_tui.tui.screens.start.welcome import WelcomeScreen

        await self._show_alone(WelcomeScreen(event.words))

    @on(AccountRequested)
    async def _open_account(self, event: AccountRequested) -> None:
        if not self._ask_to_leave(
            "Open the other account", (), partial(self._open_choice, event.choice)
        ):
            await self._open_choice(event.choice)

    async def _open_choice(self, choice: AccountChoice) -> None:
        can_return = self._screens is not None
        await self._open_over(StartScreen(self._opener, choice, can_return=can_return))

    @on(SignInRequested)
    async def _open_sign_in_screen(self) -> None:
        from cmdm_tui.tui.screens.sign_in.screen import SignInScreen

        await self._open_over(SignInScreen(self._opener, can_return=self._screens is not None))

    @on(ReturnRequested)
    async def _return(self) -> None:
        """Go back to the account that is open."""
        while len(self.screen_stack) > 1 and not self._is_main(self.screen):
            await self.pop_screen()

    @on(SwitchRequested)
    def _request_switch(self) -> None:
        screen = self.screen
        command = screen.commands.get("leave") if isinstance(screen, CommandScreen) else None
        keys = () if command is None else command.keys
        if not self._ask_to_leave("Switch all the same", keys, self._offer_accounts):
            self._offer_accounts()

    def _offer_accounts(self) -> None:
        self.run_worker(self._choose_account, group="accounts", exclusive=True)

    async def _choose_account(self) -> None:
        from cmdm_tui.tui.messages import USER_ERRORS
        from cmdm_tui.tui.screens.start.profiles import ProfilesScreen

        trouble = ""
        try:
            profiles = await self._opener.list_profiles()
        except USER_ERRORS as error:
            profiles, trouble = (), one_line(str(error))
        current = None if self._screens is None else self._screens.account.profile.name
        self.push_screen(
            ProfilesScreen(profiles, current, trouble, self._offline), self._take_choice
        )  # pyright: ignore[reportUnknownMemberType]

    def _take_choice(self, choice: AccountChoice | Literal["sign-in"] | None) -> None:
        if choice == "sign-in":
            self.post_message(SignInRequested())
        elif isinstance(choice, AccountChoice):
            self.call_next(self._open_choice, choice)  # what is lost was asked about before

    def request_quit(self) -> None:
        """Quit; ask first where something would be lost. Asked while it is asked, quit."""
        screen = self.screen
        if isinstance(screen, LeaveScreen):
            if not self.is_key_held:
                self._leave()
            return
        command = screen.app_commands["quit"] if isinstance(screen, CommandScreen) else None
        keys = ("ctrl+q",) if command is None else command.keys
        if not self._ask_to_leave("Quit", keys, self._leave):
            self._leave()

    def _leave(self) -> None:
        """End as the person wants it, who was asked about what is lost."""
        self.drafts.discard()
        self.exit()

    async def _close_all(self) -> None:
        """Close the screens; what is typed on them is kept first, where no one was asked."""
        self.drafts.finish()
        await super()._close_all()

    async def action_quit(self) -> None:
        """Do what Textual's own key to quit asks for, which works in every dialog."""
        self.request_quit()

    def _ask_to_leave(self, action: str, keys: Sequence[str], then: Callable[[], object]) -> bool:
        """Ask where something would be lost, and return whether it was asked."""
        losses = [loss for one in self._list_owners() for loss in one.losses]
        if not losses:
            return False
        question = LeaveScreen(losses, action, keys)

        def answered(choice: str | None) -> None:
            if choice == question.leaves:
                self.call_next(then)

        self.push_screen(question, answered)
        return True

    def _list_owners(self) -> list[DraftSource]:
        """Return the screens that may hold what would be lost, those in front last."""
        opened = () if self._screens is None else self._screens.opened
        screens = dict.fromkeys([*opened, *self.screen_stack])
        return [one for one in screens if isinstance(one, CommandScreen | DialogScreen)]

    @property
    def draft_count(self) -> int:
        """How many unsent drafts of earlier runs of this account there are."""
        return len(self.drafts.offered)

    def offer_drafts(self) -> None:
        """Offer the drafts of earlier runs, if there are any."""
        if self._screens is not None and self.drafts.offered:
            from cmdm_tui.tui.screens.browse.draft_commands import offer_drafts

            offer_drafts(self._screens.browse, self.drafts, self._bring_to_front)

    def cancel_calls(self) -> int:
        """Leave the calls that are under way, and return how many they are."""
        return 0 if self._screens is None else self._screens.account.client.cancel_calls()

    @property
    def can_record(self) -> bool:
        """Whether there is an account whose calls can be recorded: an offline one makes none."""
        return self._screens is not None and not self._screens.account.origin

    @property
    def recording_status(self) -> str:
        """That calls are recorded, and how many; empty where none are."""
        return self.recorder.status

    def toggle_recording(self) -> None:
        """Ask for a file and begin to record calls, or end that."""
        if self._screens is not None:
            self.recorder.toggle(self._screens.account)

    def _show_recording(self) -> None:
        from cmdm_tui.tui.widgets.status_line import StatusLine

        for screen in () if self._screens is None else self._screens.opened:
            for line in screen.query(StatusLine):
                line.post_message(StatusLine.Outdated())

    def _listen(self) -> "AccountEvents":
        """Return what takes the events of an account that is about to be opened."""
        from cmdm_tui.tui.account_events import AccountEvents

        events = AccountEvents(self._forward_event)
        self._events.append(events)
        return events

    def _take_log(self, account: "Account") -> "CallLog":
        """Return the log of an account that is to be shown, and forget that of the one before."""
        if self._screens is not None:
            former = self._screens.account
            self._events = [one for one in self._events if one.account is not former]
        return next(one.log for one in self._events if one.account is account)

    def _forward_event(self, events: "AccountEvents", event: "Event") -> None:
        """Record an event, and pass it on to the screens of its account that show it."""
        if events.account is not None:
            self.recorder.add_event(events.account, event)
        self.drafts.note_call()
        if self._screens is not None and self._screens.account is events.account:
            for screen in self._screens.opened:
                screen.post_message(ClientEvent(event))

    def _show_new_warnings(self, warnings: tuple[str, ...]) -> None:
        """Show each warning about a profile once a run."""
        for warning in warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                words = one_line(warning)
                self.notify(words, severity="warning", timeout=_WARNING_SECONDS, markup=False)

    async def _open_over(self, screen: Screen[None]) -> None:
        """Show a screen over the account that is open, else alone."""
        if self._screens is None:
            await self._show_alone(screen)
            return
        await self._return()
        await self.push_screen(screen)  # pyright: ignore[reportUnknownMemberType]

    async def _show_alone(self, screen: Screen[None]) -> None:
        """Show a screen in place of those that are shown."""
        while len(self.screen_stack) > 2:  # the app's own, and one of ours
            await self.pop_screen()
        if self.screen is not screen:
            await self.switch_screen(screen)  # pyright: ignore[reportUnknownMemberType]

    def _is_main(self, screen: Screen[object]) -> bool:
        return self._screens is not None and screen in self._screens.opened

    async def on_unmount(self) -> None:
        """Close the connections."""
        screens, self._screens = self._screens, None
        if screens is not None:
            await screens.account.close()


def _import_main_screens() -> "type[MainScreens]":
    """Import the screens of an account: they take long, and are not needed for the first paint."""
    from cmdm_tui.tui.main_screens import MainScreens

    return MainScreens
