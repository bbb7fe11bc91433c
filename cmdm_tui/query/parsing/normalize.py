"""Writes a call that hangs on a value by a dot, `City.min()`, as the plain call that it is.

DuckDB takes both for the same. sqlglot keeps the first as a dot and a name, in which nothing that
looks at functions and columns would find either.
"""

import sqlglot
from sqlglot import exp

from cmdm_tui.query.parsing.dialect import DIALECT

_PLACEHOLDER = '"\x01"'
"""What stands for the value while its call is read: a name that no column has."""

_MAX_DEPTH = 100
"""Calls that may follow each other."""

_SCHEMAS = frozenset({"main", "system", "memory", "temp", "pg_catalog", "information_schema"})
"""What stands before a dot as the place of a function, and is no value."""


def rewrite_method_calls(tree: exp.Expr) -> None:
    """Replace every call on a value by the call with that value as its first argument.

    Raises RecursionError for a chain of calls that nothing could follow.
    """
    dots = list(tree.find_all(exp.Dot))
    if any(_chain_depth(dot) > _MAX_DEPTH for dot in dots):
        raise RecursionError
    for dot in reversed(dots):
        call, value = dot.expression, _receiver(dot.this)
        if not isinstance(call, exp.Anonymous) or value is None or dot.parent is None:
            continue
        arguments = [_PLACEHOLDER, *(one.sql(dialect=DIALECT) for one in call.expressions)]
        name = call.name if isinstance(call.this, str) else call.this.sql(dialect=DIALECT)
        plain = sqlglot.parse_one(f"{name}({', '.join(arguments)})", dialect=DIALECT)
        for identifier in plain.find_all(exp.Identifier):
            identifier.meta.clear()  # where it stands in this call is not where it was written
        for column in list(plain.find_all(exp.Column)):
            if column.sql(dialect=DIALECT) == _PLACEHOLDER:
                column.replace(value)
        dot.replace(plain)


def _chain_depth(dot: exp.Dot) -> int:
    """Return how many dots follow each other here, as far as that matters."""
    depth, node = 0, dot
    while isinstance(node, exp.Dot) and depth <= _MAX_DEPTH:
        depth, node = depth + 1, node.this
    return depth


def _receiver(node: exp.Expr) -> exp.Expr | None:
    """Return what a call hangs on, a column where it is a name; None where it is no value."""
    names = _path_names(node)
    if names is None:
        return node
    if names[0].name.casefold() in _SCHEMAS:
        return None
    value: exp.Expr = exp.column(*reversed(names[:2])) if len(names) > 1 else exp.column(names[0])
    for name in names[2:]:
        value = exp.Dot(this=value, expression=name)
    return value


def _path_names(node: exp.Expr) -> list[exp.Identifier] | None:
    """Return the names that a path is made of; None for anything else."""
    if isinstance(node, exp.Identifier):
        return [node.copy()]
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        before = _path_names(node.this)
        return None if before is None else [*before, node.expression.copy()]
    return None


_MIN_LENGTH = 32
"""Conditions from which on a chain is balanced."""


def balance_chains(tree: exp.Expr) -> None:
    """Put each long chain of conditions in the shape of a balanced tree, in the same order.

    sqlglot builds them one in the other, and whatever walks them would run out of depth.
    """
    for node in list(tree.find_all(exp.And, exp.Or)):
        if type(node.parent) is type(node) or node.parent is None:
            continue
        conditions = list(node.flatten(unnest=False))
        if len(conditions) >= _MIN_LENGTH:
            node.replace(_balance(type(node), conditions))


def _balance(kind: type[exp.Expr], conditions: list[exp.Expr]) -> exp.Expr:
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    left, right = _balance(kind, conditions[:half]), _balance(kind, conditions[half:])
    return kind(this=left, expression=right)
