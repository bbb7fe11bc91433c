"""The journal's database: its tables, its permissions, its locks, and what can go wrong with it."""

import os
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cmdm_tui.changes.errors import JournalError
from cmdm_tui.config.private_files import is_open_to_others, make_folder
from cmdm_tui.text import one_line

Row = Mapping[str, Any]
"""A row by the names of its columns."""

_VERSION = 1
_BUSY_TIMEOUT = 10.0
"""Seconds to wait while another process writes."""

_TABLES = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile TEXT NOT NULL,
    head TEXT NOT NULL,
    options TEXT NOT NULL,
    began_at REAL NOT NULL,
    ended_at REAL,
    undo_of INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS entries (
    run INTEGER NOT NULL REFERENCES runs (id),
    number INTEGER NOT NULL,
    change TEXT NOT NULL,
    state TEXT NOT NULL,
    result_id TEXT,
    reason TEXT NOT NULL DEFAULT '""',
    observed TEXT,
    sent TEXT,
    sent_at REAL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entry_states ON entries (run, state);
PRAGMA user_version = 1;
COMMIT;
"""


class JournalFile:
    """The open database. Every method raises JournalError where it cannot be used.

    What is written is on the disk when a method returns (`synchronous=FULL`): a call that is sent
    after it is known of whatever happens, also where the machine loses its power.
    """

    def __init__(self, path: Path) -> None:
        self.name = one_line(str(path), 200)
        self.lock_folder = path.parent / "locks"
        try:
            make_folder(self.lock_folder)
            # SQLite gives its other files the permissions of this one.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            if is_open_to_others(path):
                path.chmod(0o600)
        except OSError as error:
            message = f"The journal {self.name} cannot be opened: {error.strerror}"
            raise JournalError(message, hint="Check the folder and its permissions") from None
        with self._explain():
            # No transaction begins by itself: each statement is one, unless it is said otherwise.
            self._connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT, isolation_level=None)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def select(self, sql: str, *values: object) -> list[Row]:
        """Return the rows of a query."""
        with self._explain():
            return self._connection.execute(sql, values).fetchall()

    def execute(self, sql: str, *values: object) -> None:
        """Execute one statement, and wait until it is on the disk."""
        with self._explain():
            self._connection.execute(sql, values)

    def insert_run(
        self, run: Row, changes: Sequence[str], *, state: str, check: Callable[[], None]
    ) -> int:
        """Insert a run with its changes, all or nothing, and return its id.

        `check` is called before, while no other process can write; nothing is inserted if it
        raises.
        """
        names, marks = ", ".join(run), ", ".join("?" * len(run))
        with self._transaction():
            check()
            cursor = self._connection.execute(
                f"INSERT INTO runs ({names}) VALUES ({marks})",  # noqa: S608 — names of ours
                tuple(run.values()),
            )
            run_id = cursor.lastrowid or 0
            self._connection.executemany(
                "INSERT INTO entries (run, number, change, state) VALUES (?, ?, ?, ?)",
                ((run_id, number, change, state) for number, change in enumerate(changes, 1)),
            )
        return run_id

    def delete_run(self, run_id: int) -> None:
        """Delete a run with its changes; what they held is overwritten in the file."""
        with self._transaction():
            self._connection.execute("DELETE FROM entries WHERE run = ?", (run_id,))
            self._connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    @contextmanager
    def lock_run(self, run_id: int) -> Generator[bool]:
        """Hold the lock of a run; yield False where another holds it. It ends with the process."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.lock_folder / f"run-{run_id}.lock", mode=0o600, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        except OSError as error:
            message = f"The run cannot be locked next to the journal {self.name}: {error.strerror}"
            raise JournalError(message, hint="Check the folder and its permissions") from None
        try:
            yield True
        finally:
            lock.release()

    def _prepare(self) -> None:
        self._connection.row_factory = sqlite3.Row
        with self._explain():
            version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            message = f"The journal {self.name} was made by a newer cmdm"
            raise JournalError(message, hint="Use that one, or move the file away")
        with self._explain():
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA secure_delete = ON")
            if version < _VERSION:
                self._connection.executescript(_TABLES)

    @contextmanager
    def _transaction(self) -> Generator[None]:
        with self._explain():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _explain(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise JournalError(
                f"The journal {self.name} cannot be used: {one_line(str(error), 200)}",
                hint=_find_hint(error),
            ) from None


def _find_hint(error: sqlite3.Error) -> str:
    match error.sqlite_errorname.split("_")[1] if hasattr(error, "sqlite_errorname") else "":
        case "FULL" | "IOERR":
            return "Make room on the disk, then resume the run"
        case "BUSY" | "LOCKED":
            return "Another cmdm is writing to it for long; try again"
        case "READONLY" | "CANTOPEN" | "PERM" | "AUTH":
            return "Check the folder and its permissions"
        case "NOTADB" | "CORRUPT":
            return "Move the file away: a new one is made, and its runs cannot be resumed then"
        case _:
            return "Nothing more is sent"
