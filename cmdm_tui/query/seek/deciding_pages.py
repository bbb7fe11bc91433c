"""The pages that decided what comes first in an order: where the same search looks at once again.

They are kept as places of records, which say nothing of the records, and are only a guess: a page
that is read decides what it holds, and where records have moved a search continues from there.
"""

from collections.abc import Collection, Sequence

from cmdm_tui.query.seek.column_predicate import ColumnPredicate
from cmdm_tui.query.seek.page_views import Gap
from cmdm_tui.query.seek.sorted_pages import SortedPages

MAX_DECIDING_PAGES = 12
"""The most pages that are kept; a search that needs more reads most pages anyway."""


class DecidingPages:
    """Chooses among the pages at the places that decided a search before."""

    def __init__(self, array: SortedPages, places: Sequence[int]) -> None:
        numbers = {place // array.size + 1 for place in places if 0 <= place < array.total}
        self._left = set(sorted(numbers)[:MAX_DECIDING_PAGES])
        self._known = set(self._left)
        self._step = 1

    def take(self, gaps: Sequence[Gap]) -> list[int]:
        """Return the pages in gaps, each page once."""
        found = [one for one in self._left if any(gap.first <= one <= gap.last for gap in gaps)]
        self._left.difference_update(found)
        return found

    def step_from(self, gap: Gap) -> int | None:
        """Return a page of a gap near one that was to decide and did not; None if neither end was.

        Each step is twice the one before, and none goes beyond the middle.
        """
        is_above = gap.above.number in self._known
        if not is_above and (gap.below is None or gap.below.number not in self._known):
            return None
        step, self._step = self._step, 2 * self._step
        if is_above:
            number = min(gap.first + step - 1, gap.middle)
        else:
            number = max(gap.last - step + 1, gap.middle)
        self._known.add(number)
        return number


def find_deciding_places(
    array: SortedPages, ahead: ColumnPredicate, found: Collection[str]
) -> tuple[int, ...]:
    """Return the places of the pages without which a search is not decided; none of too many.

    `ahead` is what must not be on a page that was not read, and `found` are the ids of the records
    that were. The first page is read in any case.
    """
    views = array.views
    at = 1
    while at < len(views):
        above, view = views[at - 1], views[at]
        below = views[at + 1] if at + 1 < len(views) else None
        last = array.count if below is None else below.number - 1
        gap = Gap(above.number + 1, last, above, below)
        has_found = any(record.external_id in found for record in view.records)
        if has_found or not array.is_outside(gap, array.orders, ahead):
            at += 1
        else:
            del views[at]
    if len(views) > MAX_DECIDING_PAGES + 1:
        return ()
    return tuple((view.number - 1) * array.size for view in views[1:])
