"""A screen with a grid: what its commands need to search, mark, copy and export its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from textual import on
from textual.geometry import Offset
from textual.message import Message
from textual.screen import Screen

from cmdm_tui.tui.commands import CommandScreen, NoticeTopic
from cmdm_tui.tui.models.copied_text import CopiedColumn, CopyForm
from cmdm_tui.tui.models.exported_rows import RowExport, collect_rows, export_rows
from cmdm_tui.tui.models.loaded_search import (
    SearchResult,
    StoredRows,
    search_loaded,
    search_stored,
)
from cmdm_tui.tui.models.row_source import RowSource
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.search_bar import SearchBar

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class SearchStart:
    """Where the cursor and the view were when a search began."""

    source: RowSource | None
    row: int
    column: str | None
    scroll: Offset


class GridScreen(CommandScreen):
    """Has one grid in front, or none just now, and a bar for the words to search for.

    A subclass says which grid is in front, and lays out a `SearchBar`.
    """

    @dataclass
    class Searched(Message):
        """All rows of a source were searched."""

        source: RowSource
        result: SearchResult

    def __init__(self) -> None:
        super().__init__()
        self._found: tuple[RowSource, SearchResult] | None = None
        """What the last search has found, and in which source."""
        self._sought = ""
        """The words of the last search."""
        self._search_start: SearchStart | None = None

    @property
    def grid(self) -> Grid | None:
        """The grid in front, None where another part is."""
        raise NotImplementedError

    @property
    def export_name(self) -> str:
        """What the rows in front are called, untrusted: a file of them is named so at first."""
        return "rows"

    @property
    def search_result(self) -> SearchResult | None:
        """What the last search has found; None where there was none, or its rows were left."""
        grid, found = self.grid, self._found
        if grid is None or found is None or found[0] is not grid.source:
            return None
        return found[1]

    @property
    def copy_forms(self) -> Sequence[CopyForm]:
        """The forms in which rows are copied; by default their keys are no ids of anything."""
        return [form for form in CopyForm if form is not CopyForm.ID]

    @property
    def export_advice(self) -> str:
        """How rows are exported that were not read, as a safe sentence; empty by default."""
        return ""

    def list_export_columns(self, grid: Grid) -> Sequence[CopiedColumn]:
        """Return the columns of an export: those shown, as text by default."""
        return [CopiedColumn.of_text(shown.index, shown.source) for shown in grid.columns]

    def prepare_export(self) -> RowExport | None:
        """Return what is exported: the marked rows, else those that were read; None for no grid."""
        grid = self.grid
        if grid is None or grid.source is None:
            return None
        columns = self.list_export_columns(grid)
        rows = collect_rows(grid.source, columns, grid.marks, self.export_advice)
        return export_rows(rows, self.export_name)

    def open_dialog(
        self, screen: Screen[Answer], answered: Callable[[Answer | None], None]
    ) -> None:
        """Put a dialog in front; `answered` is called with its answer, None where it gave none."""
        self.command_app.push_screen(screen, answered)

    @property
    def has_rows(self) -> bool:
        """Whether a grid is in front that has a row."""
        source = self.grid.source if self.grid is not None else None
        return source is not None and source.row_count > 0

    @property
    def marks_caption(self) -> str:
        """How many rows are marked, to be put before what else is said of them; empty for none."""
        count = 0 if self.grid is None else len(self.grid.marks)
        return f"{count:,} marked · " if count else ""

    @property
    def can_search(self) -> bool:
        """Whether there is anything to search."""
        return self.has_rows

    @property
    def search_hint(self) -> str:
        """What to do where nothing is found, as a sentence after a space; empty by default."""
        return ""

    def start_search(self) -> None:
        """Ask for the words to search for."""
        self.command_app.withdraw_notice(NoticeTopic.SEARCH)
        grid = self.grid
        if grid is not None:
            self._search_start = SearchStart(
                grid.source, grid.cursor_row, grid.cursor_column, grid.scroll_offset
            )
            grid.add_class("-searching")  # its cursor is seen though keys go elsewhere
        self.query_one(SearchBar).open()

    def search(self, words: str) -> None:
        """Search what was read for the words, and go to the first match from the cursor on."""
        grid = self.grid
        if grid is None or grid.source is None:
            return
        source = grid.source
        places = [column.index for column in grid.columns]
        self._sought = words
        if not words:
            self.forget_search()
        elif isinstance(source, StoredRows) and source.has_stored_rows:
            self.query_one(SearchBar).show_caption("Searching …")
            work = partial(self._search_stored, source, source, words, places)
            self.run_worker(work, group="search", exclusive=True)
        else:
            self._show_found(grid, source, search_loaded(source, words, places))

    def forget_search(self) -> None:
        """Forget what was found, and the words."""
        if self._found is None and not self._sought:
            return
        self._found, self._sought = None, ""
        if self.grid is not None:
            self.grid.show_matches(())
        self.query_one(SearchBar).show_caption("")

    async def _search_stored(
        self, source: RowSource, stored: StoredRows, words: str, places: Sequence[int]
    ) -> None:
        try:
            result = await search_stored(source, stored, words, places)
        except RuntimeError:  # its rows were let go of meanwhile
            if self.grid is not None and self.grid.source is source:
                raise
            return
        self.post_message(self.Searched(source, result))

    @on(Searched)
    def _take_found(self, event: Searched) -> None:
        grid = self.grid
        if grid is None or grid.source is not event.source or self._sought != event.result.words:
            return
        self._show_found(grid, event.source, event.result)
        if not self.query_one(SearchBar).is_open:
            self._tell_found()

    def _show_found(self, grid: Grid, source: RowSource, result: SearchResult) -> None:
        self._found = source, result
        names = [column.name for column in source.columns]
        grid.show_matches({(match.key, names[match.column]) for match in result.matches})
        self.query_one(SearchBar).show_caption(result.caption)
        if result.matches:
            self._go_to_match(result, is_first=True)
        else:
            self._go_to_start()

    def _go_to_start(self) -> None:
        """Put the cursor and the view where they were when the search began."""
        grid, start = self.grid, self._search_start
        if grid is not None and start is not None and start.source is grid.source:
            grid.move_cursor(row=start.row, column=start.column)
            grid.scroll_to(start.scroll.x, start.scroll.y, animate=False, force=True)

    def go_to_next_match(self, *, backwards: bool = False) -> None:
        """Go to the next match, or the one before; round at the end."""
        if self.search_result is not None:
            self._go_to_match(self.search_result, backwards=backwards)

    def end_search(self, *, keeps_matches: bool) -> None:
        """Put the focus back into the grid; without `keeps_matches`, forget what was found."""
        self.query_one(SearchBar).close()
        grid = self.grid
        if grid is not None:
            grid.remove_class("-searching")
            if not keeps_matches:
                self.forget_search()
            self.set_focus(grid)

    def _go_to_match(
        self, result: SearchResult, *, is_first: bool = False, backwards: bool = False
    ) -> None:
        grid = self.grid
        if grid is None or grid.source is None:
            return
        names = [column.name for column in grid.source.columns]
        name = grid.cursor_column
        place = names.index(name) if name in names else 0
        if is_first:
            match = result.find_first(grid.cursor_row, place)
        else:
            match = result.find_next(grid.cursor_row, place, backwards=backwards)
        if match is not None:
            place = grid.source.position(match.key)
            row = match.row if place is None else place
            grid.move_cursor(row=row, column=names[match.column])

    def on_search_bar_typed(self, event: SearchBar.Typed) -> None:
        """Search for what is typed so far."""
        self.search(event.words)

    def on_search_bar_taken(self) -> None:
        """Stay at the match, and keep the matches marked; say how many there are in what."""
        self._tell_found()
        self.end_search(keeps_matches=True)

    def _tell_found(self) -> None:
        result = self.search_result
        if result is None:
            return
        words = f"{result.caption}.{self.search_hint}"
        if len(result.matches) > 1:
            following, before = self.commands["next"], self.commands["previous"]
            words += (
                f" {following.shown_key} goes to the next, {before.shown_key} to the one before."
            )
        self.command_app.show_notice(NoticeTopic.SEARCH, words)

    def on_search_bar_left(self) -> None:
        """Leave the search, and go back to where it began."""
        self._go_to_start()
        self.end_search(keeps_matches=False)
