"""Rewrites method calls such as `City.min()` as plain calls; balances chains of conditions.

DuckDB treats both kinds of call alike. sqlglot keeps a method call as a dot and a name, in which
nothing that looks for functions and columns would find either.
"""

import sqlglot
from sqlglot import exp

from cmdm_tui.query.parsing.dialect import DIALECT

_PLACEHOLDER = '"\x01"'
"""The placeholder for the value while its call is parsed: a name that no column has."""

_MAX_DEPTH = 100
"""The longest chain of method calls."""

_SCHEMAS = frozenset({"main", "system", "memory", "temp", "pg_catalog", "information_schema"})
"""Names before a dot that are schemas of a function, not values."""


def rewrite_method_calls(tree: exp.Expr) -> None:
    """Replace every method call by a call with the value as its first argument.

    Raises RecursionError for a chain that is too long.
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
            identifier.meta.clear()  # its position in this call is not where it was written
        for column in list(plain.find_all(exp.Column)):
            if column.sql(dialect=DIALECT) == _PLACEHOLDER:
                column.replace(value)
        dot.replace(plain)


def _chain_depth(dot: exp.Dot) -> int:
    """Return the length of the chain of dots, up to the limit."""
    depth, node = 0, dot
    while isinstance(node, exp.Dot) and depth <= _MAX_DEPTH:
        depth, node = depth + 1, node.this
    return depth


def _receiver(node: exp.Expr) -> exp.Expr | None:
    """Return the value that a method is called on; None where the dot qualifies a schema."""
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
    """Return the names that a dotted path consists of; None for anything else."""
    if isinstance(node, exp.Identifier):
        return [node.copy()]
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        before = _path_names(node.this)
        return None if before is None else [*before, node.expression.copy()]
    return None


_MIN_LENGTH = 32
"""The number of conditions from which a chain is balanced."""


def balance_chains(tree: exp.Expr) -> None:
    """Turn each long chain of conditions into a balanced tree, in the same order.

    sqlglot nests them one in the other, which is too deep for recursive code.
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
