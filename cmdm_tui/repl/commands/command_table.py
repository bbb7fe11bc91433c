"""The table of backslash commands, which dispatch, completion and help read."""

from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.repl.commands import (
    calls,
    catalog,
    changes,
    charts,
    queries,
    results,
    saved_queries,
    scripts,
    session,
    settings,
    variables,
)
from cmdm_tui.repl.commands.command import Argument, ArgumentKind, BackslashCommand
from cmdm_tui.repl.commands.help_text import build_help, describe_command, find_sql_help
from cmdm_tui.repl.commands.other_names import find_advice
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.session_policy import describe_session_rule
from cmdm_tui.text import find_similar_names


async def _show_help(session: ReplSession, arguments: tuple[str, ...]) -> None:
    name = arguments[0].removeprefix("\\") if arguments else ""
    asking = describe_session_rule(session.account.profile, session.settings)
    topic = find_sql_help(" ".join(arguments)) if get_command(name) is None else None
    if topic is not None:
        await session.show(topic)
    elif not name or (get_command(name) is None and is_sql(name)):
        await session.show(build_help(COMMANDS, asking))
    else:
        await session.show(describe_command(find_command(name), asking))


_HELP = BackslashCommand(
    "help",
    (Argument("COMMAND", ArgumentKind.COMMAND, is_optional=True),),
    "Show this help, or that of one command with an example",
    _show_help,
    aliases=("?", "h"),
    example="sort -- how \\sort is typed, and what it does",
)

COMMANDS: tuple[BackslashCommand, ...] = (
    *catalog.COMMANDS,
    *results.COMMANDS,
    *charts.COMMANDS,
    *changes.COMMANDS,
    *scripts.COMMANDS,
    *saved_queries.COMMANDS,
    *queries.COMMANDS,
    *variables.COMMANDS,
    *settings.COMMANDS,
    *calls.COMMANDS,
    _HELP,
    *session.COMMANDS,
)
"""Every command, in the order that help shows them in."""

_BY_NAME = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}


def find_command(name: str) -> BackslashCommand:
    """Return the command that is meant.

    Raises ReplError where none is, with what does the same here or the nearest name.
    """
    command = get_command(name)
    if command is not None:
        return command
    hint = find_advice(name)
    if hint is None:
        nearest = find_similar_names(name, _BY_NAME)
        hint = f"Did you mean \\{nearest[0]}?" if nearest else "\\? lists the commands."
    raise ReplError(f"There is no command \\{name}. {hint}")


def get_command(name: str) -> BackslashCommand | None:
    r"""Return the command of a name or an alias, whatever its case; None where there is none.

    A name with a plus has its own case: psql's `\dT+` is not `\dt+`, which makes calls.
    """
    folded = name if name.endswith("+") else name.casefold()
    return _BY_NAME.get(name) or _BY_NAME.get(folded)


def takes_whole_line(name: str) -> bool:
    """Return whether a command takes the rest of its line as it is."""
    command = get_command(name)
    return command is not None and command.takes_whole_line
