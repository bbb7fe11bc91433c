"""The plans that use the order of a field, priced by `seek`."""

from collections.abc import Iterator

from msgspec.structs import replace
from sqlglot import exp

from cmdm_tui.api import SortOrder
from cmdm_tui.query import seek
from cmdm_tui.query.fetching.page_cache import fields_to_request
from cmdm_tui.query.model import EXTERNAL_ID, Column, ColumnKind, Cost, FirstPage, Table
from cmdm_tui.query.parsing.query_shape import (
    QueryShape,
    counts_all_records,
    extreme_count,
    is_count_of_records,
    is_scalar,
)
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.plan import (
    BoundaryAggregate,
    BoundaryAggregates,
    CandidatePlan,
    CountValues,
    PlanClass,
    SeekFirst,
    SeekRecords,
    SeekStep,
    TotalAggregate,
)

ASSUMED_RECORDS = 1_000_000
"""The number of records to assume until a page has stated the total."""


def list_seek_plans(query: BoundQuery, shape: QueryShape) -> Iterator[CandidatePlan]:
    """Yield the plans that answer the query by seeking.

    There are none where pages overlap: a seek computes on which page a record is.
    """
    table = query.table
    if table.page_overlap:
        return
    if table.total is None:
        table = replace(table, total=ASSUMED_RECORDS)
    seeking = _SeekPlanner(query, shape, table)
    yield from seeking.searches()
    yield from seeking.boundaries()
    yield from seeking.groups()
    yield from seeking.first_rows()


_REREAD_PAGES = 3
"""Pages that are read once more to check whether records have moved."""


class _SeekPlanner:
    """Lists the seek plans of one query."""

    def __init__(self, query: BoundQuery, shape: QueryShape, table: Table) -> None:
        self._query = query
        self._shape = shape
        self._table = table
        self._columns = {column.name: column for column in table.columns}

    def searches(self) -> Iterator[CandidatePlan]:
        """Yield the searches for the records that the condition on one field encloses."""
        for predicate in self._predicates():
            orders = self._orders(predicate.column)
            if orders is None:
                continue
            estimate = seek.estimate_seek("search", predicate, orders, self._table)
            step = SeekRecords(self._query.table, self._query.used_columns, predicate, orders)
            yield self._make_plan(
                step, estimate.low, estimate.likely, estimate.high, predicate.column
            )

    def boundaries(self) -> Iterator[CandidatePlan]:
        """Yield the plan that answers counts, minima and maxima from boundaries alone."""
        shape = self._shape
        if not shape.aggregate_calls or not is_scalar(shape) or counts_all_records(shape):
            return
        aggregates: list[TotalAggregate | BoundaryAggregate] = []
        low, likely, high = 0, 0, 0
        for index, call in enumerate(shape.aggregate_calls):
            aggregate = self._make_aggregate(index, call)
            if aggregate is None:
                return
            aggregates.append(aggregate)
            if isinstance(aggregate, TotalAggregate):
                likely, high = max(likely, 1), max(high, 1)
                continue
            kind = "count" if aggregate.measure == "count" else "extreme"
            estimate = seek.estimate_seek(kind, aggregate.predicate, aggregate.orders, self._table)
            low, likely = max(low, estimate.low), likely + estimate.likely
            high += estimate.high
        column, order = self._table.columns[0], "asc"
        first = next((one for one in aggregates if isinstance(one, BoundaryAggregate)), None)
        if first is not None:
            column, order = first.predicate.column, _order_of(first)
        step = BoundaryAggregates(self._query.table, self._query.used_columns, tuple(aggregates))
        yield self._make_plan(step, low, likely, high, column, order)

    def groups(self) -> Iterator[CandidatePlan]:
        """Yield the plan that skips from value to value of a field with few values."""
        used = self._query.columns.get(self._table.entity, ())
        if len(used) != 1 or not counts_values_only(self._shape, used[0]):
            return
        (column,) = used
        if not column.is_searchable:
            return
        if column.kind is not ColumnKind.BOOLEAN and not self._picklist_values(column):
            return
        orders = self._orders(column)
        if orders is None:
            return
        estimate = seek.estimate_seek("groups", None, orders, self._table)
        step = CountValues(self._query.table, column, orders)
        yield self._make_plan(step, estimate.low, estimate.likely, estimate.high, column)

    def first_rows(self) -> Iterator[CandidatePlan]:
        """Yield the plan that reads the first rows of a sorted field."""
        shape = self._shape
        sorting = shape.sort_field(self._table)
        if sorting is None or shape.limit is None or shape.has_odd_limit:
            return
        is_filtered = shape.where is not None
        if is_filtered and not shape.keeps_all_values(sorting.column, self._table):
            return
        if not shape.is_row_by_row or not shape.limit:
            return
        orders = self._orders(sorting.column)
        if orders is None:
            return
        wanted = shape.limit + shape.offset
        nulls_first = sorting.nulls_first and not is_filtered
        is_past_nulls = nulls_first is sorting.descending
        task: seek.SeekTask = "first past nulls" if is_past_nulls else "first"
        estimate = seek.estimate_seek(task, None, orders, self._table, count=wanted)
        step = SeekFirst(
            self._query.table,
            self._query.used_columns,
            orders,
            sorting.descending,
            wanted,
            nulls_first=nulls_first,
        )
        order: SortOrder = "desc" if sorting.descending else "asc"
        plan = self._make_plan(
            step, estimate.low, estimate.likely, estimate.high, sorting.column, order
        )
        yield replace(plan, plan_class=PlanClass.STREAM)

    def _make_plan(
        self,
        step: SeekStep,
        low: int,
        likely: int,
        high: int,
        column: Column,
        order: SortOrder = "asc",
    ) -> CandidatePlan:
        first = FirstPage(
            self._table.entity,
            self._table.largest_page,
            fields_to_seek(self._query.table, step, column),
            column.name,
            order,
        )
        shown = f"{column.name} {order}"
        pages = self._table.pages or 1
        # Where tied records change places, it may be seen late, and the scan then starts again: by
        # external id, as the pages that were read in this order overlap.
        if pages > 1 and self._query.learner.trait("stable_ties") is not True:
            high = max(high, 2 * pages + _REREAD_PAGES)
        if self._query.table.total is None:
            low = min(low, 1)
        return CandidatePlan(PlanClass.SEEK, step, Cost(low, high), likely, first, shown)

    def _predicates(self) -> list[seek.ColumnPredicate]:
        where = self._shape.where
        return [] if where is None else seek.extract_predicates(where, self._columns)

    def _orders(self, column: Column) -> seek.ColumnOrders | None:
        traits = self._query.learner.traits
        return seek.find_column_orders(column, traits, self._picklist_values(column))

    def _picklist_values(self, column: Column) -> tuple[str, ...]:
        return self._query.picklist_values.get(f"{self._table.entity}.{column.name}", ())

    def _make_aggregate(
        self, index: int, call: exp.Expr
    ) -> TotalAggregate | BoundaryAggregate | None:
        counts_records = is_count_of_records(call)
        if counts_records and self._shape.where is None:
            return TotalAggregate(index)
        column = None if counts_records else self._column_of(call)
        if column is None and not counts_records:
            return None
        predicate = self._exact_predicate(column)
        orders = None if predicate is None else self._orders(predicate.column)
        if predicate is None or orders is None:
            return None
        if isinstance(call, exp.Min | exp.Max):
            measure = "smallest" if isinstance(call, exp.Min) else "largest"
            return BoundaryAggregate(index, measure, predicate, orders)
        if column is not None and predicate.region.has_null:
            return None
        return BoundaryAggregate(index, "count", predicate, orders)

    def _exact_predicate(self, column: Column | None) -> seek.ColumnPredicate | None:
        """Return the predicate on an aggregate's field where it is the whole condition."""
        if self._shape.where is None:
            return None if column is None else seek.not_null(column)
        for predicate in self._predicates():
            if predicate.is_exact and column in {None, predicate.column}:
                return predicate
        return None

    def _column_of(self, call: exp.Expr) -> Column | None:
        """Return the field of a count, minimum or maximum; None for anything else."""
        what = self._shape.aggregated_column(call)
        return None if what is None else self._table.column(what.name)


def _order_of(aggregate: BoundaryAggregate) -> SortOrder:
    return "desc" if aggregate.measure == "largest" else "asc"


def fields_to_seek(table: Table, step: SeekStep, column: Column) -> tuple[str, ...] | None:
    """Return the fields that a seek by a column requests: those the query uses, and the column."""
    used = () if isinstance(step, CountValues) else step.columns
    return fields_to_request(table, [*used, column])


def counts_values_only(shape: QueryShape, column: Column) -> bool:
    """Return whether the query needs only a field's values and how often each occurs."""
    select = shape.select
    if select.find(exp.Window, exp.Filter) or select.args.get("qualify"):
        return False
    is_reduced = bool(select.args.get("group") or select.args.get("distinct"))
    if not is_reduced or column.name == EXTERNAL_ID:
        return False
    return all(_depends_on_values(call) for call in shape.aggregate_calls)


def _depends_on_values(call: exp.Expr) -> bool:
    if isinstance(call, exp.Min | exp.Max):
        return extreme_count(call) is None
    return isinstance(call, exp.Count) and not call.expressions
