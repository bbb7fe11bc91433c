"""One run of a prepared query: its rows as they arrive, and its result afterwards."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Self

from msgspec import Struct

from cmdm_tui.query.database.duckdb_session import RowValues
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.execution.executor import QueryExecutor
from cmdm_tui.query.model import ResultColumn
from cmdm_tui.query.parsing.error_places import locate_error
from cmdm_tui.query.parsing.statement import Select
from cmdm_tui.query.planning.planned_query import PlannedQuery
from cmdm_tui.query.result import QueryResult

_BATCH_ROWS = 1_000


class RowBatch(Struct, frozen=True):
    """Some rows of a result, in order."""

    columns: tuple[ResultColumn, ...]
    rows: Sequence[RowValues]


class RowStream:
    """One run of a prepared query: iterate over its rows; afterwards `result` holds all of them.

    `stop` ends it early: the rows so far are the result, which is marked partial. A task that is
    cancelled while it waits for rows keeps them the same way, in `result`; one that is cancelled
    elsewhere, or leaves the loop, calls `finish_early`.
    """

    def __init__(
        self, prepared: PlannedQuery, create_executor: Callable[[asyncio.Event], QueryExecutor]
    ) -> None:
        self._prepared = prepared
        self._create_executor = create_executor
        self._read_names: Callable[[], Awaitable[QueryResult]] | None = None
        self._stop_event = asyncio.Event()
        self._has_reader_left = False
        """Whether the reader has left the loop; it then calls `finish_early` if it wants rows."""
        self.result: QueryResult | None = None
        self._executor: QueryExecutor | None = None

    @classmethod
    def of_names(
        cls, prepared: PlannedQuery, read_names: Callable[[], Awaitable[QueryResult]]
    ) -> Self:
        """Return the run of a statement about names, whose result comes at once."""
        run = cls(prepared, _no_executor)
        run._read_names = read_names
        return run

    async def finish_early(self) -> QueryResult:
        """Return the result of the rows so far, partial where more would follow."""
        if self.result is None:
            if self._executor is None:
                return await self.finish()
            self.stop()
            self.result = await self._executor.finish_early()
        return self.result

    def stop(self) -> None:
        """Fetch no more pages; the rows so far are the result."""
        self._stop_event.set()

    @property
    def is_computing(self) -> bool:
        """Whether all pages are read: only cancelling can end the run early now."""
        return self._executor is not None and self._executor.is_computing

    async def finish(self) -> QueryResult:
        """Run to the end and return the result."""
        if self._read_names is not None:
            self.result = await self._read_names()
            return self.result
        executor = self._create_executor(self._stop_event)
        async for _ in self._read_batches(executor, wanted=False):
            pass
        return executor.result

    async def __aiter__(self) -> AsyncGenerator[RowBatch]:
        """Yield the rows in batches; those of the result where the run is finished."""
        is_streamed = False
        if self._read_names is not None:
            await self.finish()
        elif self.result is None:
            executor = self._create_executor(self._stop_event)
            async with aclosing(self._read_batches(executor, wanted=True)) as batches:
                async for rows in batches:
                    is_streamed = True
                    yield RowBatch(self._prepared.columns, rows)
        if self.result is not None and not is_streamed:
            for rows in self.result.batches(_BATCH_ROWS):
                yield RowBatch(self.result.columns, rows)

    async def _read_batches(
        self, executor: QueryExecutor, *, wanted: bool
    ) -> AsyncGenerator[Sequence[RowValues]]:
        self._executor = executor
        try:
            async with aclosing(executor.batches(wanted=wanted)) as batches:
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
                # The run was asked to stop before: now it ends at once, without a result.
                executor.close()
                raise
            self.result = await executor.finish_early()
            raise
        except SqlError as error:
            executor.close()
            raise self._locate(error) from error.__cause__
        except Exception:
            executor.close()
            raise
        try:
            self.result = await executor.finish()
        except SqlError as error:
            raise self._locate(error) from error.__cause__

    def _locate(self, error: SqlError) -> SqlError:
        statement = self._prepared.statement
        return locate_error(error, statement.sql if isinstance(statement, Select) else "")


def _no_executor(_: asyncio.Event) -> QueryExecutor:
    raise TypeError("This statement is about names and has nothing to execute.")
