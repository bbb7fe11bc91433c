"""The commands that every screen has: help, palette, the main screens, themes, and the way out."""

from collections.abc import Callable

from cmdm_tui.tui.commands import Command, CommandScreen, CommandTable
from cmdm_tui.tui.messages import MainScreenName, ScreenRequested
from cmdm_tui.tui.screens.dialogs.help import HelpScreen, list_help


def show_help(screen: CommandScreen) -> None:
    """List the keys of the screen, and of the part that has the focus."""
    screen.command_app.push_screen(HelpScreen(list_help(screen)))


def _show(name: MainScreenName) -> Callable[[CommandScreen], None]:
    def request(screen: CommandScreen) -> None:
        screen.post_message(ScreenRequested(name))

    return request


def _is_main(screen: CommandScreen) -> bool:
    return screen.is_main


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
        _show("records"), _is_main, is_in_footer=False, group="Everywhere",
    ),
    Command(
        "query", "f3", "SQL", "Go to the SQL queries",
        _show("query"), _is_main, group="Everywhere", footer_priority=7,
    ),
    Command(
        "calls", "f4", "Calls", "Go to the calls that were made",
        _show("calls"), _is_main, is_in_footer=False, group="Everywhere",
    ),
    Command(
        "changes", "f5", "Changes", "Go to the changes: prepared, applied, undone",
        _show("changes"), _is_main, is_in_footer=False, group="Everywhere",
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
        "quit", "q", "Quit", "Quit the explorer", lambda screen: screen.command_app.exit(),
        group="Everywhere", footer_priority=2,
    ),
)  # fmt: skip
"""In the order of the footer and the help."""
