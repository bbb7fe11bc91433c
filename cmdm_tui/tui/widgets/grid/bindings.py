"""The keys of a grid: each has an id, by which a keymap may give it others."""

from textual.binding import Binding, BindingType


def _move(keys: str, name: str, action: str, words: str) -> Binding:
    return Binding(keys, action, words, id=f"grid.{name}", show=False, tooltip=words)


BINDINGS: list[BindingType] = [
    _move("up,k", "up", "move_rows(-1)", "The row above"),
    _move("down,j", "down", "move_rows(1)", "The row below"),
    _move("left,h", "left", "move_columns(-1)", "The column to the left"),
    _move("right,l", "right", "move_columns(1)", "The column to the right"),
    _move("pageup", "page-up", "move_pages(-1)", "A page up"),
    _move("pagedown", "page-down", "move_pages(1)", "A page down"),
    _move("ctrl+home,g", "first-row", "first_row", "The first row"),
    _move("ctrl+end,G", "last-row", "last_row", "The last row"),
    _move("home,0", "first-column", "first_column", "The first column"),
    _move("end,$", "last-column", "last_column", "The last column"),
    Binding("enter", "open_row", "Open", id="grid.open", tooltip="Open the row"),
]
