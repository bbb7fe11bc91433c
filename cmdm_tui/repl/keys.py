"""The keys of the prompt: Enter runs what is whole and goes on with what is not."""

from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from cmdm_tui.repl.statement_reader import is_incomplete


def statement_keys() -> KeyBindings:
    """Return the bindings that a statement's prompt adds to the usual ones."""
    keys = KeyBindings()
    keys.add("enter", filter=has_focus(DEFAULT_BUFFER))(_enter)
    keys.add("escape", "enter", filter=has_focus(DEFAULT_BUFFER))(_new_line)
    return keys


def _enter(event: KeyPressEvent) -> None:
    """Take the completion that is chosen; else run the text if it is whole; else a new line."""
    buffer = event.current_buffer
    chosen = buffer.complete_state
    if chosen is not None and chosen.current_completion is not None:
        buffer.complete_state = None
    elif is_incomplete(buffer.text):
        buffer.insert_text("\n")
    else:
        buffer.validate_and_handle()


def _new_line(event: KeyPressEvent) -> None:
    """Begin a new line, whether or not the text is whole."""
    event.current_buffer.insert_text("\n")
