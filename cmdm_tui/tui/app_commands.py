"""The commands that every screen has: help, palette, the main screens, themes, and the way out."""

from collections.abc import Callable

from textual.widget import Widget

from cmdm_tui.text import count_noun
from cmdm_tui.tui.commands import Command, CommandScreen, CommandTable
from cmdm_tui.tui.messages import MainScreenName, ScreenRequested
from cmdm_tui.tui.screens.dialogs.help import HelpScreen, list_help
from cmdm_tui.tui.screens.dialogs.jump import JumpScreen, list_jump_targets


def show_help(screen: CommandScreen) -> None:
    """List the keys of the screen, and of the part that has the focus."""
    screen.command_app.push_screen(HelpScreen(list_help(screen)))


def jump(screen: CommandScreen) -> None:
    """Put a letter on each part; its key takes the focus there."""

    def focus(part: Widget | None) -> None:
        if part is not None:
            screen.set_focus(part)

    screen.command_app.push_screen(JumpScreen(list_jump_targets(screen)), focus)


def leave_calls(screen: CommandScreen) -> None:
    """Wait no more for the calls under way: what a change of them has done is not known then."""
    left = screen.command_app.cancel_calls()
    words = "No call is under way."
    if left:
        words = f"Stopped waiting for {count_noun(left, 'call')}."
    screen.notify(words, markup=False)


def _show(name: MainScreenName) -> Callable[[CommandScreen], None]:
    def request(screen: CommandScreen) -> None:
        screen.post_message(ScreenRequested(name))

    return request


def _can_show(name: MainScreenName) -> Callable[[CommandScreen], bool]:
    def is_elsewhere(screen: CommandScreen) -> bool:
        return name in screen.command_app.main_screen_names and screen.main_name != name

    return is_elsewhere


def _has_account(screen: CommandScreen) -> bool:
    return bool(screen.command_app.main_screen_names)


def _needs(name: str) -> Callable[[CommandScreen], str]:
    """Return what the way to a main screen needs; nothing is said on that screen itself."""
    return lambda screen: "" if screen.main_name == name else "an open account"


APP_COMMANDS = CommandTable[CommandScreen](
    "app",
    Command(
        "help", "f1,question_mark", "Help", "List the keys of this screen",
        show_help, group="Everywhere", footer_priority=9,
    ),
    Command(
        "palette", "ctrl+p", "Commands", "Find a command, an entity or a theme by typing",
        lambda screen: screen.command_app.action_command_palette(),
        group="Everywhere", footer_priority=4,
    ),
    Command(
        "records", "f2", "Records", "Go to the records",
        _show("records"), _can_show("records"),
        group="Everywhere", needs=_needs("records"), footer_priority=8,
    ),
    Command(
        "query", "f3", "SQL", "Go to the SQL queries",
        _show("query"), _can_show("query"),
        group="Everywhere", needs=_needs("query"), footer_priority=7,
    ),
    Command(
        "calls", "f4", "Calls", "Go to the calls that were made",
        _show("calls"), _can_show("calls"),
        group="Everywhere", needs=_needs("calls"), footer_priority=6,
    ),
    Command(
        "changes", "f5", "Changes", "Go to the changes that were sent, to undo or resume them",
        _show("changes"), _can_show("changes"), is_in_footer=False,
        group="Everywhere", needs=_needs("changes"),
    ),
    Command(
        "jump", "semicolon", "Jump", "Go to a part of the screen by a letter on it",
        jump, lambda screen: bool(screen.focus_chain), is_in_footer=False, group="Move",
        needs="a part that can have the focus",
    ),
    Command(
        "cancel_calls", "ctrl+x", "Stop waiting",
        "Stop waiting for the calls that are under way",
        leave_calls, _has_account, is_in_footer=False, group="Everywhere",
        needs="an open account",
    ),
    Command(
        "record", "f10", "Record", "Record the calls from now on in a cassette, or end that",
        lambda screen: screen.command_app.toggle_recording(),
        lambda screen: screen.command_app.can_record, is_in_footer=False, group="Everywhere",
        needs="an account that makes calls",
    ),
    Command(
        "theme", "ctrl+t", "Theme", "Choose the colours",
        lambda screen: screen.command_app.action_change_theme(),
        is_in_footer=False, group="Everywhere",
    ),
    Command(
        "suspend", "ctrl+z", "Suspend", "Go back to the shell; fg there comes back",
        lambda screen: screen.command_app.action_suspend_process(),
        is_in_footer=False, group="Everywhere",
    ),
    Command(
        "quit", "q", "Quit", "Quit the explorer", lambda screen: screen.command_app.request_quit(),
        group="Everywhere", footer_priority=2,
    ),
)  # fmt: skip
"""In the order of the footer and the help."""
