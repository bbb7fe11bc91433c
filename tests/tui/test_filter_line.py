"""The line of a filter is always seen, a fault stays in it, and the rows stay in sight."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Offset, Region, Size

from cmdm_tui.config import Profile
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.models.condition_example import make_example
from cmdm_tui.tui.models.row_source import SourceColumn
from cmdm_tui.tui.screens.browse.filtered_view import FilteredView
from cmdm_tui.tui.widgets import filter_bar
from cmdm_tui.tui.widgets.completion_list import place_list
from tests.services import CountedNetwork
from tests.tui.driver import (
    FixedProfiles,
    browse,
    press,
    press_beside_work,
    screen_text,
    screen_words,
    type_text,
    wait_until_settled,
)
from tests.tui.grid_app import FakeRow
from tests.tui.scripted_service import ScriptedService, message, people, profile

SIZES = [(80, 24), (100, 30)]


@pytest.fixture(autouse=True)
def planned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_bar, "PLAN_DELAY", 0.0)


def view_of(app: Explorer) -> FilteredView:
    return browse(app).query_one(FilteredView)


def is_line_seen(app: Explorer, text: str) -> bool:
    """Return whether the line with the condition is on the screen."""
    return any(f"WHERE {text}" in line for line in screen_text(app).splitlines())


def is_grid_seen(app: Explorer) -> bool:
    """Return whether the heads of columns are on the screen, with a row below them."""
    lines = screen_text(app).splitlines()
    return any("ExternalID" in one and " 1 " in two for one, two in zip(lines, lines[1:]))  # noqa: B905, RUF007


@pytest.mark.parametrize("size", SIZES)
async def test_the_line_is_seen_over_rows_no_rows_and_a_fault(
    reading_sandbox: Profile, network: CountedNetwork, size: tuple[int, int]
) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None, transport=network)
    async with app.run_test(size=size) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "f")
        bar = view_of(app).bar
        assert is_line_seen(app, "for instance ")
        assert is_grid_seen(app), "values can be looked up while the condition is written"
        await type_text(pilot, "City = 'Atlantis'")
        await press(pilot, "enter")
        assert "No record meets the condition" in screen_words(app)
        assert not bar.is_open
        await press(pilot, "f")
        assert is_line_seen(app, "City = 'Atlantis'")
        network.taken()
        await press(pilot, "end")
        await type_text(pilot, " AND")
        await press(pilot, "enter")
        assert is_line_seen(app, "City = 'Atlantis' AND")
        assert "The SQL cannot be read" in screen_words(app)
        assert network.taken() == []
        await press(pilot, "ctrl+u")
        await type_text(pilot, "Zork = 1")
        bar.offers.close_list()
        await press(pilot, "enter")
        assert "no column 'Zork'" in screen_words(app)
        await type_text(pilot, "oq")
        assert is_line_seen(app, "Zork = 1oq"), "what is typed next is no command"
        assert "0 records · filtered by City = 'Atlantis'" in screen_words(app)
        assert network.taken() == []


async def test_the_check_of_the_line_can_fail(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "f")
        await type_text(pilot, "true")
        assert is_line_seen(app, "true")
        view_of(app).bar.styles.visibility = "hidden"  # as behind something else
        await wait_until_settled(pilot)
        assert not is_line_seen(app, "true")


async def test_a_fault_leaves_the_rows_of_before_and_no_result_is_claimed(
    service: ScriptedService,
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "f")
        await type_text(pilot, "Score > 98")
        view_of(app).bar.offers.close_list()
        await press(pilot, "enter")
        found = browse(app).filtered
        assert found is not None
        assert found.source is not None
        keys = [row.key for row in found.source.rows(0, 9) if row]
        assert keys
        service.answers["lead"] = message(403, "This account may not read leads")
        service.calls.clear()
        await press(pilot, "f")
        await type_text(pilot, "City = 'York'")
        found.bar.offers.close_list()
        await press(pilot, "enter")
        assert service.calls != []
        assert found.bar.is_open
        assert "may not read leads" in found.bar.plan.summary
        assert is_line_seen(app, "City = 'York'")
        assert [row.key for row in found.source.rows(0, 9) if row] == keys
        words = screen_words(app)
        assert "filtered by Score > 98" in words
        assert "no result" not in words
        await press(pilot, "escape", "escape")
        assert browse(app).filtered is None
        assert browse(app).records.display
        assert is_grid_seen(app)


async def test_all_records_stay_while_the_first_condition_is_refused(
    service: ScriptedService,
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "f")
        await type_text(pilot, "Score > 98")
        service.answers["lead"] = message(403, "This account may not read leads")
        view_of(app).bar.offers.close_list()
        await press(pilot, "enter")
        assert view_of(app).bar.is_open
        assert browse(app).filtered is None
        assert is_grid_seen(app)
        assert "of 250" in screen_words(app)
        await press(pilot, "escape")
        assert not view_of(app).is_open
        assert browse(app).records.grid.has_focus


async def test_escape_stops_a_search_and_what_is_typed_meanwhile_stays() -> None:
    service = ScriptedService({"lead": people(300)}, cap=100)
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "f")
        await type_text(pilot, "LastName LIKE '%nobody%'")
        view = view_of(app)
        view.bar.offers.close_list()
        service.held["lead"] = asyncio.Event()
        service.calls.clear()
        await press_beside_work(pilot, "enter")
        while not service.calls:
            await pilot.pause()
        assert view.is_running
        assert "Looking for the records" in screen_words(app)
        await press_beside_work(pilot, "x")
        view.bar.offers.close_list()
        await press_beside_work(pilot, "escape")
        service.held["lead"].set()
        await wait_until_settled(pilot)
        assert not view.is_running
        assert view.is_open
        assert view.bar.is_open, "more was typed: nothing of it is lost"
        assert view.bar.record_filter.text.endswith("'x")


async def test_the_column_of_the_condition_comes_into_sight_and_the_order_is_told(
    reading_sandbox: Profile, network: CountedNetwork
) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None, transport=network)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        heads = screen_text(app)
        assert "PostCode" not in heads
        await press(pilot, "f")
        await type_text(pilot, "PostCode IS NOT NULL")
        view_of(app).bar.offers.close_list()
        await press(pilot, "enter")
        assert browse(app).filtered is not None
        assert "PostCo…" in next(
            line for line in screen_text(app).splitlines() if "ExternalID" in line
        )
        assert view_of(app).grid.cursor_column == "PostCode"
        assert " records · in the order found · filtered by" in view_of(app).caption
        await press(pilot, "s")
        assert "in the order found" not in view_of(app).caption


@pytest.mark.parametrize(
    ("rows", "example"),
    [
        (
            [("A1", "York", "5"), ("A2", "York", "9"), ("A3", "Hull", "7")],
            "City = 'York' AND Score > 7",
        ),
        ([("A1", "2026-01-01", "x")], "City IS NOT NULL"),
        ([("A1", "O'Neill", None)], "City = 'O''Neill'"),
        ([("A1", "\x1b[31m", None)], "City IS NOT NULL"),
        ([], "City IS NOT NULL"),
    ],
)  # fmt: skip
def test_an_example_has_columns_and_values_that_are_there(
    rows: list[tuple[object, ...]], example: str
) -> None:
    columns = [
        SourceColumn("Id", "Id", 8, is_key=True),
        SourceColumn("City", "City", 8),
        SourceColumn("Score", "Score", 8, is_number=True),
    ]
    assert make_example(columns, [FakeRow(row) for row in rows]) == example


def covers_a_part(shown: Region, words: Region) -> bool:
    """Return whether a list leaves a part of a line of the words standing beside it."""
    return shown.overlaps(words) and (shown.x > words.x or shown.right < words.right)


@st.composite
def places(draw: st.DrawFn) -> tuple[Size, Offset, Region]:
    """Draw a screen, a cursor on it, and where words are on it, up to its right edge."""
    screen = Size(draw(st.integers(80, 200)), draw(st.integers(24, 60)))
    cursor = Offset(draw(st.integers(0, screen.width - 1)), draw(st.integers(0, screen.height - 2)))
    x, y = draw(st.integers(0, screen.width - 10)), draw(st.integers(0, screen.height - 5))
    return screen, cursor, Region(x, y, screen.width - x, draw(st.integers(1, 4)))


@given(places(), st.integers(1, 8))
def test_a_list_of_offers_covers_no_part_of_a_line(
    place: tuple[Size, Offset, Region], lines: int
) -> None:
    screen, cursor, words = place
    if words.contains(cursor.x, cursor.y):
        return  # the words are never where the cursor is
    shown = place_list(cursor, Size(58, lines), words, screen)
    assert not covers_a_part(shown, words)
    assert Region(0, 0, screen.width, screen.height).contains_region(shown)


def test_the_check_of_the_list_can_fail() -> None:
    words = Region(24, 5, 70, 2)
    assert covers_a_part(Region(38, 5, 58, 4), words)
    assert not covers_a_part(place_list(Offset(38, 4), Size(58, 4), words, Size(100, 30)), words)
