"""Opens the editor that VISUAL or EDITOR names on a text, while the explorer is suspended."""

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from textual.app import App, SuspendNotSupported

from cmdm_tui.text import one_line

_USUAL_EDITORS = ("/usr/bin/editor", "/usr/bin/nano", "/usr/bin/vi")
_BOM = "\ufeff"


class EditorFailed(Exception):
    """The text is as it was; the message is a safe sentence that says why."""


def edit_text(app: App[None], text: str) -> str:
    """Return what the user makes of the text.

    The file is its owner's alone, in a folder of its own, and removed in any case. It holds the
    text byte for byte, with a line feed at its end where there is none; one that the text did not
    have is taken off again, and so is a byte order mark that the editor has added. Where every
    line of the text ends in CR LF, so do those of an editor that writes line feeds alone. Raises
    EditorFailed.
    """
    with tempfile.TemporaryDirectory(prefix="cmdm-edit-") as folder:
        path = Path(folder) / "value.txt"
        _write_private(path, text if text.endswith("\n") or not text else f"{text}\n")
        before = path.read_bytes()
        _run_editor(app, path)
        try:
            after = path.read_bytes()
        except OSError as error:
            raise EditorFailed(f"The edited text cannot be read: {error.strerror}.") from None
        if after == before:
            return text
        try:
            edited = after.decode("utf-8")
        except UnicodeDecodeError:
            message = "The editor has written text that is not UTF-8. The field is as it was."
            raise EditorFailed(message) from None
    return _fit_to(text, edited)


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


def _write_private(path: Path, text: str) -> None:
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError:
        message = "The text holds half a character, which no editor can read. It is as it was."
        raise EditorFailed(message) from None
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _run_editor(app: App[None], path: Path) -> None:
    command = _find_editor()
    try:
        with app.suspend():
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
