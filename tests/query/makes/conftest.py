"""One DuckDB for all makes: each run has a session of its own in it."""

from collections.abc import Iterator

import pytest

from cmdm_tui.query.database.duckdb_session import QueryDatabase


@pytest.fixture(scope="session")
def database() -> Iterator[QueryDatabase]:
    """A database that is open until the last test has ended."""
    opened = QueryDatabase()
    yield opened
    opened.close()
