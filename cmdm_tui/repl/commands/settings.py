r"""The commands that switch something: `\x`, `\o`, `\timing`, `\confirm`, `\trust` and `\calls`."""

from typing import TYPE_CHECKING, cast

from cmdm_tui.repl.commands.command import (
    ON_OFF,
    Argument,
    ArgumentKind,
    BackslashCommand,
    choice,
)
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.repl.session_settings import ExpandedMode, ReplFormat

_EXPANDED = {"on": "every record", "auto": "single records", "off": "no record"}
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


async def switch_timing(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Show how long calls take, or not; without a word, the other one."""
    session.settings.shows_timing = _next_state(arguments, session.settings.shows_timing)
    session.streams.write_note(f"Timing is {_on_or_off(session.settings.shows_timing)}.")


async def switch_confirmation(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Ask before a delete and a query of many calls, or not; without a word, say which."""
    if arguments:
        session.settings.confirms = arguments[0] == "on"
    word = _on_or_off(session.settings.confirms)
    session.streams.write_note(f"Asking before a delete and many calls is {word}.")


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
        "timing",
        (ON_OFF,),
        "Show how long a call took",
        switch_timing,
        example="off -- no times",
        is_switch=True,
    ),
    BackslashCommand(
        "confirm",
        (ON_OFF,),
        "Ask before a delete, and many calls",
        switch_confirmation,
        example="off -- nothing is asked from here on",
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
