"""Search, columns, marks and copies: what every screen with a grid can do without a call."""

import json
from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import OptionList

from cmdm_tui.tui.commands import BoundCommand, CommandApp, CommandTable
from cmdm_tui.tui.models.row_source import RowSource
from cmdm_tui.tui.screens.grid_commands import GRID_COMMANDS
from cmdm_tui.tui.screens.grid_screen import GridScreen
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.key_footer import list_entries
from cmdm_tui.tui.widgets.search_bar import SearchBar
from tests.tui.driver import press, type_text, wait_until_settled
from tests.tui.lines_source import Lines

TABLE = CommandTable[GridScreen]("test", *GRID_COMMANDS)
ROWS = [
    ["Leeds", "=1+1", "x"],
    None,
    ["York\x1b[2J", "LEEDS", "leeds"],
    ["Hull", "", None],
]


class Alone(GridScreen):
    BINDINGS: ClassVar[list[BindingType]] = TABLE.bindings

    def __init__(self, source: RowSource) -> None:
        super().__init__()
        self._source = source

    def compose(self) -> ComposeResult:
        yield Grid()
        yield SearchBar()

    def on_mount(self) -> None:
        self.query_one(Grid).show(self._source)
        self.set_focus(self.query_one(Grid))

    @property
    def grid(self) -> Grid | None:
        return self.query_one(Grid)

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        return TABLE.bind(self, self.keymap)


class Small(CommandApp):
    def __init__(self, source: RowSource) -> None:
        super().__init__()
        self._source = source
        self.copied: list[str] = []

    def on_mount(self) -> None:
        self.push_screen(Alone(self._source))

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)

    @property
    def last_notice(self) -> str:
        return list(self._notifications)[-1].message


def alone(app: Small) -> Alone:
    assert isinstance(app.screen, Alone)
    return app.screen


def grid_of(app: Small) -> Grid:
    return app.screen.query_one(Grid)


def place(app: Small) -> tuple[int, str | None]:
    return grid_of(app).cursor_row, grid_of(app).cursor_column


async def test_a_search_goes_to_its_matches_as_it_is_typed() -> None:
    app = Small(Lines(ROWS))
    async with app.run_test(size=(80, 20)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "down", "slash")
        await type_text(pilot, "leeds")
        assert place(app) == (2, "b")
        caption = str(app.screen.query_one("#search-caption").render())
        assert caption == "3 matches in the 3 of 4 rows read"
        await press(pilot, "enter", "n")
        assert place(app) == (2, "c")
        await press(pilot, "n")
        assert place(app) == (0, "a")
        await press(pilot, "N", "N")
        assert place(app) == (2, "b")

        # Escape forgets what was found, and goes back; n does nothing then.
        await press(pilot, "slash")
        await type_text(pilot, "hull")
        assert place(app) == (3, "a")
        await press(pilot, "escape")
        assert place(app) == (2, "b")
        await press(pilot, "n")
        assert place(app) == (2, "b")
        assert alone(app).search_result is None
        assert not app.screen.query_one(SearchBar).is_open


async def test_columns_are_sized_hidden_pinned_moved_and_chosen() -> None:
    app = Small(Lines(ROWS))
    async with app.run_test(size=(80, 20)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "right", "greater_than_sign", "greater_than_sign", "less_than_sign")
        # The first is as wide as its values, as there is room; the chosen width stays.
        assert [column.width for column in grid_of(app).columns] == [8, 9, 5]
        await press(pilot, "circumflex_accent")
        assert [column.name for column in grid_of(app).columns] == ["b", "a", "c"]
        await press(pilot, "minus")
        assert [column.name for column in grid_of(app).columns] == ["a", "c"]
        await press(pilot, "minus")
        await press(pilot, "minus")
        assert len(grid_of(app).columns) == 1
        assert app.last_notice == "This is the only column left."

        # In the dialog: all again, the last one first, only it and another shown.
        await press(pilot, "c", "ctrl+r")
        await type_text(pilot, "c")
        assert app.screen.query_one(OptionList).option_count == 1
        await press(pilot, "ctrl+up", "ctrl+up", "backspace", "down", "space", "enter")
        assert [column.name for column in grid_of(app).columns] == ["c", "b"]
        await press(pilot, "c", "ctrl+a", "escape")
        assert [column.name for column in grid_of(app).columns] == ["c", "b"]


async def test_rows_are_marked_and_said_to_be_those_that_were_read() -> None:
    app = Small(Lines(ROWS))
    async with app.run_test(size=(80, 20)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "space", "down", "v")
        assert grid_of(app).marks.keys == ("K0", "K2")
        await press(pilot, "asterisk")
        assert grid_of(app).marks.keys == ("K3",)
        await press(pilot, "ctrl+a")
        assert set(grid_of(app).marks.keys) == {"K0", "K2", "K3"}
        assert app.last_notice == "3 rows of 4 marked: those that were read."
        await press(pilot, "ctrl+n")
        assert len(grid_of(app).marks) == 0


async def test_copies_are_the_stored_values_and_never_nothing() -> None:
    app = Small(Lines(ROWS))
    async with app.run_test(size=(80, 20)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "Y")
        assert app.copied == ["Leeds"]
        await press(pilot, "down", "Y")  # a row that was not read
        assert app.copied == ["Leeds"]
        assert app.last_notice == "There is nothing to copy here."
        await press(pilot, "down", "Y")
        assert app.copied[-1] == "York\x1b[2J"
        await press(pilot, "end", "down", "Y")  # null
        assert len(app.copied) == 2

        await press(pilot, "space", "up", "up", "up", "space", "y", "down", "enter")
        assert [row["a"] for row in json.loads(app.copied[-1])] == ["Leeds", "Hull"]
        assert app.last_notice.startswith("Copied 2 rows as JSON (")
        await press(pilot, "y", "escape")
        assert len(app.copied) == 3


async def test_a_search_without_a_match_goes_back_and_says_so() -> None:
    app = Small(Lines(ROWS))
    async with app.run_test(size=(80, 20)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "down", "slash")
        start = (grid_of(app).cursor_row, grid_of(app).cursor_column)
        await type_text(pilot, "hul")
        assert (grid_of(app).cursor_row, grid_of(app).cursor_column) != start
        shown = [entry.label for entry in list_entries(app.screen)]
        assert "Search" not in shown, "a key that would be typed is no key of the footer"
        await type_text(pilot, "x")
        assert (grid_of(app).cursor_row, grid_of(app).cursor_column) == start
        await press(pilot, "enter")
        assert app.last_notice.startswith("0 matches ")
        assert "Search" in [entry.label for entry in list_entries(app.screen)]


async def test_a_mark_whose_row_is_gone_is_said_not_to_be_copied() -> None:
    app = Small(Lines(ROWS))
    async with app.run_test(size=(80, 20)) as pilot:
        await wait_until_settled(pilot)
        grid_of(app).marks.mark(["K0", "K1", "K99"])
        await press(pilot, "y", "enter")
        assert app.copied == ["a\tb\tc\nLeeds\t'=1+1\tx"]
        assert "2 marked rows not read, and not copied" in app.last_notice


async def test_every_key_is_harmless_without_a_row_or_column() -> None:
    keys = [key for command in GRID_COMMANDS for key in command.keys]
    for source in (Lines([]), Lines([], ""), Lines([None])):
        app = Small(source)
        async with app.run_test(size=(40, 10)) as pilot:
            await wait_until_settled(pilot)
            for key in keys:
                await press(pilot, key, "escape")
            assert app.copied == []
