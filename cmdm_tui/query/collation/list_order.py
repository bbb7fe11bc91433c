"""Rewrites functions that sort a list, or compare with one, to use the account's order.

A list is replaced by the list of `order_key` of each value, which DuckDB sorts as the account does;
the values are taken out of it again. See `rewrite`.
"""

import sqlglot
from sqlglot import exp

from cmdm_tui.query.parsing.dialect import DIALECT, LIST_SORTS

_SIGNS: dict[type[exp.Expr], str] = {exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_KEYS = "[order_key(one) FOR one IN {list}]"
_TEXT_KEYS = "[order_key(CAST(one AS VARCHAR)) FOR one IN {list}]"


def rewrite_list_sort(call: exp.Anonymous) -> exp.Expr | None:
    """Rewrite a call that sorts a list; return None for any other call."""
    if call.name.upper() not in LIST_SORTS or not call.expressions:
        return None
    values, *how = (one.sql(dialect=DIALECT) for one in call.expressions)
    keys = ", ".join([_KEYS.format(list=values), *how])
    return _parse(f"[one[2] FOR one IN {call.name}({keys})]")


def rewrite_list_extreme(call: exp.ArrayMin | exp.ArrayMax) -> exp.Expr:
    """Rewrite the least or greatest value of a list."""
    name = "list_min" if isinstance(call, exp.ArrayMin) else "list_max"
    return _parse(f"{name}({_KEYS.format(list=call.this.sql(dialect=DIALECT))})[2]")


def rewrite_list_comparison(comparison: exp.Expr) -> exp.Expr | None:
    """Rewrite a comparison with ANY or ALL of a list's values; None for other comparisons.

    Text is compared by keys.
    """
    value, values = comparison.this, _compared_list(comparison.expression)
    if values is None:
        return None
    sign = _SIGNS[type(comparison)]
    left, right = value.sql(dialect=DIALECT), values.sql(dialect=DIALECT)
    word = "ANY" if isinstance(comparison.expression, exp.Any) else "ALL"
    keys = _TEXT_KEYS.format(list=right)
    return _parse(
        f"CASE WHEN typeof({left}) = 'VARCHAR' "
        f"THEN order_key(CAST({left} AS VARCHAR)) {sign} {word}({keys}) "
        f"ELSE {left} {sign} {word}({right}) END"
    )


def _compared_list(node: exp.Expr) -> exp.Expr | None:
    """Return the list that ANY or ALL compares with; sqlglot parses ALL of a list as a function."""
    if isinstance(node, exp.Any | exp.All):
        values = node.this.unnest()
        return None if isinstance(values, exp.Query) else values
    is_all = isinstance(node, exp.Anonymous) and node.name.upper() == "ALL"
    return node.expressions[0] if is_all and len(node.expressions) == 1 else None


def _parse(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, dialect=DIALECT)
