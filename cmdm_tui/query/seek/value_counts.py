"""Counts the records of each value of a field, skipping pages that hold a single value."""

from collections import Counter
from typing import Any

from cmdm_tui.query.model import Value
from cmdm_tui.query.seek.bisect import ExtraPages, read_ends
from cmdm_tui.query.seek.column_orders import ColumnOrders
from cmdm_tui.query.seek.errors import OrderContradicted, TooManyGroups
from cmdm_tui.query.seek.order_proof import learned_orders
from cmdm_tui.query.seek.page_views import PageSource
from cmdm_tui.query.seek.results import (
    ValueCounts,
    describe_doubts,
    retry_once_on_change,
)
from cmdm_tui.query.seek.sorted_pages import SortedPages

MAX_PROBES = 64
"""The number of pages beyond which a field counts as having many values."""


async def count_values(
    pages: PageSource, ordering: ColumnOrders, *, per_page: int, most_probes: int = MAX_PROBES
) -> ValueCounts:
    """Return each value of the column with its number of records, null included.

    A stretch of pages is skipped where both its ends hold one value and no other can be between
    them in any candidate order. Raises TooManyGroups as soon as more than `most_probes` pages seem
    to be needed; and SeekFailed.
    """

    async def seek(fresh: bool) -> ValueCounts:
        array = SortedPages(pages, ordering, per_page=per_page, fresh=fresh)
        await read_ends(array)
        doubts = ExtraPages(array)
        is_proved = False
        while not is_proved:
            await _find_borders(array, most_probes)
            is_proved = not await doubts.read_to_prove()
        await array.check_end()
        _check_ties(array)
        counts = Counter(value for view in array.views for value in view.values)
        for gap in array.gaps:
            counts[gap.above.values[-1]] += gap.count * array.size
        return ValueCounts(
            total=array.total,
            pages_read=max(len(array.views), 1),
            pages=array.count,
            notes=describe_doubts(array),
            learned=learned_orders(array),
            counts=tuple(sorted(counts.items(), key=lambda group: _sort_place(ordering, group[0]))),
        )

    return await retry_once_on_change(seek)


async def _find_borders(array: SortedPages, most_probes: int) -> None:
    while mixed := [gap for gap in array.gaps if not array.is_one_value(gap)]:
        # At least one border lies in each, and is found by halving.
        to_come = sum(gap.count.bit_length() for gap in mixed)
        if min(len(array.views) + to_come, array.count) > most_probes:
            name = array.ordering.column.name
            raise TooManyGroups(f"{name} has too many values to skip between.")
        await array.read(gap.middle for gap in mixed)


def _sort_place(ordering: ColumnOrders, value: Value | None) -> tuple[Any, ...]:
    return (0,) if value is None else (1, ordering.sort_key(value))


def _check_ties(array: SortedPages) -> None:
    """Check that no record is on two pages where that may hide one written differently."""
    seen_on: dict[str, int] = {}
    for view in array.views:
        for record, value, raw in zip(view.records, view.values, view.raws, strict=True):
            if seen_on.setdefault(record.external_id, view.number) == view.number:
                continue
            keys = [(order, order.key(value, raw)) for order in array.orders if value is not None]
            if not all(order.is_one_value(key, key) for order, key in keys):
                name = array.ordering.column.name
                what = f"Records tied by {name} are on two pages."
                raise OrderContradicted(what, column=name, trait="stable_ties")
