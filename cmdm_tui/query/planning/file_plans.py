"""The plans that look for the values of a local file: by id, by a search, or not at all."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace
from sqlglot import exp

from cmdm_tui.query.fetching.page_cache import can_be_fetched
from cmdm_tui.query.model import EXTERNAL_ID, Cost
from cmdm_tui.query.parsing.query_shape import QueryShape
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.file_keys import FileKey, find_file_keys
from cmdm_tui.query.planning.key_search import (
    accepts_values,
    condition_of_values,
    likely_pages,
)
from cmdm_tui.query.planning.plan import CandidatePlan, GetRecords, PlanClass
from cmdm_tui.query.planning.seek_plans import list_seek_plans


def list_file_plans(query: BoundQuery) -> Iterator[CandidatePlan]:
    """Yield the plans for an entity of which only the records that a file asks for are needed."""
    if query.files is None or len(query.sources) != 1:
        return
    (source,) = query.sources
    for key in find_file_keys(source, query.table):
        found = query.files.distinct_values(key.sql)
        if found is not None and (accepts_values(key.column, found.kind) or not found.values):
            yield from _plans_of_key(query, key, found.values)


def _plans_of_key(
    query: BoundQuery, key: FileKey, values: Sequence[Any]
) -> Iterator[CandidatePlan]:
    shown = f"{len(values):,} {'value' if len(values) == 1 else 'values'} of a file"
    if not values:
        step = GetRecords(query.table, query.used_columns, ())
        yield CandidatePlan(PlanClass.GET, step, Cost(0, 0), 0, order=shown)
        return
    pages = query.table.pages if query.knows_page_count(query.table) else None
    if key.column.name == EXTERNAL_ID and all(map(can_be_fetched, values)):
        if pages is None or len(values) <= pages:
            step = GetRecords(query.table, query.used_columns, tuple(values))
            cost = Cost(len(values), len(values))
            yield CandidatePlan(PlanClass.GET, step, cost, len(values), order=shown)
        return
    for plan in list_seek_plans(query, _shape_of(query, key, values)):
        likely = (
            plan.likely if pages is None else min(plan.likely, likely_pages(len(values), pages))
        )
        yield replace(plan, likely=likely, order=f"{plan.order}, {shown}")


def _shape_of(query: BoundQuery, key: FileKey, values: Sequence[Any]) -> QueryShape:
    """Return the query that a search for the values answers: it holds every record needed."""
    (source,) = query.sources
    condition = condition_of_values(key.column, values)
    select = exp.Select(expressions=[exp.Star()]).where(condition, copy=False)
    return QueryShape(select, source, query.aggregates)
