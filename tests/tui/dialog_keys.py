"""Presses every key in a dialog of the explorer, and finds the way back out of it."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import httpx
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from cmdm_tui.tui.app_commands import APP_COMMANDS
from cmdm_tui.tui.key_names import split_keys
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.calls.screen import CallsScreen
from cmdm_tui.tui.screens.changes.screen import ChangesScreen
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.query.screen import QueryScreen
from tests.tui.driver import press_beside_work, wait_until_settled
from tests.tui.monkey import Confirmations
from tests.tui.scripted_service import ScriptedService

Base = Literal["f2", "f3", "f4", "f5"]
"""The key of a main screen."""

BASES = {"f2": BrowseScreen, "f3": QueryScreen, "f4": CallsScreen, "f5": ChangesScreen}
ANNOUNCED = {"enter", "space", "ctrl+s"}
"""Keys of dialogs that say which call they make: they press a button, take a choice, apply."""

OTHERS = (
    "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "ctrl+home", "ctrl+end",
    "tab", "shift+tab", "backspace", "delete", "ctrl+a", "ctrl+c", "ctrl+d", "ctrl+k", "ctrl+u",
    "ctrl+v", "ctrl+w", "ctrl+l", "ctrl+left", "ctrl+right", "ctrl+up", "ctrl+down", "f9", "f10",
    "f19", "alt+enter", "é", "漢", "0", "space", "enter", "escape",
)  # fmt: skip
KEPT_BACK = {"ctrl+z"}
"""It stops the process."""


def keys_of_everything() -> list[str]:
    """Return every key that a main screen has, those that move and edit, and some that do not."""
    owners = (*(binding for kind in BASES.values() for binding in kind.BINDINGS),)
    bound = [
        key
        for binding in (*owners, *APP_COMMANDS.bindings)
        if isinstance(binding, Binding)
        for key in split_keys(binding.key)
    ]
    return [key for key in dict.fromkeys([*bound, *OTHERS, "ctrl+q"]) if key not in KEPT_BACK]


@dataclass
class WatchedService(ScriptedService):
    """Notes each change that nothing has confirmed."""

    confirmations: Confirmations = field(default_factory=Confirmations)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        grant = None
        if request.method != "GET" and path != "authenticate":
            grant = self.confirmations.find_grant(request.method, path)
        response = await super().handle_async_request(request)
        if grant is not None and response.is_success:
            grant.is_spent = True
        return response


@dataclass
class Dialogs:
    """Opens dialogs and presses keys in them; `service` must make no call that no key announces."""

    pilot: Pilot[None]
    service: WatchedService
    base: Base = "f2"
    prepare: Callable[[], None] = lambda: None
    """Called before a dialog is opened: puts the focus where its key is taken."""

    @property
    def _name(self) -> str:
        """What is open: the screen, and whether a text is typed into."""
        app = self.pilot.app
        typed = isinstance(app.focused, Input | TextArea)
        return f"{type(app.screen).__name__}{' typed' if typed else ''}"

    async def open(self, *keys: str) -> str:
        """Open a dialog from the base, and return what is open then."""
        self.prepare()
        if self.base == "f2":
            # A jump may have taken the focus elsewhere, and a key may have run a filter.
            await press_beside_work(self.pilot, "escape", "2")
        for key in keys:
            await press_beside_work(self.pilot, key)
            while self._lists_accounts:
                await self.pilot.pause()
            await press_beside_work(self.pilot)
        return self._name

    @property
    def _lists_accounts(self) -> bool:
        workers = self.pilot.app.workers
        return any(one.group == "accounts" and not one.is_finished for one in workers)

    async def come_back(self) -> None:
        """Go back to the base by Escape; what was typed is given up where that is asked."""
        kind = BASES[self.base]
        for _ in range(12):
            app = self.pilot.app
            screen = app.screen
            if isinstance(screen, kind) and not isinstance(app.focused, Input):
                return
            if isinstance(screen, tuple(BASES.values())) and len(app.screen_stack) == 2:
                keys = ("escape", self.base) if isinstance(app.focused, Input) else (self.base,)
            elif isinstance(screen, ChoiceScreen) and "Discard" in screen.choices[-1]:
                keys = ("down", "enter")
            else:
                keys = ("escape",)
            await press_beside_work(self.pilot, *keys)
            await asyncio.sleep(0.001)
        raise AssertionError(f"no way back from {self.pilot.app.screen}")

    async def press_all(self, *opening: str, keys: list[str], is_quiet: bool = True) -> str:
        """Press each key in the dialog, which is opened again where a key has left it.

        Where `is_quiet`, no key but those that announce it may make a call.
        """
        await self.come_back()
        name = await self.open(*opening)
        assert name not in {kind.__name__ for kind in BASES.values()}, f"{opening} opens nothing"
        for key in [*keys, *self._own_keys()]:
            if self._name != name:
                await self.come_back()
                await self.open(*opening)
            before = len(self.service.calls)
            await press_beside_work(self.pilot, key)
            if is_quiet and key in ANNOUNCED:
                await wait_until_settled(self.pilot)  # its calls are not the next key's
            assert self.pilot.app._exception is None, f"{name}: {key}"
            made = self.service.calls[before:]
            assert not is_quiet or key in ANNOUNCED or not made, f"{name}: {key} calls {made}"
            assert not self.service.confirmations.unconfirmed, f"{name}: {key}"
        await self.come_back()
        return name

    def _own_keys(self) -> Iterator[str]:
        yield from [key for key in self.pilot.app.screen.active_bindings if key not in KEPT_BACK]
