"""The largest page that a service grants, learnt from pages that come and sizes it refuses."""

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cmdm_tui.api.errors import BadRequest
from cmdm_tui.api.models import Page
from cmdm_tui.api.paging import is_capped

_Fetched = TypeVar("_Fetched")

LARGEST_DOCUMENTED_PAGE = 1_000
"""What is asked for where nothing is known: the largest page that `api.md` allows for."""

FALLBACK_PAGE = 100
"""What is asked for instead where that is refused."""

_SMALLER_PAGES = (100, 50, 25, 10, 1)
"""What is asked for one after the other where a service refuses the size of a page."""

_SIZE_WORDS = re.compile(r"(?i)per.?page|page.?size|\blimit\b|too (many|large)|at most|maximum")


class PageSizes:
    """The largest page that a service grants: as seen, else as a probe learnt it some time ago.

    What is asked for and what is granted may differ (`api.md`, per_page and page), and every call
    counts, so the largest page known to be granted is the one to ask for.
    """

    def __init__(self) -> None:
        self._get_probed: Callable[[], int | None] = lambda: None
        self._cap: int | None = None
        self._largest_seen = 0
        self._short_first_pages: dict[str, tuple[int, frozenset[str]]] = {}

    def set_probed_source(self, get_probed: Callable[[], int | None]) -> None:
        """Use what `get_probed` returns as the largest page that a probe has found.

        It is called each time, so keep it cheap.
        """
        self._get_probed = get_probed

    @property
    def largest(self) -> int | None:
        """The largest page known to be granted, None where none is."""
        if self._cap is not None:
            return self._cap
        return max(self._largest_seen, self._get_probed() or 0) or None

    def limit(self, wanted: int) -> int:
        """Return the size to ask for where `wanted` records a page would do."""
        known = self._cap or self._get_probed()
        return wanted if known is None else min(wanted, max(known, self._largest_seen))

    def choose_for_scan(self, most: int | None) -> int:
        """Return the size to ask for where every record is wanted, or the first `most`."""
        size = self._cap or max(self._largest_seen, self._get_probed() or LARGEST_DOCUMENTED_PAGE)
        return size if most is None else max(min(size, most), 1)

    def is_granted(self, size: int) -> bool:
        """Return whether a page of that size is known to be granted."""
        return size <= (self.largest or 0)

    def observe(self, page: Page) -> None:
        """Learn from a page of any entity.

        A first page that is short of both what was asked for and what is counted may be capped, or
        all there is, wrongly counted; it was capped where a second page brings other records.
        """
        asked, came = page.per_page, page.row_count
        if asked is None or not came:
            return
        if came == asked:
            self._largest_seen = max(self._largest_seen, came)
            if self._cap is not None and came > self._cap:
                self._cap = None
        if page.page == 1:
            self._short_first_pages.pop(page.entity, None)
            if is_capped(page, asked):
                ids = frozenset(record.external_id for record in page.records)
                self._short_first_pages[page.entity] = came, ids
        elif page.page == 2 and page.entity in self._short_first_pages:
            cap, first = self._short_first_pages[page.entity]
            if any(record.external_id not in first for record in page.records):
                self.cap(cap)

    def cap(self, size: int) -> None:
        """Note that no page holds more than `size` records."""
        self._cap = size
        self._largest_seen = min(self._largest_seen, size)


async def fetch_at_granted_size(
    fetch: Callable[[int], Awaitable[_Fetched]], size: int, sizes: PageSizes
) -> tuple[_Fetched, int]:
    """Fetch a first page of `size` records, or fewer where that is refused; return it and its size.

    Smaller sizes are tried only after a 400 that speaks of the size of a page. Raises what the
    first of them raised where none is granted.
    """
    try:
        return await fetch(size), size
    except BadRequest as error:
        if size <= 1 or not _SIZE_WORDS.search(error.message):
            raise
        refusal = error
    for smaller in _SMALLER_PAGES:
        if smaller < size:
            try:
                page = await fetch(smaller)
            except BadRequest:
                continue
            sizes.cap(smaller)
            return page, smaller
    raise refusal
