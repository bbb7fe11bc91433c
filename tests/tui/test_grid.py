"""The grid on a small app: its cursor, scrolling, marks, mouse and reports."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen

from cmdm_tui.tui.models.column_layout import ColumnLayout
from cmdm_tui.tui.models.row_source import SortKey
from cmdm_tui.tui.widgets.grid import Grid
from tests.tui.driver import press, wait_until_settled
from tests.tui.grid_app import FakeRow, FakeSource, GridApp, columns, people

MOVES = (
    "up", "k", "down", "j", "left", "h", "right", "l", "pageup", "pagedown", "ctrl+home", "g",
    "ctrl+end", "G", "home", "0", "end", "dollar_sign", "enter",
)  # fmt: skip


@asynccontextmanager
async def running(
    source: FakeSource | None, size: tuple[int, int] = (60, 12), layout: ColumnLayout | None = None
) -> AsyncGenerator[tuple[GridApp, Pilot[None]]]:
    app = GridApp(source, layout)
    async with app.run_test(size=size) as pilot:
        await wait_until_settled(pilot)
        yield app, pilot


async def changed(app: GridApp, pilot: Pilot[None]) -> None:
    app.grid.source_changed()
    await wait_until_settled(pilot)


async def test_rows_are_shown_under_their_columns_with_a_number() -> None:
    async with running(people(3)) as (app, _):
        assert app.lines()[:5] == [
            "    Id       Name     City       #Score",
            "  1 ID0      Name 0   City 0          0",
            "  2 ID1      Name 1   City 1          1",
            "  3 ID2      Name 2   City 2          2",
            "",
        ]


async def test_the_keys_move_the_cursor_and_stop_at_the_ends() -> None:
    async with running(people(100)) as (app, pilot):
        places: list[tuple[int, str | None]] = []
        for key in ("up", "left", "down", "j", "l", "right", "k", "h"):
            await press(pilot, key)
            places.append((app.grid.cursor_row, app.grid.cursor_column))
        assert places == [
            (0, "Id"), (0, "Id"), (1, "Id"), (2, "Id"), (2, "Name"), (2, "City"), (1, "City"),
            (1, "Name"),
        ]  # fmt: skip
        await press(pilot, "G", "down", "dollar_sign", "right")
        assert (app.grid.cursor_row, app.grid.cursor_column) == (99, "#Score")
        await press(pilot, "g", "0")
        assert (app.grid.cursor_row, app.grid.cursor_column) == (0, "Id")


async def test_the_cursor_stays_in_sight_and_the_header_too() -> None:
    async with running(people(100)) as (app, pilot):
        await press(pilot, *["down"] * 11)
        assert app.lines()[0].split() == ["Id", "Name", "City", "#Score"]
        assert app.lines()[1].split()[0] == "2"
        assert app.lines()[11].split()[0] == "12"
        await press(pilot, "pagedown")
        assert (app.grid.cursor_row, app.grid.scroll_offset.y) == (21, 11)
        await press(pilot, "G")
        assert app.lines()[11].split()[1] == "ID99"


async def test_pinned_columns_stay_when_the_others_scroll() -> None:
    source = FakeSource(columns("Id", *(f"c{n}" for n in range(20))), [FakeRow([*range(21)])])
    async with running(source, (40, 6)) as (app, pilot):
        await press(pilot, "end")
        assert app.grid.cursor_column == "c19"
        words = app.lines()[0].split()
        assert (words[0], words[-1]) == ("Id", "c19")
        await press(pilot, *["left"] * 19)
        assert app.lines()[0].split()[:3] == ["Id", "c0", "c1"]
        await press(pilot, "end", "home")
        assert app.lines()[0].split()[:3] == ["Id", "c0", "c1"]


async def test_pinned_columns_take_half_of_the_room_at_most() -> None:
    source = FakeSource(columns("a", "b", "c", "d", "e", width=10), [FakeRow([*"vwxyz"])])
    layout = ColumnLayout(pinned=frozenset("abcd"))
    async with running(source, (40, 6), layout) as (app, pilot):
        await press(pilot, "end")
        assert app.lines()[0].split() == ["a", "d", "e"]


@pytest.mark.parametrize("size", [(80, 24), (12, 4), (5, 3), (2, 2), (1, 1)])
@pytest.mark.parametrize("source", [None, people(0), people(1), people(30, width=40)])
async def test_every_key_is_harmless(source: FakeSource | None, size: tuple[int, int]) -> None:
    async with running(source, size) as (app, pilot):
        await press(pilot, *MOVES)
        for act in (app.grid.toggle_mark, app.grid.mark_range, app.grid.mark_all):
            act()
        for act in (app.grid.invert_marks, app.grid.clear_marks, app.grid.source_changed):
            act()
        await wait_until_settled(pilot)
        last = max((0 if source is None else source.row_count) - 1, 0)
        assert 0 <= app.grid.cursor_row <= last
        assert len(app.lines()) == size[1]


async def test_a_source_without_columns_is_harmless() -> None:
    async with running(FakeSource([], [])) as (app, pilot):
        await press(pilot, *MOVES)
        assert (app.grid.cursor_column, app.grid.cursor_key) == (None, None)
        assert app.reports(Grid.RowOpened) == []


async def test_the_cursor_follows_its_record() -> None:
    source = people(30)
    async with running(source) as (app, pilot):
        app.grid.move_cursor(row=5, column="City")
        await wait_until_settled(pilot)
        line = next(n for n, line in enumerate(app.lines()) if "ID5" in line)
        source.change(*(FakeRow([f"NEW{n}", "", "", 0]) for n in range(20)), *source.held)
        await changed(app, pilot)
        assert (app.grid.cursor_row, app.grid.cursor_key) == (25, "ID5")
        assert app.grid.cursor_column == "City"
        assert "ID5" in app.lines()[line]
        source.change(*reversed(source.held))
        await changed(app, pilot)
        assert (app.grid.cursor_row, app.grid.cursor_key) == (24, "ID5")


async def test_without_its_record_the_cursor_stays_at_its_position() -> None:
    source = people(30)
    async with running(source) as (app, pilot):
        await press(pilot, "G")
        source.change(*source.held[:10])
        await changed(app, pilot)
        assert (app.grid.cursor_row, app.grid.cursor_key) == (9, "ID9")
        source.change(*(row for row in source.held if row and row.key != "ID9"))
        await changed(app, pilot)
        assert (app.grid.cursor_row, app.grid.cursor_key) == (8, "ID8")
        source.change()
        await changed(app, pilot)
        assert (app.grid.cursor_row, app.grid.cursor_key) == (0, None)
        assert app.lines()[1] == ""
        source.change(*people(3).held)
        await changed(app, pilot)
        assert (app.grid.cursor_row, app.grid.cursor_key) == (0, "ID0")


async def test_a_row_not_read_is_a_placeholder_until_it_is() -> None:
    source = people(4)
    read, source.held[1] = source.held[1], None
    async with running(source) as (app, pilot):
        await press(pilot, "down")
        assert app.lines()[2].split() == ["2", "·", "·", "·", "·"]
        await press(pilot, "enter")
        assert app.reports(Grid.RowOpened) == []
        assert app.reports(Grid.CursorMoved)[-1] == Grid.CursorMoved(None, 1, "Id")
        source.change(*source.held[:1], read, *source.held[2:])
        await changed(app, pilot)
        assert app.lines()[2].split()[1] == "ID1"
        assert app.reports(Grid.CursorMoved)[-1] == Grid.CursorMoved("ID1", 1, "Id")


async def test_keys_held_down_are_reported_once_a_repaint() -> None:
    async with running(people(100)) as (app, pilot):
        app.reported.clear()
        for _ in range(20):
            app.grid.action_move_rows(1)
        await wait_until_settled(pilot)
        assert app.reports(Grid.CursorMoved) == [Grid.CursorMoved("ID20", 20, "Id")]


async def test_the_source_knows_which_rows_are_in_sight() -> None:
    source = people(100)
    async with running(source) as (app, pilot):
        assert source.wanted == [(0, 11)]
        await press(pilot, "down")
        assert source.wanted == [(0, 11)]
        await press(pilot, "G")
        assert source.wanted[-1] == (89, 11)
        assert app.reports(Grid.RowsInSight)[-1] == Grid.RowsInSight(89, 11)
        source.change(*source.held[:5])
        await changed(app, pilot)
        assert source.wanted[-1] == (0, 5)
        source.is_count_known = False
        source.revision += 1
        await changed(app, pilot)
        assert source.wanted[-1] == (0, 11)


async def test_the_order_is_marked_with_its_ranks() -> None:
    source = people(2)
    source.order = (SortKey("Name"),)
    async with running(source) as (app, pilot):
        assert app.lines()[0].split() == ["Id", "Name", "▲", "City", "#Score"]
        source.order = (SortKey("City", is_descending=True), SortKey("#Score"))
        source.revision += 1
        await changed(app, pilot)
        assert app.lines()[0].split() == ["Id", "Name", "City", "▼1", "#Sco…", "▲2"]


async def test_marks_are_shown_and_follow_their_rows() -> None:
    source = people(5)
    async with running(source) as (app, pilot):
        await press(pilot, "down")
        app.grid.toggle_mark()
        await press(pilot, "down", "down")
        app.grid.mark_range()
        await wait_until_settled(pilot)
        assert [line[0] for line in app.lines()[1:6]] == [" ", "●", "●", "●", " "]
        assert app.reports(Grid.MarksChanged)[-1] == Grid.MarksChanged(3)
        source.change(*source.held[2:], *source.held[:2])
        await changed(app, pilot)
        assert [line[0] for line in app.lines()[1:6]] == ["●", "●", " ", " ", "●"]
        app.grid.invert_marks()
        await wait_until_settled(pilot)
        assert app.grid.marks.keys == ("ID4", "ID0")
        assert [line[0] for line in app.lines()[1:6]] == [" ", " ", "●", "●", " "]


async def test_a_click_moves_the_cursor_and_a_second_one_opens() -> None:
    async with running(people(5)) as (app, pilot):
        await pilot.click(Grid, offset=(15, 3))
        await wait_until_settled(pilot)
        assert (app.grid.cursor_row, app.grid.cursor_column) == (2, "Name")
        assert app.reports(Grid.RowOpened) == []
        await pilot.click(Grid, offset=(15, 3), times=2)
        await wait_until_settled(pilot)
        assert app.reports(Grid.RowOpened) == [Grid.RowOpened("ID2", 2)]
        await pilot.click(Grid, offset=(15, 9))
        await pilot.click(Grid, offset=(25, 0))
        await wait_until_settled(pilot)
        assert app.grid.cursor_row == 2
        assert app.reports(Grid.ColumnPressed) == [Grid.ColumnPressed("City")]


async def test_the_edge_of_a_header_is_dragged_to_resize_its_column() -> None:
    async with running(people(5)) as (app, pilot):
        assert app.lines()[1].index("Name 0") == 13
        await pilot.mouse_down(Grid, offset=(12, 0))
        await pilot.hover(Grid, offset=(14, 0))
        await pilot.hover(Grid, offset=(16, 0))
        assert app.reports(Grid.LayoutChanged) == []
        await pilot.mouse_up(Grid, offset=(16, 0))
        await wait_until_settled(pilot)
        assert app.lines()[1].index("Name 0") == 17
        assert app.reports(Grid.ColumnPressed) == []
        await pilot.hover(Grid, offset=(20, 0))
        layout = ColumnLayout(widths={"Id": 12})
        assert app.reports(Grid.LayoutChanged) == [Grid.LayoutChanged(layout)]


async def test_columns_without_values_are_left_out_until_one_has_a_value() -> None:
    source = people(40)
    for row in source.held[:30]:
        assert row is not None
        row.values = [row.values[0], "", None, row.values[3]]
    async with running(source, layout=ColumnLayout(hide_empty=True)) as (app, pilot):
        assert [column.name for column in app.grid.columns] == ["Id", "#Score"]
        await press(pilot, "G")
        assert [column.name for column in app.grid.columns] == ["Id", "Name", "City", "#Score"]


async def test_another_layout_keeps_the_cursor_in_its_column() -> None:
    async with running(people(5)) as (app, pilot):
        app.grid.move_cursor(column="City")
        layout = app.grid.column_layout.hide("Name")
        app.grid.apply_layout(layout)
        await wait_until_settled(pilot)
        assert app.grid.cursor_column == "City"
        assert app.lines()[0].split() == ["Id", "City", "#Score"]
        app.grid.apply_layout(layout.hide("City"))
        await wait_until_settled(pilot)
        assert app.grid.cursor_column == "#Score"
        assert len(app.reports(Grid.LayoutChanged)) == 2


async def test_another_source_is_shown_from_its_top() -> None:
    async with running(people(100)) as (app, pilot):
        await press(pilot, "G", "right")
        app.grid.toggle_mark()
        app.grid.show(people(50))
        await wait_until_settled(pilot)
        assert (app.grid.cursor_row, app.grid.cursor_column) == (0, "Name")
        assert app.lines()[1].split()[1] == "ID0"
        assert len(app.grid.marks) == 0


async def test_a_source_of_no_columns_replaces_those_of_another() -> None:
    async with running(people(100)) as (app, pilot):
        app.grid.show(FakeSource([], []))
        await wait_until_settled(pilot)
        assert (app.grid.columns, app.grid.cursor_column) == ((), None)
        assert set(app.lines()) == {""}


async def test_the_wheel_scrolls_and_the_cursor_stays() -> None:
    async with running(people(100)) as (app, pilot):
        for _ in range(5):
            await pilot._post_mouse_events([events.MouseScrollDown], Grid, offset=(5, 5))
        await wait_until_settled(pilot)
        assert app.grid.scroll_offset.y > 4
        assert app.grid.cursor_row == 0
        await press(pilot, "down")
        assert app.grid.scroll_offset.y == 1


async def test_the_cursor_stays_in_sight_when_the_terminal_shrinks() -> None:
    async with running(people(100)) as (app, pilot):
        app.grid.move_cursor(row=10, column="#Score")
        await wait_until_settled(pilot)
        await pilot.resize_terminal(30, 6)
        await wait_until_settled(pilot)
        assert any(line.split()[:2] == ["11", "ID10"] for line in app.lines())
        assert app.lines()[0].rstrip("▁▂▃▄▅▆▇█").endswith("#Score")


async def test_a_keymap_gives_the_grid_other_keys() -> None:
    async with running(people(100)) as (app, pilot):
        app.set_keymap({"grid.down": "n"})
        await press(pilot, "n", "n", "j")
        assert app.grid.cursor_row == 2


async def test_a_source_may_come_before_the_grid_is_mounted_or_while_it_is_hidden() -> None:
    app, grid = GridApp(), Grid()
    grid.show(people(50))
    grid.move_cursor(row=20, column="City")
    async with app.run_test(size=(60, 24)) as pilot:
        await app.grid.remove()
        await app.mount(grid)
        await wait_until_settled(pilot)
        assert app.reports(Grid.CursorMoved) == [Grid.CursorMoved("ID20", 20, "City")]
        assert any("ID20" in line for line in app.lines())
        grid.display = False
        await wait_until_settled(pilot)
        grid.show(people(10))
        grid.move_cursor(row=5)
        await wait_until_settled(pilot)
        grid.display = True
        await app.push_screen(Screen[None]())
        grid.move_cursor(row=6)
        await wait_until_settled(pilot)
        app.pop_screen()
        await wait_until_settled(pilot)
        assert app.reports(Grid.CursorMoved)[-1] == Grid.CursorMoved("ID6", 6, "City")
        assert "ID0" in app.lines()[1]
        assert "ID6" in app.lines()[7]


async def test_six_columns_are_seen_at_once_where_the_terminal_is_narrow() -> None:
    values = ["ID123456", *("a long value of many letters" for _ in range(9))]
    source = FakeSource(columns("Id", *"abcdefghi", width=30), [FakeRow(values)])
    source.columns = [replace(source.columns[0], width=8), *source.columns[1:]]
    grid = Grid(fitted=6)
    app = GridApp()
    async with app.run_test(size=(60, 8)) as pilot:
        await app.grid.remove()
        await app.mount(grid)
        grid.show(source)
        await wait_until_settled(pilot)
        assert app.lines()[0].split()[:6] == ["Id", *"abcde"]
        assert app.lines()[1].split(maxsplit=2)[1] == "ID123456"
        await pilot.resize_terminal(300, 8)
        await wait_until_settled(pilot)
        assert [column.width for column in grid.columns] == [8, *[30] * 9]
