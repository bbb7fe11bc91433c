"""Which position of a window is on which page, where pages hold more or fewer rows than a page."""

from bisect import bisect_left


class PageLayout:
    """The positions of pages' rows, pages that were not read included.

    A page that was not read takes `per_page` positions, one that was as many as `set_rows` says.
    Pages count from 1, positions from 0. Only pages of another size are remembered.
    """

    def __init__(self, per_page: int) -> None:
        self.per_page = per_page
        self._pages: list[int] = []
        """Pages of another size, in order."""
        self._sums: list[int] = []
        """For each of them: by how many rows the pages up to it differ from whole ones."""

    def set_rows(self, page: int, rows: int) -> None:
        """Note how many rows a page holds."""
        place = bisect_left(self._pages, page)
        before = self._sums[place - 1] if place else 0
        is_known = place < len(self._pages) and self._pages[place] == page
        change = rows - self.per_page - (self._sums[place] - before if is_known else 0)
        if not change:
            return
        if not is_known:
            self._pages.insert(place, page)
            self._sums.insert(place, before)
        for later in range(place, len(self._sums)):
            self._sums[later] += change

    def rows(self, page: int) -> int:
        """Return how many positions a page takes."""
        return self.start(page + 1) - self.start(page)

    def start(self, page: int) -> int:
        """Return the position of a page's first row."""
        place = bisect_left(self._pages, page)
        return (page - 1) * self.per_page + (self._sums[place - 1] if place else 0)

    def find_page(self, position: int, pages: int) -> int:
        """Return which of the pages 1 to `pages` holds a position: the last that begins by then."""
        whole = self._pages[0] if self._pages else pages  # up to here pages are of one size
        if 0 <= position < (min(whole, pages) - 1) * self.per_page:
            return position // self.per_page + 1
        low, high = 1, max(pages, 1)
        while low < high:
            middle = (low + high + 1) // 2
            if self.start(middle) <= position:
                low = middle
            else:
                high = middle - 1
        return low
