"""A dialog to choose columns: which are shown, in which order, which are pinned."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from cmdm_tui.text import one_line
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.models.column_layout import ColumnLayout
from cmdm_tui.tui.models.row_source import SourceColumn
from cmdm_tui.tui.widgets.safe_input import SafeInput
from cmdm_tui.tui.widgets.safe_option_list import SafeOptionList

_LONGEST_NAME = 48


class ColumnsScreen(DialogScreen[ColumnLayout | None]):
    """Lists all columns; the answer is the layout chosen, None where it was left.

    Typing finds a column by a part of its name, space shows or hides it.
    """

    CSS_PATH = "columns.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="columns.cancel", tooltip="Change nothing"),
        Binding("enter", "take", "Take", id="columns.take", priority=True),
        Binding("space", "toggle_column", "Show", id="columns.toggle", priority=True),
        Binding("ctrl+up", "move(-1)", "Up", id="columns.up", priority=True),
        Binding("ctrl+down", "move(1)", "Down", id="columns.down", priority=True),
        Binding("ctrl+p", "pin", "Pin", id="columns.pin", priority=True),
        Binding("ctrl+a", "show_all", "All", id="columns.all", priority=True),
        Binding("ctrl+r", "reset", "Reset", id="columns.reset", priority=True),
    ]

    def __init__(self, columns: Sequence[SourceColumn], layout: ColumnLayout) -> None:
        super().__init__()
        self._columns = columns
        self._layout = layout
        self._listed: list[str] = []

    def compose(self) -> ComposeResult:
        """Lay out the words to find, above the list."""
        with Vertical(id="dialogue") as dialogue:
            dialogue.border_title = Content("Columns")
            dialogue.border_subtitle = Content(
                "space show · ^↑↓ move · ^p pin · ^a all · ^r reset · enter take · esc cancel"
            )
            yield SafeInput(placeholder="Type to find a column", id="find", compact=True)
            yield SafeOptionList(markup=False, compact=True, id="columns")

    def on_mount(self) -> None:
        """List the columns; keys go to the list, and what is typed to the words."""
        self.query_one(Input).can_focus = False
        self.set_focus(self.query_one(OptionList))
        self._list()

    def on_key(self, event: events.Key) -> None:
        """Take what is typed for the name of a column."""
        words = self.query_one(Input)
        if event.key == "backspace":
            words.value = words.value[:-1]
        elif event.is_printable and event.character is not None:
            words.value += event.character
        else:
            return
        event.stop()

    @property
    def _current(self) -> str | None:
        at = self.query_one(OptionList).highlighted
        return None if at is None else self._listed[at]

    @on(Input.Changed)
    def _find(self) -> None:
        self._list()

    def action_toggle_column(self) -> None:
        """Show the column under the cursor, or hide it."""
        name = self._current
        if name is not None:
            is_hidden = name in self._layout.hidden
            self._layout = self._layout.show(name) if is_hidden else self._layout.hide(name)
            self._list(name)

    def action_move(self, by: int) -> None:
        """Move the column under the cursor down or up, past hidden ones."""
        name = self._current
        if name is not None:
            self._layout = self._layout.move(self._columns, name, by)
            self._list(name)

    def action_pin(self) -> None:
        """Pin the column under the cursor, or let it scroll."""
        name = self._current
        if name is not None:
            self._layout = self._layout.toggle_pin(self._columns, name)
            self._list(name)

    def action_show_all(self) -> None:
        """Show every column."""
        self._layout = self._layout.show(*(column.name for column in self._columns))
        self._list(self._current)

    def action_reset(self) -> None:
        """Lay all columns out as they were before anything was chosen."""
        self._layout = ColumnLayout()
        self._list(self._current)

    def action_take(self) -> None:
        """Close with the layout as it is listed."""
        self.dismiss(self._layout)

    def action_cancel(self) -> None:
        """Close and change nothing."""
        self.dismiss(None)

    def _list(self, name: str | None = None) -> None:
        """List the columns that match what is typed, the cursor on this one."""
        words = self.query_one(Input).value.strip().casefold()
        options = self.query_one(OptionList)
        options.clear_options()
        self._listed = []
        for column in self._layout.list_columns(self._columns):
            if words not in column.source.label.casefold() and words not in column.name.casefold():
                continue
            shown = "·" if column.name in self._layout.hidden else "✓"
            pin = " ⇤" if column.is_pinned else "  "
            label = one_line(column.source.label, _LONGEST_NAME)
            if column.source.label != column.name:
                label += f"  ({one_line(column.name, _LONGEST_NAME)})"
            self._listed.append(column.name)
            options.add_option(Option(Content(f"{shown}{pin} {label}")))
        if self._listed:
            at = self._listed.index(name) if name in self._listed else 0
            options.highlighted = at
