"""Runs a seek for a query, and lets the query be answered by what was found."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from cmdm_tui.api import Page, SortOrder
from cmdm_tui.query import seek
from cmdm_tui.query.answers import Answer, answered
from cmdm_tui.query.casts import Value
from cmdm_tui.query.learning import Learner
from cmdm_tui.query.model import EXTERNAL_ID, Column, Kind, Table
from cmdm_tui.query.pages import EntityPages
from cmdm_tui.query.plan import Boundaries, FirstCall, Groups, Question, Search, Stream

if TYPE_CHECKING:
    from cmdm_tui.query.running import Run

COUNTED = "records of the value"
"""The column beside a field's values that says how many records have each."""


class SoughtPages:
    """An entity's pages as `seek` asks for them, until the run is stopped."""

    def __init__(self, run: "Run", pages: EntityPages, fields: Sequence[str] | None) -> None:
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
        self._run.sought_first = FirstCall(
            self._pages.entity,
            per_page,
            None if self._fields is None else tuple(self._fields),
            sort_by,
            sort_order,
        )
        page = await self._run.fetching.unless_stopped(
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
            raise Stopped
        return page


class Stopped(Exception):
    """The run may read no further page: what a seek has read so far answers nothing."""


def learn_of(failure: seek.SeekFailed, learner: Learner) -> None:
    """Take in what a failed seek has shown."""
    if isinstance(failure, seek.OrderContradicted) and failure.trait is not None:
        learner.contradicted(failure.trait, str(failure))


async def find(run: "Run", task: Search | Boundaries | Groups | Stream, learner: Learner) -> None:
    """Seek what the task is about. Raises SeekFailed, Stopped."""
    match task:
        case Search():
            await _search(run, task, learner)
        case Boundaries():
            await _boundaries(run, task, learner)
        case Groups():
            await _groups(run, task, learner)
        case Stream():
            await _first(run, task, learner)


async def _search(run: "Run", task: Search, learner: Learner) -> None:
    found = await seek.search(
        run.sought(task, task.candidate.column),
        task.candidate,
        task.ordering,
        fields=_names(task.columns),
        per_page=task.table.largest_page,
        sure=_is_sure(task.table, task.ordering),
    )
    _tell(run, learner, found)
    loader = await run.fetching.loader(task.table, task.columns)
    await run.fetching.load(loader, found.records, task.columns)
    await run.fetching.show(loader)


async def _first(run: "Run", task: Stream, learner: Learner) -> None:
    column: Column = task.ordering.column
    found = await seek.first(
        run.sought(task, column),
        task.ordering,
        descending=task.sorting is not None and task.sorting.descending,
        count=task.most or 0,
        fields=_names(task.columns),
        per_page=task.table.largest_page,
        sure=_is_sure(task.table, task.ordering),
    )
    _tell(run, learner, found)
    loader = await run.fetching.loader(task.table, task.columns)
    await run.fetching.load(loader, found.records, task.columns)
    await run.fetching.show(loader)


async def _boundaries(run: "Run", task: Boundaries, learner: Learner) -> None:
    answers: dict[int, Answer] = {}
    for question in sorted(task.questions, key=lambda one: one.task == "total"):
        if question.task != "total" and answers and run.has_sought_long(task.table):
            raise seek.SeekFailed("The order took so many pages to tell that reading all is less.")
        answers[question.node] = await _answer(run, task, question, learner)
    if run.shape is not None:
        run.answer = answered(run.shape, answers)


async def _answer(run: "Run", task: Boundaries, question: Question, learner: Learner) -> Answer:
    table = task.table
    if question.task == "total":
        total = await run.fetching.unless_stopped(run.fetching.pages_for(table).total())
        if total is None:
            raise Stopped if run.findings.stopped else seek.NoTotal("No total is told.")
        return None, total
    column = question.candidate.column
    pages = run.sought(task, column)
    if question.task == "count":
        counted = await seek.count_in(
            pages,
            question.candidate,
            question.ordering,
            per_page=table.largest_page,
            sure=_is_sure(table, question.ordering),
        )
        _tell(run, learner, counted)
        return None, counted.count
    extreme = seek.smallest if question.task == "smallest" else seek.largest
    found = await extreme(
        pages,
        question.candidate,
        question.ordering,
        per_page=table.largest_page,
        sure=_is_sure(table, question.ordering),
    )
    _tell(run, learner, found)
    return column.kind, found.value


async def _groups(run: "Run", task: Groups, learner: Learner) -> None:
    grouped = await seek.groups(
        run.sought(task, task.column), task.ordering, per_page=task.table.largest_page
    )
    _tell(run, learner, grouped)
    counted = Column(COUNTED, Kind.NUMBER, "Number")
    table = Table(task.table.entity, (task.column, counted), task.table.total)
    loader = await run.fetching.loader(table, table.columns)
    texts = [_text(value) for value, _ in grouped.groups]
    await run.fetching.load_lists(loader, [texts, [str(count) for _, count in grouped.groups]])
    await run.fetching.show(loader)
    run.rewrite = weighted


def weighted(tree: exp.Expr) -> exp.Expr:
    """Return the query with each count of records as a sum of the counts of their values."""
    tree = tree.copy()
    for call in list(tree.find_all(exp.Count)):
        what = call.this
        if isinstance(what, exp.Distinct):
            continue
        count: exp.Expr = exp.column(exp.to_identifier(COUNTED, quoted=True))
        if isinstance(what, exp.Expr) and not isinstance(what, exp.Star):
            given = exp.If(this=exp.paren(what.copy()).is_(exp.null()), true=exp.Literal.number(0))
            count = exp.Case(ifs=[given], default=count)
        total = exp.func("coalesce", exp.func("sum", count), exp.Literal.number(0))
        call.replace(exp.cast(total, "BIGINT"))
    return tree


def _is_sure(table: Table, ordering: seek.Ordering) -> bool:
    """Tell whether doubts are to be resolved by reading on, rather than told."""
    return ordering.is_known or (table.pages or 1) <= seek.FEW_PAGES


def _tell(run: "Run", learner: Learner, found: seek.Finding) -> None:
    learner.shown(found.learnt)
    run.findings.say(*found.notes)


def _names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns if column.name != EXTERNAL_ID]


def _text(value: Value | None) -> str | None:
    """Return a value as the text that the casts turn into it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if hasattr(value, "as_tuple") else str(value)


Rewrite = Callable[[exp.Expr], exp.Expr]
