"""Fetches pages and records for one run, until its budget or the user stops it, and loads them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Coroutine, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct, field

from cmdm_tui.api import (
    ApiError,
    Event,
    HourLimitReached,
    MonthLimitReached,
    Page,
    Record,
    RecordsMissing,
)
from cmdm_tui.api.paging import is_capped
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.database.duckdb_session import DuckDBSession
from cmdm_tui.query.database.loader import RecordLoader, column_texts
from cmdm_tui.query.errors import BudgetReached, PlanExceeded
from cmdm_tui.query.fetching.page_cache import PageCache, fields_to_request
from cmdm_tui.query.model import CREATED_DATE, Column, FirstPage, Table
from cmdm_tui.text import one_line

STOP_REQUESTED = "It was stopped."

_TO_THE_SECOND = "%Y-%m-%dT%H:%M:%S"
_CLOCKS_APART = timedelta(seconds=5)
"""How far the time at which a record was created may lie ahead of an answer's."""

_LOAD_BATCH = 4_000
"""Records that are loaded together while further pages arrive."""
_CONCURRENT_RECORDS = 8

Returned = TypeVar("Returned")


class EntityRead(Struct, frozen=True):
    """One entity to read whole: its table, the columns to load, and its first page."""

    table: Table
    columns: tuple[Column, ...]
    first_page: FirstPage


class RunReport(Struct):
    """What a run reports in addition to its rows."""

    stop_reason: str = ""
    is_out_of_calls: bool = False
    has_exceeded_plan: bool = False
    """Whether more calls than the plan takes would have been needed."""
    limit: ApiError | None = None
    """What the service said where the hour's or the month's limit ended the run."""
    is_unlike_plan: bool = False
    """Whether totals or page sizes were others than the plan took for true."""
    is_unsure: bool = False
    """Whether an answer takes the likely order of a field for the service's."""
    shortfalls: list[str] = field(default_factory=list[str])
    """Sentences on records that are counted and never came."""
    messages: list[str] = field(default_factory=list[str])
    loaders: list[tuple[Table, RecordLoader]] = field(
        default_factory=list[tuple[Table, RecordLoader]]
    )

    def add_messages(self, *messages: str) -> None:
        """Add sentences, each once."""
        self.messages += [one for one in messages if one not in self.messages]


class Fetcher:
    """Makes the calls of one run and loads what they return; `report` collects what to say."""

    def __init__(
        self,
        pages: dict[str, PageCache],
        budget: CallBudget,
        session: DuckDBSession,
        stop: asyncio.Event,
    ) -> None:
        self._pages = pages
        self._budget = budget
        self._session = session
        self._stop = stop
        self.report = RunReport()

    async def create_loader(self, table: Table, columns: tuple[Column, ...]) -> RecordLoader:
        """Create an empty table for an entity and return its loader."""
        await self._session.run(self._session.create_table, table, columns)
        loader = RecordLoader(self._session, table, columns)
        self.report.loaders = [
            (one, other) for one, other in self.report.loaders if one.entity != table.entity
        ]
        self.report.loaders.append((table, loader))
        return loader

    async def load_records(
        self, loader: RecordLoader, records: Sequence[Record], columns: tuple[Column, ...]
    ) -> None:
        """Load records; the work is done on another thread than the event loop."""
        if records:
            await self._session.run(loader.load, column_texts(records, columns))

    async def load_columns(
        self, loader: RecordLoader, lists: Sequence[Sequence[str | None]]
    ) -> None:
        """Load values given as columns of text."""
        await self._session.run(loader.load, lists)

    async def show_loaded(self, loader: RecordLoader) -> None:
        """Show the loaded rows in the entity's view."""
        await self._session.run(loader.show_loaded)

    def pages_for(self, table: Table) -> PageCache:
        """Return an entity's page cache."""
        return self._pages[table.entity]

    async def fetch_records(
        self, table: Table, columns: tuple[Column, ...], ids: Sequence[str]
    ) -> None:
        """Fetch records by their ids, some at a time, and load those that exist."""
        records = await self.find_records(table, ids)
        loader = await self.create_loader(table, columns)
        await self.load_records(loader, records, columns)
        await self._session.run(loader.show_loaded)

    async def find_records(self, table: Table, ids: Sequence[str]) -> list[Record]:
        """Fetch records by their ids, some at a time, and return those that exist."""
        gate = asyncio.Semaphore(_CONCURRENT_RECORDS)
        pages = self._pages[table.entity]

        async def record(external_id: str) -> Record | None:
            async with gate:
                return await self.unless_stopped(pages.record_or_none(external_id))

        found = await asyncio.gather(*(record(one) for one in ids))
        # A service may find one record by several ids, which differ in case.
        return list({one.external_id: one for one in found if one is not None}.values())

    async def fetch_entities(self, reads: Sequence[EntityRead]) -> None:
        """Read and load every page of the entities, side by side."""
        try:
            async with asyncio.TaskGroup() as group:
                for read in reads:
                    group.create_task(self.fetch_entity(read.table, read.columns, read.first_page))
        except ExceptionGroup as failures:
            # The first failure ended the others; callers know how to report it.
            raise failures.exceptions[0] from None

    async def fetch_entity(
        self, table: Table, columns: tuple[Column, ...], first: FirstPage
    ) -> None:
        """Read and load an entity: records are loaded while further pages arrive."""
        loader = await self.create_loader(table, columns)
        waiting: list[Record] = []
        loading: asyncio.Task[None] | None = None
        try:
            async with aclosing(self.read_pages(table, columns, first)) as pages:
                async for page in pages:
                    waiting += page.records
                    if len(waiting) >= _LOAD_BATCH:
                        if loading is not None:
                            await loading
                        loading = asyncio.create_task(self.load_records(loader, waiting, columns))
                        waiting = []
        finally:
            if loading is not None:
                await loading
        await self.load_records(loader, waiting, columns)
        await self._session.run(loader.show_loaded)

    async def read_pages(
        self,
        table: Table,
        columns: tuple[Column, ...],
        first: FirstPage,
        *,
        max_records: int | None = None,
    ) -> AsyncGenerator[Page]:
        """Yield pages until all are read, the budget is used up or the run is stopped."""
        fields = fields_to_request(table, columns)
        has_all = table.is_inferred and fields is None
        cache = self._pages[table.entity]
        created = CreatedMeanwhile(cache)
        pages = cache.walk(
            fields,
            per_page=first.per_page,
            sort_by=first.sort_by,
            sort_order=first.sort_order,
            max_records=max_records,
            notify=self._observe,
        )
        total: int | None = None
        came = 0
        unshown = set[str]()
        try:
            while (page := await self.unless_stopped(anext(pages, None))) is not None:
                if total is None:
                    self._report_page_size(page, first.per_page)
                if page.total_records is not None:
                    self._report_change(table, total, page.total_records)
                    total = page.total_records
                came += len(page.records)
                created.observe(page)
                if has_all:
                    unshown |= _names_not_in(table, page.records)
                if total is not None and came > total:
                    self.report.is_unlike_plan = True
                yield page
        finally:
            await pages.aclose()
            self._report_unshown(table, unshown)
            self.report.add_messages(*created.sentences)
            if self.report.has_exceeded_plan and total is not None and came < total:
                self._report_shortfall(table.entity, came, total)

    async def unless_stopped(self, work: Awaitable[Returned]) -> Returned | None:
        """Await a call; None where the run is stopped meanwhile or has no calls left."""
        if self._stop.is_set() and not self.report.stop_reason:
            self.report.stop_reason = STOP_REQUESTED
        if self.report.stop_reason:
            if isinstance(work, Coroutine):
                work.close()
            return None
        calling = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({calling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if calling.done():
                return calling.result()
            self.report.stop_reason = self.report.stop_reason or STOP_REQUESTED
        except (BudgetReached, HourLimitReached, MonthLimitReached) as limit:
            if not self._budget.used:
                raise
            self.report.stop_reason = f"It stopped early: {limit}"
            self.report.is_out_of_calls = isinstance(limit, BudgetReached)
            self.report.has_exceeded_plan = isinstance(limit, PlanExceeded)
            self.report.limit = limit if isinstance(limit, ApiError) else None
        finally:
            for task in (calling, stopping):
                task.cancel()
            await asyncio.wait({calling, stopping})
        return None

    def _observe(self, event: Event) -> None:
        """Note records that the service counts and that no page brought."""
        if isinstance(event, RecordsMissing):
            self.report.is_unlike_plan = True
            self._report_shortfall(
                event.entity, event.came, event.counted, " and its pages bring no more"
            )

    def _report_shortfall(self, entity: str, came: int, counted: int, why: str = "") -> None:
        self.report.shortfalls.append(
            f"{came:,} of the {counted:,} records of {entity} that the service counts have come"
            f"{',' if why else ''}{why}."
        )

    def _report_unshown(self, table: Table, names: set[str]) -> None:
        """Note fields that the records have and the columns do not: a later query has them."""
        if names:
            self._pages[table.entity].store_fields(sorted(names))
            shown = ", ".join(one_line(name, 40) for name in sorted(names)[:5])
            more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
            self.report.add_messages(
                f"Later records of {table.entity} have fields that the first ones do not show: "
                f"{shown}{more}. Run the query again to see them."
            )

    def _report_page_size(self, page: Page, planned: int) -> None:
        if is_capped(page, planned):
            self.report.is_unlike_plan = True
            self.report.add_messages(
                f"The service grants {page.row_count:,} records a page; the plan expected "
                f"{planned:,}: more calls were made than predicted."
            )

    def _report_change(self, table: Table, before: int | None, now: int) -> None:
        if before is None:
            if table.total is not None and table.total != now:
                self.report.is_unlike_plan = True
                self.report.add_messages(
                    f"{table.entity} had {table.total:,} records when the query was planned "
                    f"and {now:,} when it ran."
                )
        elif before != now:
            self.report.is_unlike_plan = True
            self.report.add_messages(
                f"{table.entity} changed while it was read: {before:,} records, then {now:,}. "
                "Records may be missing or outdated."
            )


class CreatedMeanwhile:
    """Looks on an entity's pages for records that were created since the first was requested.

    Where someone deletes a record that was read and creates another, the total stays, and one that
    no one touched moves to a page that was read before. Only a new record shows it, where it is
    on a page that is read later, and the pages have the time at which records were created.
    """

    def __init__(self, cache: PageCache) -> None:
        self._cache = cache
        self._pages = 0
        self._ids = set[str]()

    def observe(self, page: Page) -> None:
        """Look through the records of one more page."""
        self._pages += 1
        since, now = self._cache.read_since, self._cache.server_time
        self._ids.update(_ids_of_created(since, now, page.records))

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is to be said of them: nothing where there are none, or one page was all."""
        is_one_state = self._pages <= 1
        if not self._ids or is_one_state:
            return ()
        count = len(self._ids)
        records = "1 record" if count == 1 else f"{count:,} records"
        sentence = (
            f"{records} may have been created in {self._cache.entity} while it was read. If others "
            "were deleted meanwhile, records that no one touched may be missing."
        )
        return (sentence,)


def _ids_of_created(since: datetime, now: datetime, records: Sequence[Record]) -> Iterator[str]:
    """Yield the ids of records that say, to the second and in UTC, they were created since then.

    Some may have been there before: two clocks are compared, and each tells seconds alone. What
    lies ahead of the service's clock comes of another one.
    """
    first = since.strftime(_TO_THE_SECOND)
    last = (now + _CLOCKS_APART).strftime(_TO_THE_SECOND)
    for record in records:
        one = record.properties.get(CREATED_DATE)
        if isinstance(one, str) and first <= one <= last and one[10:11] == "T" and one[-1:] == "Z":
            yield record.external_id


def _names_not_in(table: Table, records: Sequence[Record]) -> set[str]:
    """Return the names of the records' fields that are neither columns nor unnamed."""
    names = set[str]().union(*(record.properties for record in records))
    return names.difference((one.field for one in table.columns), table.unnamed)
