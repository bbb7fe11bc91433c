r"""The commands that run something else: `\i` a file, `\e` the editor's text, `\!` a program."""

import codecs
import io
from pathlib import Path
from typing import TextIO, cast

from cmdm_tui.config.bounded_files import LARGEST_INPUT, open_bounded
from cmdm_tui.repl.commands.command import (
    Argument,
    ArgumentKind,
    BackslashCommand,
    RunFile,
    RunText,
    Touches,
)
from cmdm_tui.repl.editor import edit_text
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.shell import run_shell
from cmdm_tui.text import one_line


async def run_file(_: ReplSession, arguments: tuple[str, ...]) -> RunFile:
    """Have the statements of a file run next. Raises ReplError where it cannot be read."""
    return open_script(arguments[0])


async def edit_statement(session: ReplSession, arguments: tuple[str, ...]) -> RunText | None:
    """Open the editor on a statement, the last one where none is given, and run what is saved.

    Raises ReplError where the editor failed.
    """
    last = session.last_unit
    text = arguments[0] if arguments else "" if last is None else f"{last.text};"
    edited = await edit_text(text, session.streams, ".sql")
    if edited is None:
        raise ReplError("The editor gave no statement, so nothing is run.")
    if not edited.strip():
        session.streams.write_note("The editor left nothing, so nothing is run.")
        return None
    session.remember(edited)
    return RunText(edited, "the editor")


async def run_program(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Run a command of the shell. Raises ReplError where it fails."""
    await run_shell(arguments[0], session.streams)


def open_script(name: str) -> RunFile:
    """Open a file of statements. Raises ReplError where it cannot be read."""
    try:
        path = Path(name).expanduser().resolve()
        file = io.BufferedReader(cast("io.RawIOBase", open_bounded(path, LARGEST_INPUT)))
        has_utf_16_mark = file.peek(2)[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
        codec = "utf-16" if has_utf_16_mark else "utf-8-sig"
        lines: TextIO = io.TextIOWrapper(file, encoding=codec)
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
        message = f"{one_line(name, 200)} cannot be read: {reason}. Check the name."
        raise ReplError(message) from None
    return RunFile(path, lines)


COMMANDS = (
    BackslashCommand(
        "i",
        (Argument("FILE", ArgumentKind.FILE),),
        "Run the statements in a file, to the first error",
        run_file,
        Touches.CALLS | Touches.WRITES | Touches.FILES | Touches.SHELL,
        aliases=("include", "source", "read"),
        runs_statements=True,
        example="monday.sql -- what the file says, in order",
    ),
    BackslashCommand(
        "e",
        (Argument("STATEMENT", ArgumentKind.SQL, is_optional=True),),
        "Edit the last statement, or this one, in $EDITOR; run it",
        edit_statement,
        Touches.CALLS | Touches.WRITES | Touches.FILES | Touches.SHELL,
        aliases=("edit",),
        runs_statements=True,
        example=" -- the last statement in the editor; what is saved is run",
    ),
    BackslashCommand(
        "!",
        (Argument("COMMAND", ArgumentKind.TEXT),),
        "Run a command of the shell: the whole line",
        run_program,
        Touches.SHELL,
        aliases=("system", "shell"),
        example="ls -l *.csv -- what the shell says",
    ),
)
"""The commands that run something else."""
