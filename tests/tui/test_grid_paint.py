"""What the grid paints: how much of it, how fast, and that no value can break its lines."""

import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len
from rich.style import Style
from textual import constants
from textual.pilot import Pilot
from textual.strip import Strip
from wcwidth import wcswidth

from cmdm_tui.tui.models.column_layout import ColumnLayout
from cmdm_tui.tui.models.row_source import Tone
from cmdm_tui.tui.widgets.grid import Grid
from tests.tui.driver import press, wait_until_settled
from tests.tui.grid_app import (
    CountingDriver,
    FakeRow,
    FakeSource,
    GridApp,
    MillionRows,
    columns,
    people,
)

LARGE = (140, 40)
MOST_BYTES = 2048
TEXTUALS_OWN = "\x1b]22;default\x07"
"""What Textual itself writes to choose the shape of the mouse pointer."""


@pytest.fixture(autouse=True)
def truecolor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal has all colours: the longest escape sequences."""
    monkeypatch.setattr(constants, "COLOR_SYSTEM", "truecolor")


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lines that grids drew, by their heights."""
    lines: list[int] = []
    render_line = Grid.render_line

    def count(grid: Grid, y: int) -> Strip:
        lines.append(y)
        return render_line(grid, y)

    monkeypatch.setattr(Grid, "render_line", count)
    return lines


@asynccontextmanager
async def on_terminal(
    source: FakeSource, size: tuple[int, int] = LARGE, layout: ColumnLayout | None = None
) -> AsyncGenerator[tuple[GridApp, CountingDriver, Pilot[None]]]:
    app = GridApp(source, layout)
    async with app.run_test(size=size, headless=False) as pilot:
        await wait_until_settled(pilot)
        driver = app._driver
        assert isinstance(driver, CountingDriver)
        yield app, driver, pilot


async def test_a_move_of_the_cursor_paints_two_lines_and_writes_little(painted: list[int]) -> None:
    async with on_terminal(MillionRows()) as (_, driver, pilot):
        assert len(driver.written) > 5_000
        for key, most in [("down", 2), ("right", 2), ("k", 2), ("left", 2)]:
            painted.clear()
            driver.written = ""
            await press(pilot, key)
            assert 1 <= len(painted) <= most, key
            assert 0 < len(driver.written.encode()) <= MOST_BYTES, key


async def test_a_key_at_the_end_paints_nothing(painted: list[int]) -> None:
    async with on_terminal(people(3)) as (_, driver, pilot):
        painted.clear()
        driver.written = ""
        await press(pilot, "up", "left", "home", "g")
        assert painted == []
        assert driver.written == ""


async def test_only_the_lines_that_changed_are_painted(painted: list[int]) -> None:
    source = people(30)
    async with on_terminal(source) as (app, _, pilot):
        painted.clear()
        source.revision += 1
        app.grid.source_changed()
        await wait_until_settled(pilot)
        assert painted == []
        source.held[3] = FakeRow(["ID3", "Ada", "", 0], revision=1)
        source.revision += 1
        app.grid.source_changed()
        await wait_until_settled(pilot)
        assert painted == [4]
        assert "Ada" in app.lines()[4]
        painted.clear()
        app.grid.show_matches({("ID7", "Name")})
        await wait_until_settled(pilot)
        assert painted == [8]


async def test_a_million_rows_of_400_columns_are_there_at_once() -> None:
    source = MillionRows()
    start = time.process_time()
    async with on_terminal(source) as (app, _, pilot):
        assert time.process_time() - start < 2.0
        for key in ("pagedown", "pagedown", "G"):
            start = time.process_time()
            await press(pilot, key)
            assert time.process_time() - start < 0.4, key
        assert app.grid.cursor_row == 999_999
        assert app.lines()[-2].split()[:2] == ["1000000", "999999/0"]
        assert app.grid.virtual_size.height == 1_000_001


async def test_only_what_is_in_sight_is_read() -> None:
    source = MillionRows()
    asked: list[int] = []
    rows = source.rows

    def read(first: int, count: int) -> object:
        asked.append(count)
        return rows(first, count)

    source.rows = read  # pyright: ignore[reportAttributeAccessIssue]
    async with on_terminal(source) as (_, _, pilot):
        await press(pilot, "pagedown", "G")
        assert sum(asked) < 1_000


HOSTILE = [
    "\x1b[31mred\x1b[0m", "a\nb\r\tc", "\x07bell", "\x9b31m", "\u202etxt.exe", "\u2066x\u2069",
    "[bold red]markup[/]", "[link=x]", "\ud800", "\x00", "日本語日本語日本語", "❤️❤️❤️❤️❤️❤️❤️",
    "1️⃣2️⃣3️⃣4️⃣", "🇬🇧🇩🇪", "👨‍👩‍👧‍👦", "👍🏽", "e" + "\u0301" * 50, "\u0301\u0301", "한글",
    "\ufe0f", "\u200d", "नमस्ते क्‍ष", "a" * 5000, {"a": ["\x1b"]}, None, True, -1.5, 10**30, "", " ",
]  # fmt: skip


@pytest.mark.parametrize("width", [1, 2, 7, 30])
async def test_no_value_breaks_a_line(width: int) -> None:
    rows = [FakeRow([f"K{n}", value, "end"]) for n, value in enumerate(HOSTILE)]
    source = FakeSource(columns("Key", "Value", "End", width=4), [*rows])
    layout = ColumnLayout(widths={"Value": width})
    async with on_terminal(source, (60, 40), layout) as (app, driver, _):
        lines = app.lines()[1 : len(rows) + 1]
        for line, value in zip(lines, HOSTILE, strict=True):
            before = line[: line.rindex("end")]
            assert wcswidth(before) == cell_len(before) == 4 + 5 + width + 1, value
        written = driver.written.replace(TEXTUALS_OWN, "")
        assert not re.search("[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e]", written)
        assert not re.search("\x1b(?!\\[[0-9;?<>=]*[A-Za-z])", written)
        assert "\x1b[31m" not in written


async def test_names_of_columns_are_made_safe_too() -> None:
    source = FakeSource(columns("\x1b[2J\u202e", "[b]x[/b]"), [FakeRow(["a", "b"])])
    async with on_terminal(source) as (app, driver, _):
        assert "␛[2J<U+…" in app.lines()[0]
        assert "[b]x[/b]" in app.lines()[0]
        assert "\u202e" not in driver.written


async def test_a_narrow_grid_shows_part_of_one_column() -> None:
    source = FakeSource(columns("Name", width=40), [FakeRow(["日本語" * 20])])
    async with on_terminal(source, (9, 4)) as (app, _, _):
        assert [cell_len(line) <= 9 for line in app.lines()] == [True] * 4
        assert "日本" in app.lines()[1]


async def test_each_tone_looks_different_with_colours_and_without() -> None:
    tones = dict(zip(range(1, len(Tone) + 1), Tone, strict=True))
    names = [tone.name for tone in Tone]
    row = FakeRow(["-", *names], tones=tones)
    source = FakeSource(columns("Key", *names), [FakeRow(["-"] * (len(Tone) + 1)), row])
    for theme in ("textual-dark", "textual-light", "ansi-dark"):
        async with on_terminal(source) as (app, _, pilot):
            app.theme = theme
            await wait_until_settled(pilot)
            styles = {
                tone: segment.style or Style()
                for tone in Tone
                for segment in app.grid.render_line(2)
                if tone.name in segment.text
            }
            assert len({str(style) for style in styles.values()}) == len(Tone), theme
            for tone in (Tone.DIM, Tone.WARNING, Tone.ERROR, Tone.CHANGED, Tone.GONE, Tone.MATCH):
                assert styles[tone].without_color != styles[Tone.NORMAL].without_color, tone


async def test_on_a_terminal_without_colours_the_cursor_is_reversed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(constants, "COLOR_SYSTEM", None)
    async with on_terminal(people(3)) as (_, driver, pilot):
        driver.written = ""
        await press(pilot, "down")
        assert re.search("\x1b\\[([0-9];)*7;38;", driver.written)
