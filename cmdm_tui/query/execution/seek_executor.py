"""Runs the seek of a plan's step, and answers the query with what it finds."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.api import Page, Record, SortOrder
from cmdm_tui.query import seek
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.database.loader import value_text
from cmdm_tui.query.execution.aggregate_answers import (
    COUNT_COLUMN,
    AggregateValue,
    substitute_answers,
    weight_counts,
)
from cmdm_tui.query.execution.order_scout import OrderScout
from cmdm_tui.query.fetching.fetcher import CreatedMeanwhile, Fetcher
from cmdm_tui.query.fetching.page_cache import PageCache
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import EXTERNAL_ID, Column, ColumnKind, FirstPage, Table
from cmdm_tui.query.parsing.query_shape import QueryShape
from cmdm_tui.query.planning.plan import (
    BoundaryAggregate,
    BoundaryAggregates,
    CountValues,
    SeekFirst,
    SeekRecords,
    SeekStep,
    TotalAggregate,
)
from cmdm_tui.query.planning.seek_plans import fields_to_seek

Rewrite = Callable[[exp.Expr], exp.Expr]
"""Changes a copy of the query before it runs on what was loaded."""


class SeekOutcome(Struct, frozen=True):
    """How a seek answers the query: by loaded records, through a rewrite, or whole as SQL.

    `answer` is the query as SQL without its entity; `rewrite` is needed to run it on counts.
    """

    answer: str | None = None
    rewrite: Rewrite | None = None


class SeekStopped(Exception):
    """The run may read no more pages: what the seek has read answers nothing."""


class SeekExecutor:
    """Runs the seeks of one query. Notes about their answers go to the fetcher's report."""

    def __init__(
        self,
        fetcher: Fetcher,
        learner: TraitLearner,
        budget: CallBudget,
        shape: QueryShape | None,
        *,
        trusts_order: bool = False,
    ) -> None:
        self._fetcher = fetcher
        self._is_sure = not trusts_order
        self._learner = learner
        self._budget = budget
        self._shape = shape
        self._pages: _SeekPages | None = None

    @property
    def last_first_page(self) -> FirstPage | None:
        """The first page in the order of the last seek; None where none was read."""
        return None if self._pages is None else self._pages.first_page

    async def run(self, step: SeekStep) -> SeekOutcome:
        """Run the seek of a step. Raises SeekFailed, SeekStopped."""
        with self._learning():
            match step:
                case SeekRecords():
                    found = await self._find_records(step)
                    return await self._load(step.table, step.columns, found)
                case BoundaryAggregates():
                    return await self._answer_aggregates(step)
                case CountValues():
                    return await self._count_values(step)
                case SeekFirst():
                    first = await self._find_first_records(step)
                    return await self._load(step.table, step.columns, first)

    async def find_records(self, step: SeekRecords | SeekFirst) -> Sequence[Record]:
        """Return the records that a search finds. Raises SeekFailed, SeekStopped."""
        with self._learning():
            if isinstance(step, SeekFirst):
                return await self._find_first_records(step)
            return await self._find_records(step)

    @contextmanager
    def _learning(self) -> Generator[None]:
        """Keep what a seek that fails has shown of the orders."""
        try:
            yield
        except seek.OrderUndecided as failure:
            self._learner.observe_orders(failure.learned)
            raise
        except seek.OrderContradicted as failure:
            if failure.trait is not None:
                self._learner.observe_contradiction(failure.trait, str(failure))
            raise

    def has_used_probes(self, table: Table) -> bool:
        """Return whether the run made more calls than a seek may before it is given up."""
        return self._budget.used >= seek.max_probes(table.pages or 1)

    async def _find_records(self, step: SeekRecords) -> Sequence[Record]:
        async def find(orders: seek.ColumnOrders) -> seek.FoundRecords:
            return await seek.find_records(
                self._open_pages(step, step.predicate.column),
                step.predicate,
                orders,
                fields=_field_names(step.columns),
                per_page=step.table.largest_page,
                sure=self._is_sure,
            )

        is_range = not seek.bounds_matches(step.orders, step.predicate)
        found = await self._scout(step).run(step.orders, find, is_range=is_range)
        self._report(found)
        return found.records

    async def _find_first_records(self, step: SeekFirst) -> Sequence[Record]:
        async def find(orders: seek.ColumnOrders) -> seek.FoundRecords:
            return await seek.find_first(
                self._open_pages(step, orders.column),
                orders,
                descending=step.descending,
                count=step.count,
                nulls_first=step.nulls_first,
                places=self._learner.deciding_places(entity, field, direction),
                fields=_field_names(step.columns),
                per_page=step.table.largest_page,
                sure=self._is_sure,
            )

        entity, field = step.table.entity, step.orders.column.name
        direction = "desc" if step.descending else "asc"
        found = await self._scout(step).run(step.orders, find, is_range=True)
        self._report(found)
        self._learner.observe_places(entity, field, direction, found.places)
        return found.records

    def _scout(self, step: SeekStep) -> OrderScout:
        return OrderScout(
            step.table,
            self._learner,
            lambda column: self._make_pages(step, column),
            is_sure=self._is_sure,
        )

    async def _load(
        self, table: Table, columns: tuple[Column, ...], records: Sequence[Record]
    ) -> SeekOutcome:
        loader = await self._fetcher.create_loader(table, columns)
        await self._fetcher.load_records(loader, records, columns)
        await self._fetcher.show_loaded(loader)
        return SeekOutcome()

    async def _answer_aggregates(self, step: BoundaryAggregates) -> SeekOutcome:
        answers: dict[int, AggregateValue] = {}
        for aggregate in step.aggregates:
            if isinstance(aggregate, BoundaryAggregate):
                if answers and self.has_used_probes(step.table):
                    raise seek.SeekFailed(
                        "The search for the order took as many pages as reading all of them."
                    )
                answers[aggregate.node] = await self._answer_aggregate(step, aggregate)
        for aggregate in step.aggregates:
            if isinstance(aggregate, TotalAggregate):
                answers[aggregate.node] = None, await self._read_total(step.table)
        return SeekOutcome(
            None if self._shape is None else substitute_answers(self._shape, answers)
        )

    async def _read_total(self, table: Table) -> int:
        fetcher = self._fetcher
        total = await fetcher.unless_stopped(fetcher.pages_for(table).total())
        if total is None:
            raise SeekStopped if fetcher.report.stop_reason else seek.NoTotal("No total is stated.")
        return total

    async def _answer_aggregate(
        self, step: BoundaryAggregates, aggregate: BoundaryAggregate
    ) -> AggregateValue:
        predicate, per_page = aggregate.predicate, step.table.largest_page
        if aggregate.measure == "count":

            async def count(orders: seek.ColumnOrders) -> seek.MatchCount:
                pages = self._open_pages(step, predicate.column)
                return await seek.count_matches(
                    pages, predicate, orders, per_page=per_page, sure=self._is_sure
                )

            is_range = not seek.bounds_matches(aggregate.orders, predicate)
            counted = await self._scout(step).run(aggregate.orders, count, is_range=is_range)
            self._report(counted)
            return None, counted.count
        is_smallest = aggregate.measure == "smallest"
        find, direction = (
            (seek.find_smallest, "asc") if is_smallest else (seek.find_largest, "desc")
        )
        entity, field = step.table.entity, predicate.column.name
        is_whole = predicate == seek.not_null(predicate.column)

        async def find_extreme(orders: seek.ColumnOrders) -> seek.ExtremeValue:
            places = self._learner.deciding_places(entity, field, direction) if is_whole else ()
            return await find(
                self._open_pages(step, predicate.column),
                predicate,
                orders,
                per_page=per_page,
                places=places,
                sure=self._is_sure,
            )

        found = await self._scout(step).run(aggregate.orders, find_extreme, is_range=True)
        self._report(found)
        if is_whole:
            self._learner.observe_places(entity, field, direction, found.places)
        return predicate.column.kind, found.value

    async def _count_values(self, step: CountValues) -> SeekOutcome:
        counted = await seek.count_values(
            self._open_pages(step, step.column), step.orders, per_page=step.table.largest_page
        )
        self._report(counted)
        count_column = Column(COUNT_COLUMN, ColumnKind.NUMBER, "Number")
        table = Table(step.table.entity, (step.column, count_column), step.table.total)
        loader = await self._fetcher.create_loader(table, table.columns)
        values = [value_text(value) for value, _ in counted.counts]
        counts = [str(count) for _, count in counted.counts]
        await self._fetcher.load_columns(loader, [values, counts])
        await self._fetcher.show_loaded(loader)
        return SeekOutcome(rewrite=weight_counts)

    def _open_pages(self, step: SeekStep, column: Column) -> "_SeekPages":
        self._pages = self._make_pages(step, column)
        return self._pages

    def _make_pages(self, step: SeekStep, column: Column) -> "_SeekPages":
        fields = fields_to_seek(step.table, step, column)
        return _SeekPages(self._fetcher, self._fetcher.pages_for(step.table), fields)

    def _report(self, found: seek.SeekResult) -> None:
        self._learner.observe_orders(found.learned)
        created = () if self._pages is None else self._pages.created.sentences
        self._fetcher.report.add_messages(*found.notes, *created)
        self._fetcher.report.is_unsure |= not found.is_sure


class _SeekPages:
    """An entity's pages as `seek` requests them, until the run is stopped."""

    def __init__(self, fetcher: Fetcher, pages: PageCache, fields: Sequence[str] | None) -> None:
        self._fetcher = fetcher
        self._pages = pages
        self._fields = fields
        self.first_page: FirstPage | None = None
        """The first page in the order that was requested last."""
        self.created = CreatedMeanwhile(pages)

    async def page(
        self,
        number: int,
        *,
        sort_by: str,
        sort_order: SortOrder,
        fields: Sequence[str],  # noqa: ARG002 — every page has the fields that the query uses
        per_page: int,
        fresh: bool = False,
    ) -> Page:
        """Return a page. Raises SeekStopped where the run may read no more."""
        requested = None if self._fields is None else tuple(self._fields)
        self.first_page = FirstPage(self._pages.entity, per_page, requested, sort_by, sort_order)
        page = await self._fetcher.unless_stopped(
            self._pages.page(
                number,
                sort_by=sort_by,
                sort_order=sort_order,
                fields=self._fields,
                per_page=per_page,
                fresh=fresh,
            )
        )
        if page is None:
            raise SeekStopped
        self.created.observe(page)
        return page


def _field_names(columns: Sequence[Column]) -> list[str]:
    return list(dict.fromkeys(one.field for one in columns if one.field != EXTERNAL_ID))
