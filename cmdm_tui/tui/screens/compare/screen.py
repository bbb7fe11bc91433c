"""Two or more records side by side, what differs marked."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from cmdm_tui.api import Field, Record
from cmdm_tui.text import count_noun
from cmdm_tui.tui.commands import BoundCommand, Command, CommandTable
from cmdm_tui.tui.models.comparison_source import ComparisonSource
from cmdm_tui.tui.screens.export_commands import EXPORT
from cmdm_tui.tui.screens.grid_commands import GRID_COMMANDS
from cmdm_tui.tui.screens.grid_screen import GridScreen
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from cmdm_tui.tui.widgets.search_bar import SearchBar

MOST_RECORDS = 20
"""Records that are shown side by side: more are not looked at together."""


class CompareScreen(GridScreen):
    """Shows the fields of some records, each record a column; it makes no call."""

    CSS_PATH = "compare.tcss"
    _TABLE = CommandTable["CompareScreen"](
        "compare",
        Command(
            "differences", "d", "Differences", "Show only the fields that differ, or all again",
            lambda screen: screen.toggle_differences(), footer_priority=9,
        ),
        Command(
            "back", "escape", "Back", "Go back to the records",
            lambda screen: screen.leave(), footer_priority=9,
        ),
        *GRID_COMMANDS,
        *EXPORT,
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = _TABLE.bindings

    def __init__(self, records: Sequence[Record], fields: Sequence[Field]) -> None:
        super().__init__()
        self._source = ComparisonSource(records, fields)

    def bind_commands(self) -> Mapping[str, BoundCommand]:
        """Return the screen's commands by id."""
        return self._TABLE.bind(self, self.keymap)

    def compose(self) -> ComposeResult:
        """Lay out the grid."""
        yield Grid(opens_rows=False, id="comparison")
        yield SearchBar()
        yield KeyFooter()

    def on_mount(self) -> None:
        """Show the comparison."""
        grid = self.query_one(Grid)
        grid.show(self._source)
        grid.border_title = Content(f"{len(self._source.columns) - 1} records side by side")
        self._show_counts()
        self.set_focus(grid)

    @property
    def grid(self) -> Grid:
        """The comparison."""
        return self.query_one(Grid)

    @property
    def export_name(self) -> str:
        """What the file is named at first."""
        return "comparison"

    def toggle_differences(self) -> None:
        """Show only the fields that differ, or all again."""
        self._source.toggle_differences()
        self.grid.source_changed()
        self._show_counts()

    def leave(self) -> None:
        """Go back to the screen before."""
        if self.is_current:  # a key that came fast is with it before it is gone
            self.dismiss(None)

    def _show_counts(self) -> None:
        source = self._source
        differ = f"{source.difference_count:,} of {count_noun(source.field_count, 'field')} differ"
        shown = " · only those are shown" if source.only_differences else ""
        self.grid.border_subtitle = Content(differ + shown)
