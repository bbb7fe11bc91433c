"""A dialog that finds one of many texts by typing some of its letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import FuzzySearch
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from cmdm_tui.text import one_line
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.widgets.safe_input import SafeInput
from cmdm_tui.tui.widgets.safe_option_list import SafeOptionList

_MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class PickEntry:
    """One of the texts: what it is called by, and what is shown and searched; both untrusted."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Pick:
    """What was picked; with `is_delete` it is to be deleted."""

    entry: PickEntry
    is_delete: bool = False


class PickScreen(DialogScreen[Pick | None]):
    """Shows texts that match what is typed, the best first; the answer is the one taken.

    `title` and `empty`, what is said where there is no text at all, are safe.
    """

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="pick.cancel", tooltip="Take none of them"),
        Binding(
            "ctrl+d", "delete", "Delete", id="pick.delete", tooltip="Delete this one", priority=True
        ),
    ]

    def __init__(
        self, title: str, entries: Sequence[PickEntry], empty: str, *, can_delete: bool = False
    ) -> None:
        super().__init__()
        self._title = title
        self._entries = entries
        self._empty = empty
        self._can_delete = can_delete
        self._shown: list[PickEntry] = []

    @property
    def enter_label(self) -> str:
        """What Enter does in it."""
        return "Take it"

    def compose(self) -> ComposeResult:
        """Lay out the input above the texts."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._title)
            delete = " · ctrl+d delete" if self._can_delete else ""
            dialog.border_subtitle = Content(f"enter take it{delete} · esc cancel")
            yield SafeInput(placeholder="Type to find", id="pick-input")
            yield SafeOptionList(markup=False, compact=True, id="pick-list")
            yield Static(markup=False, id="pick-count")

    def on_mount(self) -> None:
        """Show the first texts."""
        self.query_one(OptionList).can_focus = False
        self._show("")

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        self._show(event.value.strip())

    @on(Input.Submitted)
    def _submit(self) -> None:
        self._take(is_delete=False)

    @on(OptionList.OptionSelected)
    def _select(self) -> None:
        self._take(is_delete=False)

    def on_key(self, event: events.Key) -> None:
        """Move in the list while the input has the focus."""
        actions = {
            "up": "action_cursor_up",
            "down": "action_cursor_down",
            "pageup": "action_page_up",
            "pagedown": "action_page_down",
        }
        if event.key in actions:
            event.stop()
            event.prevent_default()
            getattr(self.query_one(OptionList), actions[event.key])()

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def action_delete(self) -> None:
        """Close; the one under the cursor is to be deleted."""
        if self._can_delete:
            self._take(is_delete=True)

    def _take(self, *, is_delete: bool) -> None:
        place = self.query_one(OptionList).highlighted
        if place is not None and place < len(self._shown):
            self.dismiss(Pick(self._shown[place], is_delete=is_delete))

    def _show(self, typed: str) -> None:
        found = find_entries(self._entries, typed)
        self._shown = found[:_MOST_SHOWN]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(Content(one_line(one.text, 500))) for one in self._shown])
        options.highlighted = 0 if self._shown else None
        more = f", the first {_MOST_SHOWN} shown" if len(found) > _MOST_SHOWN else ""
        words = f"{len(found):,} of {len(self._entries):,}{more}" if self._entries else self._empty
        self.query_one("#pick-count", Static).update(Content(words))


def find_entries(entries: Sequence[PickEntry], typed: str) -> list[PickEntry]:
    """Return the entries that have the letters typed in this order, the best match first."""
    if not typed:
        return list(entries)
    search = FuzzySearch(case_sensitive=False)
    scored = [(search.match(typed, one.text[:500])[0], one) for one in entries]
    return [one for score, one in sorted(scored, key=lambda found: -found[0]) if score > 0]
