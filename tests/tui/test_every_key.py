"""Every key in every state is harmless: nothing arrived, empty, failed, in flight, arrived."""

import asyncio
from collections.abc import Callable
from itertools import count

import pytest
from textual import events
from textual.binding import Binding
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.widgets import Input

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.app_commands import APP_COMMANDS
from cmdm_tui.tui.key_names import split_keys
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.calls.screen import CallsScreen
from cmdm_tui.tui.screens.changes.screen import ChangesScreen
from cmdm_tui.tui.screens.query.screen import QueryScreen
from tests.tui.driver import FixedProfiles, wait_until_settled
from tests.tui.scripted_service import ScriptedService, message, profile

LEAVING = {"app.quit", "app.suspend", "browse.switch", "browse.leave"}
"""What leaves the explorer, or the account: once it did, there is nothing more to press."""

MOVING = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "ctrl+home",
          "ctrl+end", "tab", "shift+tab", "enter", "space", "escape", "f9", "ctrl+c", "é", "0",
          "delete")  # fmt: skip


def keys_of_browsing() -> list[str]:
    """Return every key of the main screen, those that move, and some that do nothing."""
    owners = (*BrowseScreen.BINDINGS, *APP_COMMANDS.bindings)
    bound = [
        key
        for binding in owners
        if isinstance(binding, Binding) and binding.id not in LEAVING
        for key in split_keys(binding.key)
    ]
    return list(dict.fromkeys([*bound, *MOVING]))


def answering(service: ScriptedService) -> None:
    """Leave the service as it is."""


def empty(service: ScriptedService) -> None:
    service.entities = dict.fromkeys(service.entities, ())


def failing(service: ScriptedService) -> None:
    service.answers["*"] = message(500, "The database is being repaired")


STATES = [answering, empty, failing]


_moments = count(0.0, 1.0)


async def press_soon(pilot: Pilot[None], key: str) -> None:
    """Press a key, and let what it does begin; what it waits for may never come."""
    event = events.Key(key, key if len(key) == 1 else None)
    event.time = next(_moments)
    event.set_sender(pilot.app)
    pilot.app.post_message(event)
    for _ in range(20):
        await asyncio.sleep(0)


async def close_dialogs(pilot: Pilot[None]) -> None:
    """Go back to the records: out of dialogs and inputs by escape, from other screens by f2."""
    for _ in range(8):
        screen = pilot.app.screen
        if isinstance(screen, BrowseScreen) and not isinstance(screen.focused, Input):
            return
        is_main = isinstance(screen, (QueryScreen, CallsScreen, ChangesScreen))
        await press_soon(pilot, "f2" if is_main else "escape")
        await asyncio.sleep(0.001)


FOCUSES = (None, "1", "F")
"""Keys that take the focus to the records, the entities, the fields: there the pressing begins."""


@pytest.mark.parametrize("prepare", STATES, ids=lambda state: state.__name__)
async def test_every_key_is_harmless(
    service: ScriptedService, prepare: Callable[[ScriptedService], None]
) -> None:
    prepare(service)
    app = Explorer(FixedProfiles(profile("invoice")), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        for first in FOCUSES:
            await press_every_key(pilot, first)
        await wait_until_settled(pilot)
        assert app._exception is None
        assert isinstance(app.screen, BrowseScreen)


async def press_every_key(pilot: Pilot[None], first: str | None) -> None:
    """Press every key, one after the other, beginning where the key `first` takes the focus."""
    if first is not None:
        await press_soon(pilot, first)
    for key in keys_of_browsing():
        await press_soon(pilot, key)
        assert pilot.app._exception is None, f"{first}, {key}"
        await close_dialogs(pilot)


async def test_every_key_is_harmless_while_nothing_has_arrived(service: ScriptedService) -> None:
    never = asyncio.Event()
    service.held = dict.fromkeys((*service.entities, "authenticate"), never)
    app = Explorer(FixedProfiles(profile("invoice")), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        while not (isinstance(app.screen, BrowseScreen) and service.calls):
            await pilot.pause()
        for first in FOCUSES:
            await press_every_key(pilot, first)
        assert app._exception is None
        assert isinstance(app.screen, BrowseScreen)


async def test_a_key_that_does_harm_is_found(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin of the tests above."""

    def fail(*_: object) -> None:
        raise NoMatches

    monkeypatch.setattr("cmdm_tui.tui.widgets.record_view.RecordView.sort", fail)
    with pytest.raises(NoMatches):
        await test_every_key_is_harmless(service, answering)
