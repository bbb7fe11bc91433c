"""Computes products of many number columns as DOUBLE: no DECIMAL holds their decimal places.

Each number column has nine decimal places, and a product has those of all its factors: of 38 digits
three columns leave eleven before the point, so that ordinary amounts would end in an error.
"""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.planning.name_scopes import EntityColumn
from cmdm_tui.query.planning.value_kinds import ValueKinds

_MOST_COLUMNS = 2
_MOST_DEPTH = 50
_DOUBLES = (exp.Div, exp.Avg, exp.Median, exp.Stddev, exp.Variance, exp.Sqrt, exp.Ln, exp.Exp)
MESSAGE = "A product of three or more number columns is computed as DOUBLE: 15 digits are certain."


def widen_products(tree: exp.Expr, kinds: ValueKinds) -> bool:
    """Cast the factors of products of three or more number columns; return whether there are any.

    It may be done again.
    """
    found = False
    for product in list(tree.find_all(exp.Mul)):
        if isinstance(_outside(product), exp.Mul):
            continue
        factors = list(_factors(product))
        counts = [_count_columns(factor, kinds) for factor in factors]
        if sum(counts) <= _MOST_COLUMNS:
            found = found or any(map(_is_widened, factors))
            continue
        found = True
        for factor, count in zip(factors, counts, strict=True):
            if count:
                _cast(factor)
    return found


def _outside(node: exp.Expr) -> exp.Expr | None:
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return parent


def _factors(node: exp.Expr) -> Iterator[exp.Expr]:
    inner = node
    while isinstance(inner, exp.Paren):
        inner = inner.this
    if isinstance(inner, exp.Mul):
        yield from _factors(inner.this)
        yield from _factors(inner.expression)
    else:
        yield node


def _count_columns(node: object, kinds: ValueKinds, depth: int = 0) -> int:
    """Return how many number columns' decimal places the value of an expression has."""
    if not isinstance(node, exp.Expr) or depth > _MOST_DEPTH:
        return 0
    if isinstance(node, exp.Column):
        found = kinds.scopes.resolve(node)
        if isinstance(found, EntityColumn):
            return int(found.column.kind is ColumnKind.NUMBER)
        if kinds.is_number_of_query(node):
            return 1
        return 0 if found is node else _count_columns(found, kinds, depth + 1)
    if isinstance(node, exp.Cast):
        return int(node.to.this is exp.DType.DECIMAL)
    if isinstance(
        node, (exp.Literal, exp.Predicate, exp.Connector, exp.Count, exp.Length, *_DOUBLES)
    ):
        return 0
    counts = [_count_columns(one, kinds, depth + 1) for one in _parts(node)]
    return sum(counts) if isinstance(node, exp.Mul) else max(counts, default=0)


def _parts(node: exp.Expr) -> Sequence[exp.Expr]:
    if isinstance(node, exp.Subquery | exp.Select):
        return node.expressions[:1] if isinstance(node, exp.Select) else [node.this]
    return list(node.iter_expressions())


_WIDENED = "is widened"


def _cast(factor: exp.Expr) -> None:
    placeholder = exp.Null()
    factor.replace(placeholder)
    cast = exp.cast(factor, "DOUBLE", copy=False)
    cast.meta[_WIDENED] = True
    placeholder.replace(cast)


def _is_widened(factor: exp.Expr) -> bool:
    return bool(factor.meta_get(_WIDENED))
