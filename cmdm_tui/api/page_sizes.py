"""How many records a page of this service holds at most: as a probe learnt it, or seen since.

What is asked for and what is granted may differ (`api.md`, per_page and page), and every call
counts, so the largest page known to be granted is the one to ask for.
"""

from collections.abc import Callable

from cmdm_tui.api.models import Page

LARGEST_DOCUMENTED_PAGE = 1_000
"""What is asked for where nothing is known: the largest page that `api.md` allows for."""

FALLBACK_PAGE = 100
"""What is asked for instead where that is refused."""


class PageSizes:
    """The largest page granted. What was seen goes before what a probe learnt some time ago."""

    def __init__(self) -> None:
        self._get_probed: Callable[[], int | None] = lambda: None
        self._cap: int | None = None
        self._largest_seen = 0
        self._short_first_pages: dict[str, tuple[int, frozenset[str]]] = {}

    def set_probed_source(self, learnt: Callable[[], int | None]) -> None:
        """Let `learnt` tell what a probe has found; it is asked each time, so keep it cheap."""
        self._get_probed = learnt

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
        """Tell whether a page of that size is known to be granted."""
        return size <= (self.largest or 0)

    def observe(self, page: Page) -> None:
        """Take in a page of any entity.

        A first page that is short of both what was asked for and what is counted may be capped, or
        all there is, wrongly counted; it was capped where a second page brings other records.
        """
        asked, came = page.per_page, len(page.records)
        if asked is None or not came:
            return
        if came == asked:
            self._largest_seen = max(self._largest_seen, came)
            if self._cap is not None and came > self._cap:
                self._cap = None
        if page.page == 1:
            self._short_first_pages.pop(page.entity, None)
            if came < min(asked, page.total_records or 0):
                ids = frozenset(record.external_id for record in page.records)
                self._short_first_pages[page.entity] = came, ids
        elif page.page == 2 and page.entity in self._short_first_pages:
            cap, first = self._short_first_pages[page.entity]
            if any(record.external_id not in first for record in page.records):
                self.cap(cap)

    def cap(self, size: int) -> None:
        """Take in that no page holds more than `size` records."""
        self._cap = size
        self._largest_seen = min(self._largest_seen, size)
