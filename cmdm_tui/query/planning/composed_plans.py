"""The plan that reads, for each place in FROM, only the records that can change the answer.

`record_needs` says which those are. Each place is read by its own condition, or by the keys that
places read before give, in the order that is likely to take the fewest calls.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import permutations

from msgspec import Struct
from msgspec.structs import replace
from sqlglot import exp

from cmdm_tui.query.fetching.page_cache import can_be_fetched
from cmdm_tui.query.model import EXTERNAL_ID, Column, ColumnKind, Cost, FirstPage, Table
from cmdm_tui.query.parsing.query_shape import QueryShape, wanted_ids
from cmdm_tui.query.parsing.references import Source
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.key_search import condition_of_values, likely_pages
from cmdm_tui.query.planning.plan import (
    Access,
    CandidatePlan,
    ComposedReads,
    GetRecords,
    PlanClass,
    PlannedRead,
    PlanStep,
    ReadAny,
    ReadByKeys,
    ReadWhole,
    SeekFirst,
    SeekRecords,
)
from cmdm_tui.query.planning.record_needs import Key, Need, RecordNeeds
from cmdm_tui.query.planning.scan_plans import estimate_scan, first_page_of_scan
from cmdm_tui.query.planning.seek_plans import ASSUMED_RECORDS, list_seek_plans

_MAX_PLACES = 5
"""The number of places up to which every order of reading them is compared."""
_RECORDS_PER_VALUE = 4
"""How many records to assume that have one value of a field other than the id."""
_SHARE_OF_A_CONDITION = 1 / 4
"""How many of all records to assume that fulfil a condition other than values of a field."""
_OWN = (GetRecords, SeekRecords, ReadAny)
"""The accesses by a condition on the place itself."""
_SAMPLES = {ColumnKind.TEXT: "a", ColumnKind.NUMBER: 1, ColumnKind.DATE: date(2000, 1, 1)}
"""A value of each kind of key: what a search for one costs says how it works."""


class _Option(Struct, frozen=True):
    """A way to read a place: the read, how many records it likely brings, what is read before."""

    read: PlannedRead
    records: float
    of: frozenset[int] = frozenset()
    key: Column | None = None
    parts: tuple["_Option", ...] = ()


def list_composed_plans(query: BoundQuery) -> Iterator[CandidatePlan]:
    """Yield the plan that composes reads, where one place at least needs not every record."""
    if not 0 < len(query.sources) <= _MAX_PLACES or query.tree.find(exp.TableSample):
        return
    if any(one.total is None and name in query.first_pages for name, one in query.tables.items()):
        return  # what the service does not count cannot be searched
    is_single = len(query.sources) == 1
    if is_single and query.files is not None:
        return  # `file_plans` has them
    if query.shape is not None and query.tree.find(exp.Or) is None:
        return  # the plans of a single entity have them
    planner = _ComposedPlanner(query)
    if not is_single:
        yield from planner.first_rows()
    reads = planner.find_cheapest()
    if all(isinstance(one.access, ReadWhole) for one in reads):
        return
    if query.shape is not None and not isinstance(reads[0].access, ReadAny):
        return
    # Where a place before gives no key, nothing is read by keys.
    low = reads[0].cost.low if is_single else min(max(one.cost.low for one in reads), 1)
    cost = Cost(low, sum(one.cost.high for one in reads))
    step = ComposedReads(tuple(reads))
    likely = sum(one.likely for one in reads)
    if not any(isinstance(one.access, _OWN) for one in reads):
        # Nothing but keys asks for records: an estimate of them must promise more.
        every = sum(_sized(one).pages or 1 for one in query.tables.values())
        if likely > every / 2:
            return
    yield CandidatePlan(PlanClass.SEEK, step, cost, likely)


class _ComposedPlanner:
    """Compares the ways to read the places of one query, and the orders of reading them."""

    def __init__(self, query: BoundQuery) -> None:
        self._query = query
        self._needs = RecordNeeds(query)
        self._options = [
            self._options_of(place, self._needs.of(number))
            for number, place in enumerate(query.sources)
        ]

    def find_cheapest(self) -> list[PlannedRead]:
        """Return the reads in the order with the fewest likely calls."""
        numbers = range(len(self._options))
        if all(len(options) == 1 for options in self._options):
            return self._reads_in(numbers)
        found = [self._reads_in(order) for order in permutations(numbers)]
        return min(found, key=lambda reads: (sum(one.likely for one in reads), len(reads)))

    def first_rows(self) -> Iterator[CandidatePlan]:
        """Yield the plan for a join of which LIMIT wants the first rows in the order of a field."""
        query, leading = self._query, self._needs.leading_place()
        if leading is None or not isinstance(query.tree, exp.Select) or len(query.tables) == 1:
            return
        number, ordered = leading
        place = query.sources[number]
        shape = QueryShape(query.tree, place, query.aggregates)
        if not shape.limit or shape.has_odd_limit or not shape.is_row_by_row:
            return
        table = query.tables[place.entity]
        wanted = shape.limit + shape.offset
        count = wanted
        if shape.where is not None:
            every = float(_sized(table).total or 0)
            fitting = [one.records for one in self._options[number] if one.key is None]
            fitting += [every * _SHARE_OF_A_CONDITION]
            count = math.ceil(wanted * every / max(min(fitting), 1))
            if count > every / 2:
                return  # it would likely be a scan
        if any(join.side != "LEFT" for join in query.tree.args.get("joins") or ()):
            # Some of the first records may give no row; the rest of their page costs nothing.
            count = -(-count // table.largest_page) * table.largest_page
        order = exp.Ordered(**{**ordered.copy().args, "this": exp.column(ordered.this.this.copy())})
        select = exp.Select(expressions=[exp.Star()]).order_by(order, copy=False).limit(count)
        one = replace(query, tables={place.entity: table}, sources=(place,))
        for plan in list_seek_plans(one, QueryShape(select, place, query.aggregates)):
            if not isinstance(plan.step, SeekFirst):
                continue
            first = _Option(
                PlannedRead(plan.step, plan.cost, plan.likely, plan.first_page), float(count)
            )
            kept, self._options[number] = self._options[number], [first]
            others = [other for other in range(len(self._options)) if other != number]
            found = [self._reads_in((number, *rest)) for rest in permutations(others)]
            self._options[number] = kept
            reads = min(found, key=lambda reads: sum(read.likely for read in reads))
            # First records, and what they name, may be read before all of both are.
            high = (_sized(table).pages or 1) + plan.cost.high
            high += sum(2 * read.cost.high for read in reads[1:])
            step = ComposedReads(tuple(reads), wanted)
            likely = sum(read.likely for read in reads)
            yield CandidatePlan(PlanClass.SEEK, step, Cost(min(plan.cost.low, 1), high), likely)

    def _reads_in(self, order: Sequence[int]) -> list[PlannedRead]:
        reads: list[PlannedRead] = []
        records: dict[int, float] = {}
        places: dict[int, int] = {}
        whole: set[str] = set()
        for number in order:
            entity = self._query.sources[number].entity
            table = self._query.tables[entity]
            if entity in whole:
                records[number] = float(table.total or ASSUMED_RECORDS)
                places[number] = next(
                    n
                    for n, one in enumerate(reads)
                    if isinstance(one.access, ReadWhole) and one.access.table.entity == entity
                )
                continue
            ready = [
                _with_records(one, records, table)
                for one in self._options[number]
                if one.of <= records.keys()
            ]
            best = min(ready, key=lambda one: one.read.likely)
            if isinstance(best.read.access, ReadWhole):
                whole.add(entity)
            records[number] = best.records
            places[number] = len(reads)
            reads.append(replace(best.read, after=frozenset(places[one] for one in best.of)))
        return reads

    def _options_of(self, place: Source, need: Need) -> list[_Option]:
        table = self._query.tables[place.entity]
        found = [self._whole(table), *self._own(place, table, need.conditions)]
        found += [one for key in need.keys if (one := self._by_key(place, table, key)) is not None]
        for branches in need.choices:
            parts = [self._branch(place, table, one) for one in branches]
            if all(parts):
                found.append(
                    _any_of(table, found[0].read.access.columns, [one for one in parts if one])
                )
        return found

    def _branch(self, place: Source, table: Table, need: Need) -> _Option | None:
        options = list(self._own(place, table, need.conditions))
        options += [
            one for key in need.keys if (one := self._by_key(place, table, key)) is not None
        ]
        return min(options, key=lambda one: one.read.likely, default=None)

    def _whole(self, table: Table) -> _Option:
        first = first_page_of_scan(self._query, table)
        pages = _sized(table).pages or 1
        cost = estimate_scan(table)
        access = ReadWhole(table, self._query.columns_to_load(table), first)
        return _Option(PlannedRead(access, cost, pages, first), float(_sized(table).total or 0))

    def _own(
        self, place: Source, table: Table, conditions: Sequence[exp.Expr]
    ) -> Iterator[_Option]:
        """Yield the ways to read what fulfils the conditions on fields of the place alone."""
        if not conditions:
            return
        condition = exp.and_(*(one.copy() for one in conditions), copy=False)
        columns = self._query.columns_to_load(table)
        ids = wanted_ids(condition)
        if ids is not None and all(map(can_be_fetched, ids)):
            access = GetRecords(table, columns, ids)
            cost = Cost(len(ids), len(ids))
            yield _Option(PlannedRead(access, cost, len(ids)), len(ids))
        for read, points in self._searches(place, table, condition):
            total = _sized(table).total or 0
            records = total * _SHARE_OF_A_CONDITION
            if points is not None:
                records = min(points * _RECORDS_PER_VALUE, total)
            yield _Option(read, records)

    def _searches(
        self, place: Source, table: Table, condition: exp.Expr
    ) -> Iterator[tuple[PlannedRead, int | None]]:
        """Yield the searches for a condition, and of how many values; None for ranges."""
        one = replace(self._query, tables={place.entity: table}, sources=(place,))
        select = exp.Select(expressions=[exp.Star()]).where(condition, copy=False)
        for plan in list_seek_plans(one, QueryShape(select, place, self._query.aggregates)):
            if isinstance(plan.step, SeekRecords):
                pages = _sized(table).pages or 1
                points = plan.step.predicate.region.count_points()
                likely = plan.likely
                if points is not None:
                    likely = min(likely, likely_pages(points, pages))
                yield PlannedRead(plan.step, plan.cost, likely, plan.first_page), points

    def _by_key(self, place: Source, table: Table, key: Key) -> _Option | None:
        columns, pages = self._query.columns_to_load(table), _sized(table).pages or 1
        if key.column.name == EXTERNAL_ID:
            access = ReadByKeys(table, columns, key.column, key.sql, None)
            # Without a total the first page is needed, to know when a scan is cheaper.
            first = first_page_of_scan(self._query, table) if table.total is None else None
            read = PlannedRead(access, Cost(0, pages), pages, first)
            return _Option(read, 0, key.of, key.column)
        sample = _SAMPLES.get(key.column.kind)
        if sample is None:
            return None
        condition = condition_of_values(key.column, [sample])
        for read, _ in self._searches(place, table, condition):
            if isinstance(read.access, SeekRecords):
                access = ReadByKeys(table, columns, key.column, key.sql, read.access.orders)
                by_key = replace(read, access=access, cost=Cost(0, read.cost.high))
                return _Option(by_key, 0, key.of, key.column)
        return None


def _with_records(option: _Option, records: dict[int, float], table: Table) -> _Option:
    """Return an option with its likely calls, for as many values as the reads before it bring."""
    if option.parts:
        parts = [_with_records(one, records, table) for one in option.parts]
        return _any_of(table, option.read.access.columns, parts)
    if option.key is None:
        return option
    sized = _sized(table)
    pages, total = sized.pages or 1, sized.total or 0
    values = max((records[one] for one in option.of), default=_RECORDS_PER_VALUE)
    if option.key.name == EXTERNAL_ID:
        read = replace(option.read, likely=min(values, pages))
        return replace(option, read=read, records=min(values, total))
    read = replace(option.read, likely=likely_pages(max(round(values), 1), pages))
    return replace(option, read=read, records=min(values * _RECORDS_PER_VALUE, total))


def _any_of(table: Table, columns: tuple[Column, ...], parts: Sequence[_Option]) -> _Option:
    accesses: list[Access] = [one.read.access for one in parts]
    cost = Cost(max(one.read.cost.low for one in parts), sum(one.read.cost.high for one in parts))
    first: FirstPage | None = next(
        (one.read.first_page for one in parts if one.read.first_page is not None), None
    )
    likely = sum(one.read.likely for one in parts)
    each = tuple((one.read.access, one.read.cost, one.read.likely) for one in parts)
    read = PlannedRead(ReadAny(table, columns, tuple(accesses)), cost, likely, first, parts=each)
    of = frozenset[int]().union(*(one.of for one in parts))
    return _Option(read, sum(one.records for one in parts), of, parts=tuple(parts))


def _sized(table: Table) -> Table:
    """Return the table with the total that is assumed until a page has stated it."""
    return table if table.total is not None else replace(table, total=ASSUMED_RECORDS)


def orders_of(step: ComposedReads) -> dict[str, str]:
    """Return the field by which the pages of each entity that is searched are sorted."""
    firsts = (one.first_page for one in step.reads)
    return {one.entity: one.sort_by or "" for one in firsts if one is not None}


def describe_steps(step: ComposedReads) -> tuple[PlanStep, ...]:
    """Return the reads of a composed plan as a tree: those that no other waits for come first."""
    waited = frozenset[int]().union(*(one.after for one in step.reads))
    last = (number for number in range(len(step.reads)) if number not in waited)
    return tuple(_describe_step(step, number) for number in last)


def _describe_step(step: ComposedReads, number: int) -> PlanStep:
    read = step.reads[number]
    before = tuple(_describe_step(step, one) for one in sorted(read.after))
    what, entity = _describe_access(read.access), read.access.table.entity
    likely = min(max(math.ceil(read.likely), read.cost.low), read.cost.high)
    parts = tuple(
        PlanStep(_describe_access(one), entity, cost, min(math.ceil(likely), cost.high))
        for one, cost, likely in read.parts
    )
    return PlanStep(what, entity, read.cost, likely, (*parts, *before))


def _describe_access(access: Access) -> str:
    match access:
        case GetRecords(ids=ids):
            return f"by id: {len(ids):,} {'record' if len(ids) == 1 else 'records'}"
        case SeekRecords(predicate=predicate):
            return f"by a search by {predicate.column.field}"
        case SeekFirst(orders=orders):
            return f"by the first records in the order of {orders.column.field}"
        case ReadByKeys(key=key) if key.name == EXTERNAL_ID:
            return "by the ids that the steps below give"
        case ReadByKeys(key=key):
            return f"by a search for the values of {key.field} that the steps below give"
        case ReadAny():
            return "by any of"
        case ReadWhole():
            return "whole"
