r"""The commands on changes: `\journal`, `\undo`, `\resume` and `\apply`."""

from collections.abc import Sequence
from pathlib import Path

from cmdm_tui.repl.commands.command import (
    Argument,
    ArgumentKind,
    BackslashCommand,
    Touches,
)
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.result_types import InfoTable
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.text import one_line

_DIGITS = 9
_RUN_TITLES = ("Run", "Began", "Changes", "State", "Title")
_ENTRY_TITLES = ("Number", "Change", "Entity", "ExternalID", "State", "Reason", "Origin", "Values")


async def show_journal(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """List the runs of this account, or show what became of each change of one."""
    if arguments:
        rows = session.changes.list_entries(_read_number(arguments[0]))
        await _show_rows(session, _ENTRY_TITLES, rows)
        return
    runs = session.changes.list_runs()
    if runs:
        await _show_rows(session, _RUN_TITLES, runs)
    else:
        session.streams.write_note("The journal has no run of this account yet.")


async def undo_run(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Take a run back, once that was shown."""
    await session.changes.undo(_read_number(arguments[0]) if arguments else None)


async def resume_run(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Go on with a run that was stopped or killed, once what is left of it was shown."""
    await session.changes.resume(_read_number(arguments[0]) if arguments else None)


async def apply_file(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Send the changes that a file keeps, once they were shown."""
    await session.changes.apply_file(_read_path(arguments[0]))


async def _show_rows(
    session: ReplSession, titles: tuple[str, ...], rows: Sequence[Sequence[int | str | None]]
) -> None:
    await session.show(InfoTable(titles, tuple(tuple(row) for row in rows)))


def _read_path(word: str) -> Path:
    try:
        return Path(word).expanduser()
    except RuntimeError:
        raise ReplError(f"{one_line(word, 200)} names no home. Check the name.") from None


def _read_number(word: str) -> int:
    """Return the number of a run. Raises ReplError for what is none."""
    is_number = word.isascii() and word.isdigit() and len(word) <= _DIGITS
    if not is_number or not int(word):
        shown = one_line(word, 40)
        raise ReplError(rf"{shown} is not the number of a run. \journal lists them.")
    return int(word)


_ANY_RUN = Argument("N", ArgumentKind.NUMBER, is_optional=True)

COMMANDS = (
    BackslashCommand(
        "journal",
        (_ANY_RUN,),
        "List what was changed here, or show run N: no call",
        show_journal,
        example="12 -- each change of run 12, and what became of it",
    ),
    BackslashCommand(
        "undo",
        (_ANY_RUN,),
        "Take run N back, or the last one: shown first",
        undo_run,
        Touches.WRITES,
        example="12 -- run 12 taken back",
    ),
    BackslashCommand(
        "resume",
        (_ANY_RUN,),
        "Go on with run N, or the last stopped: shown first",
        resume_run,
        Touches.WRITES,
        example="12 -- the changes of run 12 that are not made yet",
    ),
    BackslashCommand(
        "apply",
        (Argument("FILE", ArgumentKind.FILE),),
        "Send the changes in FILE: shown first",
        apply_file,
        Touches.WRITES,
        example="changes.json -- what cmdm import or cmdm sql kept in that file",
    ),
)
"""The commands on changes."""
