"""Going to rows, sorting and reading again in the main screen, with the calls that it costs."""

import asyncio

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.models.row_number import check_row_number, read_row_number
from cmdm_tui.tui.models.row_source import SortKey
from cmdm_tui.tui.screens.browse.order_commands import add_key
from tests.tui.driver import (
    FixedProfiles,
    browse,
    hold,
    notice_text,
    press,
    screen_words,
    type_text,
    wait_until_settled,
)
from tests.tui.scripted_service import ScriptedService, message, people, profile


def explorer(service: ScriptedService) -> Explorer:
    return Explorer(FixedProfiles(profile()), catalogs=None, transport=service)


def new_calls(service: ScriptedService) -> list[str]:
    calls = [call.removeprefix("lead?per_page=100&") for call in service.calls]
    service.calls.clear()
    return calls


def id_under_cursor(app: Explorer) -> str | None:
    record = browse(app).records.record
    return record.external_id if record is not None else None


async def test_any_row_is_one_call_away(service: ScriptedService) -> None:
    service.entities["lead"] = people(12_345)
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter")
        new_calls(service)
        await press(pilot, "G")
        assert new_calls(service) == ["page=124"]
        assert id_under_cursor(app) == "ID012345"
        assert "rows 12,329–12,345 of 12,345 · 145 read" in screen_words(app)
        await press(pilot, "g")
        assert new_calls(service) == []
        assert id_under_cursor(app) == "ID000001"

        await press(pilot, "number_sign")
        assert "1 to 12,345" in screen_words(app)
        for wrong, words in {
            "0": "Rows are counted from 1",
            "ten": "Enter the number of a row, such as 12",
            "12,346": "There are 12,345 rows",
        }.items():
            await type_text(pilot, wrong)
            await press(pilot, "enter")
            assert notice_text(app) == words
            await press(pilot, *["backspace"] * len(wrong))
        await type_text(pilot, "6,050")
        await press(pilot, "enter")
        assert new_calls(service) == ["page=61"]
        assert id_under_cursor(app) == "ID006050"
        assert browse(app).records.grid.has_focus

        # Held down, a key asks for the page where it comes to rest, and the one on its way.
        gate = asyncio.Event()
        service.held["lead"] = gate
        screen = browse(app)
        for row in range(7_000, 9_000, 100):
            screen.records.grid.move_cursor(row=row + 20)
            while not service.calls:
                await pilot.pause()
        gate.set()
        await wait_until_settled(pilot)
        assert new_calls(service) == ["page=71", "page=90"]
        assert id_under_cursor(app) == "ID008921"

        # What was read is kept, and so is the place, when another entity is shown meanwhile.
        await press(pilot, "1", "up", "enter", "1", "down", "enter")
        assert new_calls(service) == []
        assert id_under_cursor(app) == "ID008921"


def test_numbers_of_rows_as_they_are_typed() -> None:
    assert [read_row_number(text) for text in ("12", " 1,200 ", "1 200", "#7", "1_000")] == [
        12, 1_200, 1_200, 7, 1_000,
    ]  # fmt: skip
    assert [read_row_number(text) for text in ("", "x", "-1", "½", "١٢", "9" * 5_000)] == [None] * 6
    assert check_row_number("1", 0, is_count_known=True) == "There are 0 rows"
    assert check_row_number("2", 1, is_count_known=True) == "There is 1 row"
    assert check_row_number("301", 300, is_count_known=False) == (
        "There are 300 rows so far; the service counts none"
    )


async def test_sorting_by_several_columns_says_what_it_costs(service: ScriptedService) -> None:
    service.entities["lead"] = [
        (f"ID{number:06}", {"City": "Leeds" if number % 2 else "york", "Score": str(number % 10)})
        for number in range(250)
    ]
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "right")
        new_calls(service)
        screen = browse(app)
        await press(pilot, "S")
        assert new_calls(service) == ["page=1&sort_by=City&sort_order=asc"]
        await press(pilot, "right", "S")
        assert "To sort by City and Score" in screen_words(app)
        assert "2 calls, and 4,99" in screen_words(app)
        await press(pilot, "down", "enter")
        assert new_calls(service) == []
        assert screen.records.order == (SortKey("City"),)

        await press(pilot, "S", "enter")
        assert new_calls(service) == [
            "page=2&sort_by=City&sort_order=asc", "page=3&sort_by=City&sort_order=asc",
        ]  # fmt: skip
        keys = (SortKey("City"), SortKey("Score"))
        assert screen.records.order == keys
        assert "sorted here by City ▲, Score ▲" in screen.records.caption
        rows = screen.records.source.rows(0, 250)
        got = [(str(row.value(1)), int(str(row.value(2)))) for row in rows if row is not None]
        assert got == sorted(got)
        assert len(got) == 250

        # The record under the cursor stays there, and what was read is sorted again for no call.
        await press(pilot, "down", "down", "down")
        kept = id_under_cursor(app)
        await press(pilot, "S")
        assert screen.records.order == (SortKey("City"), SortKey("Score", is_descending=True))
        assert id_under_cursor(app) == kept
        assert new_calls(service) == []

        # Reading again asks for the service's order, of which only what is in sight is there.
        await press(pilot, "g", "r")
        assert new_calls(service) == ["page=1&sort_by=City&sort_order=asc"]
        assert screen.records.order == (SortKey("City"),)
        await press(pilot, "u")
        assert new_calls(service) == ["page=1"]
        assert screen.records.order == ()


async def test_what_is_sorted_here_stays_so_when_one_page_is_all(service: ScriptedService) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        service.calls.clear()
        screen = browse(app)
        await press(pilot, "right", "s", "right", "S")
        assert len(service.calls) == 1
        order = screen.records.order
        assert [key.column for key in order] == ["LastName", "Score"]
        await press(pilot, "r")
        assert len(service.calls) == 2
        assert screen.records.order == order


async def test_more_records_than_fit_are_not_sorted_here(service: ScriptedService) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "right", "s", "right")
        browse(app).records._records.loader.store.max_bytes = 10_000
        service.calls.clear()
        await press(pilot, "S")
        (told,) = app._notifications
        assert told.message.startswith("250 records are too many to be sorted here. A query")
        assert service.calls == []


async def test_reading_all_that_fails_goes_on_where_it_stopped(service: ScriptedService) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "right", "s", "right", "S")
        new_calls(service)
        service.answers["lead"] = message(500, "Something broke")
        await press(pilot, "enter")
        assert "Something broke" in notice_text(app)
        service.answers.clear()
        await press(pilot, "t")
        pages = [call.partition("&")[0] for call in new_calls(service)]
        assert pages == ["page=2", "page=2", "page=3"]
        assert len(browse(app).records.order) == 2


def test_a_column_more_in_an_order() -> None:
    order = add_key((SortKey("City"),), "Score")
    assert order == (SortKey("City"), SortKey("Score"))
    assert add_key(order, "City") == (SortKey("City", is_descending=True), SortKey("Score"))


async def test_the_newest_come_first_for_one_call(service: ScriptedService) -> None:
    service.entities["account"] = [
        (f"A{day}", {"Name": f"N{day}", "CreatedDate": f"2026-01-0{day}"}) for day in range(1, 8)
    ]
    service.entities["lead"] = [("L1", {"CreatedDate": "2026-01-01", "ModifiedDate": "2026-02-01"})]
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        service.calls.clear()
        await press(pilot, "z")
        assert service.calls == ["account?per_page=100&page=1&sort_by=CreatedDate&sort_order=desc"]
        assert id_under_cursor(app) == "A1"  # the record stays under the cursor
        assert browse(app).records.grid.cursor_row == 6
        await press(pilot, "1", "down", "enter", "z")
        assert service.calls[-1].endswith("sort_by=ModifiedDate&sort_order=desc")
        await press(pilot, "1", "down", "down", "enter", "z")
        assert service.calls[-1] == "task?per_page=100&page=1"


async def test_a_sort_goes_to_the_top_where_the_record_was_not_read(
    service: ScriptedService,
) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "G")
        new_calls(service)
        await press(pilot, "s")
        assert new_calls(service) == ["page=1&sort_by=ExternalID&sort_order=asc"]
        assert browse(app).records.grid.cursor_row == 0
        assert id_under_cursor(app) == "ID000001"


async def test_a_held_refresh_makes_few_calls_and_keeps_the_place(
    service: ScriptedService,
) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter", "G")
        new_calls(service)
        await hold(pilot, "r", presses=60)
        calls = new_calls(service)
        assert set(calls) == {"page=3"}
        assert len(calls) <= 4
        assert id_under_cursor(app) == "ID000250"

        # So do deliberate presses while one is under way, and what was read stays until then.
        gate = asyncio.Event()
        service.held["lead"] = gate
        screen = browse(app)
        for _ in range(60):
            screen.records.refresh_records()
        while not service.calls:
            await pilot.pause()
        assert "ID000250" in screen_words(app)
        gate.set()
        await wait_until_settled(pilot)
        assert new_calls(service) == ["page=3"]


async def test_the_record_pane_follows_the_cursor_once_it_rests(
    service: ScriptedService,
) -> None:
    app = explorer(service)
    async with app.run_test(size=(120, 30)) as pilot:
        await wait_until_settled(pilot)
        pane = browse(app).record_pane
        shown = pane.record
        app.screen.query_one("#record-grid").post_message(
            type(browse(app).records.grid).CursorMoved("ID000001", 0, None)
        )
        browse(app).records.grid.move_cursor(row=2)
        while not pane.is_following:
            await pilot.pause()
        assert pane.record is shown
        await wait_until_settled(pilot)
        assert pane.record is not None
        assert pane.record.external_id == "ID000003"
        assert "account ID000003" in screen_words(app)
        assert not pane.is_following


async def test_the_pane_follows_without_help(
    service: ScriptedService,
) -> None:
    app = explorer(service)
    async with app.run_test(size=(120, 30)) as pilot:
        await wait_until_settled(pilot)
        pane = browse(app).record_pane
        browse(app).records.grid.move_cursor(row=1)
        while pane.record is None or pane.record.external_id != "ID000002":
            await pilot.pause()


async def test_a_count_that_is_not_told_grows(service: ScriptedService) -> None:
    service.tells_totals = False
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "1", "down", "enter")
        new_calls(service)
        assert "rows 1–17 of 100 so far" in screen_words(app)
        await press(pilot, "G")
        assert new_calls(service) == ["page=2"]
        assert "rows 84–100 of 200 so far" in screen_words(app)
        await press(pilot, "G", "G", "G", "G")
        assert new_calls(service) == ["page=3", "page=4"]
        assert "rows 234–250 of 250" in screen_words(app)
        assert "so far" not in screen_words(app)


async def test_marks_and_place_wait_for_their_entity(service: ScriptedService) -> None:
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        grid = browse(app).records.grid
        grid.move_cursor(row=1)
        grid.toggle_mark()
        calls = len(service.calls)
        await press(pilot, "1", "down", "enter")
        assert len(grid.marks) == 0
        await press(pilot, "1", "up", "enter")
        assert len(grid.marks) == 1
        assert id_under_cursor(app) == "ID000002"
        assert len(service.calls) == calls + 1
