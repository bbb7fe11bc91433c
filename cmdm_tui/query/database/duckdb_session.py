"""An in-memory DuckDB, locked down: it holds the records and executes the query."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, TypeVar

import duckdb

from cmdm_tui.query.collation.macros import FULL_SUFFIX, full_macro_statements, macro_statements
from cmdm_tui.query.database.casts import (
    COUNTED_SUFFIX,
    Digits,
    LoadedValues,
    reading_macros,
    storage_type,
    unread_sequences,
)
from cmdm_tui.query.database.duckdb_errors import describe_error
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.model import Column, ColumnKind, Table
from cmdm_tui.query.parsing.identifiers import SCHEMA, quote_identifier

BATCH_TABLE = 'temp."\x01batch"'
"""The table of the records that are loaded together; no entity has this name."""

_SECONDS_BETWEEN_INTERRUPTS = 0.05

RowValues = tuple[Any, ...]
Returned = TypeVar("Returned")

_SETTINGS = (
    "SET GLOBAL TimeZone = 'UTC'",
    "SET GLOBAL enable_external_access = false",
    "SET GLOBAL autoinstall_known_extensions = false",
    "SET GLOBAL autoload_known_extensions = false",
    "SET GLOBAL allow_community_extensions = false",
    "SET GLOBAL python_enable_replacements = false",
    "SET GLOBAL lock_configuration = true",
)
"""Settings that forbid files, network, extensions and Python variables; locked last."""


def open_locked_connection() -> duckdb.DuckDBPyConnection:
    """Open a database in memory that no statement can open to the outside again."""
    connection = open_connection()
    lock_connection(connection)
    return connection


def open_connection() -> duckdb.DuckDBPyConnection:
    """Open a database in memory with the macros of queries; it is not locked yet."""
    connection = duckdb.connect(
        ":memory:", config={"default_null_order": "nulls_first_on_asc_last_on_desc"}
    )
    for statement in (*macro_statements(), *reading_macros()):
        connection.execute(statement)
    return connection


def lock_connection(connection: duckdb.DuckDBPyConnection) -> None:
    """Close a database to the outside, for good."""
    for statement in _SETTINGS:
        connection.execute(statement)


class _FullMacros:
    """The macros that few queries need, defined once a database: they are slow to define."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._are_defined = False

    def define(self, connection: duckdb.DuckDBPyConnection) -> None:
        with self._lock:
            if not self._are_defined:
                for statement in full_macro_statements():
                    connection.execute(statement)
            self._are_defined = True


class QueryDatabase:
    """The DuckDB of one engine: opened when first needed; each run has its own session.

    A `connection` that is there already must be locked.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection | None = None) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._planning_session: DuckDBSession | None = None
        self._full_macros = _FullMacros()

    def open_in_background(self) -> None:
        """Open the database on another thread, which takes about as long as a call."""
        if self._connection is None:
            threading.Thread(target=self._open, name="cmdm-query-opening").start()

    def create_session(self) -> "DuckDBSession":
        """Create a session that is isolated from the others; callable on any thread."""
        return DuckDBSession(self._open().cursor(), self._full_macros)

    def _open(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._connection is None:
                self._connection = open_locked_connection()
            return self._connection

    async def describe_columns(self, tables: Sequence[Table], sql: str) -> list[tuple[str, str]]:
        """Return the names and types of a query's columns over empty tables. Raises SqlError."""
        await asyncio.to_thread(self._open)
        if self._planning_session is None:
            self._planning_session = self.create_session()
        return await self._planning_session.run(self._planning_session.describe_over, tables, sql)

    async def list_unreadable(self, texts: Sequence[tuple[str, ColumnKind]]) -> list[int]:
        """Return the places of the texts that cannot be read as a value of their kind."""
        await asyncio.to_thread(self._open)
        if self._planning_session is None:
            self._planning_session = self.create_session()
        session = self._planning_session
        return [
            place
            for place, (text, kind) in enumerate(texts)
            if not await session.run(session.can_read, text, kind)
        ]

    def close(self) -> None:
        """Close the database and the planning session."""
        if self._planning_session is not None:
            self._planning_session.close()
            self._planning_session = None
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
                self._full_macros = _FullMacros()


class DuckDBSession:
    """One connection with its own temporary tables, and the one thread that works on it."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, full_macros: _FullMacros | None = None
    ) -> None:
        self._thread = ThreadPoolExecutor(1, "cmdm-query")
        self._tables: dict[str, tuple[Column, ...]] = {}
        self._shown: dict[str, str] = {}
        """What each entity's view shows."""
        self._connection = connection
        self._full_macros = full_macros or _FullMacros()
        self._has_sequences = False

    async def run(self, what: Callable[..., Returned], *arguments: Any) -> Returned:
        """Run a function on the connection's thread; interrupt it when cancelled."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, what, *arguments)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            # What an interrupted function raises is nobody's any more.
            running.add_done_callback(_take_outcome)
            while not running.done():
                # One statement may end just then, and the function begin the next.
                self._connection.interrupt()
                await asyncio.wait([running], timeout=_SECONDS_BETWEEN_INTERRUPTS)
            raise

    def create_table(self, table: Table, columns: Sequence[Column]) -> None:
        """Create the entity's table with these columns, empty, replacing any other."""
        kept = ", ".join(
            f"{quote_identifier(one.name)} {storage_type(one.kind)}" for one in columns
        )
        self.execute(f"CREATE OR REPLACE TEMP TABLE {storage_name(table)} ({kept})")
        self._shown.pop(table.entity, None)
        self.show_loaded(table, columns, LoadedValues())

    def show_loaded(
        self,
        table: Table,
        columns: Sequence[Column],
        seen: LoadedValues,
        *,
        shared: Mapping[str, str] = MappingProxyType({}),
        since: int | None = None,
    ) -> None:
        """Show the loaded rows in the entity's view, numbers with the type that fits them all.

        `shared` are columns of text, each with the number column that holds it. With `since`, only
        the rows from that index on are shown.
        """
        shown: list[str] = []
        for column in columns:
            if column.is_hidden:
                continue
            sql = quote_identifier(column.name)
            if column.name in shared:
                sql = f"{quote_identifier(shared[column.name])} AS {sql}"
            if column.kind is ColumnKind.NUMBER:
                digits = seen.digits.get(column.name, Digits())
                sql = f"{digits.value_sql(sql)} AS {sql}"
            shown.append(sql)
        which = "" if since is None else f" WHERE rowid >= {since}"
        query = f"SELECT {', '.join(shown)} FROM {SCHEMA}.{storage_name(table)}{which}"
        if self._shown.get(table.entity) != query:
            view = quote_identifier(table.entity)
            self._shown.pop(table.entity, None)
            self.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {query}")
            self._shown[table.entity] = query

    def drop_table(self, table: Table) -> None:
        """Drop the entity's records."""
        self._shown.pop(table.entity, None)
        self._connection.execute(f"DROP VIEW IF EXISTS {SCHEMA}.{quote_identifier(table.entity)}")
        self._connection.execute(f"DROP TABLE IF EXISTS {SCHEMA}.{storage_name(table)}")
        self._connection.execute(f"DROP TABLE IF EXISTS {BATCH_TABLE}")

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[RowValues]:
        """Run a statement and return its rows. Raises SqlError where DuckDB refuses it."""
        names = sql.lower()
        try:
            if FULL_SUFFIX in names:
                self._full_macros.define(self._connection)
            if COUNTED_SUFFIX in names and not self._has_sequences:
                self._create_sequences()
            return self._connection.execute(sql, list(parameters)).fetchall()
        except duckdb.Error as error:
            raise describe_error(error) from error
        except (OverflowError, ValueError) as error:
            raise SqlError(
                f"The result holds a value that cannot be shown: {error}",
                hint="Cast it to VARCHAR",
            ) from None
        except RuntimeError as error:
            # DuckDB hears Ctrl-C in the main thread itself, and says so in its own way.
            if str(error) == _INTERRUPTED:
                raise KeyboardInterrupt from None
            raise

    def _create_sequences(self) -> None:
        """Create what counts unread text: few queries need it, and it takes as long as one."""
        for name in unread_sequences().values():
            self._connection.execute(f"CREATE TEMP SEQUENCE IF NOT EXISTS {name}")
        self._has_sequences = True

    def count_unread(self) -> dict[ColumnKind, int]:
        """Return how often a macro met text that is none of its kind, since the session began."""
        sql = "SELECT sequence_name, coalesce(last_value, 0) FROM duckdb_sequences()"
        counts = dict(self.execute(sql))
        return {kind: counts.get(name, 0) for kind, name in unread_sequences().items()}

    def can_read(self, text: str, kind: ColumnKind) -> bool:
        """Return whether a text that is compared with a column of a kind is read as one."""
        tried = " OR ".join(f"TRY_CAST($1 AS {one}) IS NOT NULL" for one in _READ_AS[kind])
        ((can_read,),) = self.execute(f"SELECT {tried}", [text])
        return bool(can_read)

    def describe(self, sql: str) -> list[tuple[str, str]]:
        """Return the names and types of a query's columns. Raises SqlError where it is wrong."""
        return [(row[0], row[1]) for row in self.execute(f"DESCRIBE {sql}")]

    def describe_over(self, tables: Sequence[Table], sql: str) -> list[tuple[str, str]]:
        """Return a query's columns over these tables, with all their columns declared."""
        for table in tables:
            if self._tables.get(table.entity) != table.columns:
                self.create_table(table, table.columns)
                self._tables[table.entity] = table.columns
        return self.describe(sql)

    def read_batches(self, table: str, columns: str, size: int) -> Iterator[list[RowValues]]:
        """Yield a table's rows in insertion order, `size` at a time.

        DuckDB reads a table in that order by itself; to sort 2,000 columns by it takes longer than
        all else.
        """
        start = 0
        while True:
            rows = self.read_range(table, columns, start, size)
            if rows:
                yield rows
            if len(rows) < size:
                return
            start += size

    def read_range(self, table: str, columns: str, first: int, count: int) -> list[RowValues]:
        """Return the rows of a table from position `first`, in insertion order."""
        which = f"rowid >= {first} AND rowid < {first + count}"
        return self.execute(f"SELECT {columns} FROM {table} WHERE {which}")

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection itself, for code that reads it on its thread."""
        return self._connection

    def close(self) -> None:
        """Close the connection and its thread."""
        self._thread.shutdown(wait=True)
        self._connection.close()


def _take_outcome(running: "asyncio.Future[Any]") -> None:
    if not running.cancelled():
        running.exception()


def storage_name(table: Table) -> str:
    """Return the name of the table that stores the loaded rows; a view shows them."""
    return quote_identifier(table.entity + "\x01")


def without_zones(sql: str, described: Sequence[tuple[str, str]]) -> str:
    """Return a query whose timestamps with a time zone are in UTC, without one.

    DuckDB needs another library to give Python those with a zone: `python_values` adds it again.
    The connection's time zone is UTC, so a cast is enough, however deep they are nested.
    """
    if not any(_TIMESTAMP_WITH_ZONE in kind for _, kind in described):
        return sql
    names = [f"c{n}" for n in range(1, len(described) + 1)]
    shown = [
        f"CAST({name} AS {kind.replace(_TIMESTAMP_WITH_ZONE, 'TIMESTAMP')})"
        if _TIMESTAMP_WITH_ZONE in kind
        else name
        for name, (_, kind) in zip(names, described, strict=True)
    ]
    return f"SELECT {', '.join(shown)} FROM ({sql}) AS zoned({', '.join(names)})"


_READ_AS: Mapping[ColumnKind, tuple[str, ...]] = {
    ColumnKind.TEXT: ("VARCHAR",),
    ColumnKind.NUMBER: ("DECIMAL(38,9)", "DOUBLE"),
    ColumnKind.DATE: ("DATE",),
    ColumnKind.DATETIME: ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
    ColumnKind.BOOLEAN: ("BOOLEAN",),
}
"""The types of which a text must be one, to be compared with a column of a kind."""

_INTERRUPTED = "Query interrupted"
_TIMESTAMP_WITH_ZONE = "TIMESTAMP WITH TIME ZONE"
"""How DuckDB names the type, alone or within a nested one."""
