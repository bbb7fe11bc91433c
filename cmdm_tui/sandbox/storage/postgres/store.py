"""Records, tokens and counts of calls in a PostgreSQL database, shared by all who serve it.

A process keeps only where pages ended, which is valid for one version of an entity. The
connections are asynchronous: passing a query to a thread and back costs more than the query.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

import msgspec
from psycopg import AsyncConnection, Error, IsolationLevel

from cmdm_tui.sandbox.clock import name_periods
from cmdm_tui.sandbox.errors import DatabaseError
from cmdm_tui.sandbox.schema import ENTITIES, make_external_id
from cmdm_tui.sandbox.storage.postgres import statements
from cmdm_tui.sandbox.storage.postgres.address import describe_error, describe_place
from cmdm_tui.sandbox.storage.postgres.keys import (
    encode_key,
    encode_keys,
    is_too_long,
    rank_key,
    truncate_key,
)
from cmdm_tui.sandbox.storage.postgres.keyset_pages import PostgresKeysetPages
from cmdm_tui.sandbox.storage.postgres.pool import ConnectionPool
from cmdm_tui.sandbox.storage.postgres.snapshots import JOIN_WRITERS, PostgresSnapshots
from cmdm_tui.sandbox.storage.store import (
    STREAM_BATCH,
    CallCounts,
    Properties,
    RecordOrder,
    RecordPage,
    StoredRecord,
    decode_properties,
    do_nothing,
)
from cmdm_tui.sandbox.storage.tables import fill_names

_HOURS_KEPT = 2 * 3_600
_MONTHS_KEPT = 62 * 86_400

_GET = 'SELECT external_id, record FROM "{table}" WHERE external_id = %s'
_GET_HELD = 'SELECT record FROM "{table}" WHERE external_id = %s FOR UPDATE'
_DELETE = 'DELETE FROM "{table}" WHERE external_id = %s'
# The entity's row is held until the transaction ends, so positions are in the order of commits.
_CHANGED = b"""
UPDATE _entity SET version = version + 1, total = total + %(by)s,
    last_position = last_position + greatest(%(by)s, 0)
WHERE name = %(name)s RETURNING last_position"""
_TOTAL = b"SELECT total FROM _entity WHERE name = %s"
_TOKEN = b"""
SELECT extract(epoch FROM clock_timestamp())::float8, (
    SELECT ends FROM _token WHERE digest = %s
)"""
_ADD_TOKEN = b"""
WITH ended AS (DELETE FROM _token WHERE ends <= %s)
INSERT INTO _token (digest, ends) VALUES (%s, %s)"""
# Counts outlive every end of this program; that of the database server may cost the last ones,
# which saves each call a wait for the disk.
_COUNT = b"""
WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO _usage AS counted (period, calls)
SELECT period, 1 FROM relaxed, unnest(%s::text[]) AS period
ON CONFLICT (period) DO UPDATE SET calls = counted.calls + 1
RETURNING calls"""
_DROP_COUNTS = b"""
DELETE FROM _usage WHERE (period LIKE 'hour %%' AND period < %s)
    OR (period LIKE 'month %%' AND period < %s)"""

_FORGET_COUNTS = b"DELETE FROM _usage"


class DatabaseClock:
    """The machine's clock, corrected by every answer of the database that says its time.

    So the time is the same for every process, wherever it runs.
    """

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Return the Unix time in seconds."""
        return time.time() + self._offset

    def set(self, now: float) -> None:
        """Set the clock to `now`, the database's Unix time."""
        self._offset = now - time.time()


class PostgresStore:
    """A `Store` in the database that `conninfo` names, which `database` has made and checked."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._pages = PostgresKeysetPages()
        self._snapshots = PostgresSnapshots(conninfo)
        self._pool = ConnectionPool(conninfo)
        self.clock = DatabaseClock()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Hold connections for the running event loop while the block runs."""
        async with self._pool.open(), aclosing(self._snapshots):
            try:
                await self.get_token_end("")
            except Error as error:
                raise DatabaseError(
                    f"The database {describe_place(self._conninfo)} takes no more connections "
                    f"({describe_error(error, self._conninfo)}); "
                    "let it have more, or start fewer workers."
                ) from error
            yield

    async def get(self, entity: str, external_id: str) -> StoredRecord | None:
        """Return one record, None without one."""
        row = await self._read_row(_fill_table(_GET, entity), [external_id.encode()])
        return None if row is None else StoredRecord(*row)

    async def page(self, entity: str, order: RecordOrder, offset: int, limit: int) -> RecordPage:
        """Return `limit` records from `offset` on, fewer at the end, none past it."""
        return await self._pool.read(
            lambda connection: self._pages.read(connection, entity, order, offset, limit)
        )

    @asynccontextmanager
    async def stream(
        self, entity: str, order: RecordOrder
    ) -> AsyncGenerator["PostgresRecordStream"]:
        """Open all records of an entity, as they are now, to be read in batches.

        It has its own connection: a client that reads slowly does not delay others.
        """
        connection = await AsyncConnection.connect(self._conninfo)
        async with connection:
            await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            await connection.set_read_only(True)
            total = await (await connection.execute(_TOTAL, [entity])).fetchone()
            yield PostgresRecordStream(connection, entity, order, total[0] if total else 0)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator["PostgresTransaction"]:
        """Begin changes; they are on disk when the block ends, undone when it raises."""
        async with self._pool.transaction(JOIN_WRITERS) as connection:
            yield PostgresTransaction(connection)

    async def add_token(self, digest: str, ends: int, now: float) -> None:
        """Store a token's digest until `ends` (Unix time); drop those that ended before `now`."""
        hour, month = name_periods(now - _HOURS_KEPT)[0], name_periods(now - _MONTHS_KEPT)[1]
        async with self._pool.transaction() as connection:
            await connection.execute(_ADD_TOKEN, [int(now), digest, ends])
            await connection.execute(_DROP_COUNTS, [hour, month])

    async def get_token_end(self, digest: str) -> int | None:
        """Return when the token ends, None for one that was never issued or is forgotten."""
        row = await self._read_row(_TOKEN, [digest])
        if row is None:
            return None
        now, ends = row
        self.clock.set(now)
        return ends

    async def count_call(self, now: float) -> CallCounts:
        """Count one call made at `now` and return the counts: exact for all processes together."""
        async with self._pool.connection() as connection:
            # All count the hour first, so that no two can wait for each other.
            cursor = await connection.execute(_COUNT, [list(name_periods(now))], binary=True)
            (hour,), (month,) = await cursor.fetchall()
        return CallCounts(hour, month)

    @property
    def snapshot_names(self) -> list[str]:
        """The names of what this process saved, the oldest first."""
        return self._snapshots.names

    async def save_snapshot(self, name: str, on_begun: Callable[[], None] = do_nothing) -> None:
        """Save all records under `name`, for this process alone."""
        await self._snapshots.save(name, on_begun)

    async def restore_snapshot(self, name: str) -> None:
        """Restore what was saved under `name`, for all who serve the database."""
        await self._snapshots.restore(name)

    async def reset_call_counts(self) -> None:
        """Count from zero, for all who serve the database."""
        async with self._pool.connection() as connection:
            await connection.execute(_FORGET_COUNTS)

    async def _read_row(self, sql: bytes, values: list[Any]) -> tuple[Any, ...] | None:
        async def read(connection: AsyncConnection[Any]) -> tuple[Any, ...] | None:
            return await (await connection.execute(sql, values, binary=True)).fetchone()

        return await self._pool.read(read)


class PostgresRecordStream:
    """An entity as it was at one moment: a read transaction on its own connection."""

    def __init__(
        self, connection: AsyncConnection[Any], entity: str, order: RecordOrder, total: int
    ) -> None:
        self._connection = connection
        self._sql = statements.select_all(entity, order.field, descending=order.descending)
        self._total = total

    @property
    def total(self) -> int:
        """How many records there are."""
        return self._total

    async def batches(self) -> AsyncIterator[list[StoredRecord]]:
        """Iterate over all records, some hundreds at a time; other work runs in between."""
        async with self._connection.cursor(name="every") as cursor:
            await cursor.execute(self._sql, binary=True)
            while rows := await cursor.fetchmany(STREAM_BATCH):
                yield [StoredRecord(*row) for row in rows]


class PostgresTransaction:
    """Changes that happen together or not at all.

    Records are locked before entities, and entities in the order that `writes` changes them, so no
    two transactions can wait for each other.
    """

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection

    async def get(self, entity: str, external_id: str) -> Properties | None:
        """Return a record's properties, held against other writers; None without one."""
        values = [external_id.encode()]
        cursor = await self._connection.execute(_fill_table(_GET_HELD, entity), values, binary=True)
        row = await cursor.fetchone()
        return None if row is None else decode_properties(row[0])

    async def insert(self, entity: str, properties: Mapping[str, str | None]) -> str:
        """Store a new record and return the external id it was given."""
        position = await self._note_change(entity, 1)
        record = msgspec.json.encode(properties)
        while True:
            external_id = make_external_id()
            kept = await self._rank_keys(entity, external_id, properties)
            values = [position, external_id.encode(), record, *kept]
            cursor = await self._connection.execute(statements.insert_record(entity), values)
            # No row means that the id is taken: among 36^8 of them, almost never.
            if cursor.rowcount == 1:
                return external_id

    async def replace(
        self, entity: str, external_id: str, properties: Mapping[str, str | None]
    ) -> None:
        """Store `properties` as the whole of an existing record."""
        await self._note_change(entity, 0)
        record = msgspec.json.encode(properties)
        kept = await self._rank_keys(entity, external_id, properties)
        values = [record, *kept, external_id.encode()]
        await self._connection.execute(statements.replace_record(entity), values)

    async def delete(self, entity: str, external_id: str) -> bool:
        """Remove a record; return whether there was one."""
        cursor = await self._connection.execute(
            _fill_table(_DELETE, entity), [external_id.encode()]
        )
        removed = cursor.rowcount == 1
        if removed:
            await self._note_change(entity, -1)
        return removed

    async def _note_change(self, entity: str, by: int) -> int:
        cursor = await self._connection.execute(_CHANGED, {"name": entity, "by": by})
        row = await cursor.fetchone()
        return row[0] if row else 0

    async def _rank_keys(
        self, entity: str, external_id: str, properties: Mapping[str, str | None]
    ) -> list[bytes]:
        """Return the record's keys; a long one is cut and gets a rank among similar ones."""
        described = ENTITIES[entity]
        kept = encode_keys(described, properties)
        for index, field in enumerate(described.fields):
            if is_too_long(kept[index]):
                sql = statements.select_neighbours(entity, field.name)
                values = [*truncate_key(kept[index]), external_id.encode()]
                cursor = await self._connection.execute(sql, values, binary=True)
                neighbours = [
                    (
                        encode_key(field, decode_properties(record).get(field.name)),
                        its,
                    )
                    async for record, its in cursor
                ]
                kept[index] = rank_key(kept[index], neighbours)
        return kept


def _fill_table(statement: str, table: str) -> bytes:
    return fill_names(statement, table=table).encode()
