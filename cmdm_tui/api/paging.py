"""Goes through an entity's pages: ahead of the reader, in order, each record once.

What a service grants may be less than what was asked for, pages may overlap, and records may come
and go meanwhile (`api.md`, per_page and ties), so it is the records that came that count.
"""

import asyncio
import itertools
import math
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from cmdm_tui.api.errors import BadRequest, NotFound
from cmdm_tui.api.events import EventListener, PageRead, TotalChanged
from cmdm_tui.api.models import Page
from cmdm_tui.api.seen import IdSet

PageFetcher = Callable[[int, int, bool], Awaitable[Page]]
"""Retrieves a page, given its number, `per_page`, and whether to sort by external id."""

_EXTRA_PASSES = 3
"""Times that all pages are read again for records that overlapping pages have hidden."""


@dataclass(frozen=True, slots=True)
class PageWalkOptions:
    """How pages are read: `per_page` at most, `ahead` pages at once, and `most` records wanted."""

    entity: str
    per_page: int
    ahead: int = 4
    most: int | None = None


async def walk_pages(
    retrieve: PageFetcher, reading: PageWalkOptions, tell: EventListener
) -> AsyncGenerator[Page]:
    """Yield the pages from the first on, each record once.

    The first page is retrieved alone: it tells how many there are and how many records a page
    really holds. From the second on, pages are retrieved ahead, first one, then two, four, … at
    once, and none beyond those that hold the `most` records wanted. What a reader leaves unread is
    cancelled.

    It ends when as many records have come as the service counts; where it counts none, with the
    last page it names; and in any case with a page that brings nothing new or is not found. Where
    fewer have come than are counted, pages overlapped: they are read again, sorted by external id,
    which leaves no ties to overlap, and what is new comes last.
    """
    progress = _WalkState(reading, tell)
    first = progress.accept(await retrieve(1, reading.per_page, False), 1)
    if first.records:
        yield first
    if not first.records or progress.is_enough:
        return
    # Closed with this one: what is under way ends before a reader that stopped goes on.
    async with aclosing(_walk_ahead(retrieve, reading, progress)) as following:
        async for page in following:
            yield page
    for _ in range(_EXTRA_PASSES):
        if not progress.is_short:
            return
        known = progress.count
        async for page in _reread_by_id(retrieve, progress):
            yield page
        if progress.count == known:
            return


async def _reread_by_id(retrieve: PageFetcher, progress: "_WalkState") -> AsyncGenerator[Page]:
    by_id = True
    for number in range(1, progress.pages_in_all + 1):
        try:
            page = await retrieve(number, progress.granted, by_id)
        except BadRequest:
            if not by_id:
                raise
            by_id = False
            page = await retrieve(number, progress.granted, by_id)
        except NotFound:
            return
        page = progress.accept(page, number)
        if page.records:
            yield page
        if not progress.is_short:
            return


async def _walk_ahead(
    retrieve: PageFetcher, reading: PageWalkOptions, progress: "_WalkState"
) -> AsyncGenerator[Page]:
    granted = progress.granted
    under_way: deque[asyncio.Task[Page]] = deque()
    numbers = itertools.count(2)
    window = 1
    try:
        for number in itertools.count(2):
            while len(under_way) < min(window, progress.pages_left(number)):
                under_way.append(asyncio.ensure_future(retrieve(next(numbers), granted, False)))
            window = min(window * 2, reading.ahead)
            try:
                page = progress.accept(await under_way[0], number)
            except NotFound:
                return
            under_way.popleft()
            if page.records:
                yield page
            if not page.records or progress.is_enough or progress.is_past_the_end:
                return
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


class _WalkState:
    """What has come so far, and what that says of what is still to come."""

    def __init__(self, reading: PageWalkOptions, tell: EventListener) -> None:
        self._options = reading
        self._notify = tell
        self._ids = IdSet()
        self._total: int | None = None
        self._pages: int | None = None
        self._number = 0
        self.granted = reading.per_page

    @property
    def is_enough(self) -> bool:
        """Tell whether all records have come, or as many as are wanted."""
        if len(self._ids) >= self._wanted:
            return True
        return self._total is None and self._pages is not None and self._number >= self._pages

    @property
    def _wanted(self) -> float:
        total = math.inf if self._total is None else self._total
        return total if self._options.most is None else min(total, self._options.most)

    @property
    def count(self) -> int:
        """Records that have come."""
        return len(self._ids)

    @property
    def is_short(self) -> bool:
        """Tell whether fewer records have come than the service counts and are wanted."""
        return math.isfinite(self._wanted) and len(self._ids) < self._wanted

    @property
    def is_past_the_end(self) -> bool:
        """Tell whether the last page by the service's own count has come."""
        return self._total is not None and self._number * self.granted >= self._total

    @property
    def pages_in_all(self) -> int:
        """Pages that hold all records, by the service's count."""
        return 0 if self._total is None else math.ceil(self._total / self.granted)

    def pages_left(self, number: int) -> int:
        """Return how many pages from `number` on are worth retrieving now: at least one."""
        if math.isinf(self._wanted):
            return max((self._pages or number) - number + 1, 1)
        wanted = math.ceil((self._wanted - len(self._ids)) / self.granted)
        return max(min(wanted, self.pages_in_all - number + 1), 1)

    def accept(self, page: Page, number: int) -> Page:
        """Take in a page and return it with the records in it that are new."""
        self._number = number
        self._pages = page.total_pages
        if page.total_records is not None:
            if self._total not in {None, page.total_records}:
                before = self._total or 0
                self._notify(TotalChanged(page.entity, before, page.total_records))
            self._total = page.total_records
        if number == 1 and len(page.records) < min(self.granted, self._wanted):
            self.granted = max(len(page.records), 1)
        new = self._ids.add([record.external_id for record in page.records])
        if math.isinf(self._wanted) or page.total_pages is not None:
            pages = page.total_pages
        else:
            pages = math.ceil(self._wanted / self.granted)
        self._notify(PageRead(page.entity, number, pages))
        if len(new) == len(page.records):
            return page
        return replace(page, records=tuple(page.records[index] for index in new))
