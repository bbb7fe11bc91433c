"""The list of options of every dialog: its page keys do no harm while there is no room for it."""

from typing import Literal

from textual.widgets import OptionList


def move_page(options: OptionList, direction: Literal[-1, 1]) -> None:
    """Move the cursor a page up or down; where the list has no room yet, to its end.

    Textual looks the option up among the lines that were laid out: there are none on a screen
    that is too small for the list, or before its first layout, and it raises KeyError.
    """
    is_laid_out = bool(options.scrollable_content_region)
    if not is_laid_out:
        (options.action_first if direction < 0 else options.action_last)()
    elif direction < 0:
        OptionList.action_page_up(options)
    else:
        OptionList.action_page_down(options)


class SafeOptionList(OptionList):
    """An option list whose page keys go to an end of it while it has no room."""

    def action_page_up(self) -> None:
        """Move the cursor a page up."""
        move_page(self, -1)

    def action_page_down(self) -> None:
        """Move the cursor a page down."""
        move_page(self, 1)
