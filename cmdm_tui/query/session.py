"""A DuckDB of one run, in memory and locked down: it holds the records and executes the query."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import duckdb

from cmdm_tui.query.casts import Seen
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.model import Column, Table
from cmdm_tui.query.names import SCHEMA, quoted
from cmdm_tui.query.order import macros

Row = tuple[Any, ...]
Result_ = TypeVar("Result_")

_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET enable_external_access = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET python_enable_replacements = false",
    "SET python_scan_all_frames = false",
    "SET errors_as_json = false",
    "SET lock_configuration = true",
)
"""What closes the door, locked last: no file, no network, no extension, no Python variable."""

RAW = "loaded"
"""The schema of what was loaded; the schema of entities shows it with its types."""


def locked_connection() -> duckdb.DuckDBPyConnection:
    """Return a new database in memory that no statement can open to the outside again."""
    connection = duckdb.connect(
        ":memory:", config={"default_null_order": "nulls_first_on_asc_last_on_desc"}
    )
    for statement in (*macros(), f"CREATE SCHEMA {SCHEMA}", f"CREATE SCHEMA {RAW}", *_SETTINGS):
        connection.execute(statement)
    return connection


class Session:
    """One connection and the one thread it works on, beside the event loop."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "cmdm-query")
        self._connection = locked_connection()

    async def work(self, what: Callable[..., Result_], *arguments: Any) -> Result_:
        """Do something with the connection on its thread; interrupted when cancelled."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, what, *arguments)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._connection.interrupt()
            await asyncio.wait([running])
            raise

    def declare(self, table: Table, columns: Sequence[Column], seen: Seen | None = None) -> None:
        """Make the entity's table with these columns, empty, in place of any other."""
        raw, name = f"{RAW}.{quoted(table.entity)}", f"{SCHEMA}.{quoted(table.entity)}"
        from cmdm_tui.query.casts import stored_type

        kept = ", ".join(f"{quoted(one.name)} {stored_type(one.kind)}" for one in columns)
        self._connection.execute(f"DROP VIEW IF EXISTS {name}")
        self._connection.execute(f"CREATE OR REPLACE TABLE {raw} ({kept})")
        self.show(table, columns, seen or Seen())

    def show(self, table: Table, columns: Sequence[Column], seen: Seen) -> None:
        """Let the entity's table show what was loaded, numbers by the type that fits them all."""
        from cmdm_tui.query.casts import Digits
        from cmdm_tui.query.model import Kind

        raw, name = f"{RAW}.{quoted(table.entity)}", f"{SCHEMA}.{quoted(table.entity)}"
        shown: list[str] = []
        for column in columns:
            sql = quoted(column.name)
            if column.kind is Kind.NUMBER:
                digits = seen.digits.get(column.name, Digits())
                sql = f"CAST({sql} AS {digits.type}) AS {sql}"
            shown.append(sql)
        self._connection.execute(
            f"CREATE OR REPLACE VIEW {name} AS SELECT {', '.join(shown)} FROM {raw}"
        )

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a statement and return its rows. Raises SqlError where DuckDB refuses it."""
        try:
            return self._connection.execute(sql, list(parameters)).fetchall()
        except duckdb.Error as error:
            raise sql_error(error) from None

    def describe(self, sql: str) -> list[tuple[str, str]]:
        """Return the names and types of a query's columns. Raises SqlError for one that is wrong."""
        return [(row[0], row[1]) for row in self.execute(f"DESCRIBE {sql}")]

    def batches(self, sql: str, size: int) -> Iterator[list[Row]]:
        """Yield the rows of a query, `size` at a time."""
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql)
            while rows := cursor.fetchmany(size):
                yield rows
        except duckdb.Error as error:
            raise sql_error(error) from None
        finally:
            cursor.close()

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
    text = str(error).split("\n\nLINE", 1)[0].replace(f"{SCHEMA}.", "")
    return SqlError(" ".join(text.split()))
