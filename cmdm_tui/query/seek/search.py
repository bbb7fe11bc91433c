"""Finds the records that a predicate on one column may keep, and counts those that it keeps."""

from collections.abc import Sequence

from cmdm_tui.query.model import ColumnKind, Value
from cmdm_tui.query.seek.bisect import check_ties, decide, rests_on_kind
from cmdm_tui.query.seek.column_orders import ColumnOrders
from cmdm_tui.query.seek.column_predicate import ColumnPredicate, engine_key
from cmdm_tui.query.seek.errors import OrderContradicted
from cmdm_tui.query.seek.order_kinds import Overlap
from cmdm_tui.query.seek.order_proof import learned_orders
from cmdm_tui.query.seek.page_views import PageSource, PageView
from cmdm_tui.query.seek.results import (
    FoundRecords,
    MatchCount,
    describe_doubts,
    retry_once_on_change,
)
from cmdm_tui.query.seek.sorted_pages import SortedPages

_FIRST_BATCH = 4


async def find_records(
    pages: PageSource,
    predicate: ColumnPredicate,
    ordering: ColumnOrders,
    *,
    fields: Sequence[str],
    per_page: int,
    sure: bool = True,
) -> FoundRecords:
    """Return the records that a predicate may keep, each once, with `fields`.

    Every record that it keeps is among them. Where the pages read leave more than one order
    possible and the predicate has no stretch in one, more are read until it is `sure`, at worst
    all; otherwise the result says so. Raises SeekFailed.
    """

    async def seek(fresh: bool) -> FoundRecords:
        array = SortedPages(pages, ordering, fields=fields, per_page=per_page, fresh=fresh)
        is_sure = await decide(array, predicate, sure=sure)
        await _read_inside(array, predicate)
        if array.may_follow(predicate):
            await array.check_end()
        check_ties(array, predicate)
        return FoundRecords(
            total=array.total,
            pages_read=max(len(array.views), 1),
            pages=array.count,
            notes=describe_doubts(
                array, is_sure=is_sure, rests_on_kind=rests_on_kind(array, predicate)
            ),
            is_sure=is_sure,
            learned=learned_orders(array),
            records=tuple(
                record
                for view in array.views
                for record, value in zip(view.records, view.values, strict=True)
                if _may_keep(predicate, value)
            ),
        )

    return await retry_once_on_change(seek)


async def count_matches(
    pages: PageSource,
    predicate: ColumnPredicate,
    ordering: ColumnOrders,
    *,
    per_page: int,
    sure: bool = True,
) -> MatchCount:
    """Return how many records an exact predicate keeps, from the boundaries of its regions.

    No known order separates texts that differ only in case, so what equals a bound except for case
    is read. Raises SeekFailed.
    """

    async def seek(fresh: bool) -> MatchCount:
        array = SortedPages(pages, ordering, per_page=per_page, fresh=fresh)
        is_sure = await decide(array, predicate, counting=True, sure=sure)
        await array.check_end()
        if predicate.column.kind is ColumnKind.TEXT:
            check_ties(array, predicate)
        primary = array.orders[0]
        inside = (
            gap for gap in array.gaps if array.overlap(gap, primary, predicate) is Overlap.INSIDE
        )
        kept = sum(predicate.keeps(value) for view in array.views for value in view.values)
        return MatchCount(
            total=array.total,
            pages_read=max(len(array.views), 1),
            pages=array.count,
            notes=describe_doubts(
                array, is_sure=is_sure, rests_on_kind=rests_on_kind(array, predicate, counting=True)
            ),
            is_sure=is_sure,
            learned=learned_orders(array),
            count=kept + sum(gap.count * array.size for gap in inside),
        )

    return await retry_once_on_change(seek)


def max_boundary_probes(pages: int) -> int:
    """Return the most pages that finding both ends of a stretch takes."""
    return min(pages, 2 * pages.bit_length() + 1)


async def _read_inside(array: SortedPages, predicate: ColumnPredicate) -> None:
    """Read the pages inside, in growing batches: ties that change places show on the first ones."""
    wanted = [
        number
        for gap in array.gaps
        if array.overlap(gap, array.orders[0], predicate) is Overlap.INSIDE
        for number in range(gap.first, gap.last + 1)
    ]
    if len(array.views) + len(wanted) > max_boundary_probes(array.count):
        await _check_ties_are_stable(array, predicate)
    size = _FIRST_BATCH
    while wanted:
        batch, wanted = wanted[:size], wanted[size:]
        await array.read(batch)
        check_ties(array, predicate)
        size *= 2


async def _check_ties_are_stable(array: SortedPages, predicate: ColumnPredicate) -> None:
    """Read a page with ties again before many are read that unstable ties would make useless."""
    tied = next((view for view in array.views if _has_ties(view, predicate)), None)
    if tied is None or array.ordering.stable_ties or await array.is_steady(tied.number):
        return
    name = array.ordering.column.name
    raise OrderContradicted(
        f"Records tied by {name} change places between calls.", column=name, trait="stable_ties"
    )


def _has_ties(view: PageView, predicate: ColumnPredicate) -> bool:
    kept = [value for value in view.values if _may_keep(predicate, value)]
    return len(set(kept)) < len(kept)


def _may_keep(predicate: ColumnPredicate, value: Value | None) -> bool:
    if value is None:
        return predicate.region.has_null
    return predicate.region.holds(engine_key(value) if isinstance(value, str) else value)
