"""The history of what was typed, in a file that only its owner can read."""

import os
from collections.abc import Callable
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

_OWNER_ONLY = 0o600


def open_history(path: Path | None, notify: Callable[[str], None]) -> History:
    """Return the history kept in `path`; `notify` gets the reason where it cannot be kept."""
    if path is None:
        return InMemoryHistory()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
        try:
            os.fchmod(handle, _OWNER_ONLY)
        finally:
            os.close(handle)
    except OSError as error:
        notify(f"The history {path} cannot be kept: {error.strerror}. It lasts for this session.")
        return InMemoryHistory()
    return OwnerOnlyHistory(path, notify)


class OwnerOnlyHistory(FileHistory):
    """A history in a file; where it cannot be written any more, it continues in memory."""

    def __init__(self, path: Path, notify: Callable[[str], None]) -> None:
        super().__init__(path)
        self._notify = notify
        self._is_kept = True

    def store_string(self, string: str) -> None:
        """Write what was typed, or notify once that it cannot be written."""
        if not self._is_kept:
            return
        try:
            super().store_string(string)
        except OSError as error:
            self._is_kept = False
            self._notify(f"The history is not kept from here on: {error.strerror}.")
