"""The query engine's face: prepare SQL, see what it costs, run it, have the rows."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import msgspec

from cmdm_tui.api import Field
from cmdm_tui.catalog import Account
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.database.casts import storage_type
from cmdm_tui.query.database.duckdb_session import DuckDBSession, QueryDatabase
from cmdm_tui.query.errors import QueryError, UnknownName
from cmdm_tui.query.execution.executor import QueryExecutor, Resumption, RowBatch
from cmdm_tui.query.fetching.checkpoint import Checkpoint
from cmdm_tui.query.fetching.page_cache import PageCache
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import EXTERNAL_ID, ColumnKind, Cost
from cmdm_tui.query.parsing.references import nearest_names
from cmdm_tui.query.parsing.statement import (
    Describe,
    Explain,
    ShowEntities,
    nested_too_deeply,
    parse,
)
from cmdm_tui.query.planning.preparer import PreparedQuery, QueryPreparer
from cmdm_tui.query.result import RESULT_TABLE, Notes, QueryResult, ResultColumn, Stats

_BATCH_ROWS = 1_000


class Engine:
    """SQL over one account. Close it to let go of what its results hold."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._database = QueryDatabase()

    async def prepare(
        self, sql: str, *, reading: Checkpoint | None = None, max_calls: int | None = None
    ) -> PreparedQuery:
        """Read, check and plan a statement: at most a call for each total not yet known.

        Where an entity's fields are not known and their types matter, they are asked for once.
        What a `reading` of the same query holds is not read again. Raises QueryError for SQL that
        cannot be run, BudgetReached where `max_calls` are too few to plan it, ApiError where a call
        fails.
        """
        try:
            preparation = QueryPreparer(self._account, self._database, reading, most=max_calls)
            return await preparation.prepare(parse(sql))
        except RecursionError:
            raise nested_too_deeply() from None

    async def run(self, prepared: PreparedQuery, *, max_calls: int | None = None) -> QueryResult:
        """Run a query and return its whole result; partial where `max_calls` stopped it.

        `max_calls` counts the calls of planning too. Raises QueryError or ApiError.
        """
        return await self.stream(prepared, max_calls=max_calls).finish()

    async def resume(self, result: QueryResult, *, max_calls: int | None = None) -> QueryResult:
        """Go on with a run that its number of calls ended, and return the result then.

        Pages that were read are not read again; `max_calls` limits the further calls. Raises
        QueryError where there is nothing to go on with.
        """
        return await self.stream_resumed(result, max_calls=max_calls).finish()

    def stream_resumed(self, result: QueryResult, *, max_calls: int | None = None) -> "QueryRun":
        """Return the run that goes on with one that its number of calls ended; see `resume`."""
        left = result.resumption
        if not isinstance(left, Resumption):
            raise QueryError("This result is whole, or was not stopped by its number of calls")
        most = None if max_calls is None else left.used + max_calls
        prepared = replace(left.prepared, kept=[left.reads], since=left.read_since)
        return QueryRun(self, prepared, most, keeps=True, used=left.used)

    def make_checkpoint(
        self, result: QueryResult, sql: str, *, before: int = 0
    ) -> Checkpoint | None:
        """Return what a run has read that was stopped, for another process; None where it is whole.

        The run must have kept it, see `stream`. `before` calls were made by the runs before it.
        """
        left = result.resumption
        if not isinstance(left, Resumption):
            return None
        profile = self._account.profile
        kept = [one.export() for one in left.reads.pages.values()]
        pages = [page for pages, _ in kept for page in pages]
        records = [record for _, records in kept for record in records]
        username = profile.credentials.username
        used = before + left.used
        return Checkpoint(profile.url, username, sql, used, left.read_since, pages, records)

    def stream(
        self,
        prepared: PreparedQuery,
        *,
        max_calls: int | None = None,
        keeps: bool | None = None,
        guards: bool = False,
    ) -> "QueryRun":
        """Return the run of a query, to be iterated over: its rows as they come.

        `keeps` says whether what is read stays in memory, so that a run that is stopped can be
        taken up again: where None, if it has a number of calls to be stopped by. One that `guards`
        stops a search before it reads every page instead, where `max_calls` are too few for that.
        """
        keeps = max_calls is not None if keeps is None else keeps
        used = prepared.calls_made
        return QueryRun(self, prepared, max_calls, keeps=keeps, guards=guards, used=used)

    def close(self) -> None:
        """Let go of the database; results are gone with it."""
        self._database.close()

    def create_executor(
        self,
        prepared: PreparedQuery,
        most: int | None,
        stop: asyncio.Event,
        *,
        used: int,
        keeps: bool,
        guards: bool,
    ) -> QueryExecutor:
        """Begin a run with what planning has read, if no other run has begun with it.

        `used` calls were made before, those of planning among them; `keeps` and `guards` are as in
        `stream`.
        """
        query = prepared.bound
        if query is None:
            raise TypeError("This statement tells about names and has nothing to run.")
        if prepared.reads:
            kept = prepared.reads.pop()
            pages, learner = kept.pages, kept.learner
        else:
            learner, pages, used = TraitLearner(self._account), {}, used - prepared.calls_made
        budget = CallBudget(most, used=used)
        for entity in query.tables:
            if entity not in pages:
                pages[entity] = PageCache(self._account.client, entity, budget, learner)
            pages[entity].start_run(budget, keeps_all=keeps)
        session = self._database.create_session()
        return QueryExecutor(prepared, query, pages, learner, budget, session, stop, guards=guards)

    async def describe_names(self, prepared: PreparedQuery, most: int | None = None) -> QueryResult:
        """Return what SHOW ENTITIES, DESCRIBE and EXPLAIN tell, for at most that many calls."""
        statement = prepared.statement
        calls = 0
        match statement:
            case ShowEntities():
                rows = self._list_entities()
            case Describe(entity=entity):
                rows, calls = await self._describe_entity(entity, most)
            case Explain(as_json=True):
                rows = [(msgspec.json.encode(prepared.explain_json()).decode(),)]
            case _:
                rows = [(line,) for line in prepared.explain_text().splitlines()]
        columns = prepared.columns
        if isinstance(statement, Explain):
            columns = (ResultColumn("plan", "VARCHAR"),)
            calls = prepared.calls_made
        return _make_result(self._database.create_session(), columns, rows, prepared, calls)

    def _list_entities(self) -> list[tuple[Any, ...]]:
        catalog = self._account.catalog
        return [
            (
                entity,
                catalog.cached_total(entity),
                len(catalog.cached_fields(entity)) or None,
                catalog.is_custom(entity),
            )
            for entity in catalog.entities
        ]

    async def _describe_entity(
        self, name: str, most: int | None
    ) -> tuple[list[tuple[Any, ...]], int]:
        catalog = self._account.catalog
        entity = catalog.resolve_name(name)
        if entity not in catalog.entities and nearest_names(name, catalog.entities):
            raise UnknownName("entity", name, nearest_names(name, catalog.entities))
        calls = 0
        fields = catalog.cached_fields(entity)
        if not fields:
            preparation = QueryPreparer(self._account, self._database, most=most)
            fields, calls = await preparation.fetch_fields(entity)
        rows: list[tuple[Any, ...]] = [(EXTERNAL_ID, storage_type(ColumnKind.TEXT), None, False)]
        rows += [(one.name, _sql_type_of(one), one.type, one.inferred) for one in fields]
        return rows, calls


class QueryRun:
    """A run whose rows are given as they come. After the last, `result` holds all of them.

    `stop` ends it early: what came is given, and the result says that it is partial. A task that
    is cancelled while it waits for rows keeps what came the same way, in `result`; one that is
    cancelled elsewhere, or leaves the loop, asks for it with `kept`.
    """

    def __init__(
        self,
        engine: Engine,
        prepared: PreparedQuery,
        most: int | None,
        *,
        keeps: bool,
        used: int,
        guards: bool = False,
    ) -> None:
        self._engine = engine
        self._prepared = prepared
        self._max_calls = most
        self._keeps_pages = keeps
        self._stops_before_scan = guards
        self._calls_before = used
        self._stop_event = asyncio.Event()
        self._has_reader_left = False
        """Whether the reader has left the loop, and asks for what came if it wants that."""
        self.result: QueryResult | None = None
        self._executor: QueryExecutor | None = None

    async def finish_early(self) -> QueryResult:
        """Return the result of what came so far, partial where that is not all."""
        if self.result is None:
            if self._executor is None:
                return await self.finish()
            self.stop()
            self.result = await self._executor.finish_early()
        return self.result

    def stop(self) -> None:
        """Fetch no more: what is under way is left, what came is given."""
        self._stop_event.set()

    @property
    def is_computing(self) -> bool:
        """Tell whether nothing more is fetched, so that only to cancel it ends it early."""
        return self._executor is not None and self._executor.is_computing

    async def finish(self) -> QueryResult:
        """Run to the end and return the result."""
        if self._is_about_names:
            self.result = await self._engine.describe_names(self._prepared, self._max_calls)
            return self.result
        run = self._create_executor()
        async for _ in self._read_batches(run, wanted=False):
            pass
        return run.result

    def _create_executor(self) -> QueryExecutor:
        return self._engine.create_executor(
            self._prepared,
            self._max_calls,
            self._stop_event,
            used=self._calls_before,
            keeps=self._keeps_pages,
            guards=self._stops_before_scan,
        )

    @property
    def _is_about_names(self) -> bool:
        is_explained = isinstance(self._prepared.statement, Explain)
        return is_explained or self._prepared.bound is None

    async def __aiter__(self) -> AsyncGenerator[RowBatch]:
        """Yield the rows, some at a time; those of the result where the run is finished."""
        is_streamed = False
        if self._is_about_names:
            await self.finish()
        elif self.result is None:
            run = self._create_executor()
            async with aclosing(self._read_batches(run, wanted=True)) as given:
                async for rows in given:
                    is_streamed = True
                    yield RowBatch(self._prepared.columns, rows)
        if self.result is not None and not is_streamed:
            for rows in self.result.batches(_BATCH_ROWS):
                yield RowBatch(self.result.columns, rows)

    async def _read_batches(
        self, run: QueryExecutor, *, wanted: bool
    ) -> AsyncGenerator[Sequence[tuple[Any, ...]]]:
        self._executor = run
        try:
            async with aclosing(run.batches(wanted=wanted)) as batches:
                async for rows in batches:
                    try:
                        yield rows
                    except GeneratorExit:
                        self._has_reader_left = True
                        raise
        except asyncio.CancelledError:
            if self._has_reader_left:
                raise
            if self._stop_event.is_set():
                # It was to stop before: now it is to end at once, whatever has come.
                run.close()
                raise
            self.result = await run.finish_early()
            raise
        except Exception:
            run.close()
            raise
        self.result = await run.finish()


def _sql_type_of(field: Field) -> str:
    kind = ColumnKind.of_type(field.type)
    return "DECIMAL" if kind is ColumnKind.NUMBER else storage_type(kind)


def _make_result(
    session: DuckDBSession,
    columns: Sequence[ResultColumn],
    rows: Sequence[tuple[Any, ...]],
    prepared: PreparedQuery,
    calls: int,
) -> QueryResult:
    kept = ", ".join(f"c{n} {column.type}" for n, column in enumerate(columns, 1))
    session.execute(f"CREATE TEMP TABLE {RESULT_TABLE} ({kept})")
    holes = ", ".join("?" for _ in columns)
    for row in rows:
        session.execute(f"INSERT INTO {RESULT_TABLE} VALUES ({holes})", row)
    cost: Cost = prepared.cost
    stats = Stats(prepared.plan_name, cost.low, cost.high, calls, len(rows), 0.0)
    return QueryResult(session, columns, count=len(rows), notes=Notes(), stats=stats)


__all__ = ["Engine", "QueryRun", "RowBatch"]
