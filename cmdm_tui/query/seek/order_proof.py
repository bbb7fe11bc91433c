"""Judges whether pages show that the service sorts by the column at all, and what they teach.

A service that sorts otherwise than asked looks sorted where its pages hold almost only nulls, or
one value. So an answer needs pages that chance would not sort.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from math import lgamma

from cmdm_tui.catalog.traits import null_place
from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.seek.column_orders import ColumnOrders
from cmdm_tui.query.seek.page_views import PageSource
from cmdm_tui.query.seek.sorted_pages import MIN_ASCENTS, LearnedTraits, SortedPages

MAX_PROOF_PAGES = 8
"""The pages to read only to see an order, where there are more than a few."""

LOOK_CALLS = 3
"""The calls of a look at another field, for what it shows of the service's orders."""


def is_order_shown(pages: SortedPages) -> bool:
    """Return whether chance would sort what was read as rarely as it sorts nine values.

    Nulls count as one value: where many are together, that shows something too. Where every page
    was read nothing needs to be shown, nor of numbers without nulls on a service that is known to
    sort numbers.
    """
    is_number = pages.ordering.column.kind is ColumnKind.NUMBER
    if not pages.gaps or (is_number and pages.ordering.is_known and not pages.has_nulls):
        return True
    return has_rare_order(
        value.casefold() if isinstance(value, str) else value
        for view in pages.views
        for value in view.values
    )


def has_rare_order(values: Iterable[Hashable]) -> bool:
    """Return whether sorted values have at least as many arrangements as nine that all differ."""
    counts = Counter(values).values()
    arrangements = lgamma(sum(counts) + 1) - sum(lgamma(count + 1) for count in counts)
    return arrangements > lgamma(MIN_ASCENTS + 2) - 1e-6


def learned_orders(pages: SortedPages) -> LearnedTraits:
    """Return what the pages have shown, once they show an order: the orders left, nulls' place."""
    learned: dict[str, tuple[str, ...] | bool] = {}
    ordering = pages.ordering
    if pages.ascents < MIN_ASCENTS:
        return _learned_null_place(pages)
    is_narrower = len(pages.orders) < len(ordering.orders)
    if ordering.trait is not None and not ordering.options and is_narrower:
        names = tuple(order.name for order in pages.orders)
        if ordering.column.kind is ColumnKind.TEXT:
            learned["text_orders"] = names
        elif len(names) == 1:
            learned[ordering.trait] = names
    if pages.seen_null_place is not None:
        name = "nulls_first_descending" if pages.is_descending else "nulls_first"
        learned[name] = pages.seen_null_place
    learned |= _learned_null_place(pages)
    return learned


def _learned_null_place(pages: SortedPages) -> LearnedTraits:
    """Return where nulls come among the values of this kind, once pages of several show it."""
    are_first, kind = pages.seen_null_place, pages.ordering.column.kind
    values = [value for view in pages.views for value in view.values]
    if are_first is None or not has_rare_order(values):
        return {}
    if kind is ColumnKind.BOOLEAN and not {True, False} <= {*values}:
        return {}  # They may be between the two.
    direction = "desc" if pages.is_descending else "asc"
    return {"null_places": (null_place(kind, direction, are_first=are_first),)}


async def show_order(pages: PageSource, ordering: ColumnOrders, *, per_page: int) -> LearnedTraits:
    """Return what the first page by a column and the last show, and of text one in the middle.

    That is at most `LOOK_CALLS`. Raises SeekFailed.
    """
    array = SortedPages(pages, ordering, per_page=per_page)
    await array.open()
    if array.count > 1:
        await array.read([array.count])
    if ordering.column.kind is ColumnKind.TEXT:
        await array.read(gap.middle for gap in array.gaps)
    return learned_orders(array)
