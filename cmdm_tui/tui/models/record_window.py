"""A window of an entity's records: any page of them can be read, in any order, and let go of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cmdm_tui.api import Client, Event, Page, PageRead, Record, RecordsMissing
from cmdm_tui.tui.models.page_layout import PageLayout
from cmdm_tui.tui.models.page_reader import WalkedPages, WindowOrder
from cmdm_tui.tui.models.page_store import PageStore, StoredPage, estimate_bytes, strip_page

PER_PAGE = 100
"""Records asked for at a time: two or three screens of them."""


@dataclass(frozen=True, slots=True)
class KnownTotals:
    """What is known of an entity's pages before any is read: from another window of it.

    `granted` is the number of records that a page holds.
    """

    granted: int
    total: int | None
    pages: int | None


class RecordWindow(WalkedPages):
    """The records of one entity in one order, by position, as far as they were read.

    Pages count from 1, positions from 0. A position that was not read is one that the service
    counts; where it counts none, there are as many positions as were read. A record that comes on
    two pages held is shown once, where it came first, so positions follow the records that came.

    The `PageWalk` says how large a page is, whether the total changed, and, of the pages read from
    the first on without a gap, when they end and what they lack.
    """

    def __init__(
        self,
        entity: str,
        order: WindowOrder | None = None,
        *,
        per_page: int = PER_PAGE,
        store: PageStore | None = None,
        known: KnownTotals | None = None,
    ) -> None:
        super().__init__(entity, per_page, order)
        self.order = order
        self.events: tuple[Event, ...] = ()
        """What the last page showed: that it came, if not the first; a total that changed; that
        the pages ended with fewer records than are counted."""
        self._store = store if store is not None else PageStore()
        self._number = self._store.new_window()
        if known is not None:
            self._walk.per_page = known.granted
            self._walk.total, self._walk.total_pages = known.total, known.pages
        self._layout = PageLayout(self._walk.per_page)
        self._rows_read: dict[int, int] = {}
        """How many rows each page brought that was ever read."""
        self._repeated: dict[int, int] = {}
        """Records of each page that another page held already."""
        self._page_of: dict[str, int] = {}
        """The page of each record held."""
        self._revisions: dict[str, int] = {}
        self._last_read = 0
        """The last page read that has rows."""
        self._empty_pages: set[int] = set()
        """Pages that the service counted and that came empty: its total is not believed."""
        self._is_rereading = False

    def make_successor(self) -> "RecordWindow":
        """Return an unread window of the same records; its pages may be read from any on."""
        walk = self._walk
        known = KnownTotals(walk.per_page, walk.total, walk.total_pages)
        asked, store = self._asker.per_page, self._store
        return RecordWindow(self.entity, self.order, per_page=asked, store=store, known=known)

    @property
    def is_started(self) -> bool:
        """Whether any page was read."""
        return bool(self._rows_read)

    @property
    def is_whole(self) -> bool:
        """Whether all records were read, and all of them are held."""
        return self.is_complete and not self.missing_pages(0, self.row_count)

    @property
    def repeated_count(self) -> int:
        """Records that came on two pages."""
        return sum(self._repeated.values())

    @property
    def read_count(self) -> int:
        """How many records were read, those let go of since included."""
        return sum(self._rows_read.values())

    @property
    def is_count_known(self) -> bool:
        """Whether `row_count` is the count, as read to the end or as the service says."""
        return self._walk.has_ended or (self._is_total_believed and not self._goes_on)

    @property
    def page_count(self) -> int:
        """How many pages have positions.

        A total may be a little wrong or altogether: what is before the first empty page is believed
        once, then only what was read.
        """
        if not self.is_started or self.is_complete or len(self._empty_pages) > 1:
            return self._last_read
        before_empty = min(self._empty_pages, default=self._counted_pages + 1) - 1
        return max(min(self._counted_pages, before_empty), self._last_read)

    @property
    def row_count(self) -> int:
        """How many positions there are."""
        pages, total = self.page_count, self._walk.total
        count = self._layout.start(pages + 1)
        if total is None or not pages or pages in self._rows_read:
            return count
        return count - max(pages * self._walk.per_page - total, 0)

    @property
    def page_after(self) -> int | None:
        """The page that may follow the last position, None where none is expected."""
        pages = self.page_count
        if self.is_count_known or self._rows_read.get(pages + 1) == 0:
            return None
        is_named = self._walk.total is None and self._walk.total_pages is not None
        if is_named and not self._empty_pages and pages and not self._goes_on:
            return None
        return pages + 1

    @property
    def next_unread_page(self) -> int | None:
        """The page to read next where all are wanted, None where all were read and are held."""
        if not self._walk.has_ended:
            return self._walk.next_page
        return next(iter(self.missing_pages(0, self.row_count)), None)

    @property
    def calls_to_read_all(self) -> int | None:
        """How many calls it takes to read what is not held, None where the count is not known."""
        if not self.is_count_known:
            return None
        return len(self.missing_pages(0, self.row_count))

    @property
    def fits_in_store(self) -> bool:
        """Whether all records fit into the store, as those held show; True where none is held."""
        held = self._store.pages_of(self._number)
        rows = sum(len(stored.records) for stored in held)
        size = sum(stored.size for stored in held)
        return size * self.row_count <= self._store.max_bytes * rows or not rows

    def page_at(self, position: int) -> int:
        """Return which page a position is on."""
        return self._layout.find_page(position, self.page_count)

    def page_start(self, page: int) -> int:
        """Return the position of a page's first row."""
        return self._layout.start(page)

    def holds_page(self, page: int) -> bool:
        """Return whether a page is held, or known to be empty."""
        return self._rows_read.get(page) == 0 or self._store.holds(self._number, page)

    def held_ranges(self) -> list[range]:
        """Return the positions of the records that are held, in ascending order."""
        pages = [n for n in range(1, self.page_count + 1) if self._store.holds(self._number, n)]
        starts = [(self._layout.start(page), self._layout.rows(page)) for page in pages]
        return [range(start, start + rows) for start, rows in starts if rows]

    def missing_pages(self, first: int, count: int) -> list[int]:
        """Return the pages of these positions that are not held; page 1 of a window not started."""
        end = min(first + count, self.row_count)
        if not self.is_started and not self._walk.total:
            return [1]
        if not self.is_started:
            end = min(first + count, self._walk.total or 0)
        if first >= end:
            return []
        last = self._layout.find_page(end - 1, max(self.page_count, self._counted_pages))
        start = self._layout.find_page(first, last)
        return [page for page in range(start, last + 1) if not self.holds_page(page)]

    def records(self, first: int, count: int) -> list[Record | None]:
        """Return the records at these positions, None for each not held; fewer at the end."""
        end = min(first + count, self.row_count)
        found: list[Record | None] = []
        page = self.page_at(first)
        while first + len(found) < end:
            position = first + len(found)
            start, stop = self._layout.start(page), self._layout.start(page + 1)
            wanted = range(position, min(stop, end))
            stored = self._store.get(self._number, page)
            if stored is None:
                found += [None] * len(wanted)
            else:
                found += stored.records[position - start : wanted.stop - start]
            page += 1
        return found

    def sample(self, first: int, count: int) -> list[Record]:
        """Return the records held at these positions; where there are none, any that are held."""
        found = [record for record in self.records(first, count) if record is not None]
        if not found:
            for stored in self._store.pages_of(self._number):
                found += stored.records[: count - len(found)]
        return found

    def all_records(self) -> list[Record]:
        """Return all records held, in order."""
        return [record for record in self.records(0, self.row_count) if record is not None]

    def position(self, external_id: str) -> int | None:
        """Return the position of a record, None where it is not held."""
        page = self._page_of.get(external_id)
        stored = self._store.get(self._number, page) if page is not None else None
        if page is None or stored is None:
            return None
        ids = [record.external_id for record in stored.records]
        return self._layout.start(page) + ids.index(external_id)

    def revision_of(self, record: Record) -> int:
        """Return a number that is another one once the record was read again."""
        return self._revisions.get(record.external_id, 0)

    async def fetch_page(self, client: Client, number: int) -> Page | None:
        """Ask for a page: one call. None where the service says there is no such page."""
        return await self._asker.fetch(client, number)

    def add_page(self, number: int, page: Page | None) -> int:
        """Add a page that was asked for, and return how many of its records were not held."""
        walk, had_ended = self._walk, self._walk.has_ended
        if number == walk.next_page and not had_ended:
            walk.accept(page)
            self.events = walk.events if number > 1 else _without_page_read(walk.events)
        else:
            totals = walk.accept_totals(page) if page is not None else ()
            self.events = (*totals, PageRead(self.entity, number, walk.total_pages))
        if number == 1 and self._layout.per_page != walk.per_page and not self._rows_read:
            self._layout = PageLayout(walk.per_page)
        new = self._hold(number, page)
        if (page is None or not page.row_count) and number <= self._counted_pages:
            self._empty_pages.add(number)
        self._catch_up()
        if walk.has_ended and not had_ended:
            self._is_rereading = False
            if self.missing_count:
                self.events += (RecordsMissing(self.entity, self.total or 0, walk.count),)
        return new

    def replace_record(self, record: Record) -> int | None:
        """Put a record that was read again in its place, and return that place."""
        position = self.position(record.external_id)
        if position is not None:
            page = self._page_of[record.external_id]
            stored = self._store.get(self._number, page)
            if stored is not None:
                stored.records[position - self._layout.start(page)] = record
            self._revisions[record.external_id] = self._store.new_revision()
        return position

    def reread(self) -> None:
        """Go back to the first page, keeping what was read: for records that overlaps hid."""
        self._walk.restart()
        self._is_rereading = True

    def release(self) -> None:
        """Let go of all pages: the window is shown no more."""
        self._store.drop_window(self._number)
        self._page_of.clear()

    @property
    def _goes_on(self) -> bool:
        """Whether every page that has positions was read, and the walk looks for another one."""
        return not self._walk.has_ended and self._walk.next_page > self.page_count

    @property
    def _is_total_believed(self) -> bool:
        total = self._walk.total
        return total is not None and not self._empty_pages and self._walk.count <= total

    @property
    def _counted_pages(self) -> int:
        """Pages that the service counts."""
        if self._walk.total is None:
            return self._walk.total_pages or 0
        return math.ceil(self._walk.total / self._walk.per_page)

    def _hold(self, number: int, page: Page | None) -> int:
        """Hold the records of a page that no other page holds; return how many are new."""
        before = self._store.get(self._number, number)
        shown = {record.external_id: record for record in before.records} if before else {}
        revision, new = self._store.new_revision(), 0
        self._repeated[number] = 0
        for record in page.records if page is not None else ():
            holder = self._page_of.setdefault(record.external_id, number)
            is_elsewhere = holder != number
            is_repeated = not is_elsewhere and self._revisions.get(record.external_id) == revision
            if is_elsewhere or is_repeated:
                self._repeated[number] += 1
                continue
            new += record.external_id not in shown
            shown[record.external_id] = record
            self._revisions[record.external_id] = revision
        self._rows_read[number] = len(shown)
        if number >= self._last_read:
            self._last_read = max(
                (page for page, rows in self._rows_read.items() if rows), default=0
            )
        self._layout.set_rows(number, len(shown))
        if page is not None and page.row_count:
            held = StoredPage(
                strip_page(page),
                list(shown.values()),
                estimate_bytes(page),
                lambda: self._forget(number, shown),
            )
            self._store.put(self._number, number, held)
        return new

    def _forget(self, number: int, records: dict[str, Record]) -> None:
        for external_id in records:
            if self._page_of.get(external_id) == number:
                del self._page_of[external_id]
            self._revisions.pop(external_id, None)

    def _catch_up(self) -> None:
        """Give the walk the pages that are held already and come next in it."""
        walk = self._walk
        while not walk.has_ended and not self._is_rereading:
            held = self._store.peek(self._number, walk.next_page)
            if held is None and walk.next_page not in self._empty_pages:
                return
            walk.accept(held.page if held is not None else None)


def _without_page_read(events: Sequence[Event]) -> tuple[Event, ...]:
    return tuple(event for event in events if not isinstance(event, PageRead))
