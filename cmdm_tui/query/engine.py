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
from cmdm_tui.query.casts import stored_type
from cmdm_tui.query.errors import QueryError, UnknownName
from cmdm_tui.query.keeping import KeptReading
from cmdm_tui.query.learning import Learner
from cmdm_tui.query.model import EXTERNAL_ID, Cost, Kind
from cmdm_tui.query.names import nearest
from cmdm_tui.query.pages import EntityPages
from cmdm_tui.query.parse import Describe, Explain, ShowEntities, parse, too_deep
from cmdm_tui.query.prepare import Preparation, Prepared
from cmdm_tui.query.result import TABLE, Notes, Result, ResultColumn, Stats
from cmdm_tui.query.running import Batch, Resumption, Run
from cmdm_tui.query.session import Database, Session

_ROWS_AT_ONCE = 1_000


class Engine:
    """SQL over one account. Close it to let go of what its results hold."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._database = Database()

    async def prepare(
        self, sql: str, *, reading: KeptReading | None = None, max_calls: int | None = None
    ) -> Prepared:
        """Read, check and plan a statement: at most a call for each total not yet known.

        Where an entity's fields are not known and their types matter, they are asked for once.
        What a `reading` of the same query holds is not read again. Raises QueryError for SQL that
        cannot be run, BudgetReached where `max_calls` are too few to plan it, ApiError where a call
        fails.
        """
        try:
            preparation = Preparation(self._account, self._database, reading, most=max_calls)
            return await preparation.prepared(parse(sql))
        except RecursionError:
            raise too_deep() from None

    async def run(self, prepared: Prepared, *, max_calls: int | None = None) -> Result:
        """Run a query and return its whole result; partial where `max_calls` stopped it.

        `max_calls` counts the calls of planning too. Raises QueryError or ApiError.
        """
        return await self.stream(prepared, max_calls=max_calls).finish()

    async def resume(self, result: Result, *, max_calls: int | None = None) -> Result:
        """Go on with a run that its number of calls ended, and return the result then.

        Pages that were read are not read again; `max_calls` limits the further calls. Raises
        QueryError where there is nothing to go on with.
        """
        return await self.resuming(result, max_calls=max_calls).finish()

    def resuming(self, result: Result, *, max_calls: int | None = None) -> "Streaming":
        """Return the run that goes on with one that its number of calls ended; see `resume`."""
        left = result.resumption
        if not isinstance(left, Resumption):
            raise QueryError("This result is whole, or was not stopped by its number of calls")
        most = None if max_calls is None else left.used + max_calls
        prepared = replace(left.prepared, kept=[left.kept], since=left.since)
        return Streaming(self, prepared, most, keeps=True, used=left.used)

    def reading_of(self, result: Result, sql: str, *, before: int = 0) -> KeptReading | None:
        """Return what a run has read that was stopped, for another process; None where it is whole.

        The run must have kept it, see `stream`. `before` calls were made by the runs before it.
        """
        left = result.resumption
        if not isinstance(left, Resumption):
            return None
        profile = self._account.profile
        kept = [one.kept() for one in left.kept.pages.values()]
        pages = [page for pages, _ in kept for page in pages]
        records = [record for _, records in kept for record in records]
        username = profile.credentials.username
        used = before + left.used
        return KeptReading(profile.url, username, sql, used, left.since, pages, records)

    def stream(
        self,
        prepared: Prepared,
        *,
        max_calls: int | None = None,
        keeps: bool | None = None,
        guards: bool = False,
    ) -> "Streaming":
        """Return the run of a query, to be iterated over: its rows as they come.

        `keeps` says whether what is read stays in memory, so that a run that is stopped can be
        taken up again: where None, if it has a number of calls to be stopped by. One that `guards`
        stops a search before it reads every page instead, where `max_calls` are too few for that.
        """
        keeps = max_calls is not None if keeps is None else keeps
        used = prepared.calls_made
        return Streaming(self, prepared, max_calls, keeps=keeps, guards=guards, used=used)

    def close(self) -> None:
        """Let go of the database; results are gone with it."""
        self._database.close()

    def begin(
        self,
        prepared: Prepared,
        most: int | None,
        stop: asyncio.Event,
        *,
        used: int,
        keeps: bool,
        guards: bool,
    ) -> Run:
        """Begin a run with what planning has read, if no other run has begun with it.

        `used` calls were made before, those of planning among them; `keeps` and `guards` are as in
        `stream`.
        """
        query = prepared.understood
        if query is None:
            raise TypeError("This statement tells about names and has nothing to run.")
        if prepared.kept:
            kept = prepared.kept.pop()
            pages, learner = kept.pages, kept.learner
        else:
            learner, pages, used = Learner(self._account), {}, used - prepared.calls_made
        budget = CallBudget(most, used=used)
        for entity in query.tables:
            if entity not in pages:
                pages[entity] = EntityPages(self._account.client, entity, budget, learner)
            pages[entity].begin(budget, keeps_all=keeps)
        session = self._database.session()
        return Run(prepared, query, pages, learner, budget, session, stop, guards=guards)

    async def about_names(self, prepared: Prepared, most: int | None = None) -> Result:
        """Return what SHOW ENTITIES, DESCRIBE and EXPLAIN tell, for at most that many calls."""
        statement = prepared.statement
        calls = 0
        match statement:
            case ShowEntities():
                rows = self._entities()
            case Describe(entity=entity):
                rows, calls = await self._columns(entity, most)
            case Explain(as_json=True):
                rows = [(msgspec.json.encode(prepared.explain_json()).decode(),)]
            case _:
                rows = [(line,) for line in prepared.explain_text().splitlines()]
        columns = prepared.columns
        if isinstance(statement, Explain):
            columns = (ResultColumn("plan", "VARCHAR"),)
            calls = prepared.calls_made
        return _of_rows(self._database.session(), columns, rows, prepared, calls)

    def _entities(self) -> list[tuple[Any, ...]]:
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

    async def _columns(self, name: str, most: int | None) -> tuple[list[tuple[Any, ...]], int]:
        catalog = self._account.catalog
        entity = catalog.resolve_name(name)
        if entity not in catalog.entities and nearest(name, catalog.entities):
            raise UnknownName("entity", name, nearest(name, catalog.entities))
        calls = 0
        fields = catalog.cached_fields(entity)
        if not fields:
            preparation = Preparation(self._account, self._database, most=most)
            fields, calls = await preparation.fields(entity)
        rows: list[tuple[Any, ...]] = [(EXTERNAL_ID, stored_type(Kind.TEXT), None, False)]
        rows += [(one.name, _type_of(one), one.type, one.inferred) for one in fields]
        return rows, calls


class Streaming:
    """A run whose rows are given as they come. After the last, `result` holds all of them.

    `stop` ends it early: what came is given, and the result says that it is partial. A task that
    is cancelled while it waits for rows keeps what came the same way, in `result`; one that is
    cancelled elsewhere, or leaves the loop, asks for it with `kept`.
    """

    def __init__(
        self,
        engine: Engine,
        prepared: Prepared,
        most: int | None,
        *,
        keeps: bool,
        used: int,
        guards: bool = False,
    ) -> None:
        self._engine = engine
        self._prepared = prepared
        self._most = most
        self._keeps = keeps
        self._guards = guards
        self._used = used
        self._stop = asyncio.Event()
        self._is_left = False
        """Whether the reader has left the loop, and asks for what came if it wants that."""
        self.result: Result | None = None
        self._run: Run | None = None

    async def kept(self) -> Result:
        """Return the result of what came so far, partial where that is not all."""
        if self.result is None:
            if self._run is None:
                return await self.finish()
            self.stop()
            self.result = await self._run.kept()
        return self.result

    def stop(self) -> None:
        """Fetch no more: what is under way is left, what came is given."""
        self._stop.set()

    @property
    def is_computing(self) -> bool:
        """Tell whether nothing more is fetched, so that only to cancel it ends it early."""
        return self._run is not None and self._run.is_computing

    async def finish(self) -> Result:
        """Run to the end and return the result."""
        if self._tells_of_names:
            self.result = await self._engine.about_names(self._prepared, self._most)
            return self.result
        run = self._begun()
        async for _ in self._given(run, wanted=False):
            pass
        return run.finished_result

    def _begun(self) -> Run:
        return self._engine.begin(
            self._prepared,
            self._most,
            self._stop,
            used=self._used,
            keeps=self._keeps,
            guards=self._guards,
        )

    @property
    def _tells_of_names(self) -> bool:
        is_explained = isinstance(self._prepared.statement, Explain)
        return is_explained or self._prepared.understood is None

    async def __aiter__(self) -> AsyncGenerator[Batch]:
        """Yield the rows, some at a time; those of the result where the run is finished."""
        is_streamed = False
        if self._tells_of_names:
            await self.finish()
        elif self.result is None:
            run = self._begun()
            async with aclosing(self._given(run, wanted=True)) as given:
                async for rows in given:
                    is_streamed = True
                    yield Batch(self._prepared.columns, rows)
        if self.result is not None and not is_streamed:
            for rows in self.result.batches(_ROWS_AT_ONCE):
                yield Batch(self.result.columns, rows)

    async def _given(self, run: Run, *, wanted: bool) -> AsyncGenerator[Sequence[tuple[Any, ...]]]:
        self._run = run
        try:
            async with aclosing(run.batches(wanted=wanted)) as batches:
                async for rows in batches:
                    try:
                        yield rows
                    except GeneratorExit:
                        self._is_left = True
                        raise
        except asyncio.CancelledError:
            if self._is_left:
                raise
            if self._stop.is_set():
                # It was to stop before: now it is to end at once, whatever has come.
                run.close()
                raise
            self.result = await run.kept()
            raise
        except Exception:
            run.close()
            raise
        self.result = await run.finished()


def _type_of(field: Field) -> str:
    kind = Kind.of_type(field.type)
    return "DECIMAL" if kind is Kind.NUMBER else stored_type(kind)


def _of_rows(
    session: Session,
    columns: Sequence[ResultColumn],
    rows: Sequence[tuple[Any, ...]],
    prepared: Prepared,
    calls: int,
) -> Result:
    kept = ", ".join(f"c{n} {column.type}" for n, column in enumerate(columns, 1))
    session.execute(f"CREATE TEMP TABLE {TABLE} ({kept})")
    holes = ", ".join("?" for _ in columns)
    for row in rows:
        session.execute(f"INSERT INTO {TABLE} VALUES ({holes})", row)
    cost: Cost = prepared.cost
    stats = Stats(prepared.plan, cost.low, cost.high, calls, len(rows), 0.0)
    return Result(session, columns, count=len(rows), notes=Notes(), stats=stats)


__all__ = ["Batch", "Engine", "Streaming"]
