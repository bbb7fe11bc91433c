"""The ways that use the order of a field: offered to the planner, priced by `seek`."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from cmdm_tui.api import SortOrder
from cmdm_tui.query import seek
from cmdm_tui.query.model import EXTERNAL_ID, Column, Cost, Kind, Table
from cmdm_tui.query.order import extremes
from cmdm_tui.query.pages import fields_of
from cmdm_tui.query.plan import (
    Boundaries,
    FirstCall,
    Groups,
    Option,
    PlanClass,
    Question,
    Search,
    Stream,
)
from cmdm_tui.query.shape import Shape

if TYPE_CHECKING:
    from cmdm_tui.query.planner import Understood

_ASSUMED = 1_000_000
"""Records that an entity is taken to have until a page has told its total."""


def options(query: "Understood", shape: Shape) -> Iterator[Option]:
    """Yield the ways to answer the query by seeking."""
    table = query.table
    if table.total is None:
        table = replace(table, total=_ASSUMED)
    seeking = _Seeking(query, shape, table)
    yield from seeking.searches()
    yield from seeking.boundaries()
    yield from seeking.groups()
    yield from seeking.first_rows()


_LOOKED_AT_AGAIN = 3
"""Pages that are read once more to see whether records have moved."""


class _Seeking:
    """One query's ways to seek."""

    def __init__(self, query: "Understood", shape: Shape, table: Table) -> None:
        self._query = query
        self._shape = shape
        self._table = table
        self._columns = {column.name: column for column in table.columns}

    def searches(self) -> Iterator[Option]:
        """Yield the searches for what the condition on one field encloses."""
        for candidate in self._candidates():
            ordering = self._ordering(candidate.column)
            if ordering is None:
                continue
            estimate = seek.cost("search", candidate, ordering, self._table)
            task = Search(self._query.table, self._query.used, candidate, ordering)
            yield self._option(task, estimate.low, estimate.likely, estimate.high, candidate.column)

    def boundaries(self) -> Iterator[Option]:
        """Yield the way to answer counts, minima and maxima by boundaries alone."""
        from cmdm_tui.query.planner import counts_all, is_scalar

        shape = self._shape
        if not shape.aggregate_calls or not is_scalar(shape) or counts_all(shape):
            return
        questions: list[Question] = []
        low, likely, high = 0, 0, 0
        for index, call in enumerate(shape.aggregate_calls):
            question = self._question(index, call)
            if question is None:
                return
            questions.append(question)
            if question.task == "total":
                likely, high = max(likely, 1), max(high, 1)
                continue
            task = "count" if question.task == "count" else "extreme"
            estimate = seek.cost(task, question.candidate, question.ordering, self._table)
            low, likely = max(low, estimate.low), likely + estimate.likely
            high += estimate.high
        first = next((one for one in questions if one.task != "total"), questions[0])
        column = self._table.columns[0] if first.candidate is None else first.candidate.column
        order: SortOrder = "desc" if first.task == "largest" else "asc"
        task = Boundaries(self._query.table, self._query.used, tuple(questions))
        yield self._option(task, low, likely, high, column, order)

    def groups(self) -> Iterator[Option]:
        """Yield the way to skip from value to value of a field of few values."""
        used = self._query.columns.get(self._table.entity, ())
        if len(used) != 1 or not counts_values(self._shape, used[0]):
            return
        (column,) = used
        if column.kind is not Kind.BOOLEAN and not self._values(column):
            return
        ordering = self._ordering(column)
        if ordering is None:
            return
        estimate = seek.cost("groups", None, ordering, self._table)
        task = Groups(self._query.table, column, ordering)
        yield self._option(task, estimate.low, estimate.likely, estimate.high, column)

    def first_rows(self) -> Iterator[Option]:
        """Yield the way to read the first rows of a sorted field."""
        shape = self._shape
        sorting = shape.sorting(self._table)
        if sorting is None or shape.limit is None or shape.has_odd_limit or shape.where is not None:
            return
        if not shape.is_row_by_row or not shape.limit:
            return
        ordering = self._ordering(sorting.column)
        if ordering is None:
            return
        wanted = shape.limit + shape.offset
        estimate = seek.cost("first", None, ordering, self._table, count=wanted)
        task = Stream(
            self._query.table,
            self._query.used,
            sorting,
            shape.limit,
            shape.offset,
            wanted,
            ordering,
        )
        order: SortOrder = "desc" if sorting.descending else "asc"
        option = self._option(
            task, estimate.low, estimate.likely, estimate.high, sorting.column, order
        )
        yield replace(option, plan_class=PlanClass.STREAM)

    def _option(
        self,
        task: Search | Boundaries | Groups | Stream,
        low: int,
        likely: int,
        high: int,
        column: Column,
        order: SortOrder = "asc",
    ) -> Option:
        first = FirstCall(
            self._table.entity,
            self._table.largest_page,
            sought_fields(self._query.table, task, column),
            column.name,
            order,
        )
        shown = f"{column.name} {order}"
        pages = self._table.pages or 1
        # Where tied records change places, it may be seen late, and the scan then begins anew: by
        # external id, as the pages that were read in this order overlap.
        if pages > 1 and self._query.learner.trait("stable_ties") is not True:
            high = max(high, 2 * pages + _LOOKED_AT_AGAIN)
        return Option(PlanClass.SEEK, task, Cost(low, high), likely, first, shown)

    def _candidates(self) -> list[seek.Candidate]:
        where = self._shape.where
        return [] if where is None else seek.extract(where, self._columns)

    def _ordering(self, column: Column) -> seek.Ordering | None:
        traits = self._query.learner.traits
        return seek.ordering(column, traits, self._values(column))

    def _values(self, column: Column) -> tuple[str, ...]:
        return self._query.options.get(f"{self._table.entity}.{column.name}", ())

    def _question(self, index: int, call: exp.Expr) -> Question | None:
        from cmdm_tui.query.planner import is_count_of_records

        counts_records = is_count_of_records(call)
        if counts_records and self._shape.where is None:
            return Question(index, "total")
        column = None if counts_records else self._column_of(call)
        if column is None and not counts_records:
            return None
        candidate = self._exact(column)
        ordering = None if candidate is None else self._ordering(candidate.column)
        if candidate is None or ordering is None:
            return None
        if isinstance(call, exp.Min | exp.Max):
            task = "smallest" if isinstance(call, exp.Min) else "largest"
            return Question(index, task, candidate, ordering)
        if column is not None and candidate.region.has_null:
            return None
        return Question(index, "count", candidate, ordering)

    def _exact(self, column: Column | None) -> seek.Candidate | None:
        """Return what the whole condition says, of the one field that an aggregate is of."""
        if self._shape.where is None:
            return None if column is None else seek.present(column)
        for candidate in self._candidates():
            if candidate.is_exact and column in {None, candidate.column}:
                return candidate
        return None

    def _column_of(self, call: exp.Expr) -> Column | None:
        """Return the field that a count, minimum or maximum is of; None for anything else."""
        what = self._shape.aggregated(call)
        return None if what is None else self._table.column(what.name)


def sought_fields(
    table: Table, task: Search | Boundaries | Groups | Stream, column: Column
) -> tuple[str, ...] | None:
    """Return the fields that a seek by a column asks for: those the query uses, and the column."""
    used = () if isinstance(task, Groups) else task.columns
    return fields_of(table, [*used, column])


def counts_values(shape: Shape, column: Column) -> bool:
    """Tell whether the query needs of a field but its values and how often each occurs."""
    select = shape.select
    if select.find(exp.Window, exp.Filter) or select.args.get("qualify"):
        return False
    is_reduced = bool(select.args.get("group") or select.args.get("distinct"))
    if not is_reduced or column.name == EXTERNAL_ID:
        return False
    return all(_is_of_values(call) for call in shape.aggregate_calls)


def _is_of_values(call: exp.Expr) -> bool:
    if isinstance(call, exp.Min | exp.Max):
        return extremes(call) is None
    return isinstance(call, exp.Count) and not call.expressions
