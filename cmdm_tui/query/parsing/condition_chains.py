"""Balances long chains of AND and OR: the tree of a thousand conditions is then ten deep."""

from sqlglot import exp

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
