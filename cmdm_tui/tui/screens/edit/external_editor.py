"""Opens the editor that VISUAL or EDITOR names on a text, while the explorer is suspended."""

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from textual.app import App, SuspendNotSupported

from cmdm_tui.config.bounded_files import read_bounded
from cmdm_tui.operations.interrupts import handle_interrupt
from cmdm_tui.text import one_line

_USUAL_EDITORS = ("/usr/bin/editor", "/usr/bin/nano", "/usr/bin/vi")
_BOM = "\ufeff"
_LARGEST_TEXT = 1 << 20
"""Bytes of an edited text: more is too much for a field."""


class EditorFailed(Exception):
    """The text is as it was; the message is a safe sentence that says why."""


def edit_text(app: App[None], text: str) -> str:
    """Return what the user makes of the text.

    The file is its owner's alone, in a private folder, and removed in any case. It holds the
    text byte for byte, with a line feed at its end where there is none; one that the text did not
    have is taken off again, and so is a byte order mark that the editor has added. Where every
    line of the text ends in CR LF, so do those of an editor that writes line feeds alone. Raises
    EditorFailed.
    """
    content = _encode(text if text.endswith("\n") or not text else f"{text}\n")
    try:
        with tempfile.TemporaryDirectory(prefix="cmdm-edit-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "value.txt"
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            _run_editor(app, path)
            after = read_bounded(path, _LARGEST_TEXT)
    except OSError as error:
        message = f"The editor's file cannot be used: {error.strerror}. The field is as it was."
        raise EditorFailed(message) from None
    if after == content:
        return text
    try:
        return _fit_to(text, after.decode("utf-8"))
    except UnicodeDecodeError:
        message = "The editor has written text that is not UTF-8. The field is as it was."
        raise EditorFailed(message) from None


def _fit_to(text: str, edited: str) -> str:
    """Undo what editors do to a text on their own: a mark at its start, its line ends, its end."""
    if not text.startswith(_BOM):
        edited = edited.removeprefix(_BOM)
    has_crlf = "\r\n" in text and text.count("\n") == text.count("\r\n")
    if has_crlf:
        edited = edited.replace("\r\n", "\n").replace("\n", "\r\n")
    if not text.endswith("\n"):
        edited = (
            edited.removesuffix("\r\n") if edited.endswith("\r\n") else edited.removesuffix("\n")
        )
    return edited


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        message = "The text holds half a character, which no editor can read. It is as it was."
        raise EditorFailed(message) from None


def _run_editor(app: App[None], path: Path) -> None:
    command = _find_editor()
    try:
        # Ctrl-C is the editor's while it has the terminal.
        with app.suspend(), handle_interrupt(lambda: None):
            ended = subprocess.run([*command, str(path)], check=False)  # noqa: S603 - the user's own
    except SuspendNotSupported:
        message = "An editor cannot be opened here: this terminal cannot be handed over."
        raise EditorFailed(message) from None
    except OSError as error:
        name = one_line(command[0], 100)
        message = f"The editor {name} cannot be started: {error.strerror}. Set EDITOR to another."
        raise EditorFailed(message) from None
    app.refresh()
    if ended.returncode:
        name = one_line(command[0], 100)
        message = f"The editor {name} ended with status {ended.returncode}. The field is as it was."
        raise EditorFailed(message)


def _find_editor() -> list[str]:
    """Return the words of the editor's command. Raises EditorFailed where there is none."""
    for name in ("VISUAL", "EDITOR"):
        given = os.environ.get(name, "").strip()
        if not given:
            continue
        try:
            words = shlex.split(given)
        except ValueError:
            raise EditorFailed(f"{name} holds a quote that does not end. Correct it.") from None
        if words and shutil.which(words[0]) is None:
            message = f"The editor {one_line(words[0], 100)} of {name} is not there. Name another."
            raise EditorFailed(message)
        if words:
            return words
    for path in _USUAL_EDITORS:
        if shutil.which(path) is not None:
            return [path]
    raise EditorFailed("There is no editor. Name one in the variable EDITOR.")
