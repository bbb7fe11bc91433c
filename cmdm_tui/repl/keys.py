"""The keys of the statement's prompt, next to Prompt Toolkit's own; function keys are a table."""

import signal
from collections.abc import Callable

from msgspec import Struct
from prompt_toolkit.enums import DEFAULT_BUFFER, EditingMode
from prompt_toolkit.filters import (
    Condition,
    emacs_mode,
    has_focus,
    vi_insert_mode,
    vi_navigation_mode,
)
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent


class PromptLeft(Exception):
    """The prompt was left for something else; `text` is what was typed so far."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class SuspendRequested(PromptLeft):
    """The prompt was left for the shell."""


class HistorySearchRequested(PromptLeft):
    """The prompt was left for a search of the history."""


class CommandRequested(PromptLeft):
    """The prompt was left for a backslash command; what was typed stays."""

    def __init__(self, text: str, command: str) -> None:
        super().__init__(text)
        self.command = command


class EditorRequested(PromptLeft):
    """The prompt was left for the editor."""


class EditingState(Struct):
    """How the prompt edits: `is_multi_line` where Enter always begins a new line."""

    is_multi_line: bool = False


class FunctionKey(Struct, frozen=True):
    """A function key: what the toolbar calls it, and what it does."""

    key: str
    name: Callable[[EditingState, EditingMode], str]
    press: Callable[[KeyPressEvent, EditingState], None]


def _run_command(command: str) -> Callable[[KeyPressEvent, EditingState], None]:
    def run(event: KeyPressEvent, _: EditingState) -> None:
        event.app.exit(exception=CommandRequested(event.current_buffer.text, command))

    return run


def _switch_multi_line(_: KeyPressEvent, state: EditingState) -> None:
    state.is_multi_line = not state.is_multi_line


def _switch_keys(event: KeyPressEvent, _: EditingState) -> None:
    is_vi = event.app.editing_mode is EditingMode.VI
    event.app.editing_mode = EditingMode.EMACS if is_vi else EditingMode.VI


FUNCTION_KEYS = (
    FunctionKey("f1", lambda _, __: "help", _run_command("\\help")),
    FunctionKey("f2", lambda _, __: "\\x", _run_command("\\x")),
    FunctionKey("f3", lambda state, _: f"multi {_on_off(state.is_multi_line)}", _switch_multi_line),
    FunctionKey("f4", lambda _, mode: _name_keys(mode), _switch_keys),
)
"""The function keys, as the toolbar shows them."""


def describe_keys(state: EditingState, mode: EditingMode, width: int) -> str:
    """Return the function keys in words for the toolbar, as many as fit into `width` columns."""
    shown = ""
    for one in FUNCTION_KEYS:
        words = f"{one.key.upper()} {one.name(state, mode)}"
        longer = f"{shown} {words}" if shown else words
        if len(longer) > width:
            break
        shown = longer
    return shown


def statement_keys(state: EditingState) -> KeyBindings:
    """Return the bindings that a statement's prompt adds to the usual ones."""

    def edit(event: KeyPressEvent) -> None:
        event.app.exit(exception=EditorRequested(event.current_buffer.text))

    def suspend(event: KeyPressEvent) -> None:
        # Prompt Toolkit's own way leaves the terminal without its flow control.
        if hasattr(signal, "SIGTSTP"):
            event.app.exit(exception=SuspendRequested(event.current_buffer.text))

    def search(event: KeyPressEvent) -> None:
        event.app.exit(exception=HistorySearchRequested(event.current_buffer.text))

    keys = KeyBindings()
    at_prompt = has_focus(DEFAULT_BUFFER)
    is_multi_line = Condition(lambda: state.is_multi_line)
    keys.add("c-z", filter=at_prompt)(suspend)
    keys.add("c-x", "c-e", filter=emacs_mode & at_prompt)(edit)
    keys.add("v", filter=vi_navigation_mode & at_prompt)(edit)
    keys.add("c-r", filter=(emacs_mode | vi_insert_mode) & at_prompt)(search)
    keys.add("enter", filter=at_prompt & ~is_multi_line)(_enter)
    keys.add("enter", filter=at_prompt & is_multi_line)(_take_or_new_line)
    keys.add("escape", "enter", filter=at_prompt & ~is_multi_line)(_new_line)
    keys.add("escape", "enter", filter=at_prompt & is_multi_line)(_run)
    for one in FUNCTION_KEYS:
        _add_function_key(keys, one, state)
    return keys


def _add_function_key(keys: KeyBindings, one: FunctionKey, state: EditingState) -> None:
    def press(event: KeyPressEvent) -> None:
        one.press(event, state)

    keys.add(one.key, filter=has_focus(DEFAULT_BUFFER))(press)


def _take_completion(event: KeyPressEvent) -> bool:
    """Take the completion that is chosen; return whether one was."""
    buffer = event.current_buffer
    chosen = buffer.complete_state
    if chosen is None or chosen.current_completion is None:
        return False
    buffer.complete_state = None
    return True


def _enter(event: KeyPressEvent) -> None:
    """Take the completion that is chosen; else run the text if it is whole; else a new line."""
    if not _take_completion(event):
        # It knows the commands, and a prompt is drawn before these are loaded.
        from cmdm_tui.repl.statement_splitter import is_incomplete, split_command

        text = event.current_buffer.text
        within = split_command(text) if event.current_buffer.document.is_cursor_at_the_end else None
        if within is not None:
            event.app.exit(exception=CommandRequested(*within))
        elif is_incomplete(text):
            _new_line(event)
        else:
            _run(event)


def _take_or_new_line(event: KeyPressEvent) -> None:
    if not _take_completion(event):
        _new_line(event)


def _new_line(event: KeyPressEvent) -> None:
    """Begin a new line, whether or not the text is whole."""
    event.current_buffer.insert_text("\n")


def _run(event: KeyPressEvent) -> None:
    event.current_buffer.validate_and_handle()


def _on_off(is_on: bool) -> str:
    return "on" if is_on else "off"


def _name_keys(mode: EditingMode) -> str:
    return "vi" if mode is EditingMode.VI else "emacs"
