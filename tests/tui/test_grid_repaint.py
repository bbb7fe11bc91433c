"""Whatever happens to a grid, what the terminal shows is what it would draw from nothing."""

import random

import pytest
from rich.segment import Segment
from textual.pilot import Pilot

from cmdm_tui.tui.models.column_layout import ColumnLayout
from cmdm_tui.tui.models.row_source import SortKey
from cmdm_tui.tui.widgets.grid import Grid
from tests.tui.driver import press, wait_until_settled
from tests.tui.grid_app import FakeRow, FakeSource, GridApp, columns

KEYS = (
    "up", "down", "left", "right", "pageup", "pagedown", "g", "G", "home", "end", "j", "k",
)  # fmt: skip
NAMES = ["Id", *(f"c{n}" for n in range(12))]


def random_row(chance: random.Random) -> FakeRow | None:
    if chance.random() < 0.2:
        return None
    values = [chance.choice([n, "", None, "text", "日本"]) for n in range(12)]
    return FakeRow([f"ID{chance.randrange(10**9)}", *values])


def change_source(source: FakeSource, chance: random.Random) -> None:
    held = [*source.held]
    match chance.randrange(6):
        case 0:
            held += [random_row(chance) for _ in range(chance.randrange(40))]
        case 1:
            held[:0] = [random_row(chance) for _ in range(chance.randrange(5))]
        case 2:
            held = held[: chance.randrange(len(held) + 1)]
        case 3:
            chance.shuffle(held)
        case 4:
            held = [None if chance.random() < 0.3 else row or random_row(chance) for row in held]
        case _:
            for row in held:
                if row is not None and chance.random() < 0.3:
                    row.revision += 1
                    row.values = [row.key, *(f"new {row.revision}" for _ in range(12))]
    if chance.random() < 0.3:
        source.order = chance.choice([(), (SortKey("c1"),), (SortKey("c2"), SortKey("c1"))])
    source.change(*held)


def change_layout(layout: ColumnLayout, source: FakeSource, chance: random.Random) -> ColumnLayout:
    name = chance.choice(NAMES)
    return chance.choice(
        [
            layout.hide(name),
            layout.show(name),
            layout.resize(name, chance.randrange(1, 40)),
            layout.move(source.columns, name, chance.randrange(-5, 5)),
            layout.toggle_pin(source.columns, name),
            ColumnLayout(hide_empty=chance.random() < 0.5),
        ]
    )


def change_marks(grid: Grid, chance: random.Random) -> None:
    acts = (grid.toggle_mark, grid.mark_range, grid.mark_all, grid.invert_marks, grid.clear_marks)
    chance.choice(acts)()


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_painted_in_parts_is_what_is_drawn_whole(seed: int) -> None:
    chance = random.Random(seed)
    source = FakeSource(columns(*NAMES, width=7), [random_row(chance) for _ in range(30)])
    app = GridApp(source)
    async with app.run_test(size=(70, 14)) as pilot:
        for step in range(60):
            act = chance.randrange(10)
            if act < 4:
                await press(pilot, *chance.choices(KEYS, k=chance.randrange(1, 4)))
            elif act < 6:
                change_source(source, chance)
                app.grid.source_changed()
            elif act == 6:
                app.grid.apply_layout(change_layout(app.grid.column_layout, source, chance))
            elif act == 7:
                change_marks(app.grid, chance)
            elif act == 8:
                found = [row.key for row in source.held if row and chance.random() < 0.2]
                app.grid.show_matches({(key, chance.choice(NAMES)) for key in found})
            else:
                await pilot.resize_terminal(chance.randrange(1, 90), chance.randrange(1, 20))
            await wait_until_settled(pilot)
            before = shown(app)
            assert before == await drawn_again(app, pilot), (step, act)
            check_cursor(app.grid, source)


@pytest.mark.parametrize("rows", [40, 300, 20_000])
async def test_the_scroll_bar_is_where_it_would_be_drawn(rows: int) -> None:
    """It is painted again only where it looks different then."""
    source = FakeSource(columns("Id"), [FakeRow([f"ID{n}"]) for n in range(rows)])
    app = GridApp(source)
    async with app.run_test(size=(30, 14)) as pilot:
        bar = app.grid.vertical_scrollbar
        moves = 0
        for keys in (["down"], ["pagedown"] * 3, ["pagedown"], ["G"], ["pageup"], ["g"], ["down"]):
            await press(pilot, *keys)
            await wait_until_settled(pilot)
            before, position = draw_bar(app), bar.position
            moves += position != app.grid.scroll_y
            bar.position = app.grid.scroll_y
            await wait_until_settled(pilot)
            assert before == draw_bar(app), keys
            bar.position = position
        assert bool(moves) == (rows == 20_000)


def draw_bar(app: GridApp) -> list[str]:
    """Return what the terminal shows of the scroll bar."""
    strips = app.screen._compositor.render_strips()
    return [str(list(strip.crop(29, 30).simplify())) for strip in strips]


def shown(app: GridApp) -> list[list[Segment]]:
    """Return what the terminal shows of the grid, without its scrollbars."""
    region = app.grid.scrollable_content_region
    strips = app.screen._compositor.render_strips()
    return [list(strip.crop(0, region.width).simplify()) for strip in strips[: region.height]]


async def drawn_again(app: GridApp, pilot: Pilot[None]) -> list[list[Segment]]:
    """Return what the terminal shows once the grid has drawn all lines, none of them kept."""
    app.grid._painter = None
    app.grid.refresh()
    await wait_until_settled(pilot)
    return shown(app)


def check_cursor(grid: Grid, source: FakeSource) -> None:
    assert 0 <= grid.cursor_row <= max(source.row_count - 1, 0)
    assert grid.cursor_column in [column.name for column in grid.columns]
    row = source.held[grid.cursor_row] if source.held else None
    assert grid.cursor_key == (row.key if row else None)
