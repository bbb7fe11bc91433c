"""Runs a prepared query: lets be fetched what its plan says, executes it, gives the rows."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cmdm_tui.api import Page, Record
from cmdm_tui.query import finding, joining, seek
from cmdm_tui.query.answers import Answer, answered
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.dialect import DIALECT
from cmdm_tui.query.fetching import STOPPED, Fetching
from cmdm_tui.query.folding import may_hold_special
from cmdm_tui.query.keeping import told_age
from cmdm_tui.query.learning import Learner
from cmdm_tui.query.loading import Loader
from cmdm_tui.query.model import Column, Table
from cmdm_tui.query.pages import EntityPages, can_be_asked_for
from cmdm_tui.query.plan import (
    Boundaries,
    CountAll,
    FirstCall,
    Get,
    Groups,
    Lookup,
    Nothing,
    Scan,
    Search,
    Stream,
)
from cmdm_tui.query.planner import Understood, scan_of
from cmdm_tui.query.prepare import Kept, Prepared, executable
from cmdm_tui.query.result import TABLE, Notes, Result, ResultColumn, Stats
from cmdm_tui.query.seeking import sought_fields
from cmdm_tui.query.session import Row, Session, in_utc, shown_type
from cmdm_tui.query.shape import Shape

_MOST_PAGES = 8


@dataclass(frozen=True)
class Batch:
    """Some rows of a result, in order."""

    columns: tuple[ResultColumn, ...]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Resumption:
    """Where a run ended that was stopped: what it has read `since` when, and the calls `used`.

    `is_out_of_calls` is true where it might make no further one, or too few for every page.
    """

    prepared: Prepared
    kept: Kept
    used: int
    since: datetime
    is_out_of_calls: bool


class Run:
    """One run of one prepared query. Iterate over its batches; `result` is there afterwards."""

    def __init__(
        self,
        prepared: Prepared,
        query: Understood,
        pages: dict[str, EntityPages],
        learner: Learner,
        budget: CallBudget,
        session: Session,
        stop: asyncio.Event,
        *,
        guards: bool = False,
    ) -> None:
        self._prepared = prepared
        self._query = query
        self._pages = pages
        self._learner = learner
        self._budget = budget
        self._session = session
        self._guards = guards
        self._started = time.perf_counter()
        self._since = prepared.since or datetime.now(UTC)
        self.fetching = Fetching(pages, budget, session, stop)
        self.findings = self.fetching.findings
        self.answer: str | None = None
        """The query as SQL that needs no entity, where boundaries have answered it."""
        self.rewrite: finding.Rewrite | None = None
        self._wants_rows = False
        self._unlimited_sql: dict[bool, str] = {}
        self.sought_first: FirstCall | None = None
        """The first page of the order that was sought in last."""
        self._result: Result | None = None
        self.is_computing = False
        """Whether all has come that is wanted, and the query is executed on it."""

    @property
    def sql(self) -> str:
        """The query as DuckDB runs it on what was loaded."""
        return self.answer or executable(self._query, self.rewrite, fully=self._is_special())

    def _is_special(self) -> bool:
        """Tell whether text may hold characters that lower() does not fold as the account does."""
        if any(loader.holds_special for _, loader in self.findings.loaders):
            return True
        return may_hold_special(self._query.tree.sql(dialect=DIALECT))

    async def batches(self, *, wanted: bool = True) -> AsyncGenerator[Sequence[Row]]:
        """Yield rows as soon as they are known to be the query's; none where none are `wanted`."""
        self._wants_rows = wanted
        task = self._prepared.plan_.task
        if isinstance(task, Stream) and task.ordering is None:
            async with aclosing(self._streamed(task)) as batches:
                async for rows in batches:
                    yield rows
            return
        await self._fetched(task)

    async def finished(self) -> Result:
        """Execute the query on what was loaded and return the result."""
        self.is_computing = True
        self._learner.keep()
        session, query = self._session, self.sql
        described = await session.work(session.describe, query)
        names = ", ".join(f"c{n}" for n in range(1, len(described) + 1))
        sql = f"CREATE TEMP TABLE {TABLE} ({names}) AS {in_utc(query, described)}"
        await session.work(session.execute, sql)
        ((count,),) = await session.work(
            session.execute,
            f"SELECT count(*) FROM {TABLE}",
        )
        for table, _ in self.findings.loaders:
            await session.work(session.forget, table)
        resumption = None
        if self.findings.stopped and all(one.keeps_all for one in self._pages.values()):
            kept = Kept(self._pages, self._learner)
            is_out_of_calls = self.findings.is_out_of_calls
            resumption = Resumption(
                self._prepared, kept, self._budget.used, self._since, is_out_of_calls
            )
        self._result = Result(
            session,
            [ResultColumn(name, shown_type(kind)) for name, kind in described],
            count=count,
            notes=self._notes(),
            stats=self._stats(count),
            resumption=resumption,
        )
        return self._result

    @property
    def finished_result(self) -> Result:
        """The result. Raises RuntimeError before the run is finished."""
        if self._result is None:
            raise RuntimeError("The run is not finished.")
        return self._result

    async def kept(self) -> Result:
        """Return the result of what came before the run was cancelled."""
        self.findings.stopped = self.findings.stopped or STOPPED
        for _, loader in self.findings.loaders:
            await self._session.work(loader.show)
        if not self.findings.loaders and self._query.tables:
            for table in self._query.tables.values():
                await self._session.work(self._session.declare, table, self._query.loaded(table))
        return await self.finished()

    def close(self) -> None:
        """Let go of what was loaded."""
        self._session.close()

    async def _fetched(self, task: object) -> None:
        match task:
            case Nothing():
                pass
            case CountAll(table=table):
                await self._counted(table)
            case Get():
                await self.fetching.got(task)
            case Scan():
                await self.fetching.scanned(task)
            case Lookup():
                await self._looked_up(task)
            case Search() | Boundaries() | Groups() | Stream():
                await self._sought(task)
            case _:
                raise AssertionError(task)

    async def _counted(self, table: Table) -> None:
        total = await self.fetching.unless_stopped(self._pages[table.entity].total())
        shape = self._query.shape
        if self.findings.stopped:
            await self._nothing()
            return
        if total is None or shape is None:
            self.findings.say("The service tells no total, so the records were counted.")
            await self._fall_back(None)
            return
        answers: dict[int, Answer] = dict.fromkeys(range(len(shape.aggregate_calls)), (None, total))
        self.answer = answered(shape, answers)

    async def _looked_up(self, task: Lookup) -> None:
        """Read the near side, then the records it names: by id, or by pages if those are fewer."""
        near, far = task.near, task.far
        if task.ids is None:
            await self.fetching.scanned_one(near, task.near_columns, task.scan.firsts[near.entity])
        else:
            await self.fetching.got(Get(near, task.near_columns, task.ids))
        rows = await self._session.work(self._session.execute, joining.keys_sql(near, task.key))
        ids = tuple(row[0] for row in rows)
        first = task.scan.firsts[far.entity]
        if len(ids) < (far.pages or 1) and all(map(can_be_asked_for, ids)):
            await self.fetching.got(Get(far, task.far_columns, ids))
        else:
            await self.fetching.scanned_one(far, task.far_columns, first)

    async def _sought(self, task: Search | Boundaries | Groups | Stream) -> None:
        """Seek; where the order of the pages does not bear it, read every page instead."""
        try:
            await finding.find(self, task, self._learner)
        except finding.Stopped:
            await self._nothing()
        except seek.SeekFailed as failure:
            finding.learn_of(failure, self._learner)
            (table,) = self._query.tables.values()
            left, pages = self._budget.left, table.pages
            if self._guards and left is not None and (pages is None or left < pages):
                self.findings.stopped = f"It stopped before every page was read: {failure}"
                self.findings.is_out_of_calls = True
                await self._nothing()
                return
            self.findings.say(f"Every page was read instead of a search: {failure}")
            await self._fall_back(self.sought_first)

    async def _nothing(self) -> None:
        """Let the query run on no record: what was stopped has found none for certain."""
        for table in self._query.tables.values():
            await self.fetching.loader(table, self._query.loaded(table))

    async def _fall_back(self, sorted_first: FirstCall | None) -> None:
        """Read every page because the way chosen does not hold.

        Pages that were read in an order come again for nothing in that order. But where records
        tie, its pages may overlap; so it is used only where there is one page, or more was read
        than a search takes.
        """
        task = scan_of(self._query)
        (table,) = task.tables
        are_ties_steady = self._learner.trait("stable_ties") is not False
        is_cheaper = table.pages == 1 or (are_ties_steady and self.has_sought_long(table))
        if sorted_first is not None and is_cheaper:
            task = replace(task, firsts={table.entity: sorted_first})
        await self.fetching.scanned(task)

    async def _streamed(self, task: Stream) -> AsyncGenerator[Sequence[Row]]:
        """Yield the rows as pages come, until there are as many as LIMIT wants."""
        first = self._prepared.plan_.first or FirstCall(task.table.entity, 1)
        if task.limit is None and not self._wants_rows:
            await self.fetching.scanned_one(task.table, task.columns, first)
            return
        loader = await self.fetching.loader(task.table, task.columns)
        skipped, left = task.offset, task.limit
        if left == 0:
            return
        pages = self.fetching.pages_of(task.table, task.columns, first, most=task.most)
        async with aclosing(_in_batches(pages, grow=left is None)) as batches:
            async for records in batches:
                since = loader.rows
                await self.fetching.load(loader, records, task.columns)
                rows = await self._session.work(self._rows_since, loader, since)
                kept = rows[skipped:]
                skipped = max(skipped - len(rows), 0)
                if left is not None:
                    kept = kept[:left]
                    left -= len(kept)
                if kept:
                    yield kept
                if left == 0:
                    break
        await self._session.work(loader.show)

    def _rows_since(self, loader: Loader, since: int) -> list[Row]:
        """Return the query's rows from the records that were loaded last."""
        loader.show(since)
        return self._session.execute(self._unlimited(self._is_special()))

    def has_sought_long(self, table: Table) -> bool:
        """Tell whether more calls were made than a search is allowed before it is given up."""
        return self._budget.used >= seek.most_probes(table.pages or 1)

    @property
    def shape(self) -> Shape | None:
        """The query as a SELECT of one entity, where it is one."""
        return self._query.shape

    def sought(
        self, task: Search | Boundaries | Groups | Stream, column: Column
    ) -> finding.SoughtPages:
        """Return an entity's pages as a seek by a column asks for them."""
        fields = sought_fields(task.table, task, column)
        return finding.SoughtPages(self, self._pages[task.table.entity], fields)

    def _unlimited(self, fully: bool) -> str:
        """Return the query as DuckDB runs it on some of its records: without LIMIT and OFFSET."""
        if fully not in self._unlimited_sql:
            tree = self._query.tree.copy()
            tree.set("limit", None)
            tree.set("offset", None)
            sql = executable(replace(self._query, tree=tree), fully=fully)
            self._unlimited_sql[fully] = in_utc(sql, self._session.describe(sql))
        return self._unlimited_sql[fully]

    def _notes(self) -> Notes:
        failed: dict[str, int] = {}
        inferred: list[str] = []
        for table, loader in self.findings.loaders:
            failed |= {f"{table.entity}.{name}": n for name, n in loader.seen.failed.items()}
            inferred += [f"{table.entity}.{one.name}" for one in loader.columns if one.is_inferred]
            self.findings.say(*loader.seen.warnings(table.entity))
        if self._budget.again:
            count = self._budget.again
            calls = "1 call was" if count == 1 else f"{count:,} calls were"
            self.findings.say(f"{calls} sent again after a failure, and counted again.")
        told = (self.findings.stopped, told_age(self._since, datetime.now(UTC)))
        messages = [one for one in told if one]
        source = "partial" if self.findings.stopped else "live"
        return Notes(source, failed, tuple(inferred), (*messages, *self.findings.messages))

    def _stats(self, rows: int) -> Stats:
        cost = self._prepared.cost
        milliseconds = round((time.perf_counter() - self._started) * 1000, 1)
        plan = self._prepared.plan
        return Stats(plan, cost.low, cost.high, self._budget.used, rows, milliseconds)


async def _in_batches(pages: AsyncGenerator[Page], *, grow: bool) -> AsyncGenerator[list[Record]]:
    """Yield the records of 1, 2, 4, and then of 8 pages at a time; of each, unless they `grow`."""
    wanted, held, records = 1, 0, list[Record]()
    async with aclosing(pages):
        async for page in pages:
            records += page.records
            held += 1
            if held == wanted:
                yield records
                records, held = [], 0
                wanted = min(2 * wanted, _MOST_PAGES) if grow else 1
    if records:
        yield records
