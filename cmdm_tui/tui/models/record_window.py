"""A window of an entity's records: what has been read so far, and what to ask for next."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

import httpx

from cmdm_tui.api import (
    Client,
    Event,
    InvalidCall,
    NotFound,
    Page,
    PageRead,
    PageWalk,
    Record,
    RecordsMissing,
    SortOrder,
)
from cmdm_tui.api.page_sizes import fetch_at_granted_size

PER_PAGE = 100
"""Records asked for at a time: two or three screens of them."""


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

    The pages are pulled one at a time: `fetch_page`, then `add_page`, until `is_complete`. What is
    a duplicate, and when the pages end, is the `PageWalk`'s to say.
    """

    def __init__(
        self, entity: str, order: WindowOrder | None = None, *, per_page: int = PER_PAGE
    ) -> None:
        self.entity = entity
        self.order = order
        self.per_page = per_page
        self.events: tuple[Event, ...] = ()
        """What the last page showed: that it came, if not the first; a total that changed; that
        the pages ended with fewer records than are counted."""
        self._walk = PageWalk(entity, per_page)
        self._records: list[Record] = []
        self._positions: dict[str, int] = {}

    @property
    def records(self) -> Sequence[Record]:
        """The records read so far, in the order they came."""
        return self._records

    @property
    def next_page(self) -> int:
        """The number of the page to fetch next."""
        return self._walk.next_page

    @property
    def total(self) -> int | None:
        """How many records the service counts, as it last said."""
        return self._walk.total

    @property
    def total_pages(self) -> int | None:
        """How many pages the service counts, as it last said."""
        return self._walk.total_pages

    @property
    def is_complete(self) -> bool:
        """Whether the last page was read."""
        return self._walk.has_ended

    @property
    def has_changed(self) -> bool:
        """Whether the total changed from one page to the next: somebody writes meanwhile."""
        return self._walk.has_changed

    @property
    def is_started(self) -> bool:
        """Whether any page was read."""
        return self.next_page > 1 or self.is_complete

    @property
    def missing_count(self) -> int:
        """Records that the total counts and no page brought, known once all pages were read."""
        return self._walk.shortfall

    async def fetch_page(self, client: Client) -> Page | None:
        """Ask for the next page: one call. None where the service says there is no such page.

        A window's pages are all of one size, so that they fit together.
        """
        number = self.next_page
        if number == 1:
            self.per_page = self._walk.per_page = client.page_sizes.limit(self.per_page)

        def fetch(size: int) -> Awaitable[Page]:
            return client.page(
                self.entity,
                per_page=size,
                page=number,
                sort_by=self.order.field if self.order else None,
                sort_order=self.order.direction if self.order else None,
            )

        try:
            if number > 1:
                return await fetch(self.per_page)
            page, granted = await fetch_at_granted_size(fetch, self.per_page, client.page_sizes)
        except (UnicodeEncodeError, httpx.InvalidURL):
            message = "The field to sort by has a name that no address can carry"
            raise InvalidCall(message, hint="Sort by another field") from None
        except NotFound:
            if self._walk.is_past_last:
                return None
            raise
        self.per_page = self._walk.per_page = granted
        return page

    def add_page(self, page: Page | None) -> Sequence[Record]:
        """Add the page that was asked for, and return the records that are new by it."""
        number = self.next_page
        new = self._walk.accept(page)
        self.events = tuple(
            event for event in self._walk.events if number > 1 or not isinstance(event, PageRead)
        )
        if self.missing_count:
            self.events += (RecordsMissing(self.entity, self.total or 0, len(self._records)),)
        for record in new:
            self._positions[record.external_id] = len(self._records)
            self._records.append(record)
        return new

    def replace_record(self, record: Record) -> int | None:
        """Put a record that was read again in its place, and return that place."""
        place = self._positions.get(record.external_id)
        if place is not None:
            self._records[place] = record
        return place

    def restart(self) -> None:
        """Go back to the first page, keeping what was read: for records that overlaps hid."""
        self._walk.restart()
