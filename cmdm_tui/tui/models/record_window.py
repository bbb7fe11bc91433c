"""A window of an entity's records: what has been read so far, and what to ask for next."""

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from cmdm_tui.api import (
    Client,
    Event,
    InvalidCall,
    NotFound,
    Page,
    PageRead,
    Record,
    SortOrder,
    TotalChanged,
)

PER_PAGE = 100
"""Records asked for at a time: two or three screens of them."""

_MAX_STALE_PAGES = 2
"""Pages in a row without a new record after which a service is taken to repeat itself."""


@dataclass(frozen=True, slots=True)
class WindowOrder:
    """The order of a window: the field that the service sorts by, and which way."""

    field: str
    direction: SortOrder = "asc"

    def reversed(self) -> "WindowOrder":
        """Return the same field the other way round."""
        return WindowOrder(self.field, "desc" if self.direction == "asc" else "asc")


class RecordWindow:
    """The records of one entity in one order, as far as they were read, each of them once.

    A service may grant smaller or larger pages than asked for, overlap them, tell wrong totals or
    none (`api.md`, where the documentation is silent). So the records that came decide: pages are
    asked for in turn, records are kept by their external id, and reading ends with the total
    reached, an empty page, or pages that bring nothing new.
    """

    def __init__(
        self, entity: str, order: WindowOrder | None = None, *, per_page: int = PER_PAGE
    ) -> None:
        self.entity = entity
        self.order = order
        self.per_page = per_page
        self.next_page = 1
        self.total: int | None = None
        self.total_pages: int | None = None
        self.is_complete = False
        """True once the last page was read."""
        self.has_changed = False
        """True where the total changed from one page to the next: somebody writes meanwhile."""
        self.events: tuple[Event, ...] = ()
        """What the last page told: that it came, unless it was the first; a total that changed."""
        self._records: list[Record] = []
        self._positions: dict[str, int] = {}
        self._received = 0
        self._stale_pages = 0
        self._received_ids: set[str] = set()

    @property
    def records(self) -> Sequence[Record]:
        """The records read so far, in the order they came."""
        return self._records

    @property
    def is_started(self) -> bool:
        """True once any page was read."""
        return self.next_page > 1 or self.is_complete

    @property
    def missing_count(self) -> int:
        """Records that the total counts and no page brought, known once all pages were read."""
        return max((self.total or 0) - len(self._records), 0) if self.is_complete else 0

    async def fetch_page(self, client: Client) -> Page | None:
        """Ask for the next page: one call. None where the service says there is no such page.

        A window's pages are all of one size, so that they fit together.
        """
        number = self.next_page
        if number == 1:
            self.per_page = client.page_sizes.limit(self.per_page)
        try:
            return await client.page(
                self.entity,
                per_page=self.per_page,
                page=number,
                sort_by=self.order.field if self.order else None,
                sort_order=self.order.direction if self.order else None,
            )
        except (UnicodeEncodeError, httpx.InvalidURL):
            message = "The field to sort by has a name that no address can carry"
            raise InvalidCall(message, hint="Sort by another field") from None
        except NotFound:
            if number > 1 and number > (self.total_pages or 0):
                return None
            raise

    def add_page(self, page: Page | None) -> Sequence[Record]:
        """Take in the page that was asked for, and return the records that are new by it."""
        number, total = self.next_page, self.total
        self.next_page += 1
        self.events = self._page_events(page, number, total)
        if page is None or not page.records:
            self._update_totals(page)
            self.is_complete = True
            return ()
        first_new = len(self._records)
        for record in page.records:
            if record.external_id not in self._positions:
                self._positions[record.external_id] = len(self._records)
                self._records.append(record)
        fresh = self._records[first_new:]
        came_before = len(self._received_ids)
        self._received_ids.update(record.external_id for record in page.records)
        self._received += len(page.records)
        self._stale_pages = 0 if len(self._received_ids) > came_before else self._stale_pages + 1
        self._update_totals(page)
        self.is_complete = self._is_last_page(number)
        return fresh

    def replace_record(self, record: Record) -> int | None:
        """Put a record that was read again in its place, and return that place."""
        place = self._positions.get(record.external_id)
        if place is not None:
            self._records[place] = record
        return place

    def restart(self) -> None:
        """Go back to the first page, keeping what was read: for records that overlaps hid."""
        self.next_page = 1
        self.is_complete = False
        self._received = self._stale_pages = 0
        self._received_ids.clear()

    def _page_events(self, page: Page | None, number: int, total: int | None) -> tuple[Event, ...]:
        if page is None:
            return ()
        told: list[Event] = []
        if number > 1:
            told.append(PageRead(self.entity, number, page.total_pages))
        if total is not None and page.total_records not in {None, total}:
            told.append(TotalChanged(self.entity, total, page.total_records or 0))
        return tuple(told)

    def _update_totals(self, page: Page | None) -> None:
        if page is None:
            return
        if self.total is not None and page.total_records not in {None, self.total}:
            self.has_changed = True
        if page.total_records is not None:
            self.total = page.total_records
        if page.total_pages is not None:
            self.total_pages = page.total_pages

    def _is_last_page(self, number: int) -> bool:
        is_last_told = number >= (self.total_pages or 0)
        if self._stale_pages >= _MAX_STALE_PAGES or (self._stale_pages and is_last_told):
            return True
        if self.total is None:
            return self.total_pages is not None and is_last_told
        if len(self._records) >= self.total:
            return True
        return self._received >= self.total and is_last_told
