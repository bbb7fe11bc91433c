"""The pages of records kept in memory: the least recently seen are let go of beyond a bound."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from msgspec import structs

from cmdm_tui.api import Page, Record

MAX_BYTES = 64 * 1024 * 1024
"""Bytes of all pages that are kept, as `estimate_bytes` estimates them."""

_DECODED_FACTOR = 5
"""A page's records take two to five times the memory of its body, as measured with 3 to 400 fields
of 4 to 60 characters: the most of it, so that the bound holds."""

_MIN_PAGES = 4
"""Pages that are kept whatever they take: those in sight, and one ahead."""


def estimate_bytes(page: Page) -> int:
    """Return the memory that a page's records take, estimated from the size of its body."""
    return len(page.response.body) * _DECODED_FACTOR


@dataclass(slots=True)
class StoredPage:
    """One page as it is kept: the records that are shown of it, without its body.

    `page` is what came, with its records in the service's order and no totals: they are of the
    time it came. `forget` is called once the page is let go of.
    """

    page: Page
    records: list[Record]
    size: int
    forget: Callable[[], None]


def strip_page(page: Page) -> Page:
    """Return a page without the bytes of its answer and without its totals."""
    response = structs.replace(page.response, body=b"")
    return replace(page, response=response, total_records=None, total_pages=None)


class PageStore:
    """The pages of all windows, in the order in which they were last seen.

    A key is a window's number and a page's.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self.bytes_held = 0
        self._pages: OrderedDict[tuple[int, int], StoredPage] = OrderedDict()
        self._windows = self._revision = 0

    def __len__(self) -> int:
        """Return how many pages are held."""
        return len(self._pages)

    def new_window(self) -> int:
        """Return a number for another window."""
        self._windows += 1
        return self._windows

    def new_revision(self) -> int:
        """Return a number that no record has had as its revision."""
        self._revision += 1
        return self._revision

    def get(self, window: int, page: int) -> StoredPage | None:
        """Return a page, None where it is not held; it counts as seen."""
        stored = self._pages.get((window, page))
        if stored is not None:
            self._pages.move_to_end((window, page))
        return stored

    def holds(self, window: int, page: int) -> bool:
        """Return whether a page is held; it does not count as seen."""
        return (window, page) in self._pages

    def peek(self, window: int, page: int) -> StoredPage | None:
        """Return a page, None where it is not held; it does not count as seen."""
        return self._pages.get((window, page))

    def pages_of(self, window: int) -> list[StoredPage]:
        """Return the pages of a window that are held."""
        return [stored for (owner, _), stored in self._pages.items() if owner == window]

    def put(self, window: int, page: int, stored: StoredPage) -> None:
        """Hold a page, and let go of the least recently seen beyond the bound."""
        before = self._pages.pop((window, page), None)
        self.bytes_held += stored.size - (before.size if before is not None else 0)
        self._pages[window, page] = stored
        while self.bytes_held > self.max_bytes and len(self._pages) > _MIN_PAGES:
            _, released = self._pages.popitem(last=False)
            self.bytes_held -= released.size
            released.forget()

    def drop_window(self, window: int) -> None:
        """Let go of all pages of a window that is shown no more."""
        for key in [key for key in self._pages if key[0] == window]:
            self.bytes_held -= self._pages.pop(key).size
