"""Chooses how a query comes by its records: of all ways that give the right rows, the cheapest.

Every way is an `Option` with its calls from low to high at the largest page granted. They are
compared by their likely calls; a way that reads every page always gives the right rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sqlglot import exp

from cmdm_tui.query.fetching.page_cache import can_be_fetched, fields_to_request
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import EXTERNAL_ID, LARGEST_PAGE, Column, Cost, Table
from cmdm_tui.query.parsing.query_shape import QueryShape, wanted_ids
from cmdm_tui.query.parsing.references import Source
from cmdm_tui.query.planning import join_lookup, seek_plans
from cmdm_tui.query.planning.plan import (
    CandidatePlan,
    CountRecords,
    FirstPage,
    GetRecords,
    JoinLookup,
    NoFetch,
    PlanClass,
    Scan,
    Stream,
)

UNKNOWN_CALLS = 1_000_000
"""Calls that a scan is taken to cost at most where the server tells no total."""

_MAX_IDS_WITHOUT_TOTAL = 3
"""Ids that are asked for one by one without knowing whether a scan were cheaper."""


@dataclass(frozen=True)
class BoundQuery:
    """A query whose names are resolved: its entities as tables, the columns it uses of each."""

    tree: exp.Expr
    sources: tuple[Source, ...]
    shape: QueryShape | None
    tables: dict[str, Table]
    columns: dict[str, tuple[Column, ...]]
    learner: TraitLearner
    picklist_values: dict[str, tuple[str, ...]]
    """The values that the fields of a picklist may have, by `entity.field`."""
    first_pages: dict[str, FirstPage]
    """The first pages that planning has read."""
    aggregates: frozenset[str]
    """The names of DuckDB's aggregate functions."""

    @cached_property
    def table(self) -> Table:
        """The only entity, where there is only one."""
        return next(iter(self.tables.values()))

    @cached_property
    def used_columns(self) -> tuple[Column, ...]:
        """The columns used of the only entity; its ExternalID where none is."""
        return self.columns_to_load(self.table)

    def columns_to_load(self, table: Table) -> tuple[Column, ...]:
        """Return the columns to load of an entity: at least one, so that its rows count."""
        return self.columns.get(table.entity) or table.columns[:1]

    def knows_page_count(self, table: Table) -> bool:
        """Tell whether it is known how many pages the entity has."""
        return table.total is not None and self.learner.knows_page_count(table.total)


def list_plans(query: BoundQuery) -> list[CandidatePlan]:
    """Return the ways to answer the query, a scan of all pages first."""
    if not query.tables:
        return [CandidatePlan(PlanClass.LOCAL, NoFetch(), Cost(0, 0), 0)]
    found = [make_scan_plan(query), *join_lookup.list_join_plans(query)]
    if query.shape is not None:
        found += _count_plans(query, query.shape)
        found += _get_plans(query, query.shape)
        found += _stream_plans(query, query.shape)
        found += seek_plans.list_seek_plans(query, query.shape)
    return found


def choose_cheapest(
    found: list[CandidatePlan], begun: Callable[[CandidatePlan], int] = lambda _: 0
) -> CandidatePlan:
    """Return the way with the fewest likely calls; of equal ones the plainest.

    `begun` says how many of a way's calls were made already.
    """
    ranks = {PlanClass.COUNT: 0, PlanClass.GET: 1, PlanClass.STREAM: 2, PlanClass.MATERIALISE: 3}
    return min(found, key=lambda one: (one.likely - begun(one), ranks.get(one.plan_class, 4)))


def estimate_scan(table: Table) -> Cost:
    """Return what reading all of an entity costs."""
    return Cost(1, UNKNOWN_CALLS) if table.pages is None else Cost(table.pages, table.pages)


def make_scan_plan(query: BoundQuery) -> CandidatePlan:
    """Return the way that reads every page of every entity once."""
    task = make_scan_step(query)
    total = sum((estimate_scan(table) for table in task.tables), Cost(0, 0))
    return CandidatePlan(PlanClass.MATERIALISE, task, total, total.high, order=EXTERNAL_ID)


def make_scan_step(query: BoundQuery) -> Scan:
    """Return the reading of every page of every entity."""
    tables = tuple(query.tables.values())
    firsts = {table.entity: first_page_of_scan(query, table) for table in tables}
    return Scan(tables, {table.entity: query.columns_to_load(table) for table in tables}, firsts)


def first_page_of_scan(query: BoundQuery, table: Table) -> FirstPage:
    """Return the first page of a scan: by external id, so that no tied records overlap."""
    fields = fields_to_request(table, query.columns_to_load(table))
    read = query.first_pages.get(table.entity)
    if read is not None and table.pages == 1 and _covers_entity(read, fields, table):
        return replace(read, per_page=table.largest_page)
    if query.learner.trait("external_id_sorts") is False:
        return FirstPage(table.entity, table.largest_page, fields)
    return FirstPage(table.entity, table.largest_page, fields, EXTERNAL_ID, "asc")


def _covers_entity(read: FirstPage, fields: tuple[str, ...] | None, table: Table) -> bool:
    """Tell whether a page that was read is all of the entity, with the fields needed."""
    if read.per_page < table.largest_page:
        return False
    return read.fields is None or (fields is not None and set(read.fields) >= set(fields))


def _count_plans(query: BoundQuery, shape: QueryShape) -> Iterator[CandidatePlan]:
    if counts_all_records(shape):
        yield CandidatePlan(PlanClass.COUNT, CountRecords(query.table), Cost(1, 1), 1)


def counts_all_records(shape: QueryShape) -> bool:
    """Tell whether `count(*)` of the whole entity is all that the query needs."""
    if shape.where is not None or not shape.aggregate_calls or not is_scalar(shape):
        return False
    return all(is_count_of_records(call) for call in shape.aggregate_calls)


def is_scalar(shape: QueryShape) -> bool:
    """Tell whether the query is one row of aggregates, each standing for itself."""
    select = shape.select
    parts = ("group", "having", "distinct", "qualify", "order", "limit", "offset")
    if any(select.args.get(part) for part in parts) or select.find(exp.Window, exp.Filter):
        return False
    outside = [
        node
        for node in select.find_all(exp.Column, exp.Star)
        if not any(node is part for call in shape.aggregate_calls for part in call.walk())
    ]
    where = shape.where
    within: set[int] = set() if where is None else {id(node) for node in where.walk()}
    return all(id(node) in within for node in outside)


def is_count_of_records(call: exp.Expr) -> bool:
    """Tell whether an aggregate is count(*), count(1) or count(ExternalID)."""
    if not isinstance(call, exp.Count) or call.expressions:
        return False
    what = call.this
    if what is None or isinstance(what, exp.Star):
        return True
    if isinstance(what, exp.Literal):
        return True
    return isinstance(what, exp.Column) and what.name.casefold() == EXTERNAL_ID.casefold()


def _get_plans(query: BoundQuery, shape: QueryShape) -> Iterator[CandidatePlan]:
    ids = wanted_ids(shape.where)
    if ids is None or not all(map(can_be_fetched, ids)):
        return
    table = query.table
    pages = table.pages if query.knows_page_count(table) else None
    if pages is None and len(ids) > _MAX_IDS_WITHOUT_TOTAL:
        return
    if pages is None or len(ids) <= pages:
        task = GetRecords(table, query.used_columns, ids)
        yield CandidatePlan(PlanClass.GET, task, Cost(len(ids), len(ids)), len(ids))


def _stream_plans(query: BoundQuery, shape: QueryShape) -> Iterator[CandidatePlan]:
    if not shape.is_row_by_row or shape.has_odd_limit or shape.is_ordered:
        return
    table, limit = query.table, shape.limit
    fields = fields_to_request(table, query.used_columns)
    wanted = None if limit is None or shape.where is not None else limit + shape.offset
    every = estimate_scan(table)
    if limit == 0:
        cost, likely, first = Cost(0, 0), 0, None
    elif wanted is None:
        low = every.low if limit is None else 1
        cost, first = Cost(low, every.high), first_page_of_scan(query, table)
        likely = every.high if limit is None else (low + every.high) / 2
    else:
        per_page = max(min(wanted, table.largest_page), 1)
        calls = max(-(-wanted // per_page), 1)
        if table.total is not None:
            calls = min(calls, max(-(-table.total // per_page), 1))
        cost, likely = Cost(calls, calls), calls
        sort_by = None if calls == 1 else first_page_of_scan(query, table).sort_by
        first = FirstPage(table.entity, per_page, fields, sort_by, "asc" if sort_by else None)
    task = Stream(table, query.used_columns, None, limit, shape.offset, wanted)
    order = "" if first is None else first.sort_by or ""
    yield CandidatePlan(PlanClass.STREAM, task, cost, likely, first, order)


def pages_to_read_first(query: BoundQuery, option: CandidatePlan) -> list[FirstPage]:
    """Return the pages to read now, because the option's calls cannot be told without them."""
    match option.step:
        case NoFetch() | CountRecords():
            return []
        case GetRecords(table=table, ids=ids):
            is_cheap = len(ids) <= _MAX_IDS_WITHOUT_TOTAL
            return (
                []
                if is_cheap or query.knows_page_count(table)
                else [first_page_of_scan(query, table)]
            )
        case JoinLookup():
            return []
        case Scan(tables=tables, first_pages=firsts):
            return [firsts[one.entity] for one in tables if not query.knows_page_count(one)]
        case Stream(max_records=int(most), orders=None):
            is_one = query.learner.knows_page_count(most) and option.cost.high <= 1
            is_told = is_one or query.knows_page_count(query.table)
            return [] if is_told or option.first_page is None else [option.first_page]
        case _:
            is_told = query.knows_page_count(query.table) or option.first_page is None
            return [] if is_told or option.first_page is None else [option.first_page]


__all__ = [
    "LARGEST_PAGE",
    "BoundQuery",
    "choose_cheapest",
    "counts_all_records",
    "estimate_scan",
    "first_page_of_scan",
    "is_count_of_records",
    "is_scalar",
    "list_plans",
    "make_scan_plan",
    "pages_to_read_first",
]
