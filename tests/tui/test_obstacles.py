"""A key whose command does not apply says why, in one sentence; nothing else happens."""

from dataclasses import replace

import pytest

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.app_commands import APP_COMMANDS
from cmdm_tui.tui.commands import CommandTable
from cmdm_tui.tui.screens.browse.commands import COMMANDS as BROWSE
from cmdm_tui.tui.screens.calls.commands import COMMANDS as CALLS
from cmdm_tui.tui.screens.changes.screen import ChangesScreen
from cmdm_tui.tui.screens.compare.screen import CompareScreen
from cmdm_tui.tui.screens.query.commands import COMMANDS as QUERY
from tests.tui.driver import FixedProfiles, hold, press, wait_until_settled
from tests.tui.scripted_service import ScriptedService, profile

READ_ONLY = "this needs a profile that may change records; live is read-only."


def explorer(service: ScriptedService, *, read_only: bool = False) -> Explorer:
    found = replace(profile(name="live"), read_only=read_only)
    return Explorer(FixedProfiles(found), catalogs=None, transport=service)


def told(app: Explorer) -> list[str]:
    """Return what was notified, and forget it."""
    words = [one.message for one in app._notifications]
    app.clear_notifications()
    return words


async def test_a_key_that_does_not_apply_says_why(service: ScriptedService) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_until_settled(pilot)
        calls = list(service.calls)
        for key, words in {
            "C": "Convert: this needs a lead that is not converted.",
            "D": "Close: this needs a task that is not closed.",
            "t": "Retry: this needs something that failed.",
            "u": "Unsort: this needs sorted records.",
            "equals_sign": "Compare: this needs two marked records.",
        }.items():
            await press(pilot, key)
            assert told(app) == [words], key
        await press(pilot, "1")
        for key, words in {
            "e": "Edit: this needs a record under the cursor, or marked ones.",
            "A": "New task: this needs one record.",
            "a": "New: this needs the focus in the records.",
            "x": "Forget: this needs the cursor on a custom entity. "
            "Delete: this needs a record under the cursor, or marked ones.",
        }.items():
            await press(pilot, key)
            assert told(app) == [words], key
        await press(pilot, "2", "home", "i")
        assert told(app) == ["In place: this needs the cursor in a field that can be changed."]
        await press(pilot, "escape", "down", "j", "f11", "f2", "é")
        assert told(app) == []
        await hold(pilot, "C", presses=20)
        assert len(told(app)) <= 2
        assert service.calls == calls


async def test_a_read_only_profile_is_named(service: ScriptedService) -> None:
    app = explorer(service, read_only=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "right")
        for key, label in {
            "e": "Edit", "i": "In place", "a": "New", "A": "New task", "C": "Convert",
            "D": "Close", "U": "Undo",
        }.items():  # fmt: skip
            await press(pilot, key)
            assert told(app) == [f"{label}: {READ_ONLY}"], key
        await press(pilot, "x")
        assert told(app) == [
            f"Forget: this needs the cursor on a custom entity. Delete: {READ_ONLY}"
        ]
        await press(pilot, "f5", "U")
        assert told(app) == [f"Undo: {READ_ONLY}"]
        await press(pilot, "f4", "a")
        assert "200" in told(app)[0]  # reading again is no change


@pytest.mark.parametrize(
    "table",
    [APP_COMMANDS, BROWSE, CALLS, QUERY, ChangesScreen._TABLE, CompareScreen._TABLE],
    ids=lambda table: table.screen_name,
)
def test_what_may_not_apply_says_what_it_needs(table: CommandTable) -> None:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
    """Only Escape, and what applies as soon as its screen is there, have nothing to say."""
    silent = {
        command.id
        for command in table  # pyright: ignore[reportUnknownVariableType]
        if command.is_available.__name__ != "_always" and not command.needs  # pyright: ignore[reportUnknownMemberType]
    }
    assert silent <= {"back", "close"}
