"""The commands that go back to where a person was, and that put records side by side."""

from cmdm_tui.api import Record
from cmdm_tui.tui.commands import Command
from cmdm_tui.tui.models.record_source import RecordRow
from cmdm_tui.tui.screens.browse.panes import BrowsePanes
from cmdm_tui.tui.screens.compare.screen import MOST_RECORDS, CompareScreen
from cmdm_tui.tui.screens.grid_commands import find_chosen_rows

_LEAST_RECORDS = 2


def can_compare(screen: BrowsePanes) -> bool:
    """Return whether two records or more are marked."""
    is_records = screen.is_record_grid_visible
    return is_records and len(screen.records.grid.marks) >= _LEAST_RECORDS


def compare(screen: BrowsePanes) -> None:
    """Show the marked records side by side."""
    records, missing = find_marked_records(screen)
    if len(records) > MOST_RECORDS:
        words = f"{len(records):,} records are marked; {MOST_RECORDS} at most fit side by side."
        screen.notify(words, severity="warning", markup=False)
        return
    if len(records) < _LEAST_RECORDS:
        words = f"{missing:,} of the marked records are not read now; go to them first."
        screen.notify(words, severity="warning", markup=False)
        return
    fields = screen.account.catalog.cached_fields(screen.entity)
    screen.app.push_screen(CompareScreen(records, fields))  # pyright: ignore[reportUnknownMemberType]


def find_marked_records(screen: BrowsePanes) -> tuple[list[Record], int]:
    """Return the marked records that are held, and how many marked ones are not."""
    rows, missing = find_chosen_rows(screen.records.grid)
    return [row.record for row in rows if isinstance(row, RecordRow)], missing


PLACE_COMMANDS: tuple[Command[BrowsePanes], ...] = (
    Command(
        "previous_place", "b", "Back to", "Go back to what was shown before",
        lambda screen: screen.go_back_to_place(),
        lambda screen: screen.workspace.can_go_back,
        is_in_footer=False, group="Move", needs="a place before",
    ),
    Command(
        "compare", "equals_sign", "Compare", "Show the marked records side by side",
        compare, can_compare, is_in_footer=False, group="Record", needs="two marked records",
    ),
)  # fmt: skip
"""In the order of the help."""
