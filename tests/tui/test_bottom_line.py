"""The bottom line names the keys that work in what is open, and none of those behind it."""

import pytest
from textual.widgets import Static

from cmdm_tui.config import Profile
from cmdm_tui.sandbox import RunningInfo
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.screens.edit.form_screen import FormScreen
from cmdm_tui.tui.widgets.key_footer import KeyFooter, list_entries
from tests.tui.driver import (
    FixedProfiles,
    press,
    screen_text,
    type_text,
    wait_until_settled,
)
from tests.tui.editing import opened
from tests.tui.scripted_service import ScriptedService, profile

SMALL = (80, 24)


def bottom(app: Explorer) -> str:
    return screen_text(app).splitlines()[-1].strip()


def explorer(found: Profile) -> Explorer:
    return Explorer(FixedProfiles(found), catalogs=None)


async def test_the_records_name_what_most_people_do(reading_sandbox: Profile) -> None:
    app = explorer(reading_sandbox)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_settled(pilot)
        assert bottom(app) == (
            "/ Search  f Filter  s Sort  e Edit  a New  y Copy  f1 Help  f3 SQL  f4 Calls"
        )
        await press(pilot, "1")
        assert bottom(app).startswith("enter Open  / Search")
        await press(pilot, "2", "slash")
        assert bottom(app).startswith("enter Stay here  esc Go back")
        assert "/ Search" not in bottom(app)
        await type_text(pilot, "a")
        await press(pilot, "enter")
        assert "n Next match  N Previous" in bottom(app)
        await press(pilot, "slash", "escape")
        assert "n Next match" not in bottom(app), "nothing is found any more"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        pytest.param(("y",), "enter Take it  esc Cancel", id="a choice"),
        pytest.param(("o",), "enter Ask the service  esc Cancel", id="a question"),
        pytest.param(("number_sign",), "enter Take it  esc Cancel", id="a number"),
        pytest.param(("X",), "enter Write it  esc Cancel", id="an export"),
        pytest.param(("ctrl+p",), "enter Run it  esc Close", id="the palette"),
        pytest.param(("f1",), "esc Close  f2 Names for the keymap", id="the help"),
        pytest.param(("semicolon",), "esc Stay", id="a jump"),
        pytest.param(("w",), "enter Open it  esc Cancel", id="the accounts"),
        pytest.param(("x",), "enter Cancel  esc Cancel  / Search", id="a preview"),
    ],
)
async def test_a_dialog_names_its_own_keys(
    reading_sandbox: Profile, keys: tuple[str, ...], words: str
) -> None:
    app = explorer(reading_sandbox)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_settled(pilot)
        behind = bottom(app)
        await press(pilot, *keys)
        assert bottom(app).startswith(words)
        assert "e Edit" not in bottom(app)
        await press(pilot, "escape")
        assert bottom(app) == behind


async def test_a_form_names_what_enter_does_in_each_of_its_parts(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "e")
        assert isinstance(app.screen, FormScreen)
        assert bottom(app).startswith("enter Next field")
        assert "ctrl+s Preview" in bottom(app)
        assert "esc Leave" in bottom(app)
        await press(pilot, "ctrl+f")
        assert bottom(app).startswith("enter Go to field")
        await type_text(pilot, "city")
        await press(pilot, "enter")
        assert bottom(app).startswith("enter Choose"), "a picklist"
        await press(pilot, "escape", "2", "right", "i")
        assert bottom(app).startswith("enter Preview"), "a field in its place"


async def test_the_footer_of_a_dialog_can_be_clicked(reading_sandbox: Profile) -> None:
    app = explorer(reading_sandbox)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "y")
        assert isinstance(app.screen, DialogScreen)
        footer = app.screen.query_one(KeyFooter)
        at = screen_text(app).splitlines()[-1].index("esc Cancel")
        await pilot.click(footer, offset=(at, 0))
        await wait_until_settled(pilot)
        assert not isinstance(app.screen, DialogScreen)


async def test_undo_is_named_once_something_was_changed(
    sandbox: RunningInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)
    async with opened(sandbox) as there:
        assert "U Undo" not in bottom(there.app)
        await there.press("e")
        await there.go_to_field("LastName")
        await there.retype("Lovelace")
        await there.press("ctrl+s", "enter", "enter")
        assert "U Undo" in bottom(there.app)
        assert "r reads what is stored. U takes it back." in there.toast
        await there.press("r")
        assert not there.app._notifications, "it is not so any more"
        await there.press("U", "enter", "enter")
        assert there.toast.startswith("Taken back.")
        assert "U Undo" not in bottom(there.app)


async def test_every_key_that_is_named_does_something(reading_sandbox: Profile) -> None:
    """A key of the bottom line is one that is bound there, in what has the focus or around it."""
    app = explorer(reading_sandbox)
    async with app.run_test(size=(200, 30)) as pilot:
        await wait_until_settled(pilot)
        for keys in ((), ("1",), ("slash",), ("e",), ("y",), ("X",), ("ctrl+p",), ("f3",), ("f4",)):
            await press(pilot, *keys)
            named = [entry.run_key for entry in list_entries(app.screen)]
            assert named, keys
            assert set(named) <= set(app.screen.active_bindings), keys
            await press(pilot, "escape", "f2")


async def test_a_footer_of_the_screen_below_would_be_noticed(
    reading_sandbox: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: without a footer of its own, a dialog leaves that of the screen below."""
    monkeypatch.setattr("cmdm_tui.tui.dialog_screen.KeyFooter", Static)
    with pytest.raises(AssertionError):
        await test_a_dialog_names_its_own_keys(reading_sandbox, ("y",), "enter Take it")
