"""Records, tokens and counts of calls in one SQLite file, for one process.

Reads go through indexes and run inline in the event loop: a thread would cost more than they do.
Writers take turns. A write is on the disk when its transaction ends. The counts of calls are
written with a delay of a second, as no caller waits for them, and no call waits for the disk
because of them: they outlive every end of this program; an end of the machine may lose the last.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec

from cmdm_tui.sandbox.clock import name_periods
from cmdm_tui.sandbox.schema import ENTITIES, make_external_id
from cmdm_tui.sandbox.storage.sqlite.data_file import connect
from cmdm_tui.sandbox.storage.sqlite.keyset_pages import SqliteKeysetPages
from cmdm_tui.sandbox.storage.sqlite.snapshots import SqliteSnapshots
from cmdm_tui.sandbox.storage.store import (
    STREAM_BATCH,
    CallCounts,
    Properties,
    RecordOrder,
    RecordPage,
    RecordStream,
    StoredRecord,
    decode_properties,
    do_nothing,
)
from cmdm_tui.sandbox.storage.tables import fill_names, name_index

_SECONDS_BETWEEN_COUNT_WRITES = 1.0

_COUNT = 'SELECT count(*) FROM "{table}" INDEXED BY "{index}"'
_GET = 'SELECT external_id, record FROM "{table}" WHERE external_id = ?'
_INSERT = 'INSERT OR IGNORE INTO "{table}" (external_id, record) VALUES (?, CAST(? AS TEXT))'
_UPDATE = 'UPDATE "{table}" SET record = CAST(? AS TEXT) WHERE external_id = ?'
_DELETE = 'DELETE FROM "{table}" WHERE external_id = ?'
_DIGESTS = "SELECT digest, ends FROM _token"
_ADD_DIGEST = "INSERT OR REPLACE INTO _token (digest, ends) VALUES (?, ?)"
_DROP_DIGESTS = "DELETE FROM _token WHERE ends <= ?"
_COUNTS = "SELECT period, calls FROM _usage"
_KEEP_COUNTS = "INSERT OR REPLACE INTO _usage (period, calls) VALUES (?, ?)"


class SqliteStore:
    """A `Store` in the file at `path`, which `data_file` has made and checked.

    Where it is not `lasting`, no write waits for the disk.
    """

    def __init__(self, path: Path, *, lasting: bool = True) -> None:
        self._path = path
        self._writer = connect(path)
        self._write_level = "FULL" if lasting else "OFF"
        self._count_level = "NORMAL" if lasting else "OFF"
        self._set_level(self._write_level)
        self._reader = connect(path)
        self._reader.text_factory = bytes
        self._pages = SqliteKeysetPages(self._reader)
        self._snapshots = SqliteSnapshots(path, lasting=lasting)
        self._write_lock = asyncio.Lock()
        self._totals = {entity: self._count_records(entity) for entity in ENTITIES}
        self._tokens: dict[str, int] = dict(self._writer.execute(_DIGESTS))
        self._call_counts: dict[str, int] = dict(self._writer.execute(_COUNTS))
        self._are_counts_on_disk = bool(self._call_counts)
        self._counts_written_at = 0.0
        # The snapshot saved or restored last, and the entities changed since: the others are equal.
        self._current_snapshot: str | None = None
        self._changed_entities: set[str] = set()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Serve the running event loop while the block runs; then close the database."""
        try:
            yield
        finally:
            await self._snapshots.stop()
            self.close()

    async def get(self, entity: str, external_id: str) -> StoredRecord | None:
        """Return one record, None without one."""
        row = self._reader.execute(fill_names(_GET, table=entity), (external_id,)).fetchone()
        return None if row is None else StoredRecord(*row)

    async def page(self, entity: str, order: RecordOrder, offset: int, limit: int) -> RecordPage:
        """Return `limit` records from `offset` on, fewer at the end, none past it."""
        total = self._totals[entity]
        if offset >= total:
            return RecordPage(total, [])
        return RecordPage(total, self._pages.read(entity, order, offset, limit))

    @asynccontextmanager
    async def stream(self, entity: str, order: RecordOrder) -> AsyncGenerator[RecordStream]:
        """Open all records of an entity, as they are now, to be read in batches."""
        if self._totals[entity] <= STREAM_BATCH:
            # One batch is read at once, as a page is: a connection would cost more than it.
            page = await self.page(entity, order, 0, STREAM_BATCH)
            yield SingleBatchStream(page.total, page.records)
            return
        connection = connect(self._path)
        try:
            connection.text_factory = bytes
            connection.execute("BEGIN")
            # The transaction sees the file as it is at its first read, which is this one.
            total = self._totals[entity]
            connection.execute("SELECT count(*) FROM _meta").fetchone()
            yield SqliteRecordStream(connection, entity, order, total)
        finally:
            connection.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator["SqliteTransaction"]:
        """Begin changes; they are on disk when the block ends, undone when it raises."""
        async with self._write_lock:
            transaction = SqliteTransaction(self._writer)
            try:
                with _transaction(self._writer):
                    yield transaction
            finally:
                # Even where they were undone, as that may have failed.
                self._changed_entities.update(transaction.changes)
            for entity, change in transaction.changes.items():
                self._totals[entity] += change
                self._pages.forget(entity)

    async def add_token(self, digest: str, ends: int, now: float) -> None:
        """Store a token's digest until `ends` (Unix time); drop those that ended before `now`."""
        async with self._write_lock:
            with _transaction(self._writer):
                self._writer.execute(_DROP_DIGESTS, (int(now),))
                self._writer.execute(_ADD_DIGEST, (digest, ends))
        self._tokens = {kept: end for kept, end in self._tokens.items() if end > now}
        self._tokens[digest] = ends

    async def get_token_end(self, digest: str) -> int | None:
        """Return when the token ends, None for one that was never issued or is forgotten."""
        return self._tokens.get(digest)

    async def count_call(self, now: float) -> CallCounts:
        """Count one call made at `now` and return the counts."""
        current = name_periods(now)
        hour, month = (self._call_counts.get(period, 0) + 1 for period in current)
        self._call_counts = {current[0]: hour, current[1]: month}
        if abs(now - self._counts_written_at) >= _SECONDS_BETWEEN_COUNT_WRITES:
            self._counts_written_at = now
            self._write_call_counts()
        return CallCounts(hour, month)

    @property
    def snapshot_names(self) -> list[str]:
        """The names of what was saved, the oldest first."""
        return self._snapshots.names

    async def save_snapshot(self, name: str, on_begun: Callable[[], None] = do_nothing) -> None:
        """Save all records under `name`, as they are when `on_begun` is called."""
        async with self._snapshots.lock:
            async with self._write_lock:
                sequences = self._snapshots.begin_to_save()
                self._current_snapshot = name
                self._changed_entities.clear()
            on_begun()
            try:
                await self._snapshots.save(name, sequences)
            except BaseException:
                self._current_snapshot = None
                raise

    async def restore_snapshot(self, name: str) -> None:
        """Restore what was saved under `name`; reads are answered meanwhile, writes wait."""
        async with self._snapshots.lock:
            async with self._write_lock:
                is_last = name == self._current_snapshot
                changed = tuple(self._changed_entities) if is_last else tuple(ENTITIES)
                if changed:
                    totals = await self._snapshots.restore(name, changed)
                    # With no wait in between: a page never has the old totals and the new records.
                    self._snapshots.commit()
                    self._totals.update(totals)
                for entity in changed:
                    self._pages.forget(entity)
                self._current_snapshot = name
                self._changed_entities.clear()
            if changed:
                await self._snapshots.move_into_file()

    async def reset_call_counts(self) -> None:
        """Count from zero."""
        self._call_counts.clear()
        if self._are_counts_on_disk:
            self._write_call_counts()

    def close(self) -> None:
        """Write what is pending and close the database."""
        self._write_call_counts()
        self._snapshots.close()
        self._reader.close()
        self._writer.close()

    def _write_call_counts(self) -> None:
        # Inside another's changes the counts would be lost with them, and a restore in a thread
        # would keep this one waiting; the next call tries again.
        if not self._writer.in_transaction and not self._write_lock.locked():
            self._set_level(self._count_level)
            try:
                with _transaction(self._writer):
                    self._writer.execute("DELETE FROM _usage")
                    self._writer.executemany(_KEEP_COUNTS, list(self._call_counts.items()))
            finally:
                self._set_level(self._write_level)
            self._are_counts_on_disk = bool(self._call_counts)

    def _set_level(self, level: str) -> None:
        """Let commits wait for the disk (FULL), or for no more than a checkpoint does (NORMAL)."""
        self._writer.execute(f"PRAGMA synchronous = {level}")

    def _count_records(self, entity: str) -> int:
        sql = fill_names(_COUNT, table=entity, index=name_index(entity, None))
        (count,) = self._reader.execute(sql).fetchone()
        return count


class SingleBatchStream:
    """The records of an entity that were few, and are in memory."""

    def __init__(self, total: int, records: list[StoredRecord]) -> None:
        self._total = total
        self._records = records

    @property
    def total(self) -> int:
        """How many records there are."""
        return self._total

    async def batches(self) -> AsyncIterator[list[StoredRecord]]:
        """Iterate over the one batch, or over none without a record."""
        if self._records:
            yield self._records


class SqliteRecordStream:
    """An entity as it was at one moment: a read transaction on its own connection."""

    def __init__(
        self, connection: sqlite3.Connection, entity: str, order: RecordOrder, total: int
    ) -> None:
        self._pages = SqliteKeysetPages(connection)
        self._entity = entity
        self._order = order
        self._total = total

    @property
    def total(self) -> int:
        """How many records there are."""
        return self._total

    async def batches(self) -> AsyncIterator[list[StoredRecord]]:
        """Iterate over all records, some hundreds at a time; other work runs in between."""
        for offset in range(0, self._total, STREAM_BATCH):
            yield self._pages.read(self._entity, self._order, offset, STREAM_BATCH)
            await asyncio.sleep(0)


class SqliteTransaction:
    """Changes that happen together or not at all, inside the writer's open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.changes: dict[str, int] = {}
        """The entities changed, each with how many records it has more or, below 0, fewer."""

    async def get(self, entity: str, external_id: str) -> Properties | None:
        """Return a record's properties, None without one."""
        row = self._connection.execute(fill_names(_GET, table=entity), (external_id,)).fetchone()
        return None if row is None else decode_properties(row[1])

    async def insert(self, entity: str, properties: Mapping[str, str | None]) -> str:
        """Store a new record and return the external id it was given."""
        record = msgspec.json.encode(properties)
        while True:
            external_id = make_external_id()
            sql = fill_names(_INSERT, table=entity)
            # No row means that the id is taken: among 36^8 of them, almost never.
            if self._connection.execute(sql, (external_id, record)).rowcount == 1:
                self._note_change(entity, 1)
                return external_id

    async def replace(
        self, entity: str, external_id: str, properties: Mapping[str, str | None]
    ) -> None:
        """Store `properties` as the whole of an existing record."""
        record = msgspec.json.encode(properties)
        self._connection.execute(fill_names(_UPDATE, table=entity), (record, external_id))
        self._note_change(entity, 0)

    async def delete(self, entity: str, external_id: str) -> bool:
        """Remove a record; return whether there was one."""
        sql = fill_names(_DELETE, table=entity)
        removed = self._connection.execute(sql, (external_id,)).rowcount == 1
        if removed:
            self._note_change(entity, -1)
        return removed

    def _note_change(self, entity: str, by: int) -> None:
        self.changes[entity] = self.changes.get(entity, 0) + by


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[None]:
    """Commit what the block does, or undo it when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A commit that fails may have ended the transaction already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
