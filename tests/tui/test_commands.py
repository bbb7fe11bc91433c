"""The table of commands: keys, help and palette are made of it."""

from textual.binding import Binding
from textual.widgets import OptionList

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.app_commands import APP_COMMANDS
from cmdm_tui.tui.key_names import format_keys
from cmdm_tui.tui.screens.browse.commands import COMMANDS
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.dialogs.ask import AskScreen
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.help import HelpScreen
from cmdm_tui.tui.screens.dialogs.secrets import SecretsScreen
from cmdm_tui.tui.screens.sign_in.screen import SignInScreen
from cmdm_tui.tui.screens.start.screen import StartScreen
from cmdm_tui.tui.screens.start.welcome import WelcomeScreen
from cmdm_tui.tui.widgets.grid import Grid
from tests.tui.driver import (
    FixedProfiles,
    browse,
    hold,
    press,
    screen_words,
    type_text,
    wait_until_settled,
)
from tests.tui.scripted_service import ScriptedService, profile


def test_every_binding_has_an_id_of_its_own_and_a_tooltip() -> None:
    owners = (
        Explorer, AskScreen, BrowseScreen, ChoiceScreen, HelpScreen, SecretsScreen, SignInScreen,
        StartScreen, WelcomeScreen, Grid,
    )  # fmt: skip
    bindings = [binding for owner in owners for binding in owner.__dict__["BINDINGS"]]
    assert all(isinstance(binding, Binding) for binding in bindings)
    assert all(binding.id and binding.tooltip and binding.description for binding in bindings)
    assert len({binding.id for binding in bindings}) == len(bindings)


def test_every_command_has_a_key_of_its_own() -> None:
    # x forgets an entity in the list of entities, and deletes a record elsewhere.
    keys = [command.key for command in COMMANDS if command.id != "forget"]
    assert len(set(keys)) == len(keys)
    assert len({command.id for command in COMMANDS}) == len(COMMANDS)


async def test_the_help_lists_every_key(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(140, 200)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        told = screen_words(app)
        every = [*COMMANDS, *APP_COMMANDS]
        assert all(
            f"{format_keys(command.keys)} {command.description}" in told for command in every
        )
        assert "Sort by this column; again reverses the order 1 call" in told
        assert "Go back to the service's own order (needs sorted records)" in told
        assert "The row above" in told  # what the grid does by itself
        await type_text(pilot, "service own order")
        told = screen_words(app)
        assert "Find u Go back to the service's own order" in told
        assert "Forget" not in told
        assert "browse.unsort" not in told
        await press(pilot, "f2")
        assert "browse.unsort" in screen_words(app)
        await type_text(pilot, " nothing like it")
        assert "No key does that." in screen_words(app)
        await press(pilot, "escape")
        assert browse(app)


async def test_the_footer_offers_what_can_be_done(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until_settled(pilot)
        footer = screen_words(app).partition("token until")[2]
        assert "s Sort" in footer
        assert "t Retry" not in footer
        assert "x Forget" not in footer
        await press(pilot, "1", "down", "down", "enter")
        footer = screen_words(app).partition("token until")[2]
        assert "s Sort" not in footer
        assert "g Related" not in footer


async def test_a_key_that_does_nothing_just_now_says_what_it_needs(
    service: ScriptedService,
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "D", "escape")
        told = [one.message for one in app._notifications]
        assert told == ["Close: this needs a task that is not closed."]
        await press(pilot, "D", "f2")  # not said again while it is there
        assert [one.message for one in app._notifications] == told
        await press(pilot, "f", "D")  # typed into the filter
        assert len(app._notifications) == 1


async def test_the_palette_runs_a_command(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "ctrl+p")
        await type_text(pilot, "entity's fields")
        await press(pilot, "enter")
        assert browse(app).shows_fields


async def test_the_palette_shows_an_entity(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "ctrl+p")
        await type_text(pilot, "records of lead")
        assert app.screen.query_one(OptionList).option_count == 1
        await press(pilot, "down", "enter")
        assert browse(app).entity == "lead"


async def test_the_mouse_opens_sorts_and_chooses(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await pilot.click("#entity-options", offset=(4, 1))
        await wait_until_settled(pilot)
        assert browse(app).entity == "lead"
        await pilot.click("#record-grid", offset=(20, 0))
        await wait_until_settled(pilot)
        assert service.calls[-1] == "lead?per_page=100&page=1&sort_by=LastName&sort_order=asc"
        grid = browse(app).records.grid
        assert browse(app).records.record is not None
        assert grid.cursor_key == "ID000001"  # it stays under the cursor, wherever it is now
        await pilot.click("#record-grid", offset=(20, 3))
        await wait_until_settled(pilot)
        assert grid.cursor_row == grid.scroll_offset.y + 2
        await pilot.click("#record-grid", offset=(20, 3), times=2)
        await wait_until_settled(pilot)
        assert browse(app).is_record_pane_visible


async def test_a_wider_terminal_shows_the_record_beside_its_list(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        calls = list(service.calls)
        assert not browse(app).is_record_pane_visible
        await pilot.resize_terminal(140, 40)
        await wait_until_settled(pilot)
        assert browse(app).is_record_pane_visible
        await press(pilot, "down")
        assert "account ID000002" in screen_words(app)
        await pilot.resize_terminal(80, 24)
        await wait_until_settled(pilot)
        assert service.calls == calls


async def test_a_held_key_runs_its_command_twice_at_most(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter")
        before = len(service.calls)
        await hold(pilot, "r", presses=60)
        assert 1 <= len(service.calls) - before <= 2
        # Two deliberate presses are two, however busy the explorer is.
        await press(pilot, "r", "r")
        assert len(service.calls) - before == 4
        await hold(pilot, "down", presses=60)
        assert browse(app).records.grid.cursor_row == 60
