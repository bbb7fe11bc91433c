"""The plan that reads every page: its step, its cost, and its first page."""

from dataclasses import replace

from cmdm_tui.query.fetching.page_cache import fields_to_request
from cmdm_tui.query.model import EXTERNAL_ID, Cost, FirstPage, Table
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.plan import CandidatePlan, PlanClass, Scan

UNKNOWN_CALLS = 1_000_000
"""Calls that a scan is taken to cost at most where the server tells no total."""


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
