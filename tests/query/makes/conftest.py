"""One DuckDB for all makes: each run has a session of its own in it."""

from collections.abc import Iterator

import pytest

from cmdm_tui.query.database.duckdb_session import (
    QueryDatabase,
    lock_connection,
    open_connection,
)


@pytest.fixture(scope="session")
def database() -> Iterator[QueryDatabase]:
    """A database that is open until the last test has ended; more threads would only cost time."""
    connection = open_connection()
    connection.execute("SET threads = 1")
    lock_connection(connection)
    opened = QueryDatabase(connection)
    yield opened
    opened.close()
