r"""The commands that switch something: `\x`, `\o`, `\pager`, `\timing`, `\confirm` and so on."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from cmdm_tui.repl.commands.command import (
    ON_OFF,
    Argument,
    ArgumentKind,
    BackslashCommand,
    Handler,
    Touches,
    choice,
)
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.pager import DEFAULT_PAGER
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.session_policy import describe_session_rule
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.repl.session_settings import ExpandedMode, ReplFormat

_EXPANDED = {
    "on": "every record",
    "auto": "single records, and those too wide for the terminal",
    "off": "no record",
}
_FORMAT = {
    "auto": "a table on a terminal, unchanged JSON elsewhere",
    "table": "a table",
    "vertical": "a field a line",
    "json": "JSON",
    "jsonl": "JSON, a row a line",
    "csv": "CSV",
    "tsv": "TSV",
    "markdown": "a Markdown table",
}

_DIGITS = 9


async def switch_expanded(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Expand records; without a word, every record or single ones in turn."""
    turned = "auto" if session.settings.expanded == "on" else "on"
    word = cast("ExpandedMode", arguments[0] if arguments else turned)
    session.settings.expanded = word
    session.streams.write_note(f"Expanded display is {word}: a field a line for {_EXPANDED[word]}.")


async def set_format(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Set the format of results; without a word, show it."""
    if arguments:
        session.settings.format = cast("ReplFormat", arguments[0])
    session.streams.write_note(f"Results are written as {_FORMAT[session.settings.format]}.")


async def set_pager(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Use a pager or not, or name one; without a word, say which is used."""
    settings = session.settings
    if arguments:
        word = arguments[0]
        settings.uses_pager = word != "off"
        if word not in {"on", "off"}:
            settings.pager_command = word
    if settings.uses_pager:
        command = settings.pager_command or os.environ.get("PAGER", DEFAULT_PAGER)
        shown = one_line(command, 60) or "none, as PAGER is empty"
        session.streams.write_note(f"What does not fit the terminal goes to a pager: {shown}.")
    else:
        session.streams.write_note("Results are written without a pager.")


async def set_option(session: ReplSession, arguments: tuple[str, ...]) -> None:
    r"""Switch what psql's `\pset` does; its value is that of the command that switches it here."""
    name, *value = arguments
    allowed, command = _OPTIONS[name]
    if value and allowed and value[0] not in allowed:
        raise ReplError(f"\\pset {name} takes {', '.join(allowed)}.")
    await command(session, tuple(value))


async def switch_timing(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Show how long calls take, or not; without a word, the other one."""
    session.settings.shows_timing = _next_state(arguments, session.settings.shows_timing)
    session.streams.write_note(f"Timing is {_on_or_off(session.settings.shows_timing)}.")


async def switch_confirmation(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Ask as the profile has it, before every change, or never; without a word, say which."""
    settings = session.settings
    if arguments:
        settings.confirms = arguments[0] != "off"
        settings.confirms_all = arguments[0] == "always"
    said = describe_session_rule(session.account.profile, settings)
    if settings.confirms:
        said += f" A query of more than {settings.calls_without_asking:,} calls is asked about."
    else:
        said += " A query is run without a question, however many calls it takes."
    session.streams.write_note(said)


async def switch_trust(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Let searches rest on the likely order of a field, or not; without a word, say which."""
    if arguments:
        session.settings.trusts_order = arguments[0] == "on"
    word = _on_or_off(session.settings.trusts_order)
    session.streams.write_note(f"Trusting the likely order of a field is {word}.")


async def limit_calls(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Set how many calls a query may make, 0 for any number; without a number, show it."""
    if arguments:
        (number,) = arguments
        if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
            shown = one_line(number, 40)
            raise ReplError(
                f"{shown} is not a number of calls. Give one, such as 20, or 0 for any."
            )
        session.settings.max_calls = int(number) or None
    most = session.settings.max_calls
    if most is None:
        session.streams.write_note("A query makes as many calls as it takes.")
    else:
        noun = "call" if most == 1 else "calls"
        session.streams.write_note(
            f"A query is stopped after {most:,} {noun}; \\more continues it."
        )


_OPTIONS: Mapping[str, tuple[Sequence[str], Handler]] = {
    "pager": ((), set_pager),
    "expanded": (tuple(_EXPANDED), switch_expanded),
    "format": (tuple(_FORMAT), set_format),
}
"""Psql's names, each with the values that it takes (any, where there is none), and the handler."""


def _next_state(arguments: tuple[str, ...], before: bool) -> bool:
    return arguments[0] == "on" if arguments else not before


def _on_or_off(is_on: bool) -> str:
    return "on" if is_on else "off"


COMMANDS = (
    BackslashCommand(
        "x",
        (choice("on", "off", "auto", is_optional=True),),
        "Expand all records (on), single ones (auto), none (off)",
        switch_expanded,
        example="on -- every record a field a line",
        is_switch=True,
    ),
    BackslashCommand(
        "o",
        (choice(*_FORMAT, is_optional=True),),
        "Set the format; behind a statement, > FILE writes it",
        set_format,
        aliases=("T", "tableformat"),
        example="csv -- what follows is written as CSV",
        is_switch=True,
    ),
    BackslashCommand(
        "pager",
        (Argument("on|off|COMMAND", ArgumentKind.TEXT, ("on", "off"), is_optional=True),),
        "Use a pager for what does not fit; or name one",
        set_pager,
        Touches.SHELL,
        example="less -R -- another pager than $PAGER; \\pager off: none",
        is_switch=True,
    ),
    BackslashCommand(
        "pset",
        (
            choice(*_OPTIONS),
            Argument("VALUE", ArgumentKind.WORD, is_optional=True),
        ),
        "Do what \\pager, \\x or \\o does, by psql's name",
        set_option,
        example="pager off -- as \\pager off; expanded is \\x, format is \\o",
        is_switch=True,
    ),
    BackslashCommand(
        "timing",
        (ON_OFF,),
        "Show how long a call took",
        switch_timing,
        example="off -- no times",
        is_switch=True,
    ),
    BackslashCommand(
        "confirm",
        (choice("on", "off", "always", is_optional=True),),
        "Ask before changes: as the profile says (on), always",
        switch_confirmation,
        example="always -- every change is asked about from here on",
        is_switch=True,
    ),
    BackslashCommand(
        "trust",
        (ON_OFF,),
        "Let a search rest on a field's likely order",
        switch_trust,
        example="on -- fewer calls, and a result may be unsure",
        is_switch=True,
    ),
    BackslashCommand(
        "calls",
        (Argument("N", ArgumentKind.NUMBER, is_optional=True),),
        "Stop a query after N calls, with what came; 0: never",
        limit_calls,
        example="20 -- a query ends after 20 calls; \\more continues it",
        is_switch=True,
    ),
)
"""The commands that switch something."""
