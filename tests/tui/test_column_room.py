"""Columns are as wide as the values in sight where there is room; no other row is measured."""

import pytest

from cmdm_tui.tui.models import grid_state
from cmdm_tui.tui.models.column_layout import ColumnLayout
from cmdm_tui.tui.models.row_source import SourceColumn
from tests.tui.driver import press, wait_until_settled
from tests.tui.grid_app import FakeRow, FakeSource, GridApp

LONG = "Unqualified by the team"


def statuses(count: int, *long: int) -> FakeSource:
    """Return rows of two columns eight cells wide; those at the places `long` need more."""
    rows = [FakeRow([f"ID{n}", LONG if n in long else "New"]) for n in range(count)]
    columns = [SourceColumn("Id", "Id", 8, is_key=True), SourceColumn("Status", "Status", 8)]
    return FakeSource(columns, [*rows])


async def test_no_value_in_sight_is_cut_beside_empty_cells() -> None:
    source = statuses(400, 3, 300)
    app = GridApp(source)
    async with app.run_test(size=(100, 20)) as pilot:
        await wait_until_settled(pilot)
        assert LONG in "\n".join(app.lines())
        source.change(*statuses(400, 300).held)
        app.grid.source_changed()
        await wait_until_settled(pilot)
        await press(pilot, "G")
        app.grid.move_cursor(row=300)
        await wait_until_settled(pilot)
        assert LONG in "\n".join(app.lines())


async def test_where_there_is_no_room_a_value_is_cut() -> None:
    app = GridApp(statuses(10, 3))
    async with app.run_test(size=(25, 20)) as pilot:
        await wait_until_settled(pilot)
        lines = "\n".join(app.lines())
        assert "…" in lines
        assert LONG not in lines


async def test_a_chosen_width_stays() -> None:
    app = GridApp(statuses(10, 3), ColumnLayout(widths={"Status": 9}))
    async with app.run_test(size=(100, 20)) as pilot:
        await wait_until_settled(pilot)
        assert [column.width for column in app.grid.columns] == [8, 9]
        assert LONG not in "\n".join(app.lines())


async def test_only_rows_in_sight_are_measured_and_each_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured: list[str] = []

    def measure(text: str) -> int:
        measured.append(text)
        return len(text)

    monkeypatch.setattr(grid_state, "measure_width", measure)
    app = GridApp(statuses(100_000))
    async with app.run_test(size=(100, 20)) as pilot:
        await wait_until_settled(pilot)
        page = app.grid.page_rows
        assert 0 < len(measured) <= 2 * 2 * page, "two pages of two columns"
        measured.clear()
        await press(pilot, "down", "right", "up")
        assert measured == [], "a move of the cursor measures nothing"
        app.grid.move_cursor(row=page)
        await wait_until_settled(pilot)
        assert len(measured) == 2, "the one row that is new, in two columns"
        measured.clear()
        await press(pilot, "G")
        assert len(measured) <= 2 * 2 * page


async def test_wider_columns_need_no_scroll_bar() -> None:
    for width in (34, 35, 36, 37, 38, 39, 40):
        async with GridApp(statuses(400, *range(400))).run_test(size=(width, 20)) as pilot:
            await wait_until_settled(pilot)
            app = pilot.app
            assert isinstance(app, GridApp)
            assert app.grid.show_vertical_scrollbar
            assert not app.grid.show_horizontal_scrollbar, width
