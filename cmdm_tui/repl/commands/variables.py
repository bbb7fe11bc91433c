r"""The commands on variables: `\set` and `\unset`."""

from cmdm_tui.repl.commands.command import Argument, ArgumentKind, BackslashCommand
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.result_types import InfoTable
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.text import one_line


async def set_variable(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Give a variable its value, empty where none is named; without a name, list all."""
    if arguments:
        session.variables.set(arguments[0], arguments[1] if len(arguments) > 1 else "")
    elif session.variables.values:
        rows = tuple(sorted(session.variables.values.items()))
        await session.show(InfoTable(("Variable", "Value"), rows))
    else:
        session.streams.write_note(r"There is no variable. \set NAME VALUE makes one.")


async def unset_variable(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Remove a variable. Raises ReplError where there is none of this name."""
    if not session.variables.remove(arguments[0]):
        shown = one_line(arguments[0], 40)
        raise ReplError(rf"There is no variable {shown}. \set lists them.")


COMMANDS = (
    BackslashCommand(
        "set",
        (
            Argument("NAME", ArgumentKind.VARIABLE, is_optional=True),
            Argument("VALUE", ArgumentKind.WORD, is_optional=True),
        ),
        "Give a variable its value, or list all of them",
        set_variable,
        example="city 'New York' -- then :'city' and $city in SQL are that text",
        is_switch=True,
    ),
    BackslashCommand(
        "unset",
        (Argument("NAME", ArgumentKind.VARIABLE),),
        "Remove a variable",
        unset_variable,
        example="city -- :city has no value any more",
        is_switch=True,
    ),
)
"""The commands on variables."""
