"""Fetches for one run, within its budget and until it is stopped, and loads what comes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar

from cmdm_tui.api import HourLimitReached, MonthLimitReached, Page, Record
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.errors import BudgetReached
from cmdm_tui.query.loading import Loader, columns_of
from cmdm_tui.query.model import Column, Table
from cmdm_tui.query.pages import EntityPages, fields_of
from cmdm_tui.query.plan import FirstCall, Get, Scan
from cmdm_tui.query.session import Session

STOPPED = "It was stopped."

_LOADED_AT_ONCE = 4_000
"""Records that are loaded together, so that the work is done while further pages come."""
_RECORDS_AT_ONCE = 8

Found = TypeVar("Found")


@dataclass
class Findings:
    """What a run has to tell beside its rows."""

    stopped: str = ""
    is_out_of_calls: bool = False
    messages: list[str] = field(default_factory=list[str])
    loaders: list[tuple[Table, Loader]] = field(default_factory=list[tuple[Table, Loader]])

    def say(self, *messages: str) -> None:
        """Add sentences, each once."""
        self.messages += [one for one in messages if one not in self.messages]


class Fetching:
    """The calls of one run, and the loading of what they bring; `findings` are to be told."""

    def __init__(
        self,
        pages: dict[str, EntityPages],
        budget: CallBudget,
        session: Session,
        stop: asyncio.Event,
    ) -> None:
        self._pages = pages
        self._budget = budget
        self._session = session
        self._stop = stop
        self.findings = Findings()

    async def loader(self, table: Table, columns: tuple[Column, ...]) -> Loader:
        """Return a loader of an empty table."""
        await self._session.work(self._session.declare, table, columns)
        loader = Loader(self._session, table, columns)
        self.findings.loaders = [
            (one, other) for one, other in self.findings.loaders if one.entity != table.entity
        ]
        self.findings.loaders.append((table, loader))
        return loader

    async def load(
        self, loader: Loader, records: Sequence[Record], columns: tuple[Column, ...]
    ) -> None:
        """Load records; the work is done beside the event loop."""
        if records:
            await self._session.work(loader.load, columns_of(records, columns))

    async def load_lists(self, loader: Loader, lists: Sequence[Sequence[str | None]]) -> None:
        """Load values given as columns of text."""
        await self._session.work(loader.load, lists)

    async def show(self, loader: Loader) -> None:
        """Let the entity's table show what was loaded."""
        await self._session.work(loader.show)

    def pages_for(self, table: Table) -> EntityPages:
        """Return an entity's pages."""
        return self._pages[table.entity]

    async def got(self, task: Get) -> None:
        """Ask for records by their ids, some at a time, and load those that there are."""
        gate = asyncio.Semaphore(_RECORDS_AT_ONCE)
        pages = self._pages[task.table.entity]

        async def record(external_id: str) -> Record | None:
            async with gate:
                return await self.unless_stopped(pages.record_or_none(external_id))

        found = await asyncio.gather(*(record(one) for one in task.ids))
        # A service may find one record by several ids, which differ in case.
        records = {one.external_id: one for one in found if one is not None}
        loader = await self.loader(task.table, task.columns)
        await self.load(loader, list(records.values()), task.columns)
        await self._session.work(loader.show)

    async def scanned(self, task: Scan) -> None:
        """Read and load every page of the entities, side by side."""
        try:
            async with asyncio.TaskGroup() as group:
                for table in task.tables:
                    columns, first = task.columns[table.entity], task.firsts[table.entity]
                    group.create_task(self.scanned_one(table, columns, first))
        except ExceptionGroup as failures:
            # The first failure ended the others; it is what a caller knows how to tell.
            raise failures.exceptions[0] from None

    async def scanned_one(
        self, table: Table, columns: tuple[Column, ...], first: FirstCall
    ) -> None:
        """Read and load an entity: what came is loaded while further pages come."""
        loader = await self.loader(table, columns)
        waiting: list[Record] = []
        loading: asyncio.Task[None] | None = None
        try:
            async with aclosing(self.pages_of(table, columns, first)) as pages:
                async for page in pages:
                    waiting += page.records
                    if len(waiting) >= _LOADED_AT_ONCE:
                        if loading is not None:
                            await loading
                        loading = asyncio.create_task(self.load(loader, waiting, columns))
                        waiting = []
        finally:
            if loading is not None:
                await loading
        await self.load(loader, waiting, columns)
        await self._session.work(loader.show)

    async def pages_of(
        self,
        table: Table,
        columns: tuple[Column, ...],
        first: FirstCall,
        *,
        most: int | None = None,
    ) -> AsyncGenerator[Page]:
        """Yield pages until all have come, the budget is reached or the run is stopped."""
        pages = self._pages[table.entity].scan(
            fields_of(table, columns),
            per_page=first.per_page,
            sort_by=first.sort_by,
            sort_order=first.sort_order,
            most=most,
        )
        total: int | None = None
        try:
            while (page := await self.unless_stopped(anext(pages, None))) is not None:
                if total is None:
                    self._tell_size(page, first.per_page)
                if page.total_records is not None:
                    self._tell_change(table, total, page.total_records)
                    total = page.total_records
                yield page
        finally:
            await pages.aclose()

    async def unless_stopped(self, work: Awaitable[Found]) -> Found | None:
        """Await a call; None where the run is stopped meanwhile or may make no further call."""
        if self._stop.is_set() and not self.findings.stopped:
            self.findings.stopped = STOPPED
        if self.findings.stopped:
            if isinstance(work, Coroutine):
                work.close()
            return None
        calling = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({calling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if calling.done():
                return calling.result()
            self.findings.stopped = self.findings.stopped or STOPPED
        except (BudgetReached, HourLimitReached, MonthLimitReached) as limit:
            if not self._budget.used:
                raise
            self.findings.stopped = f"It stopped early: {limit}"
            self.findings.is_out_of_calls = isinstance(limit, BudgetReached)
        finally:
            for task in (calling, stopping):
                task.cancel()
            await asyncio.wait({calling, stopping})
        return None

    def _tell_size(self, page: Page, planned: int) -> None:
        came, total = len(page.records), page.total_records
        if total is not None and came < min(planned, total):
            self.findings.say(
                f"The service grants {came:,} records a page, and {planned:,} when it was planned: "
                "more calls were made than predicted."
            )

    def _tell_change(self, table: Table, before: int | None, now: int) -> None:
        if before is None:
            if table.total is not None and table.total != now:
                self.findings.say(
                    f"{table.entity} had {table.total:,} records when the query was planned "
                    f"and {now:,} when it ran."
                )
        elif before != now:
            self.findings.say(
                f"{table.entity} changed while it was read: {before:,} records, then {now:,}. "
                "Records may be missing or outdated."
            )
