"""Writes a call that hangs on a value by a dot, `City.min()`, as the plain call that it is.

DuckDB takes both for the same. sqlglot keeps the first as a dot and a name, in which nothing that
looks at functions and columns would find either.
"""

import sqlglot
from sqlglot import exp

from cmdm_tui.query.dialect import DIALECT

_SCHEMAS = frozenset({"main", "system", "memory", "temp", "pg_catalog", "information_schema"})
"""What stands before a dot as the place of a function, and is no value."""


def write_out_calls(tree: exp.Expr) -> None:
    """Replace every call on a value by the call with that value as its first argument."""
    for dot in reversed(list(tree.find_all(exp.Dot))):
        call, value = dot.expression, _value(dot.this)
        if not isinstance(call, exp.Anonymous) or value is None or dot.parent is None:
            continue
        arguments = ", ".join(one.sql(dialect=DIALECT) for one in (value, *call.expressions))
        name = call.name if isinstance(call.this, str) else call.this.sql(dialect=DIALECT)
        plain = sqlglot.parse_one(f"{name}({arguments})", dialect=DIALECT)
        for identifier in plain.find_all(exp.Identifier):
            identifier.meta.clear()  # where it stands in this call is not where it was written
        dot.replace(plain)


def _value(node: exp.Expr) -> exp.Expr | None:
    """Return what a call hangs on, a column where it is a name; None where it is no value."""
    names = _names(node)
    if names is None:
        return node
    if names[0].name.casefold() in _SCHEMAS:
        return None
    value: exp.Expr = exp.column(*reversed(names[:2])) if len(names) > 1 else exp.column(names[0])
    for name in names[2:]:
        value = exp.Dot(this=value, expression=name)
    return value


def _names(node: exp.Expr) -> list[exp.Identifier] | None:
    """Return the names that a path is made of; None for anything else."""
    if isinstance(node, exp.Identifier):
        return [node.copy()]
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        before = _names(node.this)
        return None if before is None else [*before, node.expression.copy()]
    return None
