r"""The commands that run something else: `\i` a file, `\e` the editor's text, `\!` a program."""

import codecs
import io
import shlex
from pathlib import Path
from typing import TextIO, cast

from cmdm_tui.config.bounded_files import LARGEST_INPUT, open_bounded
from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.repl.commands.command import (
    Argument,
    ArgumentKind,
    BackslashCommand,
    RunFile,
    RunText,
    Touches,
)
from cmdm_tui.repl.editor import edit_script, edit_text
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.shell import run_shell
from cmdm_tui.text import one_line


async def run_file(_: ReplSession, arguments: tuple[str, ...]) -> RunFile:
    """Have the statements of a file run next. Raises ReplError where it cannot be read."""
    return open_script(arguments[0])


async def run_file_next_to(session: ReplSession, arguments: tuple[str, ...]) -> RunFile:
    """Have the statements of a file run next, whose name begins in the folder of this script."""
    folder = session.script_folder
    return open_script(arguments[0] if folder is None else str(folder / arguments[0]))


async def edit_statement(session: ReplSession, arguments: tuple[str, ...]) -> RunText | None:
    """Open the editor on a statement, the last one where none is given, and run what is saved.

    A file is edited in its place. Raises ReplError where the editor failed.
    """
    if arguments and _names_file(arguments[0]):
        return await _edit_file(session, arguments[0])
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


async def _edit_file(session: ReplSession, name: str) -> RunText | None:
    try:
        path = _resolve(shlex.split(name)[0])
        edited = await edit_script(path, session.streams)
    except (OSError, ValueError, RuntimeError) as error:
        raise _cannot_read(name, error) from None
    shown = one_line(str(path), 200)
    if edited is None:
        raise ReplError(f"The editor gave nothing of {shown}, so nothing is run.")
    if not edited.strip():
        session.streams.write_note(f"{shown} is empty, so nothing is run.")
        return None
    return RunText(edited, str(path))


def _names_file(text: str) -> bool:
    """Return whether what is to be edited is a file: one word with an ending, or of a folder."""
    try:
        words = shlex.split(text)
    except ValueError:
        return False
    return (
        len(words) == 1
        and not is_sql(text)
        and bool(Path(words[0]).suffix or Path(words[0]).parts[1:])
    )


def open_script(name: str) -> RunFile:
    """Open a file of statements. Raises ReplError where it cannot be read."""
    try:
        path = _resolve(name)
        file = io.BufferedReader(cast("io.RawIOBase", open_bounded(path, LARGEST_INPUT)))
        has_utf_16_mark = file.peek(2)[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
        codec = "utf-16" if has_utf_16_mark else "utf-8-sig"
        lines: TextIO = io.TextIOWrapper(file, encoding=codec)
    except (OSError, ValueError, RuntimeError) as error:
        raise _cannot_read(name, error) from None
    return RunFile(path, lines)


def _resolve(name: str) -> Path:
    return Path(name).expanduser().resolve()


def _cannot_read(name: str, error: Exception) -> ReplError:
    reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
    return ReplError(f"{one_line(name, 200)} cannot be read: {reason}. Check the name.")


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
        "ir",
        (Argument("FILE", ArgumentKind.FILE),),
        "As \\i, from the folder of the script that says it",
        run_file_next_to,
        Touches.CALLS | Touches.WRITES | Touches.FILES | Touches.SHELL,
        aliases=("include_relative",),
        runs_statements=True,
        example="cities.sql -- in a script, the file next to it, wherever that is run",
    ),
    BackslashCommand(
        "e",
        (Argument("STATEMENT|FILE", ArgumentKind.SQL, is_optional=True),),
        "Edit the last statement, this one or a file; run it",
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
