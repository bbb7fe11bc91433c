"""The main screens of an open account: made when first shown, and kept until it is closed."""

import asyncio
import itertools
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from textual.app import App
from textual.screen import Screen

from cmdm_tui.catalog import Account
from cmdm_tui.config import Paths
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.settings import SettingsFile
from cmdm_tui.tui.screens.browse.kept_view import ViewKeeper
from cmdm_tui.tui.screens.browse.screen import BrowseScreen

if TYPE_CHECKING:
    from cmdm_tui.tui.screens.changes.apply_screen import ApplyResult

_numbers = itertools.count(1)
_MODULES = {
    name: f"cmdm_tui.tui.screens.{folder}.screen"
    for name, folder in (
        ("records", "browse"), ("query", "query"), ("calls", "calls"), ("changes", "changes"),
    )
}  # fmt: skip
"""Where the screens are: the explorer starts without all but the first."""


class MainScreens:
    """The screens of one account by name: `records` is the first.

    The app keeps them while others are in front, so each shows what it showed.
    """

    def __init__(
        self,
        app: App[None],
        account: Account,
        settings: SettingsFile,
        call_log: CallLog,
        paths: Paths | None,
    ) -> None:
        self._app = app
        self._paths = paths
        self._call_log = call_log
        self._keeper = ViewKeeper(settings, account.profile.name, self._warn)
        self._number = next(_numbers)
        self._screens: dict[str, Screen[None]] = {}
        self.account = account
        app.run_worker(self._warn_of_stopped_run, exit_on_error=False)

    async def _warn_of_stopped_run(self) -> None:
        """Say which run of the account was stopped, by the journal; it makes no call."""
        sentence = await asyncio.to_thread(_describe_stopped_run, self.account)
        if sentence:
            self._warn(sentence)

    @property
    def names(self) -> frozenset[str]:
        """The names of the screens that there are."""
        return frozenset(self._makers)

    @property
    def opened(self) -> tuple[Screen[None], ...]:
        """The screens that were shown so far."""
        return tuple(self._screens.values())

    async def load(self, name: str) -> Screen[None]:
        """Return the screen of that name; what it needs is imported in a thread.

        Keys that are pressed meanwhile wait for it. Raises KeyError for another name.
        """
        if name not in self._screens and _MODULES[name] not in sys.modules:
            await asyncio.to_thread(import_module, _MODULES[name])
        return self.get(name)

    def get(self, name: str) -> Screen[None]:
        """Return the screen of that name. Raises KeyError for another name."""
        if name not in self._screens:
            screen = self._makers[name]()
            self._app.install_screen(screen, f"{name}-{self._number}")  # pyright: ignore[reportUnknownMemberType]
            self._screens[name] = screen
        return self._screens[name]

    @property
    def browse(self) -> BrowseScreen:
        """The screen of the records."""
        screen = self.get("records")
        assert isinstance(screen, BrowseScreen)  # noqa: S101 - as `_makers` makes it
        return screen

    async def close(self) -> None:
        """Remove the screens, none of which may be in front any more, and close the account."""
        for screen in self._screens.values():
            screen.workers.cancel_node(screen)  # pyright: ignore[reportUnknownMemberType]
            self._app.uninstall_screen(screen)  # pyright: ignore[reportUnknownMemberType]
            if screen.is_attached:
                await screen.remove()
        await self.account.close()

    def _warn(self, sentence: str) -> None:
        self._app.notify(one_line(sentence), severity="warning", markup=False)

    @property
    def _makers(self) -> Mapping[str, Callable[[], Screen[None]]]:
        return {
            "records": lambda: BrowseScreen(self.account, self._keeper, self._call_log),
            "query": self._make_query,
            "calls": self._make_calls,
            "changes": self._make_changes,
        }

    def _make_query(self) -> Screen[None]:
        from cmdm_tui.tui.screens.query.screen import QueryScreen

        return QueryScreen(self.account, self._paths, self._show_changes, self._call_log)

    def _make_calls(self) -> Screen[None]:
        from cmdm_tui.tui.screens.calls.screen import CallsScreen

        return CallsScreen(self.account, self._call_log)

    def _make_changes(self) -> Screen[None]:
        from cmdm_tui.tui.screens.changes.screen import ChangesScreen

        return ChangesScreen(self.account, self._show_changes)

    def _show_changes(self, result: "ApplyResult") -> None:
        """Show in the records what became of changes on another screen."""
        from cmdm_tui.tui.screens.browse.changed_rows import show_result

        browse = self._screens.get("records")
        if isinstance(browse, BrowseScreen):
            show_result(browse, result)


def _describe_stopped_run(account: Account) -> str:
    # Imported here: the first screen is drawn before.
    from cmdm_tui.config import Paths

    # What reads a journal is heavy, and most have never changed anything.
    if account.profile.read_only or not Paths.of_user().journal.exists():
        return ""
    from cmdm_tui.tui.models.write_context import WriteContext, describe_stopped_run

    return describe_stopped_run(WriteContext.of_user(account))
