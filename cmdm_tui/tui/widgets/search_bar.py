"""A line for the words to search for, and what was found."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from cmdm_tui.tui.widgets.safe_input import SafeInput


class SearchBar(Horizontal):
    """Hidden until it is opened. It tells what is typed, and whether the search is kept or left."""

    DEFAULT_CSS = """
    SearchBar {
        display: none;
        height: 1;
        background: $surface;
        &.-open { display: block; }
        #search-mark { width: 2; padding-left: 1; color: $text-accent; }
        #search-words { width: 1fr; height: 1; border: none; padding: 0; background: transparent; }
        #search-caption { width: auto; max-width: 60%; padding: 0 1; color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Go back", id="search.leave", tooltip="Leave the search")
    ]

    @dataclass
    class Typed(Message):
        """Other words were typed."""

        words: str

    class Taken(Message):
        """Enter was pressed."""

    class Left(Message):
        """Escape was pressed."""

    @property
    def enter_label(self) -> str:
        """What Enter does in it."""
        return "Stay here"

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        yield Static("/", markup=False, id="search-mark")
        yield SafeInput(placeholder="Words to find in the rows read so far", id="search-words")
        yield Static(markup=False, id="search-caption")

    @property
    def is_open(self) -> bool:
        """Whether it can be typed into."""
        return self.has_class("-open")

    def open(self) -> None:
        """Show it, ready for other words."""
        self.add_class("-open")
        words = self.query_one(Input)
        words.value = ""
        self.show_caption("")
        self.screen.set_focus(words)

    def close(self) -> None:
        """Hide it."""
        self.remove_class("-open")

    def show_caption(self, words: str) -> None:
        """Say what was found; safe words."""
        self.query_one("#search-caption", Static).update(Content(words))

    @on(Input.Changed)
    def _tell_words(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.post_message(self.Typed(event.value))

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Taken())

    def action_leave(self) -> None:
        """Leave the search."""
        self.post_message(self.Left())
