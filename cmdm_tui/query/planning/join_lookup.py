"""Joins from a few records to those they name: looked up by id where that takes fewer calls.

`FROM a JOIN b ON b.ExternalID = a.Field` needs only those records of b that a's records name. So a
is read first; if its distinct ids are fewer than b's pages, b's records are fetched by id.
"""

from collections.abc import Iterator

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.fetching.page_cache import can_be_fetched
from cmdm_tui.query.model import EXTERNAL_ID, Column, ColumnKind, Cost, Table
from cmdm_tui.query.parsing.identifiers import SCHEMA, quote_identifier
from cmdm_tui.query.parsing.query_shape import wanted_join_ids
from cmdm_tui.query.parsing.references import Source
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.plan import CandidatePlan, JoinLookup, PlanClass
from cmdm_tui.query.planning.scan_plans import estimate_scan, make_scan_step

_MIN_PAGE_RATIO = 4
"""How many times more pages b must have than a for it to be worth reading a before b."""


class _Join(Struct, frozen=True):
    """The two sides: `near` is read first, and its `key` names records of `far`."""

    near: Source
    far: Source
    key: Column


def list_join_plans(query: BoundQuery) -> Iterator[CandidatePlan]:
    """Yield the plan that looks up the far side of a join of two entities."""
    join = _find_join(query)
    if join is None:
        return
    near, far = query.tables[join.near.entity], query.tables[join.far.entity]
    if far.pages is None or near.pages is None:
        return
    ids = wanted_join_ids(query.tree, join.near.alias)
    if ids is not None and not all(map(can_be_fetched, ids)):
        ids = None
    reads = Cost(len(ids), len(ids)) if ids is not None else estimate_scan(near)
    rows = len(ids) if ids is not None else near.total or 0
    is_large = far.pages >= _MIN_PAGE_RATIO * max(reads.high, 1)
    if ids is None and rows >= far.pages and not is_large:
        return
    looked_up = min(rows, far.pages)
    whole = make_scan_step(query)
    task = JoinLookup(
        whole,
        near,
        far,
        query.columns_to_load(near),
        query.columns_to_load(far),
        join.key,
        ids,
    )
    cost = Cost(reads.low, reads.high + looked_up)
    order = "" if ids is not None else EXTERNAL_ID
    yield CandidatePlan(PlanClass.MATERIALISE, task, cost, (cost.low + cost.high) / 2, order=order)


def distinct_keys_sql(near: Table, key: Column) -> str:
    """Return the SQL for the distinct ids that the near side's records name."""
    name = quote_identifier(key.name)
    return (
        f"SELECT DISTINCT {name} FROM {SCHEMA}.{quote_identifier(near.entity)} "
        f"WHERE {name} IS NOT NULL AND {name} <> ''"
    )


def _find_join(query: BoundQuery) -> _Join | None:
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
    if any(node.args.get(part) for node in (near.node, far.node) for part in _OTHER_CLAUSES):
        return None
    if join.method or join.kind not in {"", "INNER"} or join.side not in {"", "LEFT"}:
        return None
    key = _find_key(join.args.get("on"), near, far, query)
    return None if key is None else _Join(near, far, key)


_OTHER_CLAUSES = ("joins", "pivots", "sample", "laterals")


def _find_key(on: exp.Expr | None, near: Source, far: Source, query: BoundQuery) -> Column | None:
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
                if is_id and key is not None and key.kind is ColumnKind.TEXT:
                    return key
    return None


def _is_column(node: exp.Expr, alias: str) -> bool:
    return isinstance(node, exp.Column) and len(node.parts) == 2 and node.table.casefold() == alias
