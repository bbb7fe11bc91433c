"""Finds the SELECT of a FROM item, and what holds for each record of the item that can matter.

`record_needs` says why: a condition of a join restricts one side, both or none.
"""

from collections.abc import Iterator

from sqlglot import exp

from cmdm_tui.query.parsing.query_shape import list_from_items, split_conjuncts, split_where
from cmdm_tui.query.planning.file_keys import is_steady

_ODD_CLAUSES = ("sample", "pivots", "laterals", "match", "connect")
"""The clauses of a SELECT, or of a FROM item, that may need any record."""
_PLAIN_KINDS = frozenset({"", "INNER", "OUTER", "CROSS", "SEMI", "ANTI"})


def select_of(node: exp.Expr) -> exp.Select | None:
    """Return the SELECT of a FROM item, where it is one that asks for certain records."""
    select = node.find_ancestor(exp.Select)
    if select is None or not is_understood(select):
        return None
    if not any(one is node for one in list_from_items(select)) or node.alias_column_names:
        return None
    return None if has_odd_clause(node) or node.args.get("joins") else select


def has_odd_clause(node: exp.Expr) -> bool:
    """Return whether a SELECT or a FROM item has a clause for which it may need any record."""
    return any(node.args.get(one) for one in _ODD_CLAUSES)


def is_understood(select: exp.Select) -> bool:
    """Return whether a SELECT joins by conditions and equal fields alone, not by position."""
    if has_odd_clause(select):
        return False
    joins: list[exp.Join] = select.args.get("joins") or []
    return all(
        join.method in {"", "NATURAL"}
        and join.side in {"", "LEFT", "RIGHT", "FULL"}
        and join.kind in _PLAIN_KINDS
        and not (join.side and join.kind in {"SEMI", "ANTI"})
        for join in joins
    )


def conditions_on(item: exp.Expr, select: exp.Select) -> Iterator[exp.Expr]:
    """Yield the conditions that every record of an item fulfils in a row that can matter.

    The joins are followed in their order, up to the one that makes the item optional.
    """
    for join in joins_from(item, select):
        if restricts(join, item):
            yield from _conditions_of_join(join)
        if makes_optional(join, item):
            return
    yield from split_where(select)


def joins_from(item: exp.Expr, select: exp.Select) -> list[exp.Join]:
    """Return the joins from that of an item on: all of them for the first item."""
    joins: list[exp.Join] = select.args.get("joins") or []
    own = next((n for n, join in enumerate(joins) if join.this is item), 0)
    return joins[own:]


def restricts(join: exp.Join, item: exp.Expr) -> bool:
    """Return whether a record of an item that fails the join's ON is in no row after the join."""
    if join.this is item:
        return join.side in {"", "LEFT"}
    return join.side in {"", "RIGHT"} and join.kind != "ANTI"


def makes_optional(join: exp.Join, item: exp.Expr) -> bool:
    """Return whether a join, without a record of an item, may give a row that it did not give."""
    if join.this is item:
        return join.side in {"LEFT", "FULL"} or join.kind == "ANTI"
    return join.side in {"RIGHT", "FULL"}


def _conditions_of_join(join: exp.Join) -> Iterator[exp.Expr]:
    on = join.args.get("on")
    if isinstance(on, exp.Expr):
        yield from split_conjuncts(on)


def ctes_of(item: exp.Expr, select: exp.Select, entities: frozenset[int]) -> list[exp.CTE] | None:
    """Return the common table expressions that an item needs, in order; None if not certain."""
    around: list[exp.CTE] = []
    node: exp.Expr | None = select
    while node is not None:
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With):
            if with_.args.get("recursive"):
                return None
            around = [*with_.expressions, *around]
        node = node.parent
    names = [one.alias.casefold() for one in around]
    if len(set(names)) < len(names):
        return None
    needed: set[str] = set()
    waiting: list[exp.Expr] = [item]
    while waiting:
        for table in waiting.pop().find_all(exp.Table):
            name = table.name.casefold()
            if id(table) in entities or table.args.get("db") or name in needed:
                continue
            if name in names:
                needed.add(name)
                waiting.append(around[names.index(name)].this)
    found = [one for one in around if one.alias.casefold() in needed]
    is_usable = all(
        is_steady(one.this) and one.this.find(exp.Limit, exp.Offset, exp.Fetch) is None
        for one in found
    )
    return found if is_usable else None
