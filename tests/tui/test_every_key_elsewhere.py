"""Every key of the calls and of the changes is harmless: where there is nothing, and something."""

from pathlib import Path

import pytest
from textual.binding import Binding
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.app_commands import APP_COMMANDS
from cmdm_tui.tui.key_names import split_keys
from cmdm_tui.tui.screens.calls.screen import CallsScreen
from cmdm_tui.tui.screens.changes.run_lists import RunList
from cmdm_tui.tui.screens.changes.screen import ChangesScreen
from cmdm_tui.tui.widgets.grid import Grid
from tests.tui.driver import FixedProfiles, press, wait_until_settled
from tests.tui.scripted_service import ScriptedService, message, profile
from tests.tui.test_every_key import LEAVING, MOVING, press_soon

SCREENS: dict[type[Screen[None]], str] = {CallsScreen: "f4", ChangesScreen: "f5"}
KEPT_BACK = {*LEAVING, "calls.open"}
"""Keys that are not pressed: what leaves the explorer, and what asks for a file on the disk."""


@pytest.fixture(autouse=True)
def own_folders(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal and all files are those of this test; a preview takes its answer at once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)


def keys_of(screen: type[Screen[None]]) -> list[str]:
    owners = (*screen.BINDINGS, *APP_COMMANDS.bindings, *Grid.BINDINGS)
    keys = [
        key
        for binding in owners
        if isinstance(binding, Binding) and binding.id not in KEPT_BACK
        for key in split_keys(binding.key)
    ]
    return list(dict.fromkeys([*keys, *MOVING]))


async def come_back(pilot: Pilot[None], kind: type[Screen[None]]) -> None:
    """Go back to the screen: out of dialogs and inputs by escape, from others by its own key."""
    for _ in range(10):
        screen = pilot.app.screen
        if isinstance(screen, kind) and not isinstance(screen.focused, Input):
            return
        is_main = len(pilot.app.screen_stack) == 2 and not isinstance(screen, kind)
        await press_soon(pilot, SCREENS[kind] if is_main else "escape")
    await wait_until_settled(pilot)
    assert isinstance(pilot.app.screen, kind)


async def press_all(service: ScriptedService, kind: type[Screen[None]], *, has_run: bool) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        if has_run:
            await press(pilot, "x", "left", "left", "enter")
            while not any(call.startswith("account/") for call in service.calls):
                await wait_until_settled(pilot)
            await press(pilot, "escape")
        await press(pilot, SCREENS[kind])
        assert isinstance(app.screen, kind)
        if isinstance(app.screen, ChangesScreen):
            while has_run and app.screen.query_one(RunList).run_id is None:
                await wait_until_settled(pilot)
        for key in keys_of(kind):
            await press_soon(pilot, key)
            assert app._exception is None, key
            await come_back(pilot, kind)
        await wait_until_settled(pilot)
        assert app._exception is None


@pytest.mark.parametrize("kind", SCREENS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("has_run", [False, True], ids=["none", "a run"])
@pytest.mark.parametrize("fails", [False, True], ids=["answering", "failing"])
async def test_every_key_is_harmless_elsewhere(
    service: ScriptedService, kind: type[Screen[None]], has_run: bool, fails: bool
) -> None:
    if fails:
        service.answers["*"] = message(500, "The database is being repaired")
    await press_all(service, kind, has_run=has_run and not fails)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (CallsScreen, "cmdm_tui.tui.widgets.grid.grid.Grid.action_last_row"),
        (ChangesScreen, "cmdm_tui.tui.screens.changes.screen.ChangesScreen.go_back"),
    ],
)
async def test_a_key_that_does_harm_elsewhere_is_found(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch, kind: type[Screen[None]], what: str
) -> None:
    """The broken twin."""

    def fail(*_: object) -> None:
        raise NoMatches

    monkeypatch.setattr(what, fail)
    with pytest.raises((NoMatches, AssertionError)):
        await press_all(service, kind, has_run=False)
