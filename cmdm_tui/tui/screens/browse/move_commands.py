"""The commands that move about the main screen: to a row, or to a pane."""

from cmdm_tui.tui.commands import Command
from cmdm_tui.tui.models.row_number import check_row_number, read_row_number
from cmdm_tui.tui.screens.browse.panes import BrowsePanes
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen


def has_rows(screen: BrowsePanes) -> bool:
    """Return whether there are rows of records on the screen."""
    return screen.is_record_grid_visible and screen.records.source.row_count > 0


def go_to_first_row(screen: BrowsePanes) -> None:
    """Put the cursor on the first record."""
    screen.records.grid.action_first_row()


def go_to_last_row(screen: BrowsePanes) -> None:
    """Put the cursor on the last record; its page is read then."""
    screen.records.grid.action_last_row()


def go_to_row(screen: BrowsePanes) -> None:
    """Ask for the number of a row, and put the cursor there; its page is read then."""
    source = screen.records.source

    def check(text: str) -> str:
        return check_row_number(text, source.row_count, is_count_known=source.is_count_known)

    def go(text: str | None) -> None:
        number = read_row_number(text) if text is not None else None
        if number is not None:
            screen.records.grid.move_cursor(row=number - 1)

    of = f"1 to {source.row_count:,}"
    question = f"Go to which row, {of}?"
    screen.open_dialog(EntryScreen(question, check, keeps_draft=False), go)


def cost_of_row(screen: BrowsePanes, position: int) -> str:
    """Return what it costs to go to a row, in words."""
    window = screen.records.window
    is_there = window is None or not window.missing_pages(position, 1)
    return "" if is_there else "1 call"


def cost_of_last_row(screen: BrowsePanes) -> str:
    """Return what it costs to go to the last row, in words: the rows above it may be on a page."""
    window = screen.records.window
    if window is None or not window.row_count:
        return ""
    rows = screen.records.grid.page_rows
    calls = len(window.missing_pages(max(window.row_count - rows, 0), rows))
    return "" if not calls else "1 call" if calls == 1 else f"{calls} calls"


MOVE_COMMANDS: tuple[Command[BrowsePanes], ...] = (
    Command(
        "first", "g", "First", "Go to the first row", go_to_first_row, has_rows,
        is_in_footer=False, group="Move", cost=lambda screen: cost_of_row(screen, 0),
        needs="records",
    ),
    Command(
        "last", "G", "End", "Go to the last row", go_to_last_row, has_rows,
        is_in_footer=False, group="Move", cost=cost_of_last_row, needs="records",
    ),
    Command(
        "row", "number_sign", "Row", "Go to a row by its number", go_to_row, has_rows,
        is_in_footer=False, group="Move", cost="≤ 2 calls", needs="records",
    ),
    Command(
        "entities", "1", "Entities", "Go to the list of entities",
        lambda screen: screen.open_entities(), is_in_footer=False, group="Move",
    ),
    Command(
        "records", "2", "Records", "Go to the records, or the fields where they are in front",
        lambda screen: screen.close_pane(), is_in_footer=False, group="Move",
    ),
    Command(
        "record", "3", "Record", "Go to the record",
        lambda screen: screen.open_pane(), is_in_footer=False, group="Move",
    ),
)  # fmt: skip
"""In the order of the help."""
