"""The query engine: prepare SQL, see what it costs, run it, get the rows.

`Engine` is the entry; `PlannedQuery`, `RowStream` and `QueryResult` are what it returns.
"""

import asyncio
from dataclasses import replace

from msgspec import Struct

from cmdm_tui.catalog import Account
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.database.duckdb_session import QueryDatabase
from cmdm_tui.query.errors import QueryError, SqlError
from cmdm_tui.query.execution.describe_executor import NamesExecutor
from cmdm_tui.query.execution.executor import QueryExecutor, Resumption
from cmdm_tui.query.fetching.checkpoint import Checkpoint
from cmdm_tui.query.fetching.page_cache import PageCache
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.parsing.error_places import locate_error
from cmdm_tui.query.parsing.parameters import Parameters
from cmdm_tui.query.parsing.statement import Explain, nested_too_deeply, parse
from cmdm_tui.query.planning.planned_query import PlannedQuery, PlanningReads
from cmdm_tui.query.planning.preparer import QueryPreparer
from cmdm_tui.query.result import QueryResult
from cmdm_tui.query.row_stream import RowBatch, RowStream

__all__ = ["Engine", "PlannedQuery", "QueryResult", "RowBatch", "RowStream"]


class _RunOptions(Struct, frozen=True):
    """How to run: `calls_before` were made already; see `Engine.stream` for the others."""

    max_calls: int | None
    calls_before: int
    keeps_pages: bool
    stops_before_scan: bool = False
    is_resumed: bool = False


class Engine:
    """Runs SQL over one account. Close it to free what its results hold."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._database = QueryDatabase()
        self._names = NamesExecutor(account, self._database)

    @property
    def sent_count(self) -> int:
        """How many calls the account's client has sent, sign-ins not counted."""
        return self._account.client.sent_count

    async def prepare(
        self,
        sql: str,
        *,
        checkpoint: Checkpoint | None = None,
        max_calls: int | None = None,
        is_raw: bool = False,
        trusts_order: bool = False,
        parameters: Parameters | None = None,
    ) -> PlannedQuery:
        """Parse, bind and plan a statement: at most one call for each total that is not known.

        Fields of an entity that are not known are fetched once. Pages of a `checkpoint` of the same
        query are not read again. With `is_raw`, every column is text as it is stored, whatever type
        is declared. With `trusts_order`, a search takes the likely order of a field for its order,
        and its result says so. `parameters` are the values of each `$name` in the SQL. Raises
        QueryError for SQL that cannot be run, BudgetReached where `max_calls` is too small to plan
        it, ApiError where a call fails.
        """
        try:
            preparer = QueryPreparer(
                self._account, self._database, checkpoint, max_calls=max_calls, is_raw=is_raw
            )
            prepared = await preparer.prepare(
                parse(sql, parameters or {}, allows_files=self._account.profile.local_files)
            )
        except RecursionError:
            raise nested_too_deeply() from None
        except SqlError as error:
            raise locate_error(error, sql) from error.__cause__
        return replace(prepared, trusts_order=trusts_order)

    async def run(self, prepared: PlannedQuery, *, max_calls: int | None = None) -> QueryResult:
        """Run a query and return its whole result; partial where `max_calls` stopped it.

        `max_calls` includes the calls made while planning. Without it the most that the plan takes
        binds: a run that would pass it stops, and is partial. Raises QueryError or ApiError.
        """
        return await self.stream(prepared, max_calls=max_calls).finish()

    async def resume(self, result: QueryResult, *, max_calls: int | None = None) -> QueryResult:
        """Continue a run that its number of calls stopped, and return its result.

        Pages that were read are not read again; `max_calls` limits the additional calls, without it
        the most that the plan takes. Raises QueryError where the result is complete.
        """
        return await self.stream_resumed(result, max_calls=max_calls).finish()

    def stream(
        self,
        prepared: PlannedQuery,
        *,
        max_calls: int | None = None,
        keeps_pages: bool | None = None,
        stops_before_scan: bool = False,
    ) -> RowStream:
        """Return the run of a query: iterate over it for its rows as they arrive.

        With `keeps_pages`, what is read stays in memory, so that a stopped run can be resumed; None
        means: if `max_calls` can stop it. With `stops_before_scan`, a search stops instead of
        reading every page where `max_calls` is too small for that.
        """
        keeps = max_calls is not None if keeps_pages is None else keeps_pages
        calls_before = prepared.plan.calls_made
        return self._open_run(
            prepared, _RunOptions(max_calls, calls_before, keeps, stops_before_scan)
        )

    def stream_resumed(self, result: QueryResult, *, max_calls: int | None = None) -> RowStream:
        """Return the run that continues one that its number of calls stopped; see `resume`."""
        left = _resumption_of(result)
        if left is None:
            raise QueryError("This result is complete, or what was read for it was not kept")
        most = None if max_calls is None else left.used + max_calls
        prepared = replace(left.prepared, reads=[left.reads], read_since=left.read_since)
        return self._open_run(
            prepared, _RunOptions(most, left.used, keeps_pages=True, is_resumed=True)
        )

    def make_checkpoint(
        self, result: QueryResult, sql: str, *, calls_before: int = 0
    ) -> Checkpoint | None:
        """Return what a stopped run has read, for another process; None where it is complete.

        The run must keep its pages, see `stream`. `calls_before` were made by the runs before it.
        """
        left = _resumption_of(result)
        if left is None:
            return None
        profile = self._account.profile
        exported = [one.export() for one in left.reads.pages.values()]
        pages = [page for pages, _ in exported for page in pages]
        records = [record for _, records in exported for record in records]
        username = profile.credentials.username
        used = calls_before + left.used
        return Checkpoint(profile.url, username, sql, used, left.read_since, pages, records)

    def close(self) -> None:
        """Close the database; its results are gone with it."""
        self._database.close()

    def _open_run(self, prepared: PlannedQuery, options: _RunOptions) -> RowStream:
        if isinstance(prepared.statement, Explain) or prepared.bound is None:
            return RowStream.of_names(
                prepared, lambda: self._names.run(prepared, options.max_calls)
            )
        return RowStream(prepared, lambda stop: self._create_executor(prepared, options, stop))

    def _create_executor(
        self, prepared: PlannedQuery, options: _RunOptions, stop: asyncio.Event
    ) -> QueryExecutor:
        """Return an executor that starts with what planning has read, unless a run has used it."""
        bound = prepared.bound
        assert bound is not None  # noqa: S101 — `_open_run` has checked it
        used = options.calls_before
        if prepared.reads:
            reads = prepared.reads.pop()
        else:
            reads = PlanningReads({}, TraitLearner(self._account))
            used -= prepared.plan.calls_made
        planned = prepared.plan.cost.high + (used if options.is_resumed else 0)
        if options.max_calls is not None:
            planned = None
        budget = CallBudget(options.max_calls, planned=planned, used=used)
        for entity in bound.tables:
            if entity not in reads.pages:
                client = self._account.client
                reads.pages[entity] = PageCache(client, entity, budget, reads.learner)
            reads.pages[entity].start_run(
                budget, keeps_all=options.keeps_pages, needs_created=bound.needs_created(entity)
            )
        return QueryExecutor(
            prepared,
            bound,
            reads,
            budget,
            (prepared.database or self._database).create_session(),
            stop,
            stops_before_scan=options.stops_before_scan,
        )


def _resumption_of(result: QueryResult) -> Resumption | None:
    return result.resumption if isinstance(result.resumption, Resumption) else None
