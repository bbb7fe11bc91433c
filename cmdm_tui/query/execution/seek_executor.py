"""Runs a seek for a query, and lets the query be answered by what was found."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from cmdm_tui.api import Page, SortOrder
from cmdm_tui.query import seek
from cmdm_tui.query.database.casts import Value
from cmdm_tui.query.execution.aggregate_answers import AggregateValue, substitute_answers
from cmdm_tui.query.fetching.page_cache import PageCache
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import EXTERNAL_ID, Column, ColumnKind, Table
from cmdm_tui.query.planning.plan import (
    BoundaryAggregate,
    BoundaryAggregates,
    CountValues,
    FirstPage,
    SeekRecords,
    Stream,
)

if TYPE_CHECKING:
    from cmdm_tui.query.execution.executor import QueryExecutor

COUNT_COLUMN = "records of the value"
"""The column beside a field's values that says how many records have each."""


class SeekPages:
    """An entity's pages as `seek` asks for them, until the run is stopped."""

    def __init__(
        self, run: "QueryExecutor", pages: PageCache, fields: Sequence[str] | None
    ) -> None:
        self._run = run
        self._pages = pages
        self._fields = fields

    async def page(
        self,
        number: int,
        *,
        sort_by: str,
        sort_order: SortOrder,
        fields: Sequence[str],  # noqa: ARG002 — what the query uses is asked for on every page
        per_page: int,
        fresh: bool = False,
    ) -> Page:
        """Return a page. Raises Stopped where the run may read no more."""
        self._run.last_seek_page = FirstPage(
            self._pages.entity,
            per_page,
            None if self._fields is None else tuple(self._fields),
            sort_by,
            sort_order,
        )
        page = await self._run.fetcher.unless_stopped(
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
        return page


class SeekStopped(Exception):
    """The run may read no further page: what a seek has read so far answers nothing."""


def learn_from_failure(failure: seek.SeekFailed, learner: TraitLearner) -> None:
    """Take in what a failed seek has shown."""
    if isinstance(failure, seek.OrderContradicted) and failure.trait is not None:
        learner.observe_contradiction(failure.trait, str(failure))


async def run_seek(
    run: "QueryExecutor",
    task: SeekRecords | BoundaryAggregates | CountValues | Stream,
    learner: TraitLearner,
) -> None:
    """Seek what the task is about. Raises SeekFailed, Stopped."""
    match task:
        case SeekRecords():
            await _find_records(run, task, learner)
        case BoundaryAggregates():
            await _answer_aggregates(run, task, learner)
        case CountValues():
            await _count_values(run, task, learner)
        case Stream():
            await _find_first_records(run, task, learner)


async def _find_records(run: "QueryExecutor", task: SeekRecords, learner: TraitLearner) -> None:
    found = await seek.find_records(
        run.seek_pages(task, task.predicate.column),
        task.predicate,
        task.orders,
        fields=_field_names(task.columns),
        per_page=task.table.largest_page,
        sure=_reads_until_sure(task.table, task.orders),
    )
    _report(run, learner, found)
    loader = await run.fetcher.create_loader(task.table, task.columns)
    await run.fetcher.load_records(loader, found.records, task.columns)
    await run.fetcher.show_loaded(loader)


async def _find_first_records(run: "QueryExecutor", task: Stream, learner: TraitLearner) -> None:
    column: Column = task.orders.column
    found = await seek.find_first(
        run.seek_pages(task, column),
        task.orders,
        descending=task.sort_field is not None and task.sort_field.descending,
        count=task.max_records or 0,
        fields=_field_names(task.columns),
        per_page=task.table.largest_page,
        sure=_reads_until_sure(task.table, task.orders),
    )
    _report(run, learner, found)
    loader = await run.fetcher.create_loader(task.table, task.columns)
    await run.fetcher.load_records(loader, found.records, task.columns)
    await run.fetcher.show_loaded(loader)


async def _answer_aggregates(
    run: "QueryExecutor", task: BoundaryAggregates, learner: TraitLearner
) -> None:
    answers: dict[int, AggregateValue] = {}
    for question in sorted(task.aggregates, key=lambda one: one.measure == "total"):
        if question.measure != "total" and answers and run.is_seek_too_long(task.table):
            raise seek.SeekFailed("The order took so many pages to tell that reading all is less.")
        answers[question.node] = await _answer_aggregate(run, task, question, learner)
    if run.shape is not None:
        run.answer = substitute_answers(run.shape, answers)


async def _answer_aggregate(
    run: "QueryExecutor",
    task: BoundaryAggregates,
    question: BoundaryAggregate,
    learner: TraitLearner,
) -> AggregateValue:
    table = task.table
    if question.measure == "total":
        total = await run.fetcher.unless_stopped(run.fetcher.pages_for(table).total())
        if total is None:
            raise SeekStopped if run.report.stop_reason else seek.NoTotal("No total is told.")
        return None, total
    column = question.predicate.column
    pages = run.seek_pages(task, column)
    if question.measure == "count":
        counted = await seek.count_matches(
            pages,
            question.predicate,
            question.orders,
            per_page=table.largest_page,
            sure=_reads_until_sure(table, question.orders),
        )
        _report(run, learner, counted)
        return None, counted.count
    extreme = seek.find_smallest if question.measure == "smallest" else seek.find_largest
    found = await extreme(
        pages,
        question.predicate,
        question.orders,
        per_page=table.largest_page,
        sure=_reads_until_sure(table, question.orders),
    )
    _report(run, learner, found)
    return column.kind, found.value


async def _count_values(run: "QueryExecutor", task: CountValues, learner: TraitLearner) -> None:
    grouped = await seek.count_values(
        run.seek_pages(task, task.column), task.orders, per_page=task.table.largest_page
    )
    _report(run, learner, grouped)
    counted = Column(COUNT_COLUMN, ColumnKind.NUMBER, "Number")
    table = Table(task.table.entity, (task.column, counted), task.table.total)
    loader = await run.fetcher.create_loader(table, table.columns)
    texts = [_value_text(value) for value, _ in grouped.counts]
    await run.fetcher.load_columns(loader, [texts, [str(count) for _, count in grouped.counts]])
    await run.fetcher.show_loaded(loader)
    run.rewrite = weight_counts


def weight_counts(tree: exp.Expr) -> exp.Expr:
    """Return the query with each count of records as a sum of the counts of their values."""
    tree = tree.copy()
    for call in list(tree.find_all(exp.Count)):
        what = call.this
        if isinstance(what, exp.Distinct):
            continue
        count: exp.Expr = exp.column(exp.to_identifier(COUNT_COLUMN, quoted=True))
        if isinstance(what, exp.Expr) and not isinstance(what, exp.Star):
            given = exp.If(this=exp.paren(what.copy()).is_(exp.null()), true=exp.Literal.number(0))
            count = exp.Case(ifs=[given], default=count)
        total = exp.func("coalesce", exp.func("sum", count), exp.Literal.number(0))
        call.replace(exp.cast(total, "BIGINT"))
    return tree


def _reads_until_sure(table: Table, ordering: seek.ColumnOrders) -> bool:
    """Tell whether doubts are to be resolved by reading on, rather than told."""
    return ordering.is_known or (table.pages or 1) <= seek.FEW_PAGES


def _report(run: "QueryExecutor", learner: TraitLearner, found: seek.SeekResult) -> None:
    learner.observe_orders(found.learned)
    run.report.add_messages(*found.notes)


def _field_names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns if column.name != EXTERNAL_ID]


def _value_text(value: Value | None) -> str | None:
    """Return a value as the text that the casts turn into it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if hasattr(value, "as_tuple") else str(value)


Rewrite = Callable[[exp.Expr], exp.Expr]
