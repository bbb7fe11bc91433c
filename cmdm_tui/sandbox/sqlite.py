"""Records, tokens and counts of calls in one SQLite file, for one process.

Reads go through indexes and run inline in the event loop: a thread would cost more than they do.
Writers take turns. A write is on the disk when its transaction ends; the counts of calls are
written with a delay of a second, as no caller waits for them.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec

from cmdm_tui.sandbox.clock import periods
from cmdm_tui.sandbox.datafile import connect
from cmdm_tui.sandbox.saves import Saves
from cmdm_tui.sandbox.schema import ENTITIES, ID_ALPHABET, ID_LENGTH
from cmdm_tui.sandbox.statements import filled, index_name
from cmdm_tui.sandbox.store import Order, Page, Properties, StoredRecord, Usage
from cmdm_tui.sandbox.windows import Windows

_BATCH = 500
_SECONDS_UNTIL_COUNTS_ARE_WRITTEN = 1.0

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
    """A `Store` in the file at `path`, which `datafile` has made and checked.

    Where it is not `lasting`, no write waits for the disk.
    """

    def __init__(self, path: Path, *, lasting: bool = True) -> None:
        self._path = path
        self._writer = connect(path)
        self._patience = "FULL" if lasting else "OFF"
        self._writer.execute(f"PRAGMA synchronous = {self._patience}")
        self._reader = connect(path)
        self._reader.text_factory = bytes
        self._windows = Windows(self._reader)
        self._saves = Saves(self._writer)
        self._turn = asyncio.Lock()
        self._totals = {entity: self._counted(entity) for entity in ENTITIES}
        self._tokens: dict[str, int] = dict(self._writer.execute(_DIGESTS))
        self._calls: dict[str, int] = dict(self._writer.execute(_COUNTS))
        self._are_calls_on_disk = bool(self._calls)
        self._calls_written = 0.0
        # What was saved or gone back to last, and the entities changed since: the others are equal.
        self._last_saved: str | None = None
        self._changed_since: set[str] = set()

    @asynccontextmanager
    async def in_use(self) -> AsyncGenerator[None]:
        """Serve the running event loop while the block runs; then let go of the database."""
        try:
            yield
        finally:
            self.close()

    async def get(self, entity: str, external_id: str) -> StoredRecord | None:
        """Return one record, None without one."""
        row = self._reader.execute(filled(_GET, table=entity), (external_id,)).fetchone()
        return None if row is None else StoredRecord(*row)

    async def page(self, entity: str, order: Order, offset: int, limit: int) -> Page:
        """Return `limit` records from `offset` on, fewer at the end, none past it."""
        total = self._totals[entity]
        if offset >= total:
            return Page(total, [])
        return Page(total, self._windows.read(entity, order, offset, limit))

    @asynccontextmanager
    async def snapshot(self, entity: str, order: Order) -> AsyncGenerator["SqliteSnapshot"]:
        """Open all records of an entity, as they are now, for reading in pieces."""
        connection = connect(self._path)
        try:
            connection.text_factory = bytes
            connection.execute("BEGIN")
            # The transaction sees the file as it is at its first read, which is this one.
            total = self._totals[entity]
            connection.execute("SELECT count(*) FROM _meta").fetchone()
            yield SqliteSnapshot(connection, entity, order, total)
        finally:
            connection.close()

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator["SqliteTransaction"]:
        """Begin changes; they are on disk when the block ends, undone when it raises."""
        async with self._turn:
            transaction = SqliteTransaction(self._writer)
            try:
                with _committed(self._writer):
                    yield transaction
            finally:
                # Even where they were undone, as that may have failed.
                self._changed_since.update(transaction.changes)
            for entity, change in transaction.changes.items():
                self._totals[entity] += change
                self._windows.forget(entity)

    async def add_token(self, digest: str, ends: int, now: float) -> None:
        """Keep a token's digest until `ends` (Unix time); forget those that ended before `now`."""
        async with self._turn:
            with _committed(self._writer):
                self._writer.execute(_DROP_DIGESTS, (int(now),))
                self._writer.execute(_ADD_DIGEST, (digest, ends))
        self._tokens = {kept: end for kept, end in self._tokens.items() if end > now}
        self._tokens[digest] = ends

    async def token_end(self, digest: str) -> int | None:
        """Return when the token ends, None for one that was never issued or is forgotten."""
        return self._tokens.get(digest)

    async def count_call(self, now: float) -> Usage:
        """Count one call made at `now` and return the counts."""
        current = periods(now)
        hour, month = (self._calls.get(period, 0) + 1 for period in current)
        self._calls = {current[0]: hour, current[1]: month}
        if abs(now - self._calls_written) >= _SECONDS_UNTIL_COUNTS_ARE_WRITTEN:
            self._calls_written = now
            self._write_calls()
        return Usage(hour, month)

    @property
    def saved(self) -> list[str]:
        """The names of what was saved, the oldest first."""
        return self._saves.names

    async def save(self, name: str) -> None:
        """Keep all records as they are now under `name`."""
        async with self._turn:
            with _committed(self._writer):
                self._saves.save(name)
            self._last_saved = name
            self._changed_since.clear()

    async def restore(self, name: str) -> None:
        """Go back to what was saved under `name`."""
        async with self._turn:
            is_last = name == self._last_saved
            changed = tuple(self._changed_since) if is_last else tuple(ENTITIES)
            if changed:
                with self._hurrying(), _committed(self._writer):
                    self._saves.restore(name, changed)
            for entity in changed:
                self._totals[entity] = self._counted(entity)
                self._windows.forget(entity)
            self._last_saved = name
            self._changed_since.clear()

    @contextmanager
    def _hurrying(self) -> Generator[None]:
        """Let no commit in the block wait for the disk; the next one outside makes up for it."""
        if self._patience == "FULL":
            self._writer.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._writer.execute(f"PRAGMA synchronous = {self._patience}")

    async def forget_calls(self) -> None:
        """Count from zero."""
        self._calls.clear()
        if self._are_calls_on_disk:
            self._write_calls()

    def close(self) -> None:
        """Write what is pending and let go of the database."""
        self._write_calls()
        self._reader.close()
        self._writer.close()

    def _write_calls(self) -> None:
        # Inside another's changes the counts would be lost with them; the next call tries again.
        if not self._writer.in_transaction:
            with _committed(self._writer):
                self._writer.execute("DELETE FROM _usage")
                self._writer.executemany(_KEEP_COUNTS, list(self._calls.items()))
            self._are_calls_on_disk = bool(self._calls)

    def _counted(self, entity: str) -> int:
        sql = filled(_COUNT, table=entity, index=index_name(entity, None))
        (count,) = self._reader.execute(sql).fetchone()
        return count


class SqliteSnapshot:
    """An entity as it was at one moment: a read transaction on a connection of its own."""

    def __init__(
        self, connection: sqlite3.Connection, entity: str, order: Order, total: int
    ) -> None:
        self._windows = Windows(connection)
        self._entity = entity
        self._order = order
        self._total = total

    @property
    def total(self) -> int:
        """How many records there are."""
        return self._total

    async def batches(self) -> AsyncIterator[list[StoredRecord]]:
        """Iterate over all records, some hundreds at a time; other work runs in between."""
        for offset in range(0, self._total, _BATCH):
            yield self._windows.read(self._entity, self._order, offset, _BATCH)
            await asyncio.sleep(0)


class SqliteTransaction:
    """Changes that happen together or not at all, inside the writer's open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.changes: dict[str, int] = {}
        """The entities changed, each with how many records it has more or, below 0, fewer."""

    async def get(self, entity: str, external_id: str) -> Properties | None:
        """Return a record's properties, None without one."""
        row = self._connection.execute(filled(_GET, table=entity), (external_id,)).fetchone()
        return None if row is None else msgspec.json.decode(row[1], type=Properties)

    async def insert(self, entity: str, properties: Mapping[str, str | None]) -> str:
        """Store a new record and return the external id it was given."""
        record = msgspec.json.encode(properties)
        while True:
            external_id = "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
            sql = filled(_INSERT, table=entity)
            # No row means that the id is taken: among 36^8 of them, almost never.
            if self._connection.execute(sql, (external_id, record)).rowcount == 1:
                self._changed(entity, 1)
                return external_id

    async def replace(
        self, entity: str, external_id: str, properties: Mapping[str, str | None]
    ) -> None:
        """Store `properties` as the whole of an existing record."""
        record = msgspec.json.encode(properties)
        self._connection.execute(filled(_UPDATE, table=entity), (record, external_id))
        self._changed(entity, 0)

    async def delete(self, entity: str, external_id: str) -> bool:
        """Remove a record; say whether there was one."""
        sql = filled(_DELETE, table=entity)
        removed = self._connection.execute(sql, (external_id,)).rowcount == 1
        if removed:
            self._changed(entity, -1)
        return removed

    def _changed(self, entity: str, by: int) -> None:
        self.changes[entity] = self.changes.get(entity, 0) + by


@contextmanager
def _committed(connection: sqlite3.Connection) -> Generator[None]:
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
