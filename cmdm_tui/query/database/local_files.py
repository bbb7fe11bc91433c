"""Loads the local files that a query names into its own database, before that is locked.

Our code opens each file, so that only a regular file of a bounded size is read, and DuckDB is given
the open file under a number: no statement of the query runs while the database may read files.
"""

import asyncio
import contextlib
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from msgspec import Struct

from cmdm_tui.config.bounded_files import LARGEST_INPUT, open_bounded
from cmdm_tui.query.database.duckdb_session import (
    DuckDBSession,
    QueryDatabase,
    lock_connection,
    open_connection,
)
from cmdm_tui.query.errors import SqlError, UnreadableFile
from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.parsing.file_sources import FILES_SCHEMA, FileSource
from cmdm_tui.query.parsing.identifiers import quote_identifier, quote_text
from cmdm_tui.text import one_line

MOST_ROWS = 10_000_000
"""The most rows of one table of files."""

MOST_VALUES = 10_000
"""The most distinct values of a file that a plan looks for one by one."""

_DESCRIPTORS = Path("/dev/fd")
_READERS = {"csv": "read_csv", "json": "read_json", "parquet": "read_parquet"}
_WORDS = {"csv": "CSV", "json": "JSON", "parquet": "Parquet"}
_BEFORE_LOADING = (
    "SET GLOBAL autoinstall_known_extensions = false",
    "SET GLOBAL autoload_known_extensions = false",
    "SET GLOBAL allow_community_extensions = false",
    "SET GLOBAL python_enable_replacements = false",
)
_PREFIX = re.compile(r"^[A-Z][A-Za-z ]+ Error: ")
_DETAILS = (
    "Possible",
    "LINE ",
    "The search space",
    "* ",
    "  file",
    "It is possible",
    "The currently",
)
_MOST_LINES = 3
_KINDS: Mapping[str, ColumnKind] = {
    "VARCHAR": ColumnKind.TEXT,
    "BOOLEAN": ColumnKind.BOOLEAN,
    "DATE": ColumnKind.DATE,
    **dict.fromkeys(
        (
            "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
            "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL",
        ),
        ColumnKind.NUMBER,
    ),
    **dict.fromkeys(
        ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"),
        ColumnKind.DATETIME,
    ),
}  # fmt: skip


class DistinctValues(Struct, frozen=True):
    """Values of one DuckDB type, each once."""

    kind: str
    values: tuple[Any, ...]


class LoadedFile(Struct, frozen=True):
    """A table of files as it was loaded: `columns` are names and DuckDB types."""

    source: FileSource
    rows: int
    columns: tuple[tuple[str, str], ...]

    def kinds(self) -> Iterator[tuple[str, ColumnKind | None]]:
        """Yield the columns with their kinds; None for one that the planner does not know."""
        for name, kind in self.columns:
            yield name, _KINDS.get(kind.partition("(")[0])


class FileDatabase:
    """The locked database of one query, with the files that it names."""

    def __init__(self, database: QueryDatabase, files: tuple[LoadedFile, ...]) -> None:
        self.database = database
        self.files = files
        self._session: DuckDBSession | None = None
        self._values: dict[str, DistinctValues | None] = {}

    def distinct_values(self, sql: str) -> DistinctValues | None:
        """Return what a query of one column over the files gives; None where it is too much.

        Nulls are left out. None too where the query needs more than the files.
        """
        if sql not in self._values:
            # A session of its own: no entity has a table in it.
            self._session = self._session or self.database.create_session()
            self._values[sql] = _read_values(self._session, sql)
        return self._values[sql]


async def open_file_database(sources: Sequence[FileSource]) -> FileDatabase:
    """Open a database, load files into it, and lock it. Raises UnreadableFile.

    A task that is cancelled meanwhile ends the loading.
    """
    connection = await asyncio.to_thread(open_connection)
    session = DuckDBSession(connection.cursor())
    try:
        files = await session.run(load_files, session.connection, sources)
    finally:
        session.close()
    lock_connection(connection)
    return FileDatabase(QueryDatabase(connection), files)


def _read_values(session: DuckDBSession, sql: str) -> DistinctValues | None:
    try:
        ((_, kind),) = session.describe(sql)
        limit = f"LIMIT {MOST_VALUES + 1}"
        rows = session.execute(f"SELECT v FROM ({sql}) AS q(v) WHERE v IS NOT NULL {limit}")
    except (SqlError, ValueError):
        return None
    values = tuple(dict.fromkeys(value for (value,) in rows))
    return DistinctValues(kind, values) if len(rows) <= MOST_VALUES else None


def load_files(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[FileSource]
) -> tuple[LoadedFile, ...]:
    """Load files into tables of their schema. Raises UnreadableFile.

    The connection must not be locked yet; whoever calls this locks it before anything else runs.
    """
    for statement in _BEFORE_LOADING:
        connection.execute(statement)
    connection.execute(f"CREATE SCHEMA {quote_identifier(FILES_SCHEMA)}")
    return tuple(_load_source(connection, one) for one in sources)


def _load_source(connection: duckdb.DuckDBPyConnection, source: FileSource) -> LoadedFile:
    where = f"{quote_identifier(FILES_SCHEMA)}.{quote_identifier(source.table)}"
    with contextlib.ExitStack() as opened:
        names = [opened.enter_context(_open_file(path)) for path in source.paths]
        files = ", ".join(quote_text(one) for one in names)
        options = "".join(f", {name} = {value}" for name, value in source.options)
        reader = f"{_READERS[source.form]}([{files}]{options})"
        limit = f"LIMIT {MOST_ROWS + 1}"
        try:
            connection.execute(f"CREATE TABLE {where} AS SELECT * FROM {reader} {limit}")
            ((rows,),) = connection.execute(f"SELECT count(*) FROM {where}").fetchall()
            described = connection.execute(f"DESCRIBE {where}").fetchall()
        except (duckdb.Error, MemoryError) as error:
            shown = dict(zip(names, source.paths, strict=True))
            raise _unreadable(source, str(error), shown) from None
    if rows > MOST_ROWS:
        raise UnreadableFile(f"{source.shown} has more than {MOST_ROWS:,} rows")
    return LoadedFile(source, rows, tuple((row[0], row[1]) for row in described))


@contextlib.contextmanager
def _open_file(path: str) -> Generator[str]:
    """Open a file and yield the name under which DuckDB reads what is open."""
    try:
        file = Path(path).expanduser()
        opened = open_bounded(file, LARGEST_INPUT)
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableFile(
            f"{one_line(path, 200)} cannot be read: {reason}", hint="Check the name"
        ) from None
    with opened:
        by_number = _DESCRIPTORS / str(opened.fileno())
        # Windows has no names for open files.
        yield str(by_number if by_number.exists() else file.absolute())


def _unreadable(source: FileSource, message: str, shown: Mapping[str, str]) -> UnreadableFile:
    for name, path in shown.items():
        message = message.replace(f'"{name}"', path).replace(f"'{name}'", path)
        message = re.sub(rf"{re.escape(name)}\b", lambda _, path=path: path, message)
    lines = _PREFIX.sub("", message).splitlines()
    end = next((n for n, one in enumerate(lines) if one.startswith(_DETAILS)), len(lines))
    reason = " ".join(" ".join(lines[: min(end, _MOST_LINES)]).split()).rstrip(". ")
    hint = None
    if source.form == "csv" and ("utf-8" in message or "unicode" in message):
        hint = "Name its encoding, as in read_csv('x.csv', encoding = 'latin-1')"
    what = f"{source.shown} cannot be read as {_WORDS[source.form]}"
    return UnreadableFile(f"{what}: {one_line(reason, 300)}", hint=hint)
