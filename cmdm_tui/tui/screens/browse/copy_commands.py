"""What is copied in the main screen: rows of the grid, or of the record in the pane."""

from dataclasses import replace

from cmdm_tui.text import one_line
from cmdm_tui.tui.commands import Command, NoticeTopic
from cmdm_tui.tui.models.copied_text import describe_copied
from cmdm_tui.tui.screens.browse.panes import BrowsePanes
from cmdm_tui.tui.screens.grid_commands import COPY, copy, copy_cell, has_rows


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
    name = "" if shown is None else one_line(shown.label, 40)
    words = describe_copied(name, text, has_value=True)
    screen.command_app.show_notice(NoticeTopic.COPY, words)


_COPY_ROWS, _COPY_CELL = COPY
COPY_COMMANDS: tuple[Command[BrowsePanes], ...] = (
    replace(_COPY_ROWS, run=copy_chosen, is_available=can_copy),
    replace(_COPY_CELL, run=copy_value, is_available=can_copy),
)
"""The copies of every grid, which mean the record in the pane where that has the focus."""
