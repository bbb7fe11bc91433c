"""Reads a condition: what SQL has after WHERE, and nothing else.

Its tree is looked at: whatever else is written there, such as an order or a second statement, is
refused.
"""

import re
from types import MappingProxyType

from sqlglot import exp

from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.parsing.parameters import Parameters
from cmdm_tui.query.parsing.statement import Select, parse
from cmdm_tui.query.parsing.statement_forms import split_script

_ALLOWED = frozenset({"expressions", "from_", "where"})
_UNCLOSED = "is not closed"
_PLACE = re.compile(r"in line \d+, column \d+")
_HINT = "For example: column = 'text' AND column > 50"
_NO_PARAMETERS: Parameters = MappingProxyType({})


def make_condition_query(source: str, text: str) -> str:
    """Return the query of the rows of a source, a name quoted where it must be, that meet it.

    The condition begins on its second line.
    """
    return f"SELECT * FROM {source} WHERE\n{text}"


def read_condition(
    source: str, text: str, parameters: Parameters = _NO_PARAMETERS
) -> tuple[exp.Select, exp.Expr]:
    """Return the tree of the query that `make_condition_query` makes, and of the condition in it.

    Raises SqlError for what is not a condition; its place is one in the condition.
    """
    if not text.strip():
        raise SqlError("There is no condition", hint=_HINT)
    sql = make_condition_query(source, text)
    if len(split_script(text)) > 1 or len(split_script(sql)) > 1:
        raise SqlError("A condition has no semicolon", hint=_HINT)
    try:
        statement = parse(sql, parameters, allows_files=False)
    except SqlError as error:
        raise move_to_condition(error) from None
    tree = statement.tree if isinstance(statement, Select) else None
    where = tree.args.get("where") if isinstance(tree, exp.Select) else None
    if not isinstance(tree, exp.Select) or not isinstance(where, exp.Where) or _has_more(tree):
        raise SqlError("Only a condition can be here, as after WHERE", hint=_HINT)
    return tree, where.this


def move_to_condition(error: SqlError) -> SqlError:
    """Return an error in the query of a condition with its place in the condition."""
    is_inside = error.line is not None and error.line > 1
    line = error.line - 1 if is_inside and error.line is not None else None
    column = error.column if is_inside else None
    if _UNCLOSED in error.message:
        return SqlError("A text, a name or a comment is not closed", hint="Close it", line=1)
    message = _PLACE.sub(f"in column {column}", error.message) if is_inside else error.message
    return SqlError(message, hint=error.hint, line=line, column=column)


def _has_more(tree: exp.Select) -> bool:
    """Return whether a query has more than its columns, its source and its condition."""
    more = {name for name, value in tree.args.items() if value} - _ALLOWED
    from_ = tree.args.get("from_")
    table = from_.this if isinstance(from_, exp.From) else None
    is_plain = isinstance(table, exp.Table) and not table.args.get("joins")
    return bool(more) or not is_plain
