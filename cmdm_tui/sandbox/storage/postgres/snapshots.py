"""Snapshots of all records of a PostgreSQL database: one process's own.

They are temporary tables of one connection, so they end with the process, however it ends, and
other processes do not see them. The records are shared: restoring changes them, in one transaction,
for all who serve the database.

Every change of an entity increases its version. So an entity that still has the version of its copy
is skipped, and restoring costs what was changed, not what there is.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, Error

from cmdm_tui.sandbox.errors import SettingError
from cmdm_tui.sandbox.storage.postgres.address import describe_error
from cmdm_tui.sandbox.storage.postgres.pool import check_alive
from cmdm_tui.sandbox.storage.tables import fill_names

APPLICATION = "cmdm sandbox, saved records"
"""What the connection is called in the database's own list of them."""

# What keeps the planner from reading and hashing whole tables is meant for pages.
_SETTINGS = b"""
SET enable_seqscan = on; SET enable_hashjoin = on; SET enable_mergejoin = on;
SET enable_bitmapscan = on"""
_AT_ONE_MOMENT = b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
_STATES = b"SELECT name, total, last_position, version FROM _entity"

_COPY = 'CREATE TEMPORARY TABLE "{saved}" AS SELECT * FROM "{table}"'
_MEASURE = 'ANALYZE "{saved}"'
_DROP = 'DROP TABLE pg_temp."{saved}"'

# Shared by all who change records, exclusive for who restores them: locks on the records
# themselves would be taken in another order than theirs.
_WRITERS_LOCK = 0x434D4450
JOIN_WRITERS = f"SELECT pg_advisory_xact_lock_shared({_WRITERS_LOCK})".encode()
"""The first statement of every transaction that changes records."""
_EXCLUDE_WRITERS = f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})".encode()

_REMOVE_OTHERS = """
DELETE FROM "{table}" AS now WHERE NOT EXISTS (
    SELECT FROM pg_temp."{saved}" AS saved
    WHERE saved.position = now.position AND ROW(saved.*) = ROW(now.*)
)"""
_PUT_BACK = """
INSERT INTO "{table}" SELECT saved.* FROM pg_temp."{saved}" AS saved
WHERE NOT EXISTS (SELECT FROM "{table}" AS now WHERE now.position = saved.position)"""
_GO_ON_FROM = b"""
UPDATE _entity SET total = %s, last_position = %s, version = version + 1
WHERE name = %s RETURNING version"""


@dataclass(slots=True)
class _EntityCopy:
    """One entity as it was saved, and the version at which it is equal to that."""

    table: str
    total: int
    last_position: int
    version: int


class PostgresSnapshots:
    """The copies of one process, by name, on a connection that is opened for the first one."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: AsyncConnection[Any] | None = None
        self._lock = asyncio.Lock()
        self._copies: dict[str, dict[str, _EntityCopy]] = {}
        self._number = 0

    @property
    def names(self) -> list[str]:
        """The names of the copies, the oldest first."""
        return list(self._copies)

    async def save(self, name: str, on_begun: Callable[[], None]) -> None:
        """Copy all records under `name`, in place of what was copied under it before.

        They are copied as they are when `on_begun` is called. Raises `SettingError` when the
        database does not do it.
        """
        async with self._transaction() as connection:
            await connection.execute(_AT_ONE_MOMENT)
            copies: dict[str, _EntityCopy] = {}
            states = await _read_states(connection)
            on_begun()
            for entity, total, last_position, version in states:
                # A name's length is the user's, a table's has a limit.
                self._number += 1
                copy = _EntityCopy(f"saved {self._number} {entity}", total, last_position, version)
                for statement in (_COPY, _MEASURE):
                    sql = fill_names(statement, saved=copy.table, table=entity)
                    await connection.execute(sql.encode())
                copies[entity] = copy
            for old in self._copies.get(name, {}).values():
                await connection.execute(fill_names(_DROP, saved=old.table).encode())
        self._copies.pop(name, None)
        self._copies[name] = copies

    async def restore(self, name: str) -> None:
        """Restore the records of `name`, which must be one of `names`.

        Raises `SettingError` when the database does not do it, or has lost them since.
        """
        versions: dict[str, int] = {}
        async with self._transaction() as connection:
            copies = self._copies.get(name)
            if copies is None:
                raise SettingError(
                    f"What was saved as {name!r} is lost: the database ended the connection."
                )
            await connection.execute(_EXCLUDE_WRITERS)
            for entity, _, _, version in await _read_states(connection):
                copy = copies[entity]
                if version == copy.version:
                    continue
                for statement in (_REMOVE_OTHERS, _PUT_BACK):
                    sql = fill_names(statement, table=entity, saved=copy.table)
                    await connection.execute(sql.encode())
                values = [copy.total, copy.last_position, entity]
                cursor = await connection.execute(_GO_ON_FROM, values)
                (versions[entity],) = await cursor.fetchone() or (0,)
        for entity, version in versions.items():
            copies[entity].version = version

    async def aclose(self) -> None:
        """Close the connection, and drop all copies with it."""
        if self._connection is not None:
            await self._connection.close()

    @asynccontextmanager
    async def _transaction(self) -> AsyncGenerator[AsyncConnection[Any]]:
        async with self._lock:
            try:
                connection = await self._connect()
                async with connection.transaction():
                    yield connection
            except Error as error:
                why = describe_error(error, self._conninfo)
                raise SettingError(f"The database cannot save or restore ({why}).") from error

    async def _connect(self) -> AsyncConnection[Any]:
        if self._connection is None or not await _is_alive(self._connection):
            # The copies of an earlier connection ended with it.
            self._copies.clear()
            self._connection = await AsyncConnection.connect(
                self._conninfo, autocommit=True, application_name=APPLICATION
            )
            await self._connection.execute(_SETTINGS)
        return self._connection


async def _is_alive(connection: AsyncConnection[Any]) -> bool:
    try:
        await check_alive(connection)
    except Error:
        await connection.close()
    return not connection.closed


async def _read_states(connection: AsyncConnection[Any]) -> list[tuple[str, int, int, int]]:
    return await (await connection.execute(_STATES)).fetchall()
