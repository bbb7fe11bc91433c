"""Snapshots of all records of a SQLite file: temporary tables of a separate connection.

Saving and restoring a million records takes seconds. So the work is done by a thread, on a
connection that nothing else uses: the event loop answers other calls meanwhile. Saving only reads
the file, as it was at one moment, so writers go on too.

Restoring a snapshot costs a comparison of every record, in the database itself, and a change for
each record that differs: the keys of the others are not computed again.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from cmdm_tui.sandbox.errors import SettingError
from cmdm_tui.sandbox.schema import ENTITIES
from cmdm_tui.sandbox.storage.sqlite.data_file import connect
from cmdm_tui.sandbox.storage.tables import fill_names, name_index

_CREATE = """
CREATE TEMP TABLE "{saved}" (position INTEGER PRIMARY KEY, external_id TEXT, record TEXT)"""
_COPY = 'INSERT INTO "{saved}" SELECT position, external_id, record FROM main."{table}"'
_DROP = 'DROP TABLE IF EXISTS temp."{saved}"'
_REMOVE_NEW = """
DELETE FROM main."{table}"
WHERE position NOT IN (SELECT position FROM "{saved}")"""
_PUT_BACK = """
INSERT OR REPLACE INTO main."{table}" (position, external_id, record)
SELECT saved.position, saved.external_id, saved.record
FROM "{saved}" AS saved LEFT JOIN main."{table}" AS now USING (position)
WHERE now.record IS NOT saved.record OR now.external_id IS NOT saved.external_id"""
_SEQUENCES = "SELECT name, seq FROM main.sqlite_sequence"
_PUT_BACK_SEQUENCE = "UPDATE main.sqlite_sequence SET seq = ? WHERE name = ? AND seq <> ?"
_COUNT = 'SELECT count(*) FROM main."{table}" INDEXED BY "{index}"'

_SECONDS_BETWEEN_INTERRUPTS = 0.02
# Each changes some twenty disk pages, and the writer moves a journal of a thousand into the file.
_RECORDS_LEFT_TO_WRITER = 50

Outcome = TypeVar("Outcome")


class SqliteSnapshots:
    """The copies of the records of one file, by name; one is made or restored at a time.

    `lasting` says whether the file's commits reach the disk.
    """

    def __init__(self, path: Path, *, lasting: bool) -> None:
        self._connection = connect(path)
        # No restore waits for the disk; the writer's next commit waits for all before it.
        self._connection.execute(f"PRAGMA synchronous = {'NORMAL' if lasting else 'OFF'}")
        # The commit of a restore is the event loop's, and moves nothing into the file.
        self._connection.execute("PRAGMA wal_autocheckpoint = 0")
        self._sequences: dict[str, dict[str, int]] = {}
        self._is_stopping = False
        self._restored_records = 0
        self.lock = asyncio.Lock()
        """Held while a copy is made or restored."""

    @property
    def names(self) -> list[str]:
        """The names of the copies, the oldest first."""
        return list(self._sequences)

    def begin_to_save(self) -> dict[str, int]:
        """Fix the moment at which the records are saved; return what `save` needs to know."""
        self._connection.execute("BEGIN")
        # The transaction sees the file as it is at its first read, which is this one.
        return dict(self._connection.execute(_SEQUENCES))

    async def save(self, name: str, sequences: dict[str, int]) -> None:
        """Copy all records under `name`, in place of what was copied under it before.

        Raises `SettingError` when it cannot be done.
        """
        statements = [
            fill_names(statement, saved=f"{name} {entity}", table=entity)
            for entity in ENTITIES
            for statement in (_DROP, _CREATE, _COPY)
        ]
        await self._run(statements, lambda: self._connection.execute("COMMIT"))
        self._sequences.pop(name, None)
        self._sequences[name] = sequences

    async def restore(self, name: str, entities: Iterable[str]) -> dict[str, int]:
        """Restore the records of `name`, which must be one of `names`, in these entities.

        The caller keeps writers away, and then calls `commit`. Returns how many records each entity
        has. Raises `SettingError` when it cannot be done.
        """
        statements = ["BEGIN IMMEDIATE"]
        for entity in entities:
            tables = {"saved": f"{name} {entity}", "table": entity}
            statements += [fill_names(one, **tables) for one in (_REMOVE_NEW, _PUT_BACK)]

        before = self._connection.total_changes

        def finish() -> dict[str, int]:
            self._restored_records = self._connection.total_changes - before
            totals: dict[str, int] = {}
            for entity in entities:
                sequence = self._sequences[name].get(entity, 0)
                self._connection.execute(_PUT_BACK_SEQUENCE, (sequence, entity, sequence))
                sql = fill_names(_COUNT, table=entity, index=name_index(entity, None))
                (totals[entity],) = self._connection.execute(sql).fetchone()
            return totals

        return await self._run(statements, finish)

    def commit(self) -> None:
        """Let the restored records be seen."""
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise _describe(error) from error

    async def move_into_file(self) -> None:
        """Move what was restored from the journal into the file: much of it, as waits are long.

        Little is left to the writer, which moves it together with what it writes.
        """
        if self._restored_records <= _RECORDS_LEFT_TO_WRITER:
            return
        await self._run(["PRAGMA wal_checkpoint(PASSIVE)"], lambda: None)

    async def stop(self) -> None:
        """Interrupt what is going on, and undo it."""
        self._is_stopping = True
        while self.lock.locked():
            self._connection.interrupt()
            await asyncio.sleep(_SECONDS_BETWEEN_INTERRUPTS)

    def close(self) -> None:
        """Close the connection; the copies end with it."""
        self._connection.close()

    async def _run(self, statements: Iterable[str], finish: Callable[[], Outcome]) -> Outcome:
        """Execute statements in a thread, then `finish`; undo them where something fails."""

        def run() -> Outcome:
            for statement in statements:
                if self._is_stopping:
                    raise SettingError("The sandbox is ending.")
                self._connection.execute(statement)
            return finish()

        work = asyncio.ensure_future(asyncio.to_thread(run))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            while not work.done():
                self._connection.interrupt()
                await asyncio.wait([work], timeout=_SECONDS_BETWEEN_INTERRUPTS)
            if not work.cancelled():
                # Seen, so that asyncio does not report it as lost.
                work.exception()
            self._roll_back()
            raise
        except sqlite3.Error as error:
            self._roll_back()
            raise _describe(error) from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _describe(error: sqlite3.Error) -> SettingError:
    return SettingError(f"The records cannot be saved or restored ({error}).")
