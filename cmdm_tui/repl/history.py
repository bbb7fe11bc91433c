"""The history of what was typed, in a file that only its owner can read."""

from collections.abc import Callable
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from cmdm_tui.config.bounded_files import open_bounded

_LARGEST_FILE = 16 * 1024 * 1024
_OWNER_ONLY = 0o600


def open_history(path: Path | None, notify: Callable[[str], None]) -> History:
    """Return the history kept in `path`; `notify` gets the reason where it cannot be kept."""
    if path is None:
        return InMemoryHistory()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            path.touch(mode=_OWNER_ONLY)
        with open_bounded(path, _LARGEST_FILE):
            path.chmod(_OWNER_ONLY)
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
