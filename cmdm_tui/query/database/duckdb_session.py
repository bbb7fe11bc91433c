"""A DuckDB of one run, in memory and locked down: it holds the records and executes the query."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import duckdb

from cmdm_tui.query.collation.macros import macro_statements
from cmdm_tui.query.database.casts import Digits, LoadedValues, storage_type
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.model import Column, ColumnKind, Table
from cmdm_tui.query.parsing.identifiers import SCHEMA, quote_identifier

BATCH_TABLE = 'temp."\x01batch"'
"""What holds the records that are loaded together, by a name that no entity has."""

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
"""What closes the door, locked last: no file, no network, no extension, no Python variable."""


def open_locked_connection() -> duckdb.DuckDBPyConnection:
    """Return a new database in memory that no statement can open to the outside again."""
    connection = duckdb.connect(
        ":memory:", config={"default_null_order": "nulls_first_on_asc_last_on_desc"}
    )
    for statement in (*macro_statements(), *_SETTINGS):
        connection.execute(statement)
    return connection


@cache
def aggregate_names() -> frozenset[str]:
    """Return the names of DuckDB's aggregate functions, in lower case; asked for once a process."""
    with duckdb.connect(":memory:") as connection:
        rows = connection.execute(
            "SELECT DISTINCT lower(function_name) FROM duckdb_functions() "
            "WHERE function_type = 'aggregate'"
        ).fetchall()
    return frozenset(name for (name,) in rows)


class QueryDatabase:
    """The DuckDB of one engine: made when first needed, shared by its runs, each on its own."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()
        self._planning_session: DuckDBSession | None = None

    def open_in_background(self) -> None:
        """Make the database on another thread, which takes about as long as a call."""
        if self._connection is None:
            threading.Thread(target=self._open, name="cmdm-query-opening").start()

    def create_session(self) -> "DuckDBSession":
        """Return a new session, which sees nothing of the others; on any thread."""
        return DuckDBSession(self._open().cursor())

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

    def close(self) -> None:
        """Let go of everything."""
        if self._planning_session is not None:
            self._planning_session.close()
            self._planning_session = None
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


class DuckDBSession:
    """One connection with its own temporary tables, and the one thread that works on it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._thread = ThreadPoolExecutor(1, "cmdm-query")
        self._tables: dict[str, tuple[Column, ...]] = {}
        self._connection = connection

    async def run(self, what: Callable[..., Returned], *arguments: Any) -> Returned:
        """Do something with the connection on its thread; interrupted when cancelled."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, what, *arguments)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._connection.interrupt()
            await asyncio.wait([running])
            raise

    def create_table(self, table: Table, columns: Sequence[Column]) -> None:
        """Make the entity's table with these columns, empty, in place of any other."""
        kept = ", ".join(
            f"{quote_identifier(one.name)} {storage_type(one.kind)}" for one in columns
        )
        self.execute(f"CREATE OR REPLACE TEMP TABLE {storage_name(table)} ({kept})")
        self.show_loaded(table, columns, LoadedValues())

    def show_loaded(
        self,
        table: Table,
        columns: Sequence[Column],
        seen: LoadedValues,
        *,
        since: int | None = None,
    ) -> None:
        """Let the entity's table show what was loaded, numbers by the type that fits them all.

        With `since`, only the rows from that one on, counted from 0.
        """
        shown: list[str] = []
        for column in columns:
            sql = quote_identifier(column.name)
            if column.kind is ColumnKind.NUMBER:
                digits = seen.digits.get(column.name, Digits())
                sql = f"CAST({sql} AS {digits.type}) AS {sql}"
            shown.append(sql)
        which = "" if since is None else f" WHERE rowid >= {since}"
        self.execute(
            f"CREATE OR REPLACE TEMP VIEW {quote_identifier(table.entity)} AS "
            f"SELECT {', '.join(shown)} FROM {SCHEMA}.{storage_name(table)}{which}"
        )

    def drop_table(self, table: Table) -> None:
        """Let go of the entity's records."""
        self._connection.execute(f"DROP VIEW IF EXISTS {SCHEMA}.{quote_identifier(table.entity)}")
        self._connection.execute(f"DROP TABLE IF EXISTS {SCHEMA}.{storage_name(table)}")
        self._connection.execute(f"DROP TABLE IF EXISTS {BATCH_TABLE}")

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[RowValues]:
        """Run a statement and return its rows. Raises SqlError where DuckDB refuses it."""
        try:
            return self._connection.execute(sql, list(parameters)).fetchall()
        except duckdb.Error as error:
            raise sql_error(error) from None
        except (OverflowError, ValueError) as error:
            raise SqlError(
                f"The result holds a value that cannot be shown: {error}",
                hint="Cast it to VARCHAR",
            ) from None

    def describe(self, sql: str) -> list[tuple[str, str]]:
        """Return the names and types of a query's columns. Raises SqlError where it is wrong."""
        return [(row[0], row[1]) for row in self.execute(f"DESCRIBE {sql}")]

    def describe_over(self, tables: Sequence[Table], sql: str) -> list[tuple[str, str]]:
        """Return a query's columns over these tables, all of whose columns are declared."""
        for table in tables:
            if self._tables.get(table.entity) != table.columns:
                self.create_table(table, table.columns)
                self._tables[table.entity] = table.columns
        return self.describe(sql)

    def read_batches(self, table: str, columns: str, size: int) -> Iterator[list[RowValues]]:
        """Yield a table's rows in the order in which they were put in, `size` at a time."""
        start = 0
        while True:
            which = f"rowid >= {start} AND rowid < {start + size}"
            rows = self.execute(f"SELECT {columns} FROM {table} WHERE {which} ORDER BY rowid")
            if not rows:
                return
            yield rows
            start += size

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection itself, for what reads it on its thread."""
        return self._connection

    def close(self) -> None:
        """Let go of the records and the thread."""
        self._thread.shutdown(wait=True)
        self._connection.close()


def sql_error(error: duckdb.Error) -> SqlError:
    """Return DuckDB's refusal as an error of ours, in its first words."""
    text = re.sub(r"""(\btemp|"temp")\.(main\.)?""", "", str(error))
    text = _ERROR_DETAILS.split(text, maxsplit=1)[0]
    return SqlError(" ".join(text.split()))


def storage_name(table: Table) -> str:
    """Return the name of the table that holds what was loaded, beside the one that shows it."""
    return quote_identifier(table.entity + "\x01")


def convert_to_utc(sql: str, described: Sequence[tuple[str, str]]) -> str:
    """Return a query whose moments of a time zone are as they are in UTC: Python reads those.

    The connection's own time zone is UTC, so that a cast is enough, however deep they are.
    """
    if not any(_TIMESTAMP_WITH_ZONE in kind for _, kind in described):
        return sql
    names = [f"c{n}" for n in range(1, len(described) + 1)]
    shown = [
        f"CAST({name} AS {result_type(kind)})" if _TIMESTAMP_WITH_ZONE in kind else name
        for name, (_, kind) in zip(names, described, strict=True)
    ]
    return f"SELECT {', '.join(shown)} FROM ({sql}) AS zoned({', '.join(names)})"


def result_type(kind: str) -> str:
    """Return a column's type as the result has it."""
    return kind.replace(_TIMESTAMP_WITH_ZONE, "TIMESTAMP")


_TIMESTAMP_WITH_ZONE = "TIMESTAMP WITH TIME ZONE"
"""What a type is called, or a part of one that is nested."""

_ERROR_DETAILS = re.compile(
    r"\n\nLINE|, due to the following Python|\s*\* SET |\s*Please try installing"
    r"|\s*Alternatively, consider enabling"
)
"""Where DuckDB goes on with what helps nobody here: excerpts, and settings that are locked."""
