"""A screen with a grid: what its commands need of it to search, mark, copy and lay out columns."""

from dataclasses import dataclass

from textual.geometry import Offset

from cmdm_tui.tui.commands import CommandScreen
from cmdm_tui.tui.models.loaded_search import SearchResult, search_loaded
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.search_bar import SearchBar


@dataclass(frozen=True, slots=True)
class SearchStart:
    """Where the cursor and the view were when a search began."""

    row: int
    column: str | None
    scroll: Offset


class GridScreen(CommandScreen):
    """Has one grid in front, or none just now, and a bar for the words to search for.

    A subclass says which grid is in front, and lays out a `SearchBar`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.search_result: SearchResult | None = None
        """What the last search has found; None where there was none, or its grid was left."""
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
        grid = self.grid
        if grid is not None:
            self._search_start = SearchStart(
                grid.cursor_row, grid.cursor_column, grid.scroll_offset
            )
        self.query_one(SearchBar).open()

    def search(self, words: str) -> None:
        """Search what was read for the words, and go to the first match from the cursor on."""
        grid = self.grid
        if grid is None or grid.source is None:
            return
        source = grid.source
        places = [column.index for column in grid.columns]
        self.search_result = result = search_loaded(source, words, places) if words else None
        bar = self.query_one(SearchBar)
        if result is None:
            grid.show_matches(())
            bar.show_caption("")
            return
        names = [column.name for column in source.columns]
        grid.show_matches({(match.key, names[match.column]) for match in result.matches})
        bar.show_caption(result.caption)
        if result.matches:
            self._go_to_match(result, is_first=True)
        elif self._search_start is not None:
            start = self._search_start
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
            if not keeps_matches:
                self.search_result = None
                grid.show_matches(())
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
            grid.move_cursor(row=match.row, column=names[match.column])

    def on_search_bar_typed(self, event: SearchBar.Typed) -> None:
        """Search for what is typed so far."""
        self.search(event.words)

    def on_search_bar_taken(self) -> None:
        """Stay at the match, and keep the matches marked; say where there is none."""
        result = self.search_result
        if result is not None and not result.matches:
            self.notify(f"{result.caption}.{self.search_hint}", markup=False)
        self.end_search(keeps_matches=True)

    def on_search_bar_left(self) -> None:
        """Leave the search."""
        self.end_search(keeps_matches=False)
