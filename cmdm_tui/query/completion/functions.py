"""The functions that a query may use: the usual ones, and all that DuckDB has."""

import re
from functools import lru_cache

from cmdm_tui.query.completion.offers import SqlFunction
from cmdm_tui.text import one_line

USUAL_FUNCTIONS = (
    "count", "sum", "avg", "min", "max", "coalesce", "lower", "upper", "length", "round",
    "date_trunc", "year", "month", "string_agg", "row_number", "rank",
)  # fmt: skip
"""Functions that are offered before all others, and before DuckDB's list is read."""

_QUERY = r"""
SELECT function_name, any_value(parameters), any_value(return_type)
FROM duckdb_functions()
WHERE schema_name = 'main' AND function_type IN ('scalar', 'aggregate', 'macro', 'window')
    AND regexp_full_match(function_name, '[a-z][a-z0-9_]*')
GROUP BY function_name ORDER BY function_name
"""
_INTERNAL = re.compile(
    r"(icu_)?collate_.*|.*_byte_comparable|variant_.*|.*_aggr|combine|finalize|stats|vector_type"
    r"|create_sort_key|error|index_key|invoke|sleep_ms|setseed|setval|.*like_escape|.*_type_name"
    r"|json_(de)?serialize_.*|json_copy_.*|parse_duckdb_log_message|remap_struct|vertex_extract"
)
"""Functions of DuckDB's own use, or that do more than give a value."""


@lru_cache(maxsize=1)
def load_functions() -> tuple[SqlFunction, ...]:
    """Return the functions of DuckDB that a query may use, by name.

    It imports DuckDB and takes tens of milliseconds, so call it in a thread. Nothing is returned
    where DuckDB cannot say.
    """
    import duckdb

    from cmdm_tui.query.parsing.read_only import is_refused_function

    try:
        with duckdb.connect() as connection:
            rows: list[tuple[str, list[str] | None, str | None]] = connection.sql(_QUERY).fetchall()
    except duckdb.Error:
        return ()
    return tuple(
        SqlFunction(name, _describe(parameters or (), returned))
        for name, parameters, returned in rows
        if not is_refused_function(name) and not _INTERNAL.fullmatch(name)
    )


def _describe(parameters: "list[str] | tuple[str, ...]", returned: str | None) -> str:
    given = ", ".join(parameters)
    return one_line(f"({given})" + (f" → {returned}" if returned else ""), 40)
