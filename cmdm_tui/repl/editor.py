"""The user's editor, opened on what is typed at the prompt; it ends when the prompt does."""

import asyncio
import os
import shlex
import tempfile
from pathlib import Path

from cmdm_tui.config.private_files import remove_file
from cmdm_tui.operations.interrupts import handle_interrupt
from cmdm_tui.repl.shell import end_process
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.terminal_state import keep_terminal
from cmdm_tui.text import one_line

_EDITOR_VARIABLES = ("VISUAL", "EDITOR")
_USUAL_EDITORS = ("/usr/bin/editor", "/usr/bin/nano", "/usr/bin/vi")


async def edit_text(text: str, streams: ReplStreams, ending: str = ".json") -> str | None:
    """Return what the user makes of the text in the editor that VISUAL or EDITOR names.

    The file has this ending. None where it failed, which is said. Cancelled, it ends the editor
    and removes the file.
    """
    handle, name = tempfile.mkstemp(ending)  # readable by its owner only
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        # Ctrl-C is the editor's while it has the terminal.
        with keep_terminal(), handle_interrupt(lambda: None):
            return await _edit_file(path, streams, "The editor failed; the text is as it was.")
    finally:
        remove_file(path)


async def edit_script(path: Path, streams: ReplStreams) -> str | None:
    """Return what the user makes of a file, which the editor makes where there is none.

    None where the editor failed, which is said, or wrote none. Raises OSError for a file that
    cannot be read.
    """
    with keep_terminal(), handle_interrupt(lambda: None):
        try:
            return await _edit_file(path, streams, "The editor failed.")
        except FileNotFoundError:
            return None


async def _edit_file(path: Path, streams: ReplStreams, failure: str) -> str | None:
    """Return what the editor has made of the file; None where it failed, which `failure` says."""
    chosen = [word for name in _EDITOR_VARIABLES if (word := os.environ.get(name, "")).strip()]
    for editor in (*chosen, *_USUAL_EDITORS):
        try:
            process = await asyncio.create_subprocess_exec(*shlex.split(editor), str(path))
        except (OSError, ValueError):
            if editor in chosen:
                shown = one_line(editor, 100)
                streams.write_note(f"The editor {shown} cannot be run; the next is tried.")
            continue
        try:
            if await process.wait() == 0:
                return _read_text(path)
        finally:
            await end_process(process)
        streams.write_note(failure)
        return None
    streams.write_note("There is no editor. Name one in the variable EDITOR.")
    return None


def _read_text(path: Path) -> str:
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    return text.removesuffix("\n")
