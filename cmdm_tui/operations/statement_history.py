"""The history of the statements that were typed, for every face: a file that its owner alone reads.

The file is in the form of Prompt Toolkit's: a line that begins with `#` and says when, then each
line of the statement after a `+`. What holds a secret is not kept. The file is cut to the newest
statements, each once, when it is opened; a lock keeps two sessions apart.
"""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cmdm_tui.config import ConfigurationError
from cmdm_tui.config.bounded_files import open_bounded, read_bounded
from cmdm_tui.config.private_files import replace_file
from cmdm_tui.redaction.redactor import names_secret

MOST_STATEMENTS = 5_000
"""Statements that the file keeps, the newest."""
LONGEST_STATEMENT = 64 * 1024
"""Characters of the longest statement that is kept."""

_LARGEST_FILE = 16 * 1024 * 1024
_CUT_FROM = 4 * 1024 * 1024
"""Bytes of a file that is cut, however few statements it has."""
_OWNER_ONLY = 0o600
_LOCK_TIMEOUT = 2.0


def _keep(text: str) -> str:
    return text


class StatementHistory:
    """The statements of this user, in the file `path`; None where they last for this run only.

    Once the file cannot be written any more, `notify` gets the reason, and what follows lasts for
    this run only. `redact` takes the secrets that are known out of a text: a statement that it
    changes, or that names a secret, is not kept at all.
    """

    def __init__(
        self,
        path: Path | None,
        notify: Callable[[str], None],
        redact: Callable[[str], str] = _keep,
    ) -> None:
        self._path = path
        self._notify = notify
        self._redact = redact
        self._judged = ("", False)
        """The statement that was looked through last, and whether it holds a secret."""
        self._unkept: list[str] = []
        """What was typed in this run and is in no file, oldest first."""

    @classmethod
    def open(
        cls,
        path: Path | None,
        notify: Callable[[str], None],
        redact: Callable[[str], str] = _keep,
    ) -> "StatementHistory":
        """Return the history kept in `path`, made the owner's alone, and cut where it is long.

        `notify` gets the reason where it cannot be kept.
        """
        if path is None:
            return cls(None, notify, redact)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                path.touch(mode=_OWNER_ONLY)
            with open_bounded(path, _LARGEST_FILE):
                path.chmod(_OWNER_ONLY)
            _cut_file(path)
        except OSError as error:
            reason = error.strerror
            notify(f"The history {path} cannot be kept: {reason}. It lasts for this session.")
            return cls(None, notify, redact)
        return cls(path, notify, redact)

    @property
    def is_kept(self) -> bool:
        """Whether what is typed next goes into a file."""
        return self._path is not None

    def is_secret(self, statement: str) -> bool:
        """Return whether a statement holds a secret, or what is named like one."""
        if self._judged[0] != statement:
            is_secret = names_secret(statement) or self._redact(statement) != statement
            self._judged = statement, is_secret
        return self._judged[1]

    def can_keep(self, statement: str) -> bool:
        """Return whether a statement is kept for the next run: it holds no secret, and fits."""
        is_short = len(statement) <= LONGEST_STATEMENT
        return self.is_kept and is_short and not self.is_secret(statement)

    def append(self, statement: str) -> bool:
        """Add what was typed; return whether it was added: nothing that holds a secret is."""
        if self.is_secret(statement):
            return False
        if self._path is None:
            self._unkept.append(statement)
            return True
        if len(statement) > LONGEST_STATEMENT:
            return False
        try:
            # One write at the end of the file, so it stays whole even where the lock is not had.
            with _lock(self._path), open(self._path, "ab", opener=_open_private) as file:
                file.write(_write_entry(statement))
        except OSError as error:
            self._path = None
            self._unkept.append(statement)
            self._notify(f"The history is not kept from here on: {error.strerror}.")
        return True

    def load(self) -> list[str]:
        """Return the statements, each once, the newest first; none where they cannot be read."""
        kept: list[str] = []
        if self._path is not None:
            try:
                kept = list(_read_entries(read_bounded(self._path, _LARGEST_FILE)))
            except OSError:
                kept = []
        return list(dict.fromkeys([*kept, *self._unkept][::-1]))


def _open_private(path: str, flags: int) -> int:
    """Open a file that is the owner's alone where it is made."""
    return os.open(path, flags, _OWNER_ONLY)


@contextmanager
def _lock(path: Path) -> Generator[bool]:
    """Hold the lock of the file; yield whether it was had within two seconds."""
    if not path.parent.is_dir():
        yield False
        return
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(f"{path.name}.lock"), mode=_OWNER_ONLY)
    try:
        lock.acquire(_LOCK_TIMEOUT, poll_interval=0.01)
    except (Timeout, OSError):
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _cut_file(path: Path) -> None:
    """Keep the newest statements alone, each once, where there are many more."""
    content = read_bounded(path, _LARGEST_FILE)
    if content.count(b"\n# ") <= 2 * MOST_STATEMENTS and len(content) <= _CUT_FROM:
        return
    with _lock(path) as is_locked:
        if not is_locked:
            return
        newest: list[bytes] = []
        size = 0
        for time, statement in reversed(list(_read_dated(read_bounded(path, _LARGEST_FILE)))):
            entry = _write_entry(statement, time)
            size += len(entry)
            if size > _CUT_FROM // 2:
                break
            newest.append(entry)
        unique = list({entry.partition(b"\n+")[2]: entry for entry in reversed(newest)}.values())
        try:
            replace_file(path.resolve(), b"".join(unique[-MOST_STATEMENTS:]))
        except ConfigurationError:
            return  # it is cut another time


def _write_entry(statement: str, time: str = "") -> bytes:
    lines = "".join(f"+{line}\n" for line in statement.split("\n"))
    # The time is for a person who reads the file: it is local, as Prompt Toolkit writes it.
    when = time or str(datetime.now())  # noqa: DTZ005 — local, for a person
    return f"\n# {when}\n{lines}".encode("utf-8", "replace")


def _read_entries(content: bytes) -> Iterator[str]:
    """Yield the statements in the file's order, oldest first."""
    return (statement for _, statement in _read_dated(content))


def _read_dated(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield what the file says of the time of each statement, and the statement, oldest first."""
    lines: list[str] = []
    time = ""
    for line in content.decode("utf-8", "replace").split("\n"):
        if line.startswith("+"):
            lines.append(line[1:])
            continue
        if lines:
            yield time, "\n".join(lines)
            lines = []
        time = line[2:] if line.startswith("# ") else time
    if lines:
        yield time, "\n".join(lines)
