"""Reads pages of an entity's records: one page at a time, or all of them in order."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

import httpx

from cmdm_tui.api import Client, InvalidCall, NotFound, Page, PageWalk, Record, SortOrder
from cmdm_tui.api.page_sizes import fetch_at_granted_size


@dataclass(frozen=True, slots=True)
class WindowOrder:
    """The order of a window: the field that the service sorts by, and which way."""

    field: str
    direction: SortOrder = "asc"

    def reversed(self) -> "WindowOrder":
        """Return the same field the other way round."""
        return WindowOrder(self.field, "desc" if self.direction == "asc" else "asc")


@dataclass(slots=True)
class PageAsker:
    """Asks for the pages of one entity in one order, all of one size, so that they fit together.

    `per_page` is the size to ask for: the first page shows which one is granted.
    """

    walk: PageWalk
    per_page: int
    order: WindowOrder | None = None

    async def fetch(self, client: Client, number: int) -> Page | None:
        """Ask for a page: one call. None where the service says that it lies past the last."""
        if number == 1:
            self.per_page = self.walk.per_page = client.page_sizes.limit(self.per_page)

        def fetch(size: int) -> Awaitable[Page]:
            return client.page(
                self.walk.entity,
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
            if self.walk.lies_past_last(number):
                return None
            raise
        self.per_page = self.walk.per_page = granted
        return page


class WalkedPages:
    """The pages of one entity as a `PageWalk` counts them."""

    def __init__(self, entity: str, per_page: int, order: WindowOrder | None = None) -> None:
        self.entity = entity
        self._walk = PageWalk(entity, per_page)
        self._asker = PageAsker(self._walk, per_page, order)

    @property
    def total(self) -> int | None:
        """How many records the service counts, as it last said."""
        return self._walk.total

    @property
    def is_complete(self) -> bool:
        """Whether all pages were read, from the first to the last."""
        return self._walk.has_ended

    @property
    def has_changed(self) -> bool:
        """Whether the total changed from one page to another: somebody writes meanwhile."""
        return self._walk.has_changed

    @property
    def missing_count(self) -> int:
        """Records that the total counts and no page brought, known once all pages were read."""
        return self._walk.shortfall


class PageReader(WalkedPages):
    """The records of one entity, read in order to the end, each of them once.

    The pages are pulled one at a time: `fetch_page`, then `add_page`, until `is_complete`. What is
    a duplicate, and when the pages end, is the `PageWalk`'s to say.
    """

    def __init__(self, entity: str, *, per_page: int) -> None:
        super().__init__(entity, per_page)
        self._records: list[Record] = []

    @property
    def records(self) -> Sequence[Record]:
        """The records read so far, in the order they came."""
        return self._records

    @property
    def per_page(self) -> int:
        """The size of page that is asked for."""
        return self._asker.per_page

    @property
    def next_page(self) -> int:
        """The number of the page to fetch next."""
        return self._walk.next_page

    @property
    def total_pages(self) -> int | None:
        """How many pages the service counts, as it last said."""
        return self._walk.total_pages

    @property
    def is_started(self) -> bool:
        """Whether any page was read."""
        return self.next_page > 1 or self.is_complete

    async def fetch_page(self, client: Client) -> Page | None:
        """Ask for the next page: one call. None where the service says there is no such page."""
        return await self._asker.fetch(client, self.next_page)

    def add_page(self, page: Page | None) -> Sequence[Record]:
        """Add the page that was asked for, and return the records that are new by it."""
        new = self._walk.accept(page)
        self._records += new
        return new
