"""The plan that reads every page: its step, its cost, and its first page."""

from msgspec.structs import replace

from cmdm_tui.query.fetching.page_cache import fields_to_request
from cmdm_tui.query.model import EXTERNAL_ID, Cost, FirstPage, Table
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.plan import CandidatePlan, PlanClass, Scan

UNKNOWN_CALLS = 1_000_000
"""The calls that a scan is assumed to cost at most where the service states no total."""


def estimate_scan(table: Table) -> Cost:
    """Return the cost of reading an entity whole."""
    return Cost(1, UNKNOWN_CALLS) if table.pages is None else Cost(table.pages, table.pages)


def make_scan_plan(query: BoundQuery) -> CandidatePlan:
    """Return the plan that reads every page of every entity once."""
    task = make_scan_step(query)
    total = sum((estimate_scan(table) for table in task.tables), Cost(0, 0))
    return CandidatePlan(PlanClass.MATERIALISE, task, total, total.high, order=EXTERNAL_ID)


def make_scan_step(query: BoundQuery) -> Scan:
    """Return the step that reads every page of every entity."""
    tables = tuple(query.tables.values())
    firsts = {table.entity: first_page_of_scan(query, table) for table in tables}
    return Scan(tables, {table.entity: query.columns_to_load(table) for table in tables}, firsts)


def first_page_of_scan(query: BoundQuery, table: Table) -> FirstPage:
    """Return the first page of a scan: sorted by external id, so no tied records overlap."""
    fields = fields_to_request(table, query.columns_to_load(table))
    read = query.first_pages.get(table.entity)
    if read is not None and table.pages == 1 and _covers_entity(read, fields, table):
        return replace(read, per_page=table.largest_page)
    if query.learner.trait("external_id_sorts") is False:
        return FirstPage(table.entity, table.largest_page, fields)
    return FirstPage(table.entity, table.largest_page, fields, EXTERNAL_ID, "asc")


def _covers_entity(read: FirstPage, fields: tuple[str, ...] | None, table: Table) -> bool:
    """Return whether a page that was read holds the whole entity with the needed fields."""
    if read.per_page < table.largest_page:
        return False
    return read.fields is None or (fields is not None and set(read.fields) >= set(fields))
