"""The functions of this DuckDB, read once a process: opening one takes longer than many calls."""

import threading
from collections.abc import Container
from functools import cache
from typing import Final

import duckdb
from msgspec import Struct

_QUERY = r"""
WITH functions AS (
    SELECT *, schema_name = 'main'
        AND function_type IN ('scalar', 'aggregate', 'macro', 'window')
        AND regexp_full_match(function_name, '[a-z][a-z0-9_]*') AS is_plain
    FROM duckdb_functions()
)
SELECT function_name,
    bool_or(function_type = 'aggregate'),
    bool_or(is_plain),
    any_value(parameters) FILTER (is_plain),
    any_value(return_type) FILTER (is_plain)
FROM functions GROUP BY function_name ORDER BY function_name
"""
_reading = threading.Lock()


class DuckDBFunction(Struct, frozen=True):
    """A function: `is_plain` where a query calls it by its name alone, as it is written."""

    name: str
    is_aggregate: bool
    is_plain: bool
    parameters: tuple[str, ...]
    returned: str | None


def list_functions() -> tuple[DuckDBFunction, ...]:
    """Return all functions by name. Raises duckdb.Error."""
    with _reading:
        return _read_functions()


class AggregateNames:
    """The names of the aggregate functions in lower case, read when one is first looked for."""

    def __contains__(self, name: object) -> bool:
        # What is no word needs no look into the list: an operator, as sqlglot writes it.
        return isinstance(name, str) and name.isidentifier() and name in _aggregate_names()


AGGREGATE_NAMES: Final[Container[str]] = AggregateNames()


@cache
def _aggregate_names() -> frozenset[str]:
    return frozenset(one.name.lower() for one in list_functions() if one.is_aggregate)


@cache
def _read_functions() -> tuple[DuckDBFunction, ...]:
    with duckdb.connect(":memory:") as connection:
        rows: list[tuple[str, bool, bool, list[str] | None, str | None]] = connection.execute(
            _QUERY
        ).fetchall()
    return tuple(
        DuckDBFunction(name, is_aggregate, is_plain, tuple(parameters or ()), returned)
        for name, is_aggregate, is_plain, parameters, returned in rows
    )
