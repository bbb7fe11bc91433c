"""Joins from a few records to those they name: looked up by id where that is fewer calls.

`FROM a JOIN b ON b.ExternalID = a.Field` needs of b no other records than those that a's name. So
a comes first, and when its distinct ids are fewer than b's pages, b's records are asked for by id.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from cmdm_tui.query.model import EXTERNAL_ID, Column, Cost, Kind, Table
from cmdm_tui.query.names import SCHEMA, Source, quoted
from cmdm_tui.query.pages import can_be_asked_for
from cmdm_tui.query.plan import Lookup, Option, PlanClass

if TYPE_CHECKING:
    from cmdm_tui.query.planner import Understood

_WORTH = 4
"""How many times a's pages b must have for it to be worth waiting for a before reading b."""


@dataclass(frozen=True, slots=True)
class _Join:
    """The two sides: `near` comes first, and its `key` names records of `far`."""

    near: Source
    far: Source
    key: Column


def options(query: "Understood") -> Iterator[Option]:
    """Yield the way to look up the far side of a join of two entities."""
    from cmdm_tui.query.planner import pages_of, scan_of
    from cmdm_tui.query.shape import ids_of

    join = _join(query)
    if join is None:
        return
    near, far = query.tables[join.near.entity], query.tables[join.far.entity]
    if far.pages is None or near.pages is None:
        return
    ids = ids_of(query.tree, join.near.alias)
    if ids is not None and not all(map(can_be_asked_for, ids)):
        ids = None
    reads = Cost(len(ids), len(ids)) if ids is not None else pages_of(near)
    rows = len(ids) if ids is not None else near.total or 0
    is_large = far.pages >= _WORTH * max(reads.high, 1)
    if ids is None and rows >= far.pages and not is_large:
        return
    looked_up = min(rows, far.pages)
    whole = scan_of(query)
    task = Lookup(
        whole,
        near,
        far,
        query.loaded(near),
        query.loaded(far),
        join.key,
        ids,
    )
    cost = Cost(reads.low, reads.high + looked_up)
    order = "" if ids is not None else EXTERNAL_ID
    yield Option(PlanClass.MATERIALISE, task, cost, (cost.low + cost.high) / 2, order=order)


def keys_sql(near: Table, key: Column) -> str:
    """Return the SQL of the distinct ids that the near side's records name."""
    name = quoted(key.name)
    return (
        f"SELECT DISTINCT {name} FROM {SCHEMA}.{quoted(near.entity)} "
        f"WHERE {name} IS NOT NULL AND {name} <> ''"
    )


def _join(query: "Understood") -> _Join | None:
    tree, sources = query.tree, query.sources
    if not isinstance(tree, exp.Select) or len(sources) != 2 or len(query.tables) != 2:
        return None
    from_ = tree.args.get("from_")
    joins: list[exp.Join] = tree.args.get("joins") or []
    if not isinstance(from_, exp.From) or len(joins) != 1 or tree.args.get("with_"):
        return None
    near = next((one for one in sources if one.node is from_.this), None)
    (join,) = joins
    far = next((one for one in sources if one.node is join.this), None)
    if near is None or far is None or sum(1 for _ in tree.find_all(exp.Query)) > 1:
        return None
    if any(node.args.get(part) for node in (near.node, far.node) for part in _ODD):
        return None
    if join.method or join.kind not in {"", "INNER"} or join.side not in {"", "LEFT"}:
        return None
    key = _key(join.args.get("on"), near, far, query)
    return None if key is None else _Join(near, far, key)


_ODD = ("joins", "pivots", "sample", "laterals")


def _key(on: exp.Expr | None, near: Source, far: Source, query: "Understood") -> Column | None:
    if on is None:
        return None
    for each in on.flatten() if isinstance(on, exp.And) else (on,):
        part = each.unnest()
        if not isinstance(part, exp.EQ):
            continue
        for one, other in ((part.this, part.expression), (part.expression, part.this)):
            if _is_column(one, far.alias) and _is_column(other, near.alias):
                key = query.tables[near.entity].column(other.name)
                is_id = one.name.casefold() == EXTERNAL_ID.casefold()
                if is_id and key is not None and key.kind is Kind.TEXT:
                    return key
    return None


def _is_column(node: exp.Expr, alias: str) -> bool:
    return isinstance(node, exp.Column) and len(node.parts) == 2 and node.table.casefold() == alias
