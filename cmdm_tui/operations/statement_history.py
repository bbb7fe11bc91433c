"""The history of the statements that were typed, for every face: a file that its owner alone reads.

The file is in the form of Prompt Toolkit's: a line that begins with `#` and says when, then each
line of the statement after a `+`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from cmdm_tui.config.bounded_files import open_bounded, read_bounded

_LARGEST_FILE = 16 * 1024 * 1024
_OWNER_ONLY = 0o600


class StatementHistory:
    """The statements of this user, in the file `path`; None where they last for this run only.

    Once the file cannot be written any more, `notify` gets the reason, and what follows lasts for
    this run only.
    """

    def __init__(self, path: Path | None, notify: Callable[[str], None]) -> None:
        self._path = path
        self._notify = notify
        self._unkept: list[str] = []
        """What was typed in this run and is in no file, oldest first."""

    @classmethod
    def open(cls, path: Path | None, notify: Callable[[str], None]) -> "StatementHistory":
        """Return the history kept in `path`, which is made the owner's alone.

        `notify` gets the reason where it cannot be kept.
        """
        if path is None:
            return cls(None, notify)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                path.touch(mode=_OWNER_ONLY)
            with open_bounded(path, _LARGEST_FILE):
                path.chmod(_OWNER_ONLY)
        except OSError as error:
            reason = error.strerror
            notify(f"The history {path} cannot be kept: {reason}. It lasts for this session.")
            return cls(None, notify)
        return cls(path, notify)

    @property
    def is_kept(self) -> bool:
        """Whether what is typed next goes into a file."""
        return self._path is not None

    def append(self, statement: str) -> None:
        """Add what was typed."""
        if self._path is None:
            self._unkept.append(statement)
            return
        try:
            with self._path.open("ab") as file:
                file.write(_write_entry(statement))
        except OSError as error:
            self._path = None
            self._unkept.append(statement)
            self._notify(f"The history is not kept from here on: {error.strerror}.")

    def load(self) -> list[str]:
        """Return the statements, the newest first; of a file that cannot be read, none."""
        kept: list[str] = []
        if self._path is not None:
            try:
                kept = list(_read_entries(read_bounded(self._path, _LARGEST_FILE)))
            except OSError:
                kept = []
        return [*kept, *self._unkept][::-1]


def _write_entry(statement: str) -> bytes:
    lines = "".join(f"+{line}\n" for line in statement.split("\n"))
    # The time is for a person who reads the file: it is local, as Prompt Toolkit writes it.
    return f"\n# {datetime.now()}\n{lines}".encode("utf-8", "replace")  # noqa: DTZ005


def _read_entries(content: bytes) -> Iterator[str]:
    """Yield the statements in the file's order, oldest first."""
    lines: list[str] = []
    for line in content.decode("utf-8", "replace").split("\n"):
        if line.startswith("+"):
            lines.append(line[1:])
        elif lines:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)
