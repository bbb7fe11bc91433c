"""Executes a prepared query: fetches what its plan needs, runs the SQL, returns the rows."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from cmdm_tui.api import Page, Record
from cmdm_tui.query import seek
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.collation.macros import may_hold_special
from cmdm_tui.query.database.casts import COUNTED_SUFFIX
from cmdm_tui.query.database.duckdb_session import (
    DuckDBSession,
    RowValues,
    without_zones,
)
from cmdm_tui.query.database.loader import RecordLoader
from cmdm_tui.query.database.python_values import Described, PythonValues
from cmdm_tui.query.execution.aggregate_answers import AggregateValue, substitute_answers
from cmdm_tui.query.execution.composed_executor import ComposedExecutor
from cmdm_tui.query.execution.seek_executor import Rewrite, SeekExecutor, SeekStopped
from cmdm_tui.query.fetching.checkpoint import describe_age
from cmdm_tui.query.fetching.fetcher import STOP_REQUESTED, EntityRead, Fetcher
from cmdm_tui.query.fetching.page_cache import can_be_fetched
from cmdm_tui.query.model import FirstPage, ResultColumn, Table, kind_word, shown_name
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.planning import join_lookup
from cmdm_tui.query.planning.bound_query import BoundQuery, executable_sql
from cmdm_tui.query.planning.plan import (
    BoundaryAggregates,
    ComposedReads,
    CountRecords,
    CountValues,
    GetRecords,
    JoinLookup,
    NoFetch,
    Scan,
    SeekFirst,
    SeekRecords,
    SeekStep,
    Step,
    Stream,
)
from cmdm_tui.query.planning.planned_query import PlannedQuery, PlanningReads
from cmdm_tui.query.planning.scan_plans import make_scan_step
from cmdm_tui.query.result import RESULT_TABLE, Notes, QueryResult, Stats
from cmdm_tui.text import one_line

_MAX_PAGES_PER_BATCH = 8


class Resumption(Struct, frozen=True):
    """Where a run was stopped: what it has read since when, and the number of calls used.

    `is_out_of_calls` is true where it had no calls left, or too few to read every page.
    """

    prepared: PlannedQuery
    reads: PlanningReads
    used: int
    read_since: datetime
    is_out_of_calls: bool


class QueryExecutor:
    """Executes one prepared query. Iterate over its batches; the result is there afterwards."""

    def __init__(
        self,
        prepared: PlannedQuery,
        bound: BoundQuery,
        reads: PlanningReads,
        budget: CallBudget,
        session: DuckDBSession,
        stop: asyncio.Event,
        *,
        stops_before_scan: bool = False,
    ) -> None:
        self._prepared = prepared
        self._bound = bound
        self._pages = reads.pages
        self._learner = reads.learner
        self._budget = budget
        self._session = session
        self._stops_before_scan = stops_before_scan
        self._started = time.perf_counter()
        self._read_since = prepared.read_since or datetime.now(UTC)
        self._fetcher = Fetcher(reads.pages, budget, session, stop)
        self._report = self._fetcher.report
        self._answer: str | None = None
        """The query as SQL without an entity, where boundaries have answered it."""
        self._rewrite: Rewrite | None = None
        self._streams_rows = False
        self._parts_by_fold: dict[bool, tuple[str, PythonValues]] = {}
        self._seek_executor = SeekExecutor(
            self._fetcher,
            reads.learner,
            budget,
            bound.shape,
            trusts_order=prepared.trusts_order,
        )
        self._result: QueryResult | None = None
        self.is_computing = False
        """Whether all pages are read and the query is being executed."""

    @property
    def sql(self) -> str:
        """The query as DuckDB runs it on the loaded records."""
        return self._answer or executable_sql(
            self._bound, self._rewrite, fully=self._needs_full_casefold()
        )

    def _needs_full_casefold(self) -> bool:
        """Return whether text may hold characters that `lower()` folds differently."""
        if self._bound.files is not None:
            return True
        if any(loader.holds_special for _, loader in self._report.loaders):
            return True
        return may_hold_special(self._bound.tree.sql(dialect=DIALECT))

    async def batches(self, *, wanted: bool = True) -> AsyncGenerator[Sequence[RowValues]]:
        """Yield rows as soon as they are certain; none where they are not `wanted`."""
        self._streams_rows = wanted
        step = self._prepared.plan.step
        if isinstance(step, Stream):
            async with aclosing(self._stream(step)) as batches:
                async for rows in batches:
                    yield rows
            return
        await self._fetch(step)

    async def finish(self) -> QueryResult:
        """Execute the query on the loaded records and return the result."""
        self.is_computing = True
        self._learner.save()
        session, query = self._session, self.sql
        described = await session.run(session.describe, query)
        columns = Described(tuple(described))
        names = ", ".join(f"c{n}" for n in range(1, len(described) + 1))
        sql = f"CREATE TEMP TABLE {RESULT_TABLE} ({names}) AS {without_zones(query, described)}"
        counts = COUNTED_SUFFIX in query.lower()
        before = await session.run(session.count_unread) if counts else {}
        await session.run(session.execute, sql)
        after = await session.run(session.count_unread) if counts else {}
        unread = {kind_word(kind): after[kind] - before[kind] for kind in after}
        ((count,),) = await session.run(
            session.execute,
            f"SELECT count(*) FROM {RESULT_TABLE}",
        )
        for table, _ in self._report.loaders:
            await session.run(session.drop_table, table)
        resumption = None
        if self._report.stop_reason and all(one.keeps_all for one in self._pages.values()):
            kept = PlanningReads(self._pages, self._learner)
            is_out_of_calls = self._report.is_out_of_calls
            resumption = Resumption(
                self._prepared, kept, self._budget.used, self._read_since, is_out_of_calls
            )
        self._result = QueryResult(
            session,
            [ResultColumn(shown_name(name), kind) for name, kind in columns.shown],
            count=count,
            notes=self._make_notes({kind: count for kind, count in unread.items() if count}),
            stats=self._make_stats(count),
            resumption=resumption,
            limit=self._report.limit,
            described=columns,
        )
        return self._result

    @property
    def result(self) -> QueryResult:
        """The result. Raises RuntimeError before the run is finished."""
        if self._result is None:
            raise RuntimeError("The run is not finished.")
        return self._result

    async def finish_early(self) -> QueryResult:
        """Return the result of what was loaded before the run was cancelled."""
        self._report.stop_reason = self._report.stop_reason or STOP_REQUESTED
        for _, loader in self._report.loaders:
            await self._session.run(loader.show_loaded)
        loaded = {table.entity for table, _ in self._report.loaders}
        for table in self._bound.tables.values():
            if table.entity not in loaded:
                await self._session.run(
                    self._session.create_table, table, self._bound.columns_to_load(table)
                )
        return await self.finish()

    def close(self) -> None:
        """Drop the loaded records."""
        self._session.close()

    async def _fetch(self, step: Step) -> None:
        match step:
            case NoFetch():
                pass
            case CountRecords(table=table):
                await self._fetch_count(table)
            case GetRecords():
                await self._fetcher.fetch_records(step.table, step.columns, step.ids)
            case Scan():
                await self._fetcher.fetch_entities(_reads_of(step))
            case JoinLookup():
                await self._look_up(step)
            case ComposedReads():
                composed = ComposedExecutor(
                    self._bound,
                    self._fetcher,
                    self._seek_executor,
                    self._session,
                    self._budget if self._stops_before_scan else None,
                )
                await composed.run(step)
            case SeekRecords() | BoundaryAggregates() | CountValues() | SeekFirst():
                await self._seek(step)
            case Stream():
                raise AssertionError(step)  # its rows are read by `batches`

    async def _fetch_count(self, table: Table) -> None:
        total = await self._fetcher.unless_stopped(self._pages[table.entity].total())
        shape = self._bound.shape
        if self._report.stop_reason:
            await self._load_nothing()
            return
        if total is None or shape is None:
            self._report.add_messages("The service states no total, so the records were counted.")
            await self._fall_back(None)
            return
        answers: dict[int, AggregateValue] = dict.fromkeys(
            range(len(shape.aggregate_calls)), (None, total)
        )
        self._answer = substitute_answers(shape, answers)

    async def _look_up(self, step: JoinLookup) -> None:
        """Read the near side, then the records it names: by id, or by pages if those are fewer."""
        near, far = step.near, step.far
        if step.ids is None:
            await self._fetcher.fetch_entity(
                near, step.near_columns, step.scan.first_pages[near.entity]
            )
        else:
            await self._fetcher.fetch_records(near, step.near_columns, step.ids)
        rows = await self._session.run(
            self._session.execute, join_lookup.distinct_keys_sql(near, step.key)
        )
        ids = tuple(row[0] for row in rows)
        first = step.scan.first_pages[far.entity]
        if len(ids) < (far.pages or 1) and all(map(can_be_fetched, ids)):
            await self._fetcher.fetch_records(far, step.far_columns, ids)
        else:
            await self._fetcher.fetch_entity(far, step.far_columns, first)

    async def _seek(self, step: SeekStep) -> None:
        """Seek; read every page instead where the order of the pages does not allow it."""
        try:
            outcome = await self._seek_executor.run(step)
            self._answer, self._rewrite = outcome.answer, outcome.rewrite
        except SeekStopped:
            await self._load_nothing()
        except seek.SeekFailed as failure:
            (table,) = self._bound.tables.values()
            left, pages = self._budget.left, table.pages
            if self._stops_before_scan and left is not None and (pages is None or left < pages):
                self._report.stop_reason = f"It stopped before every page was read: {failure}"
                self._report.is_out_of_calls = True
                await self._load_nothing()
                return
            self._report.add_messages(f"Every page was read instead of a search: {failure}")
            await self._fall_back(self._seek_executor.last_first_page)

    async def _load_nothing(self) -> None:
        """Run the query on no record: a stopped seek has found none for certain."""
        for table in self._bound.tables.values():
            await self._fetcher.create_loader(table, self._bound.columns_to_load(table))

    async def _fall_back(self, sorted_first: FirstPage | None) -> None:
        """Read every page because the chosen plan does not work.

        Pages that the seek has read are used again if the scan uses their order. But where records
        tie, its pages may overlap; so that order is used only where there is one page, or more was
        read than a seek takes, and never where no total would show that records are missing.
        """
        self._report.is_unsure = False
        step = make_scan_step(self._bound)
        (table,) = step.tables
        are_ties_steady = self._learner.trait("stable_ties") is not False
        is_cheaper = table.pages == 1 or (
            table.total is not None
            and are_ties_steady
            and self._seek_executor.has_used_probes(table)
        )
        if sorted_first is not None and is_cheaper:
            step = replace(step, first_pages={table.entity: sorted_first})
        await self._fetcher.fetch_entities(_reads_of(step))

    async def _stream(self, step: Stream) -> AsyncGenerator[Sequence[RowValues]]:
        """Yield rows as pages arrive, until there are as many as LIMIT wants."""
        first = self._prepared.plan.first_page or FirstPage(step.table.entity, 1)
        if step.limit is None and not self._streams_rows:
            await self._fetcher.fetch_entity(step.table, step.columns, first)
            return
        loader = await self._fetcher.create_loader(step.table, step.columns)
        skipped, left = step.offset, step.limit
        if left == 0:
            return
        pages = self._fetcher.read_pages(
            step.table, step.columns, first, max_records=step.max_records
        )
        async with aclosing(_group_pages(pages, grow=left is None)) as batches:
            async for records in batches:
                since = loader.rows
                await self._fetcher.load_records(loader, records, step.columns)
                rows = await self._session.run(self._read_rows_since, loader, since)
                kept = rows[skipped:]
                skipped = max(skipped - len(rows), 0)
                if left is not None:
                    kept = kept[:left]
                    left -= len(kept)
                if kept:
                    yield kept
                if left == 0:
                    break
        await self._session.run(loader.show_loaded)

    def _read_rows_since(self, loader: RecordLoader, since: int) -> list[RowValues]:
        """Return the query's rows for the records that were loaded last."""
        loader.show_loaded(since)
        sql, values = self._query_of_part(self._needs_full_casefold())
        return values.convert(self._session.execute(sql))

    def _query_of_part(self, fully: bool) -> tuple[str, PythonValues]:
        """Return the query for part of its records, without LIMIT and OFFSET, and its values."""
        if fully not in self._parts_by_fold:
            tree = self._bound.tree.copy()
            tree.set("limit", None)
            tree.set("offset", None)
            sql = executable_sql(replace(self._bound, tree=tree), fully=fully)
            described = self._session.describe(sql)
            values = PythonValues(Described(tuple(described)))
            names = ", ".join(f"c{n}" for n in range(1, len(described) + 1))
            part = without_zones(sql, described)
            shown = f"SELECT {values.shown_sql} FROM ({part}) AS part({names})"
            self._parts_by_fold[fully] = shown, values
        return self._parts_by_fold[fully]

    def _make_notes(self, unread_values: dict[str, int]) -> Notes:
        failed: dict[str, int] = {}
        unread: dict[tuple[str, str], int] = {}
        inferred: dict[str, None] = {}
        for table, loader in self._report.loaders:
            misfits = loader.values.misfits
            for column in loader.columns:
                name = f"{table.entity}.{column.field}"
                if column.is_inferred:
                    inferred[name] = None
                if misfits.get(column.name) and column.reads is not None:
                    unread[name, kind_word(column.kind)] = misfits[column.name]
                elif misfits.get(column.name):
                    failed[name] = misfits[column.name]
        if self._budget.resent:
            count = self._budget.resent
            calls = "1 call was" if count == 1 else f"{count:,} calls were"
            self._report.add_messages(f"{calls} sent again after a failure, and counted again.")
        self._report.add_messages(*self._bound.messages, *self._describe_unnamed())
        first = (self._report.stop_reason, describe_age(self._read_since, datetime.now(UTC)))
        messages = [one for one in first if one]
        report = self._report
        return Notes(
            "partial" if report.stop_reason or report.shortfalls else "live",
            failed,
            unread,
            unread_values,
            tuple(inferred),
            tuple(dict.fromkeys(report.shortfalls)),
            (*messages, *report.messages),
            is_unsure=report.is_unsure,
            combines_records=self._bound.combines_records,
        )

    def _describe_unnamed(self) -> Iterator[str]:
        """Yield what to say of fields that SQL cannot name, where all fields are wanted."""
        for table in self._bound.tables.values():
            used = {one.name for one in self._bound.columns.get(table.entity, ())}
            if table.unnamed and used.issuperset(one.name for one in table.columns):
                names = ", ".join(repr(one_line(name, 40)) for name in table.unnamed[:3])
                count = len(table.unnamed)
                fields = "1 field" if count == 1 else f"{count:,} fields"
                more = f" and {count - 3:,} more" if count > 3 else ""
                yield f"SQL cannot name {fields} of {table.entity}: {names}{more}."

    def _make_stats(self, rows: int) -> Stats:
        cost, used = self._prepared.plan.cost, self._budget.used
        low, high = cost.low, cost.high
        if self._report.is_unlike_plan or self._report.stop_reason:
            low = min(low, used)
        if self._report.is_unlike_plan or self._budget.resent:
            high = max(high, used)
        milliseconds = round((time.perf_counter() - self._started) * 1000, 1)
        plan = self._prepared.plan.plan_class.value
        return Stats(plan, low, high, used, rows, milliseconds)


def _reads_of(scan: Scan) -> list[EntityRead]:
    return [
        EntityRead(table, scan.columns[table.entity], scan.first_pages[table.entity])
        for table in scan.tables
    ]


async def _group_pages(pages: AsyncGenerator[Page], *, grow: bool) -> AsyncGenerator[list[Record]]:
    """Yield the records of 1, 2, 4, then 8 pages at a time; of single pages unless they `grow`."""
    wanted, held, records = 1, 0, list[Record]()
    async with aclosing(pages):
        async for page in pages:
            records += page.records
            held += 1
            if held == wanted:
                yield records
                records, held = [], 0
                wanted = min(2 * wanted, _MAX_PAGES_PER_BATCH) if grow else 1
    if records:
        yield records
