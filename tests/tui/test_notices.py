"""Notices leave the last two lines alone, go once they are not so any more, and say things once."""

import re

import pytest

from cmdm_tui.config import Profile
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from tests.tui.driver import (
    FixedProfiles,
    browse,
    press,
    screen_text,
    screen_words,
    type_text,
    wait_until_settled,
)
from tests.tui.scripted_service import ScriptedService, message, profile

LONG = "This notice is longer than others, as it tells a story that does not end so soon. " * 2
READ_AGAIN = re.compile(r"read again \d\d:\d\d:\d\d")


def last_two_lines(app: Explorer) -> list[str]:
    return screen_text(app).splitlines()[-2:]


def told(app: Explorer) -> list[str]:
    return [one.message for one in app._notifications]


@pytest.mark.parametrize("keys", [(), ("f3",), ("f4",), ("f5",), ("y",), ("e",)])
async def test_two_long_notices_leave_the_last_lines_alone(
    service: ScriptedService, keys: tuple[str, ...]
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, *keys)
        before = last_two_lines(app)
        app.notify(f"First. {LONG}", timeout=60, markup=False)
        app.notify(f"Second. {LONG}", timeout=60, markup=False)
        await wait_until_settled(pilot)
        assert "Second. This notice" in screen_words(app)
        assert last_two_lines(app) == before


async def test_a_notice_over_the_last_lines_would_be_noticed(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: notices as Textual places them."""
    monkeypatch.setattr(Explorer, "CSS", "")
    with pytest.raises(AssertionError):
        await test_two_long_notices_leave_the_last_lines_alone(service, ())


async def test_the_same_is_said_once_at_a_time(reading_sandbox: Profile) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "home", "Y")
        record = browse(app).record
        assert record is not None
        key = record.external_id
        assert told(app) == [f"Copied ExternalID {key} (8 characters)."]
        await press(pilot, "y", "down", "enter")
        assert told(app) == [f"Copied the id {key} (8 characters)."]
        await press(pilot, "space", "space", "y", "enter")
        assert told(app) == ["Copied 2 ids (17 characters)."]
        await press(pilot, "C", "C")
        assert len(told(app)) == 2, "another topic is told beside it"


async def test_copied_of_the_record_says_which_field(reading_sandbox: Profile) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await wait_until_settled(pilot)
        record = browse(app).record
        assert record is not None
        await press(pilot, "enter", "y")
        assert told(app) == [f"Copied ExternalID {record.external_id} (8 characters)."]


async def test_the_menu_of_copies_says_what_each_of_them_is(reading_sandbox: Profile) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "y")
        assert isinstance(app.screen, ChoiceScreen)
        assert [*app.screen.choices] == [
            "this cell",
            "this id",
            "this row as TSV, with a header, as for a spreadsheet",
            "this row as JSON",
            "this row as a Markdown table",
        ]
        await press(pilot, "escape", "space", "space", "y")
        assert isinstance(app.screen, ChoiceScreen)
        assert "Copy the 2 marked rows" in screen_words(app)
        assert [*app.screen.choices][:2] == [
            "their ids",
            "as TSV, with a header, as for a spreadsheet",
        ]


async def test_reading_again_is_acknowledged_with_its_time(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await wait_until_settled(pilot)
        panel = browse(app).panel
        assert not READ_AGAIN.search(str(panel.border_subtitle))
        await press(pilot, "r")
        assert READ_AGAIN.search(str(panel.border_subtitle))
        await press(pilot, "right", "s")
        assert "by LastName" in str(panel.border_subtitle)
        await press(pilot, "1", "r")
        assert re.fullmatch(r"counted \d\d:\d\d:\d\d", str(browse(app).entities.border_subtitle))
        await press(pilot, "2", "enter", "r")
        pane = browse(app).record_pane
        assert READ_AGAIN.fullmatch(str(pane.border_subtitle))
        await press(pilot, "2", "down")
        assert str(pane.border_subtitle) == "", "that was another record"


async def test_what_could_not_be_read_again_is_not_acknowledged(service: ScriptedService) -> None:
    """The twin: a refusal is no reading."""
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await wait_until_settled(pilot)
        service.answers["*"] = message(500, "The database is being repaired")
        await press(pilot, "r")
        assert not READ_AGAIN.search(screen_words(app))
        await press(pilot, "1", "r")
        assert "counted" not in str(browse(app).entities.border_subtitle)
        await press(pilot, "2", "enter", "r")
        assert not READ_AGAIN.search(screen_words(app))


async def test_escape_goes_back_to_where_the_search_began(reading_sandbox: Profile) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None)
    async with app.run_test(size=(100, 24), notifications=True) as pilot:
        await wait_until_settled(pilot)
        browse(app).show_entity("lead")
        await wait_until_settled(pilot)
        grid = browse(app).records.grid
        await press(pilot, "down", "down", "right")
        start = grid.cursor_row, grid.cursor_column, grid.scroll_offset
        sixtieth = browse(app).records.source.record(60)
        assert sixtieth is not None
        sent = browse(app).account.client.sent_count
        await press(pilot, "slash")
        await type_text(pilot, sixtieth.external_id)
        assert (grid.cursor_row, grid.cursor_column) == (60, "ExternalID")
        assert "1 match in the 100 of 250 rows read" in screen_words(app)
        assert browse(app).account.client.sent_count == sent, "only what was read is searched"
        await press(pilot, "escape")
        assert (grid.cursor_row, grid.cursor_column, grid.scroll_offset) == start
        await press(pilot, "slash")
        await type_text(pilot, sixtieth.external_id)
        await press(pilot, "enter")
        assert grid.cursor_row == 60
        assert told(app) == [
            "1 match in the 100 of 250 rows read. f filters all records by a condition."
        ]


async def test_the_cursor_of_the_entities_goes_back_where_none_was_chosen(
    service: ScriptedService,
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        entities = browse(app).entities
        await press(pilot, "1", "down")
        assert entities.highlighted == "lead"
        assert str(entities.border_subtitle) == "enter shows it"
        await press(pilot, "2")
        assert entities.highlighted == browse(app).entity == "account"
        assert str(entities.border_subtitle) == ""
        await press(pilot, "1", "down", "enter")
        assert entities.highlighted == browse(app).entity == "lead"
