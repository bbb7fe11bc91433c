"""Refuses statements that do more than read entities, before anything is sent or run.

DuckDB's configuration refuses the same a second time (`duckdb_session.py`).
"""

import re
from collections.abc import Iterator

from sqlglot import exp

from cmdm_tui.query.errors import QueryRefused, SqlError

_QUERY_NODES = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)
_FORBIDDEN_NODES: tuple[type[exp.Expr], ...] = (
    exp.Command, exp.DDL, exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.Copy,
    exp.Attach, exp.Detach, exp.Pragma, exp.Set,
    exp.Use, exp.Drop, exp.Alter, exp.Install, exp.Summarize, exp.Describe, exp.Parameter,
    exp.Placeholder, exp.Kill, exp.Transaction, exp.Commit, exp.Rollback, exp.ReadCSV,
    exp.ReadParquet, exp.Analyze, exp.Export, exp.Show, exp.LoadData, exp.Lock,
)  # fmt: skip
_TABLE_FUNCTIONS = frozenset(
    {"unnest", "range", "generate_series", "json_each", "json_tree", "generate_subscripts"}
)
_TABLE_FUNCTION_NODES = (exp.Unnest, exp.GenerateSeries, exp.Explode)
_FORBIDDEN_FUNCTIONS = re.compile(
    r"""read_.*|.*_scan|scan_.*|sniff_.*|parquet_.*|glob|getenv|getvariable|current_setting
    |duckdb_.*|pragma_.*|query|query_table|nextval|currval|which_secret|.*_secret.*|write_.*
    |copy_.*|load_.*|install_.*|sqlite_.*|postgres_.*|mysql_.*|iceberg_.*|delta_.*|st_.*
    |arrow_.*|python_.*|pandas_.*|checkpoint|force_checkpoint|test_.*|summary|enable_.*|disable_.*
    |in_search_path|current_(database|schema|schemas|user|role|catalog|query|version)|version|user
    |session_user|txid_current|set_.*_setting|http_.*|(pg_)?sleep.*|order_key.*|text_.*_than.*|text_(as|of)_.*|casefold.*|folded.*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ALLOWED_FUNCTIONS = frozenset({"set_bit"})


def is_refused_function(name: str) -> bool:
    """Return whether a function, named in small letters, reads files, settings or the machine."""
    return name not in _ALLOWED_FUNCTIONS and _FORBIDDEN_FUNCTIONS.fullmatch(name) is not None


def check_reads_only(tree: exp.Expr) -> None:
    """Raise QueryRefused where the statement, or any part of it, does more than read entities."""
    if isinstance(tree, exp.Values) or not isinstance(tree, _QUERY_NODES):
        raise QueryRefused(f"{_describe_node(tree)} is not a query", hint=_HINT)
    for node in tree.walk():
        _check_node(node)


_HINT = "Only SELECT, SUMMARIZE, PIVOT, SHOW ENTITIES, DESCRIBE and EXPLAIN are run"


def _check_node(node: exp.Expr) -> None:
    if isinstance(node, _FORBIDDEN_NODES):
        raise QueryRefused(f"{_describe_node(node)} is not allowed in a query", hint=_HINT)
    if isinstance(node, exp.Table):
        _check_table(node)
    if isinstance(node, exp.Dot):
        _check_dot(node)
    for name in _function_names(node):
        if is_refused_function(name):
            raise QueryRefused(
                f"The function {name}() is not allowed in a query",
                hint="Functions that read files, settings or the machine are refused",
            )


def _check_table(table: exp.Table) -> None:
    if table.args.get("db") or table.args.get("catalog"):
        raise QueryRefused(
            f"{table.sql()!r} names a schema, and entities have none",
            hint="Name the entity alone, quoted where it holds a dot",
        )
    source = table.this
    if isinstance(source, exp.Identifier | exp.Values | exp.Subquery):
        return
    if isinstance(source, _TABLE_FUNCTION_NODES):
        return
    if isinstance(source, exp.Func) and any(
        name in _TABLE_FUNCTIONS for name in _function_names(source)
    ):
        return
    raise QueryRefused(
        f"{_describe_node(source)} is not allowed in FROM",
        hint="Entities, subqueries, VALUES, unnest() and range() are",
    )


def _check_dot(node: exp.Dot) -> None:
    if isinstance(node.expression, exp.Func) and not isinstance(node.this, exp.Expr):
        raise SqlError("A function may not name a schema")


def _function_names(node: exp.Expr) -> Iterator[str]:
    """Yield the names under which DuckDB may know the function of a node."""
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc | exp.CombinedAggFunc):
        yield str(node.name or node.this).strip('"').casefold()
    elif isinstance(node, exp.Func):
        yield from (name.casefold() for name in type(node).sql_names())


def _describe_node(node: object) -> str:
    if isinstance(node, exp.Command):
        return str(node.this).upper()
    if isinstance(node, exp.Lock | exp.Into):
        return "FOR UPDATE" if isinstance(node, exp.Lock) else "SELECT INTO"
    if isinstance(node, exp.Func):
        return f"{next(_function_names(node), 'a function')}()"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).upper()
