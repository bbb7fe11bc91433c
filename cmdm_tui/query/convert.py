"""Turns a result into what other libraries work on, where those are installed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from cmdm_tui.query.errors import NotInstalled, QueryError

if TYPE_CHECKING:
    import polars

Converted = TypeVar("Converted")


def to_arrow(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """Return the query's rows as a `pyarrow.Table`, a library that tells no types."""
    return _convert(lambda: connection.sql(sql).to_arrow_table(), "pyarrow")


def to_polars(connection: duckdb.DuckDBPyConnection, sql: str) -> "polars.DataFrame":
    """Return the query's rows as a Polars data frame."""
    return _convert(lambda: connection.sql(sql).pl(), "polars and pyarrow")


def to_pandas(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """Return the query's rows as a `pandas.DataFrame`, a library that tells no types."""
    return _convert(lambda: connection.sql(sql).df(), "pandas")


def _convert(make: Callable[[], Converted], library: str) -> Converted:
    try:
        return make()
    except (ImportError, duckdb.InvalidInputException) as error:
        if isinstance(error, ImportError) or "ModuleNotFoundError" in str(error):
            message = f"The conversion needs {library}, which is not installed"
            raise NotInstalled(
                message, hint=f"pip install {library.split(maxsplit=1)[0]}"
            ) from None
        raise QueryError(f"The result cannot be converted: {error}") from None
