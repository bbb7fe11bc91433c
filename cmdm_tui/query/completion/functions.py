"""The functions that a query may use: the usual ones, and all that DuckDB has."""

import re
from collections.abc import Iterator
from functools import lru_cache

from cmdm_tui.query.completion.offers import SqlFunction
from cmdm_tui.text import one_line

USUAL_FUNCTIONS = (
    "count", "sum", "avg", "min", "max", "coalesce", "lower", "upper", "length", "round",
    "date_trunc", "year", "month", "string_agg", "row_number", "rank",
)  # fmt: skip
"""Functions that are offered before all others, and before DuckDB's list is read."""

_INTERNAL = re.compile(
    r"(icu_)?collate_.*|.*_byte_comparable|variant_.*|.*_aggr|combine|finalize|stats|vector_type"
    r"|create_sort_key|error|index_key|invoke|sleep_ms|setseed|setval|.*like_escape|.*_type_name"
    r"|json_(de)?serialize_.*|json_copy_.*|parse_duckdb_log_message|remap_struct|vertex_extract"
)
"""Functions of DuckDB's own use, or that do more than give a value."""


class AllFunctions:
    """The functions of DuckDB that a query may use, read when they are first gone through."""

    def __iter__(self) -> Iterator[SqlFunction]:
        return iter(load_functions())


@lru_cache(maxsize=1)
def load_functions() -> tuple[SqlFunction, ...]:
    """Return the functions of DuckDB that a query may use, by name.

    It imports DuckDB and takes tens of milliseconds, so call it in a thread. Nothing is returned
    where DuckDB cannot say.
    """
    import duckdb

    from cmdm_tui.query.database.duckdb_functions import list_functions
    from cmdm_tui.query.parsing.read_only import is_refused_function

    try:
        functions = list_functions()
    except duckdb.Error:
        return ()
    return tuple(
        SqlFunction(one.name, _describe(one.parameters, one.returned))
        for one in functions
        if one.is_plain and not is_refused_function(one.name) and not _INTERNAL.fullmatch(one.name)
    )


def _describe(parameters: tuple[str, ...], returned: str | None) -> str:
    given = ", ".join(parameters)
    return one_line(f"({given})" + (f" → {returned}" if returned else ""), 40)
