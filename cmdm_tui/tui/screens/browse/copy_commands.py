"""What is copied in the main screen: rows of the grid, or of the record in the pane."""

from cmdm_tui.tui.commands import Command
from cmdm_tui.tui.screens.browse.panes import BrowsePanes
from cmdm_tui.tui.screens.grid_commands import copy, copy_cell, has_rows


def copies_property(screen: BrowsePanes) -> bool:
    """Return whether the record in the pane has the focus, with a field under its cursor."""
    pane = screen.record_pane
    return pane.has_focus_within and not pane.shows_related and pane.current_property is not None


def can_copy(screen: BrowsePanes) -> bool:
    """Return whether there is a value or a row to copy."""
    return copies_property(screen) or has_rows(screen)


def copy_chosen(screen: BrowsePanes) -> None:
    """Copy the value of the field under the cursor of the pane, else ask how to copy rows."""
    if copies_property(screen):
        copy_property(screen)
    else:
        copy(screen)


def copy_value(screen: BrowsePanes) -> None:
    """Copy the value under the cursor, in the pane or in the grid."""
    if copies_property(screen):
        copy_property(screen)
    else:
        copy_cell(screen)


def copy_property(screen: BrowsePanes) -> None:
    """Copy the value of the field under the cursor of the pane, as it is stored."""
    shown = screen.record_pane.current_property
    text = "" if shown is None or shown.value is None else shown.text
    if not text:
        screen.notify("The field is empty: nothing was copied.", markup=False)
        return
    screen.command_app.copy_to_clipboard(text)
    words = f"The value given to the terminal's clipboard, {len(text):,} characters."
    screen.notify(words, markup=False)


COPY_COMMANDS: tuple[Command[BrowsePanes], ...] = (
    Command(
        "copy", "y", "Copy", "Copy the marked rows or this one: a cell, ids, TSV, JSON, Markdown",
        copy_chosen, can_copy, group="Copy", footer_priority=7, needs="a row",
    ),
    Command(
        "copy_cell", "Y", "Copy cell", "Copy the value under the cursor",
        copy_value, can_copy, False, "Copy", needs="a row",
    ),
)  # fmt: skip
