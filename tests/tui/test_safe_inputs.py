"""Keys that come fast, and lists without room, are harmless in every input and every list."""

import re
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Input, OptionList

from cmdm_tui import tui
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.palette import SafePalette
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.dialogs.columns import ColumnsScreen
from cmdm_tui.tui.screens.edit.form_screen import FormScreen
from cmdm_tui.tui.widgets.safe_option_list import SafeOptionList
from tests.tui.driver import FixedProfiles, press, send_keys, type_text, wait_until_settled
from tests.tui.scripted_service import ScriptedService, profile


class ListApp(App[None]):
    """An option list without a line to show it in."""

    CSS = "OptionList { height: 0; }"

    def __init__(self, kind: type[OptionList]) -> None:
        super().__init__()
        self._kind = kind

    def compose(self) -> ComposeResult:
        yield self._kind(*"abc")


@pytest.mark.parametrize("kind", [SafeOptionList, OptionList])
async def test_page_keys_of_a_list_without_room_go_to_its_ends(kind: type[OptionList]) -> None:
    app = ListApp(kind)
    async with app.run_test(size=(20, 5)):
        options = app.query_one(OptionList)
        options.highlighted = 1
        if kind is OptionList:  # the broken twin: what Textual does
            with pytest.raises(KeyError):
                options.action_page_up()
            return
        options.action_page_down()
        assert options.highlighted == 2
        options.action_page_up()
        assert options.highlighted == 0


@pytest.mark.parametrize("size", [(80, 24), (20, 5), (20, 2)])
async def test_page_keys_of_the_palette_are_harmless(
    service: ScriptedService, size: tuple[int, int]
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=size) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "ctrl+p", "pageup", "pagedown", "pageup", "pagedown")
        assert isinstance(app.screen, SafePalette)
        await type_text(pilot, "sort")
        await press(pilot, "pagedown", "pageup", "escape", "ctrl+t", "pageup", "pagedown")
        assert isinstance(app.screen, SafePalette)
        await press(pilot, "escape")


OPENINGS = {
    "#search-words": ("slash",),
    "#entry": ("number_sign",),
    "#text": ("o",),
    "#search": ("question_mark",),
    "#export-file": ("X",),
    "#filter-input": ("f",),
    "#property-search": ("enter", "slash"),
    "#calls-filter": ("f4", "f"),
}
"""An input, and the keys that open it from the records."""


async def test_keys_that_come_at_once_are_taken_in_their_order(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        for where, opening in OPENINGS.items():
            await press(pilot, *opening)
            field = app.screen.query_one(where, Input)
            assert field.has_focus, where
            field.value = ""
            await send_keys(pilot, "1", "2", "backspace", "3", "home", "0", "end", "4")
            assert field.value == "0134", where
            await press(pilot, "escape", "escape", "f2")


async def test_keys_that_come_with_the_one_that_opens_an_input_are_in_it(
    service: ScriptedService,
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        for where, opening in OPENINGS.items():
            if opening == ("X",):
                continue  # its input has a name in it
            calls = list(service.calls)
            await send_keys(pilot, *opening, *"xaq", "backspace", "w")
            field = app.screen.query_one(where, Input)
            assert field.has_focus, where
            assert field.value == "xaw", where
            field.value = ""
            if where != "#filter-input":  # it asks for the fields
                assert service.calls == calls, where
            await send_keys(pilot, "escape", "escape", "f2", "2")
            assert isinstance(app.screen, BrowseScreen)


async def test_keys_that_come_after_enter_are_for_what_it_goes_back_to(
    service: ScriptedService,
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        await send_keys(pilot, "slash", *"00", "enter", "n", "n", "e", *"xy")
        assert isinstance(app.screen, FormScreen)
        assert app.screen.form is not None
        assert app.screen.form.touched


async def test_a_choice_of_columns_takes_page_keys(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(20, 5)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "c", "pagedown", "pageup", "pagedown")
        assert isinstance(app.screen, ColumnsScreen)
        await press(pilot, "escape")


def test_every_list_and_every_input_of_ours_is_a_safe_one() -> None:
    """Textual's own overtake keys, and raise on page keys: none is made here directly."""
    made = re.compile(
        r"(?:yield|make =|return) (?:OptionList|Input)\(|^class \w+\((?:OptionList|Input)[,)]",
        re.MULTILINE,
    )
    found = {
        path.name
        for path in Path(tui.__file__).parent.rglob("*.py")
        if made.search(path.read_text())
    }
    assert found == {"ordered_input.py", "safe_option_list.py"}
