"""The commands that sort the records: by the service, or here by several columns.

What a filter found is sorted here, for no call: the query's rules are the account's.
"""

from collections.abc import Sequence
from dataclasses import replace

from cmdm_tui.formats.value_text import format_counted
from cmdm_tui.text import one_line
from cmdm_tui.tui.commands import Command
from cmdm_tui.tui.models.row_source import SortKey, turn_key
from cmdm_tui.tui.screens.browse.panes import BrowsePanes
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen

_LONGEST_NAME = 30


def can_sort(screen: BrowsePanes) -> bool:
    """Return whether there is a column under a visible cursor."""
    if screen.filtered is not None:
        return screen.panel.display and not screen.shows_fields and bool(screen.filtered.column)
    return screen.is_record_grid_visible and screen.records.column is not None


def needs_to_sort(screen: BrowsePanes) -> str:
    """Return what must be there to sort."""
    is_running = screen.filtered is not None and screen.filtered.is_running
    return "a filter that has ended" if is_running else "a column under the cursor"


def sort(screen: BrowsePanes) -> None:
    """Sort by the column under the cursor: the service does, or what a filter found, here."""
    filtered = screen.filtered
    column = screen.records.column if filtered is None else filtered.column
    if column is None:
        return
    if filtered is None:
        screen.records.sort(column)
    else:
        filtered.sort([turn_key(filtered.order, column)])


def add_to_sort(screen: BrowsePanes) -> None:
    """Sort by the column under the cursor within equal values of those sorted by.

    The service sorts by one field only, so the records are sorted here, and all of them must have
    been read for that: what the rest costs is asked first. What a filter found is all there.
    """
    if screen.filtered is not None:
        if screen.filtered.column is not None:
            screen.filtered.sort(add_key(screen.filtered.order, screen.filtered.column))
        return
    column, order = screen.records.column, screen.records.order
    if column is None:
        return
    if not order or [key.column for key in order] == [column]:
        screen.records.sort(column)
        return
    keys = add_key(order, column)
    window = screen.records.window
    if window is None or window.is_whole:
        screen.records.sort_here(keys)
        return
    if not window.fits_in_store:
        screen.notify(
            f"{window.row_count:,} records are too many to be sorted here. "
            "A query with ORDER BY can sort by several columns.",
            severity="warning", markup=False,
        )  # fmt: skip
        return
    question = (
        f"The service sorts by one field only. To sort by {_list_names(keys)}, all records must "
        f"be read first: {_describe_calls(screen)}."
    )
    read, leave = "Read them and sort", "Leave the order as it is"

    def answered(choice: str | None) -> None:
        if choice == read:
            screen.records.sort_here(keys)

    screen.open_dialog(ChoiceScreen(question, (read, leave)), answered)


def add_key(order: Sequence[SortKey], column: str) -> tuple[SortKey, ...]:
    """Return an order with a column more, or with its direction turned where it is in it."""
    if column not in {key.column for key in order}:
        return (*order, SortKey(column))
    return tuple(
        replace(key, is_descending=not key.is_descending) if key.column == column else key
        for key in order
    )


def cost_of_sorting(screen: BrowsePanes) -> str:
    """Return what it costs to sort, in words: nothing where a filter has found the records."""
    return "1 call" if screen.filtered is None else ""


def cost_of_adding(screen: BrowsePanes) -> str:
    """Return what it costs to sort by one column more, in words."""
    if screen.filtered is not None:
        return ""
    window, order = screen.records.window, screen.records.order
    if window is None or not order or [key.column for key in order] == [screen.records.column]:
        return "1 call"
    calls = window.calls_to_read_all
    return "every page" if calls is None else "" if not calls else f"≥ {calls:,} calls"


def _describe_calls(screen: BrowsePanes) -> str:
    window, left = screen.records.window, screen.account.client.quota.remaining
    calls = window.calls_to_read_all if window is not None else None
    words = "an unknown number of calls" if calls is None else format_counted(calls, "call")
    if left is None:
        return words
    short = ", which is not enough" if calls is not None and calls > left else ""
    return f"{words}, and {left:,} are left this hour{short}"


def _list_names(keys: Sequence[SortKey]) -> str:
    names = [one_line(key.column, _LONGEST_NAME) for key in keys]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def is_sorted(screen: BrowsePanes) -> bool:
    """Return whether the records that are shown are in another order than at first."""
    return screen.records.is_sorted if screen.filtered is None else bool(screen.filtered.order)


def unsort(screen: BrowsePanes) -> None:
    """Go back to the service's own order, or to that in which a filter found the records."""
    if screen.filtered is None:
        screen.records.unsort()
    else:
        screen.filtered.sort(())


def find_newest_field(screen: BrowsePanes) -> str | None:
    """Return the field by which the records shown can be sorted newest first; None for none."""
    if screen.filtered is None:
        return screen.records.newest_field if screen.is_record_grid_visible else None
    return screen.records.newest_field if can_sort(screen) else None


def sort_newest_first(screen: BrowsePanes) -> None:
    """Sort by the date of the last change, the newest first."""
    field = find_newest_field(screen)
    if screen.filtered is None:
        screen.records.sort_newest_first()
    elif field is not None:
        screen.filtered.sort([SortKey(field, is_descending=True)])


def cost_of_unsorting(screen: BrowsePanes) -> str:
    """Return what the service's own order costs, in words: nothing where it was sorted here."""
    if screen.filtered is not None:
        return ""
    window = screen.records.window
    return "1 call" if window is not None and window.order is not None else ""


ORDER_COMMANDS: tuple[Command[BrowsePanes], ...] = (
    Command(
        "sort", "s", "Sort", "Sort by this column; again reverses the order",
        sort, can_sort, group="Find", cost=cost_of_sorting, needs=needs_to_sort,
        footer_priority=6,
    ),
    Command(
        "add-to-sort", "S", "Sort also", "Sort by this column too, within equal values",
        add_to_sort, can_sort, is_in_footer=False, group="Find", cost=cost_of_adding,
        needs=needs_to_sort,
    ),
    Command(
        "unsort", "u", "Unsort", "Go back to the service's own order",
        unsort, is_sorted, is_in_footer=False,
        group="Find", cost=cost_of_unsorting, needs="sorted records",
    ),
    Command(
        "newest", "z", "Newest", "Sort by the date of the last change, the newest first",
        sort_newest_first, lambda screen: find_newest_field(screen) is not None,
        is_in_footer=False, group="Find", cost=cost_of_sorting,
        needs="a field ModifiedDate or CreatedDate",
    ),
)  # fmt: skip
"""In the order of the footer and the help."""
