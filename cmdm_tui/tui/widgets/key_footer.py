"""The footer: the keys that apply just now, as many as fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button

from cmdm_tui.text import one_line
from cmdm_tui.tui.commands import BoundCommand, CommandScreen
from cmdm_tui.tui.key_names import format_key

_GAP = 2
"""Cells between two entries."""
_WIDEST_BUTTON = 36
"""Cells of a button's label that are shown."""

_HERE = 9
"""The priority of what the part with the focus, or a dialog, does by itself."""
_PRIORITIES = {"grid.open": 5, "form.preview": 10}
"""Other priorities of such keys, by the names of their bindings; commands have their own."""
_KEY_PRIORITIES = {"enter": 10, "escape": 10}
"""The priorities of keys that are looked for everywhere: what takes it, and what leaves it."""


@runtime_checkable
class NamesEnter(Protocol):
    """A part or a screen that says in a word or two what Enter does in it; empty for nothing."""

    @property
    def enter_label(self) -> str:
        """The words, safe."""
        ...


@dataclass(frozen=True, slots=True)
class FooterEntry:
    """One key in the footer. Its texts are safe."""

    key: str
    """The key as it is written on a keyboard."""
    label: str
    run_key: str
    """The key by Textual's name, which a click presses."""
    is_enabled: bool = True
    priority: int = 0
    tooltip: str = ""

    @property
    def width(self) -> int:
        """The cells that it takes."""
        return Content(f"{self.key} {self.label}").cell_length


def fit_entries(entries: Sequence[FooterEntry], width: int) -> list[FooterEntry]:
    """Return the entries that fit into `width` cells, in their order, each of them whole.

    Those of the lowest priority are left out first, and of equal ones the last.
    """
    ranked = sorted(range(len(entries)), key=lambda place: (-entries[place].priority, place))
    chosen: list[int] = []
    left = width + _GAP
    for place in ranked:
        left -= entries[place].width + _GAP
        if left < 0:
            break
        chosen.append(place)
    return [entries[place] for place in sorted(chosen)]


class KeyFooter(Widget):
    """One line of keys, drawn again only where they have changed. A click presses the key."""

    DEFAULT_CSS = """
    KeyFooter {
        dock: bottom;
        height: 1;
        width: 100%;
        padding: 0 1;
        color: $footer-description-foreground;
        background: $footer-background;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._entries: tuple[FooterEntry, ...] = ()

    @property
    def shown_entries(self) -> list[FooterEntry]:
        """The entries that fit."""
        return fit_entries(self._entries, self.content_size.width)

    def on_mount(self) -> None:
        """Follow the keys of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._show_keys)  # pyright: ignore[reportUnknownMemberType]
        self.call_after_refresh(self._show_keys, self.screen)

    def _show_keys(self, screen: Screen[object]) -> None:
        if not self.is_attached or not screen.is_active:
            return  # A dialog is in front; what is behind it stays as it was.
        entries = tuple(list_entries(screen))
        if entries != self._entries:
            self._entries = entries
            self.refresh()

    def render(self) -> Content:
        """Return the line."""
        parts: list[Content] = []
        for entry in self.shown_entries:
            key_style = "bold $footer-key-foreground" if entry.is_enabled else "dim"
            parts.append(
                Content.styled(entry.key, key_style)
                + Content.styled(f" {entry.label}", "" if entry.is_enabled else "dim")
            )
        return Content(" " * _GAP).join(parts)

    def entry_at(self, x: int) -> FooterEntry | None:
        """Return the entry at a column of the content, None in the gap between two."""
        start = 0
        for entry in self.shown_entries:
            if start <= x < start + entry.width:
                return entry
            start += entry.width + _GAP
        return None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Explain the entry under the mouse."""
        offset = event.get_content_offset(self)
        entry = None if offset is None else self.entry_at(offset.x)
        words = Content(entry.tooltip) if entry is not None and entry.tooltip else None
        if words != self.tooltip:
            self.tooltip = words

    def on_click(self, event: events.Click) -> None:
        """Press the key of the entry under the mouse."""
        offset = event.get_content_offset(self)
        entry = None if offset is None else self.entry_at(offset.x)
        if entry is not None:
            event.stop()
            self.app.simulate_key(entry.run_key)  # pyright: ignore[reportUnknownMemberType]


def list_entries(screen: Screen[object]) -> list[FooterEntry]:
    """Return the footer's entries of a screen in order: one a command, its own before the app's."""
    known: Mapping[str, BoundCommand] = {}
    if isinstance(screen, CommandScreen):
        known = screen.commands_by_binding
    entries: dict[str, FooterEntry] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        label = _label_of(binding, key, screen.focused)
        command = known.get(binding.id or "")
        if not label or _is_typed(screen.focused, key):
            continue
        if command is not None and not command.is_in_footer_now():
            continue
        entries.setdefault(
            binding.id or binding.action,
            FooterEntry(
                format_key(key),
                label,
                key,
                active.enabled,
                _rank(binding, key) if command is None else command.footer_priority,
                _explain(binding.tooltip or label, command),
            ),
        )
    # Enter is looked for first, wherever its binding stands.
    return sorted(entries.values(), key=lambda entry: entry.run_key != "enter")


def _label_of(binding: Binding, key: str, focused: Widget | None) -> str:
    """Return what a key does in a word or two; empty where the footer does not name it."""
    if binding.show:
        return binding.description
    return _name_enter(focused) if key == "enter" and focused is not None else ""


def _name_enter(focused: Widget) -> str:
    """Return what Enter does in the part with the focus, as it or what it is in says."""
    if isinstance(focused, Button):
        return one_line(str(focused.label), _WIDEST_BUTTON)
    names = (
        node.enter_label for node in focused.ancestors_with_self if isinstance(node, NamesEnter)
    )
    return next(names, "")


def _rank(binding: Binding, key: str) -> int:
    """Return the priority of a key that is not a command's."""
    return _PRIORITIES.get(binding.id or "", _KEY_PRIORITIES.get(key, _HERE))


def _is_typed(focused: Widget | None, key: str) -> bool:
    """Return whether the key goes into the text that has the focus."""
    written = format_key(key)
    character = written if len(written) == 1 else None
    return focused is not None and focused.check_consume_key(key, character)


def _explain(sentence: str, command: BoundCommand | None) -> str:
    cost = command.describe_cost() if command is not None else ""
    return f"{sentence}: {cost}" if cost else sentence
