"""The connections to a database that the calls share, none of them one that it has ended.

A database that was restarted has ended every connection, and a pool does not know. So each is
checked before it is used: nothing was sent on it yet, so another one can take its place.
"""

import select
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, LiteralString, TypeVar

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

LOCK = 0x434D444D
"""Held shared by every connection of a sandbox that serves the database, and alone by one that
makes it."""
LOCK_SHARED: LiteralString = "SELECT pg_try_advisory_lock_shared(%s)"

_MAX_CONNECTIONS = 6
_SECONDS_TO_WAIT = 10.0
# A pool that cannot connect waits longer each time; asked again, it tries at once.
_SECONDS_BETWEEN_ATTEMPTS = 1.0

Answer = TypeVar("Answer")
_AnyConnection = AsyncConnection[Any]


class ConnectionPool:
    """A few connections, each used for one call at a time, while `open` is."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._pool: AsyncConnectionPool[_AnyConnection] | None = None

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Hold connections for the running event loop while the block runs."""
        async with AsyncConnectionPool(
            self._conninfo,
            connection_class=AsyncConnection[Any],
            kwargs={"autocommit": True},
            min_size=1,
            max_size=_MAX_CONNECTIONS,
            open=False,
            configure=_lock,
            check=check_alive,
            reconnect_timeout=_SECONDS_BETWEEN_ATTEMPTS,
        ) as pool:
            self._pool = pool
            yield

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[_AnyConnection]:
        """Take a connection for the block. Raises psycopg's `OperationalError` without one."""
        pool = self._pool
        if pool is None:
            raise RuntimeError("the store is not in use")
        connection = await _take(pool)
        try:
            async with connection:
                yield connection
        finally:
            await pool.putconn(connection)

    async def read(self, work: Callable[[_AnyConnection], Awaitable[Answer]]) -> Answer:
        """Return what `work` reads; where its connection ends meanwhile, once more on another."""
        try:
            async with self.connection() as connection:
                return await work(connection)
        except PoolTimeout:
            raise
        except OperationalError:
            async with self.connection() as connection:
                return await work(connection)

    @asynccontextmanager
    async def transaction(self, opening: bytes = b"") -> AsyncGenerator[_AnyConnection]:
        """Begin a transaction with the statement `opening`: on another connection if that fails."""
        async with AsyncExitStack() as stack:
            try:
                connection = await self._begin(stack, opening)
            except PoolTimeout:
                raise
            except OperationalError:
                await stack.aclose()
                connection = await self._begin(stack, opening)
            yield connection

    async def _begin(self, stack: AsyncExitStack, opening: bytes) -> _AnyConnection:
        connection = await stack.enter_async_context(self.connection())
        await stack.enter_async_context(connection.transaction())
        if opening:
            await connection.execute(opening)
        return connection


async def check_alive(connection: _AnyConnection) -> None:
    """Raise `OperationalError` for a connection that the database has ended.

    Only one on which something waits to be read can be such. Between two calls little but the end
    comes, so only then does it take a question and its answer.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await connection.execute("SELECT 1")


async def _take(pool: AsyncConnectionPool[_AnyConnection]) -> _AnyConnection:
    deadline = time.monotonic() + _SECONDS_TO_WAIT
    while True:
        try:
            return await pool.getconn(_SECONDS_BETWEEN_ATTEMPTS)
        except PoolTimeout:
            if time.monotonic() >= deadline:
                raise


async def _lock(connection: _AnyConnection) -> None:
    """Lock the database for as long as the connection lives, after a restart too."""
    cursor = await connection.execute(LOCK_SHARED, [LOCK])
    if await cursor.fetchone() != (True,):
        raise OperationalError("another sandbox is making the database")
