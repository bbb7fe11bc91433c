"""The walk over an entity's pages: each record once, to the end and no further.

A service may grant smaller pages than were asked for, overlap them, repeat one, count wrongly or
not at all, and records may come and go meanwhile (`api.md`, where the documentation is silent). So
the records that came decide.
"""

import asyncio
import itertools
import math
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from cmdm_tui.api.decode_fields import named_fields
from cmdm_tui.api.errors import BadRequest, NotFound
from cmdm_tui.api.events import (
    Event,
    EventListener,
    PageRead,
    RecordsMissing,
    TotalChanged,
    ignore_events,
)
from cmdm_tui.api.id_set import IdSet
from cmdm_tui.api.models import Field, FieldPage, Page, Record

PageFetcher = Callable[[int, int, bool], Awaitable[Page]]
"""Retrieves a page, given its number, `per_page`, and whether to sort by external id."""

_STALE_PAGES = 2
"""Pages in a row without a new record after which a service is taken to repeat itself."""

_EXTRA_PASSES = 3
"""Times that all pages are read again for records that overlapping pages have hidden."""


def count_missing(
    came: int, total: int | None, *, per_page: int | None = None, number: int | None = None
) -> int:
    """Return how many records of one answer never came, as far as its own total says.

    The answer is that to a page, `number` of `per_page` records, or with neither to a call for all.
    `came` records are in it, and the service counts `total`; None where it counts none.
    """
    expected = total or 0
    if per_page is not None:
        expected = min(per_page, max(expected - per_page * ((number or 1) - 1), 0))
    return max(expected - came, 0)


def is_capped(page: Page, per_page: int) -> bool:
    """Return whether a first page holds fewer records than were asked for and are counted."""
    total = page.total_records
    return total is not None and 0 < page.row_count < min(per_page, total)


class PageWalk:
    """One walk over the pages of an entity: pulled one page at a time, or run ahead of its reader.

    `per_page` is the size of page to ask for, `most` the number of records wanted, None for all;
    `is_by_id` says that the pages are asked for in the order of the external ids.
    Who pulls asks for page `next_page`, gives it to `accept`, and stops when the walk `has_ended`.
    Who runs ahead iterates over `run`.

    A walk ends when as many records have come as the service counts or as are wanted; where it
    counts none, with the last page it names; and in any case with an empty or missing page, and
    with pages that bring nothing new: two in a row, or one where the service names no further page.
    A service that counts fewer than came is believed neither the count nor its number of pages.

    Records that are counted and wanted and never came are the walk's `shortfall`.
    """

    def __init__(
        self, entity: str, per_page: int, *, most: int | None = None, is_by_id: bool = False
    ) -> None:
        self.entity = entity
        self.per_page = per_page
        """Records a page holds: as many as asked for, until the first page shows fewer."""
        self.next_page = 1
        self.total: int | None = None
        """Records that the service counts, as it last said."""
        self.total_pages: int | None = None
        self.has_changed = False
        """Whether the total changed from one page to the next: somebody writes meanwhile."""
        self.has_ended = False
        self.events: tuple[Event, ...] = ()
        """What the last page showed: that it came, and a total that changed."""
        self._most = most
        self._is_by_id = is_by_id
        """Whether the pages are sorted by external id: then it is not ties that overlap."""
        self._ids = IdSet()
        self._ids_of_pass = self._ids
        self._came = 0
        self._stale = 0
        self._lost = 0
        """Records that came and could not be read."""
        self._has_overlap = False
        """Whether a page held a record that had come before."""
        self._overlaps = set[int]()
        """How many records of the page before a page repeats at its beginning, as was seen."""
        self._pairs = 0
        """Neighbouring pages that have shown it."""
        self._ids_before: Sequence[str] = ()

    @property
    def count(self) -> int:
        """Different records that have come."""
        return len(self._ids)

    @property
    def is_short(self) -> bool:
        """Whether fewer records have come than the service counts and are wanted."""
        return math.isfinite(self._wanted) and self.count < self._wanted

    @property
    def shortfall(self) -> int:
        """Records that are counted and wanted and no page brought; known once the walk has ended.

        0 before, and where the service counts none; at least as many as could not be read.
        """
        if not self.has_ended:
            return 0
        return max(int(self._wanted) - self.count if self.is_short else 0, self._lost)

    @property
    def overlap(self) -> int | None:
        """How many records of the page before each page repeats; None where too few show it.

        Another who creates a record may shift one page's records to the next: two pages alike show
        that the service repeats them.
        """
        is_shown = self._pairs > 1 or self._overlaps == {0}
        return self._repeated if is_shown and not self.has_changed else None

    @property
    def is_past_last(self) -> bool:
        """Whether the next page lies past the last one that the service named."""
        return self.lies_past_last(self.next_page)

    def lies_past_last(self, number: int) -> bool:
        """Return whether a page lies past the last one that the service named."""
        return number > max(self.total_pages or 0, 1)

    def accept(self, page: Page | None) -> tuple[Record, ...]:
        """Take in the page asked for, None where there is none; return the records new by it."""
        number = self.next_page
        self.next_page += 1
        self.events = ()
        if page is None:
            self.has_ended = True
            return ()
        self.events = self.accept_totals(page)
        ids = [record.external_id for record in page.records]
        new = self._ids.add(ids)
        if number == 1 and page.row_count < min(self.per_page, self._wanted):
            self.per_page = max(page.row_count, 1)
        new_in_pass = new if self._ids_of_pass is self._ids else self._ids_of_pass.add(ids)
        self._came += page.row_count
        self._lost += page.lost_count
        self._has_overlap = self._has_overlap or len(new_in_pass) < len(ids)
        self._stale = 0 if new_in_pass else self._stale + 1
        if number > 1 and new_in_pass and self._is_by_id:
            self._pairs += 1
            is_apart = len(new_in_pass) == len(ids)
            self._overlaps.add(0 if is_apart else _count_repeated(ids, self._ids_before))
        self._ids_before = ids
        self.events += (PageRead(self.entity, number, self._count_pages(page)),)
        self.has_ended = not page.row_count or self._ends_with(number)
        if len(new) == len(ids):
            return page.records
        return tuple(page.records[index] for index in new)

    def accept_totals(self, page: Page) -> tuple[Event, ...]:
        """Take in what a page says of all records, whichever page it is; return what has changed.

        `accept` does so for the page that comes next; a reader that jumps does for any other.
        """
        events: tuple[Event, ...] = ()
        if page.total_records is not None:
            if self.total not in {None, page.total_records}:
                self.has_changed = True
                events = (TotalChanged(self.entity, self.total or 0, page.total_records),)
            self.total = page.total_records
        if page.total_pages is not None:
            self.total_pages = page.total_pages
        return events

    def restart(self) -> None:
        """Go back to the first page, for records that overlaps hid; what came stays known."""
        self.next_page = 1
        self.has_ended = False
        self._came = self._stale = self._lost = 0
        self._ids_of_pass = IdSet()
        self._overlaps = set[int]()
        self._pairs = 0

    async def run(
        self, fetch: PageFetcher, *, ahead: int = 4, notify: EventListener = ignore_events
    ) -> AsyncGenerator[Page]:
        """Yield the pages in order, each record once, retrieving up to `ahead` pages at a time.

        The first page is retrieved alone: it tells how many there are and how many records a page
        really holds. From the second on, first one page is retrieved, then two, four, … at once,
        and none beyond those that hold the records wanted. What a reader leaves unread is
        cancelled. A page that is not found ends the walk: it may have gone since it was counted. So
        does one that is refused past the last page that the service named.

        Where fewer records have come than are counted, and some came twice, pages overlapped: they
        are read again, sorted by external id, which leaves no ties to overlap, and what is new
        comes last. A shortfall that remains is reported as RecordsMissing.
        """
        first = self._accept_and_tell(await fetch(1, self.per_page, False), notify)
        if first.records:
            yield first
        # Closed with this one: what is under way ends before a reader that stopped goes on.
        async with aclosing(self._run_ahead(fetch, ahead, notify)) as following:
            async for page in following:
                yield page
        before = 0
        for _ in range(_EXTRA_PASSES):
            if not self.is_short or not self._has_overlap or self.count == before:
                break
            before = self.count
            async for page in self._reread_by_id(fetch, notify):
                yield page
        if self.shortfall:
            counted = max(self.total or 0, self.count + self.shortfall)
            notify(RecordsMissing(self.entity, counted, self.count))

    async def _run_ahead(
        self, fetch: PageFetcher, ahead: int, notify: EventListener
    ) -> AsyncGenerator[Page]:
        per_page = self.per_page
        under_way: deque[asyncio.Task[Page]] = deque()
        numbers = itertools.count(2)
        window = 1
        try:
            while not self.has_ended:
                while len(under_way) < min(window, self._pages_left):
                    under_way.append(asyncio.ensure_future(fetch(next(numbers), per_page, False)))
                window = 1 if self._stale else min(window * 2, ahead)
                try:
                    page = await under_way[0]
                except (NotFound, BadRequest) as error:
                    if isinstance(error, BadRequest) and not self._is_past_named:
                        raise
                    self.accept(None)
                    return
                under_way.popleft()
                page = self._accept_and_tell(page, notify)
                if page.records:
                    yield page
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _reread_by_id(
        self, fetch: PageFetcher, notify: EventListener
    ) -> AsyncGenerator[Page]:
        self.restart()
        self._is_by_id = by_id = True
        while not self.has_ended:
            number = self.next_page
            try:
                page = await fetch(number, self.per_page, by_id)
            except BadRequest:
                if number > 1 and self._is_past_named:
                    self.accept(None)
                    return
                if not by_id:
                    raise
                self._is_by_id = by_id = False
                page = await fetch(number, self.per_page, by_id)
            except NotFound:
                self.accept(None)
                return
            page = self._accept_and_tell(page, notify)
            if page.records:
                yield page

    def _accept_and_tell(self, page: Page, notify: EventListener) -> Page:
        new = self.accept(page)
        for event in self.events:
            notify(event)
        return page if len(new) == len(page.records) else replace(page, records=new)

    def _ends_with(self, number: int) -> bool:
        is_last_named = number >= (self.total_pages or 0)
        if self._stale >= _STALE_PAGES or (self._stale and is_last_named):
            return True
        if self.count >= self._wanted:
            return True
        if self.total is None:
            return self.total_pages is not None and is_last_named
        # Pages that repeat the end of the one before go on past the last that is named.
        return self._came >= self._counted and is_last_named and not self._repeated

    @property
    def _repeated(self) -> int:
        """Records that each page repeats, as far as has been seen; 0 where that differs."""
        return next(iter(self._overlaps)) if len(self._overlaps) == 1 else 0

    @property
    def _is_past_named(self) -> bool:
        """Whether the service named its last page, and the next one lies past it."""
        return self.total_pages is not None and self.is_past_last

    @property
    def _counted(self) -> float:
        """Records that the service counts; infinite where it counts none, or fewer than came."""
        if self.total is None or (self.count > self.total and self.total_pages is not None):
            return math.inf
        return self.total

    @property
    def _wanted(self) -> float:
        return self._counted if self._most is None else min(self._counted, self._most)

    @property
    def _pages_left(self) -> int:
        """Pages that are worth retrieving now: at least one."""
        number = self.next_page
        if math.isinf(self._wanted):
            return max((self.total_pages or number) - number + 1, 1)
        news = max(self.per_page - self._repeated, 1)
        wanted = math.ceil((self._wanted - self.count) / news)
        after_first = 0 if self.total is None else math.ceil((self.total - self.per_page) / news)
        return max(min(wanted, after_first + 2 - number), 1)

    def _count_pages(self, page: Page) -> int | None:
        if math.isinf(self._wanted) or page.total_pages is not None:
            return page.total_pages
        return math.ceil(self._wanted / self.per_page)


def _count_repeated(ids: Sequence[str], before: Sequence[str]) -> int:
    """Return how many of the ids, from the first on, are among those before."""
    known = set(before)
    return sum(1 for _ in itertools.takewhile(known.__contains__, ids))


async def walk_fields(fetch: Callable[[int], Awaitable[FieldPage]]) -> tuple[Field, ...]:
    """Return every field of an entity that has a name, each once, page by page.

    `fetch` gets a page's number. A field that a service lists by its id alone has no name, and no
    record has a field of that name. It ends with the last page that the service names, and with one
    that brings nothing new or is not there. What the first page raises is raised.
    """
    found: dict[str, Field] = {}
    for number in itertools.count(1):
        try:
            page = await fetch(number)
        except (NotFound, BadRequest):
            if number == 1:
                raise
            break
        known = len(found)
        found.update({field.name: field for field in page.fields})
        if len(found) == known or number >= (page.total_pages or 1):
            break
    return named_fields(found.values())
