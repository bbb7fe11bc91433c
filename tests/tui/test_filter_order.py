"""What a filter found is sorted here, for no call; the cursor stays on its record."""

import asyncio
from itertools import pairwise

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.models.row_source import SortKey
from cmdm_tui.tui.screens.browse.filtered_view import FilteredView
from tests.tui.driver import (
    FixedProfiles,
    browse,
    press,
    press_beside_work,
    screen_words,
    type_text,
    wait_until_settled,
)
from tests.tui.scripted_service import ScriptedService, people, profile

CITIES = ("Leeds", "York", "bath", None)
RECORDS = [
    (key, {**properties, "City": CITIES[place % 4]})
    for place, (key, properties) in enumerate(people(40))
]


def found_by(condition: str, app: Explorer) -> FilteredView:
    view = browse(app).filtered
    assert view is not None, condition
    return view


def ids(view: FilteredView) -> list[str]:
    assert view.source is not None
    return [row.key for row in view.source.rows(0, 99) if row]


async def test_what_a_filter_found_is_sorted_for_no_call() -> None:
    service = ScriptedService({"lead": RECORDS})
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(200, 40), notifications=True) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "f")
        await type_text(pilot, "Score > 20")
        await press(pilot, "enter")
        view = found_by("Score > 20", app)
        wanted = [(key, one) for key, one in RECORDS if float(str(one["Score"])) > 20]
        found = ids(view)
        assert sorted(found) == sorted(key for key, _ in wanted)
        service.calls.clear()

        names = [column.name for column in view.grid.columns]
        view.grid.move_cursor(row=3, column="City")
        await press(pilot, "space", "up")
        record = view.record
        assert record is not None
        marked = list(view.grid.marks.keys)
        await press(pilot, "s")
        cities = {key: one["City"] for key, one in wanted}
        in_order = [cities[key] for key in ids(view)]
        assert in_order == sorted(in_order, key=lambda one: (one or "").casefold())
        assert view.record == record, "the cursor stays on its record"
        assert list(view.grid.marks.keys) == marked
        assert "sorted here by City ▲ · filtered by Score > 20" in screen_words(app)
        assert " City ▲" in screen_words(app)
        await press(pilot, "s")
        assert [cities[key] for key in ids(view)] == in_order[::-1]
        assert view.record == record

        view.grid.move_cursor(column="LastName")
        await press(pilot, "S")
        assert view.order == (SortKey("City", is_descending=True), SortKey("LastName"))
        last = {key: str(one["LastName"]).casefold() for key, one in wanted}
        pairs = [((cities[key] or "").casefold(), last[key]) for key in ids(view)]
        assert all(left[0] > right[0] or left <= right for left, right in pairwise(pairs))
        assert all(left[0] >= right[0] for left, right in pairwise(pairs))

        await press(pilot, "u")
        assert ids(view) == found
        assert view.order == ()
        assert "sorted" not in screen_words(app)
        assert view.record == record
        assert [column.name for column in view.grid.columns] == names
        assert service.calls == []


async def test_keys_typed_while_a_filter_runs_go_into_its_line() -> None:
    service = ScriptedService({"lead": RECORDS})
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "f")
        await type_text(pilot, "Score > 20")
        service.held["lead"] = asyncio.Event()
        await pilot.press("enter")
        view = browse(app).query_one(FilteredView)
        while not view.is_running:
            await pilot.pause()
        await press_beside_work(pilot, "s")
        assert view.bar.record_filter.text == "Score > 20s", "what is typed ahead stays in the bar"
        view.bar.offers.close_list()
        service.held["lead"].set()
        await wait_until_settled(pilot)
        assert view.has_records
        assert view.order == ()
        assert view.bar.is_open
