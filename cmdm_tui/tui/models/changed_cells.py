"""Finds the cells in which two lines of text differ: a terminal need be sent no others."""

from rich.cells import cell_len
from rich.text import Text


def find_changed_cells(old: Text, new: Text) -> range:
    """Return the cells in which one line differs from the one it replaces, counted from its start.

    Beyond ASCII, and where styles are involved, it is all cells that either of them takes.
    """
    before, after = old.plain, new.plain
    longest = max(cell_len(before), cell_len(after))
    has_styles = bool(old.spans or new.spans) or old.style != new.style
    if has_styles or not (before.isascii() and after.isascii()):
        return range(longest)
    start, end, shortest = 0, longest, min(len(before), len(after))
    while start < shortest and before[start] == after[start]:
        start += 1
    while shortest == longest and end > start and before[end - 1] == after[end - 1]:
        end -= 1
    return range(start, end)
