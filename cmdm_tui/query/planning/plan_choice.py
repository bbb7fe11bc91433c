"""Lists the plans that give a query its rows, and chooses the cheapest.

Each `CandidatePlan` has its calls from low to high at the largest page granted. Plans are compared
by their likely calls; a plan that reads every page is always among them.
"""

from collections.abc import Callable, Iterator

from cmdm_tui.query.budget import UNASKED_CALLS
from cmdm_tui.query.fetching.page_cache import can_be_fetched, fields_to_request
from cmdm_tui.query.model import Cost, FirstPage
from cmdm_tui.query.parsing.query_shape import QueryShape, counts_all_records, wanted_ids
from cmdm_tui.query.planning import composed_plans, file_plans, join_lookup, seek_plans
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.plan import (
    CandidatePlan,
    ComposedReads,
    CountRecords,
    GetRecords,
    JoinLookup,
    NoFetch,
    PlanClass,
    Scan,
    Stream,
)
from cmdm_tui.query.planning.scan_plans import estimate_scan, first_page_of_scan, make_scan_plan

_MAX_IDS_WITHOUT_TOTAL = 3
"""The number of ids to fetch one by one without knowing whether a scan is cheaper."""


def list_plans(query: BoundQuery) -> list[CandidatePlan]:
    """Return the plans that can answer the query, a scan of all pages first."""
    if not query.tables:
        return [CandidatePlan(PlanClass.LOCAL, NoFetch(), Cost(0, 0), 0)]
    found = [make_scan_plan(query), *join_lookup.list_join_plans(query)]
    found += file_plans.list_file_plans(query)
    found += composed_plans.list_composed_plans(query)
    if query.shape is not None:
        found += _count_plans(query, query.shape)
        found += _get_plans(query, query.shape)
        found += _stream_plans(query, query.shape)
        found += seek_plans.list_seek_plans(query, query.shape)
    return found


def choose_cheapest(
    found: list[CandidatePlan], begun: Callable[[CandidatePlan], int] = lambda _: 0
) -> CandidatePlan:
    """Return the plan with the fewest likely calls; among equals the simplest.

    `begun` returns how many of a plan's calls were made already.
    """
    ranks = {PlanClass.COUNT: 0, PlanClass.GET: 1, PlanClass.STREAM: 2, PlanClass.MATERIALISE: 3}
    return min(found, key=lambda one: (one.likely - begun(one), ranks.get(one.plan_class, 4)))


def _count_plans(query: BoundQuery, shape: QueryShape) -> Iterator[CandidatePlan]:
    if counts_all_records(shape):
        # Where no answer has stated a total yet, the records may have to be read to be counted.
        high = 1 if query.learner.has_seen_totals else UNASKED_CALLS
        yield CandidatePlan(PlanClass.COUNT, CountRecords(query.table), Cost(1, high), 1)


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
        least = wanted if table.total is None else min(wanted, table.total)
        calls = table.count_pages(least, per_page)
        cost, likely = Cost(calls, calls), calls
        sort_by = None if calls == 1 else first_page_of_scan(query, table).sort_by
        first = FirstPage(table.entity, per_page, fields, sort_by, "asc" if sort_by else None)
    task = Stream(table, query.used_columns, limit, shape.offset, wanted)
    order = "" if first is None else first.sort_by or ""
    yield CandidatePlan(PlanClass.STREAM, task, cost, likely, first, order)


def pages_to_read_first(query: BoundQuery, option: CandidatePlan) -> list[FirstPage]:
    """Return the pages to read now, because the plan's cost is not known without them."""
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
        case ComposedReads(reads=reads):
            firsts = {
                one.access.table.entity: one.first_page
                or first_page_of_scan(query, one.access.table)
                for one in reversed(reads)
                if not query.knows_page_count(one.access.table)
            }
            return list(firsts.values())
        case Scan(tables=tables, first_pages=firsts):
            return [firsts[one.entity] for one in tables if not query.knows_page_count(one)]
        case Stream(max_records=int(most)):
            is_one = query.learner.knows_page_count(most) and option.cost.high <= 1
            is_known = is_one or query.knows_page_count(query.table)
            return [] if is_known or option.first_page is None else [option.first_page]
        case _:
            is_known = query.knows_page_count(query.table) or option.first_page is None
            return [] if is_known or option.first_page is None else [option.first_page]
