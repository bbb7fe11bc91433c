"""Finds what comes first in an order: the smallest and largest value, and the first records."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from msgspec import Struct, structs

from cmdm_tui.api import Record
from cmdm_tui.query.model import Value
from cmdm_tui.query.seek.bisect import ExtraPages, check_null_places, check_ties, end_tells_digits
from cmdm_tui.query.seek.column_orders import ColumnOrders
from cmdm_tui.query.seek.column_predicate import ColumnPredicate, not_null
from cmdm_tui.query.seek.deciding_pages import DecidingPages, find_deciding_places
from cmdm_tui.query.seek.order_kinds import CandidateOrder, Overlap
from cmdm_tui.query.seek.order_proof import is_order_shown, learned_orders
from cmdm_tui.query.seek.page_views import Direction, Gap, PageSource, PageView
from cmdm_tui.query.seek.region import EVERY_VALUE, HIGHEST, LOWEST, Interval, Region, after, before
from cmdm_tui.query.seek.results import (
    ExtremeValue,
    FoundRecords,
    describe_doubts,
    retry_once_on_change,
)
from cmdm_tui.query.seek.sorted_pages import SortedPages

_ValueAndRecord = tuple[Value, Record]


async def find_smallest(
    pages: PageSource,
    predicate: ColumnPredicate,
    ordering: ColumnOrders,
    *,
    per_page: int,
    places: Sequence[int] = (),
    sure: bool = True,
) -> ExtremeValue:
    """Return the smallest value that an exact predicate keeps. Raises SeekFailed.

    `places` are those of records whose pages decided it before (`deciding_pages`).
    """
    return await _find_extreme(
        pages, predicate, ordering, "asc", per_page=per_page, places=places, sure=sure
    )


async def find_largest(
    pages: PageSource,
    predicate: ColumnPredicate,
    ordering: ColumnOrders,
    *,
    per_page: int,
    places: Sequence[int] = (),
    sure: bool = True,
) -> ExtremeValue:
    """Return the largest value that an exact predicate keeps. Raises SeekFailed.

    `places` are those of records whose pages decided it before (`deciding_pages`).
    """
    return await _find_extreme(
        pages, predicate, ordering, "desc", per_page=per_page, places=places, sure=sure
    )


async def find_first(
    pages: PageSource,
    ordering: ColumnOrders,
    *,
    descending: bool,
    count: int,
    fields: Sequence[str],
    per_page: int,
    nulls_first: bool | None = None,
    places: Sequence[int] = (),
    sure: bool = True,
) -> FoundRecords:
    """Return the first `count` records in the engine's order of the column, in that order.

    Nulls come first in ascending order and last in descending, or as `nulls_first` says. Of records
    that tie, any may be returned. Without `sure`, text that differs only in case counts as tied,
    and the service's nulls are assumed to be where the contract puts them. `places` are those of
    records whose pages decided it before (`deciding_pages`). Raises SeekFailed.
    """
    direction: Direction = "desc" if descending else "asc"
    leads = not descending if nulls_first is None else nulls_first

    async def seek(fresh: bool) -> FoundRecords:
        array = SortedPages(
            pages, ordering, fields=fields, per_page=per_page, direction=direction, fresh=fresh
        )
        await array.open()
        front = await _read_leading_nulls(array, count, sure=sure) if leads else []
        best = await _find_best(
            array, not_null(ordering.column), count - len(front), places, sure=sure
        )
        rows, is_sure = best.rows, best.is_sure
        records = [*front, *(record for _, record in rows)]
        if len(records) < count and not leads:
            records += await _read_nulls(array, count - len(records))
        may_hide = leads and len(front) < count and bool(_gaps_of_nulls(array))
        # Trusting, nulls are not looked for at the other end, and are not among the rows.
        has_left_nulls = leads and not front and array.has_nulls
        return FoundRecords(
            total=array.total,
            pages_read=max(len(array.views), 1),
            pages=array.count,
            notes=describe_doubts(array, is_sure=is_sure, rests_on_kind=may_hide),
            is_sure=is_sure and (sure or not (may_hide or has_left_nulls)),
            learned=learned_orders(array),
            places=best.places,
            records=tuple(records),
        )

    return await retry_once_on_change(seek)


def _second_page(array: SortedPages, predicate: ColumnPredicate) -> int:
    """Return the page that says most after the first, for an extreme of all: mostly the middle.

    For a part, the other end is needed.
    """
    if predicate.region != EVERY_VALUE or end_tells_digits(array):
        return array.count
    return array.count // 2 + 1


async def _find_extreme(
    pages: PageSource,
    predicate: ColumnPredicate,
    ordering: ColumnOrders,
    direction: Direction,
    *,
    per_page: int,
    places: Sequence[int],
    sure: bool,
) -> ExtremeValue:
    async def seek(fresh: bool) -> ExtremeValue:
        array = SortedPages(pages, ordering, per_page=per_page, direction=direction, fresh=fresh)
        await array.open()
        if array.count > 1 and not places:
            await array.read([_second_page(array, predicate)])
        best = await _find_best(array, predicate, 1, places, sure=sure)
        return ExtremeValue(
            total=array.total,
            pages_read=max(len(array.views), 1),
            pages=array.count,
            notes=describe_doubts(array, is_sure=best.is_sure),
            is_sure=best.is_sure,
            learned=learned_orders(array),
            places=best.places,
            value=best.rows[0][0] if best.rows else None,
        )

    return await retry_once_on_change(seek)


class _Best(Struct, frozen=True):
    """The rows that come first, whether that is certain, and the places that decided it."""

    rows: list[_ValueAndRecord]
    is_sure: bool
    places: tuple[int, ...]


async def _find_best(
    array: SortedPages,
    predicate: ColumnPredicate,
    count: int,
    places: Sequence[int],
    *,
    sure: bool,
) -> _Best:
    """Read until no unread page can hold a value among the first `count` that are kept.

    It is certain where that is so in every candidate order.
    """
    doubts, rows, taken = ExtraPages(array), list[_ValueAndRecord](), set[int]()
    known = DecidingPages(array, places)
    while True:
        new = [view for view in array.views if view.number not in taken]
        taken.update(view.number for view in new)
        rows = _merge_rows(array, predicate, rows, new)[:count]
        ahead = _predicate_ahead(array, predicate, rows, count, sure=sure)
        nearest = _undecided_gaps(array, ahead, array.orders[:1])
        if nearest:
            await array.read(known.take(nearest) or [_next_page(array, nearest[0], ahead, known)])
            continue
        certain = ahead if sure else _predicate_ahead(array, predicate, rows, count, sure=True)
        doubtful = _undecided_gaps(array, certain, array.orders)
        if doubtful and sure:
            if numbers := known.take(doubtful):
                await array.read(numbers)
            else:
                await doubts.read_to_tell(doubtful)
            continue
        # Rows of nulls alone rest on no order. One value alone, far apart, is the likely extreme.
        is_proved = count <= 0 or is_order_shown(array)
        may_prove = array.has_nulls or array.ascents or len(array.views) == 1
        if sure and not is_proved and may_prove:
            await doubts.read_to_prove()
            continue
        if len(rows) < count:
            await array.check_end()
        check_ties(array, replace(ahead, region=_region_up_to(array, predicate, rows, count)))
        needed = find_deciding_places(array, certain, {record.external_id for _, record in rows})
        return _Best(rows, is_proved and not doubtful, needed)


def _merge_rows(
    array: SortedPages,
    predicate: ColumnPredicate,
    rows: list[_ValueAndRecord],
    views: Sequence[PageView],
) -> list[_ValueAndRecord]:
    """Return the rows and those that the views add, each record once, in the engine's order."""
    by_id = {record.external_id: (value, record) for value, record in rows}
    for view in views:
        for record, value in zip(view.records, view.values, strict=True):
            if value is not None and predicate.keeps(value):
                by_id[record.external_id] = (value, record)
    key = array.ordering.sort_key
    return sorted(by_id.values(), key=lambda row: key(row[0]), reverse=array.is_descending)


def _predicate_ahead(
    array: SortedPages,
    predicate: ColumnPredicate,
    rows: list[_ValueAndRecord],
    count: int,
    *,
    sure: bool,
) -> ColumnPredicate:
    """Return the predicate for what would come before the last row, as far as is certain."""
    region = structs.replace(predicate.region, has_null=False)
    if count <= 0:
        region = Region()
    elif len(rows) == count:
        limit = array.ordering.sort_key(rows[-1][0])
        is_text = isinstance(limit, tuple)
        if array.is_descending:
            low = before((limit[0] + "\0", "")) if is_text and not sure else after(limit)
            beyond = Interval(low, HIGHEST)
        else:
            beyond = Interval(LOWEST, before((limit[0], "") if is_text and not sure else limit))
        region = region.intersection(Region.of(beyond))
    return ColumnPredicate(predicate.column, region)


def _region_up_to(
    array: SortedPages, predicate: ColumnPredicate, rows: list[_ValueAndRecord], count: int
) -> Region:
    """Return the region up to the last row's value, included."""
    region = structs.replace(predicate.region, has_null=False)
    if len(rows) < count or not rows:
        return region
    limit = array.ordering.sort_key(rows[-1][0])
    low = before(limit) if array.is_descending else LOWEST
    high = HIGHEST if array.is_descending else after(limit)
    return region.intersection(Region.of(Interval(low, high)))


def _undecided_gaps(
    array: SortedPages, ahead: ColumnPredicate, orders: Sequence[CandidateOrder]
) -> list[Gap]:
    return [gap for gap in array.gaps if not array.is_outside(gap, orders, ahead)]


def _next_page(array: SortedPages, gap: Gap, ahead: ColumnPredicate, known: DecidingPages) -> int:
    """Return the page to read in a gap: its first where the matches have begun before it."""
    end: Any = gap.above.values[-1]
    order = array.orders[0]
    if end is None:
        return known.step_from(gap) or gap.middle
    key = gap.above.keys[order.name][-1]
    has_begun = order.overlap(key, key, ahead) is not Overlap.OUTSIDE
    is_inside = array.overlap(gap, order, ahead) is Overlap.INSIDE
    return gap.first if has_begun or is_inside else gap.middle


def _gaps_of_nulls(array: SortedPages) -> list[Gap]:
    return [gap for gap in array.gaps if array.may_hide_null(gap)]


async def _read_leading_nulls(array: SortedPages, count: int, *, sure: bool) -> list[Record]:
    """Return up to `count` records that hold null, wherever the service puts them."""
    known = array.known_null_place
    if not array.are_nulls_first and array.count > 1:
        if known or (not sure and known is None and not array.is_descending):
            return []
        await array.read([array.count])
        if array.views[-1].values[-1] is not None:
            doubts = ExtraPages(array)
            while sure and (hiding := _gaps_of_nulls(array)):
                check_null_places(array, hiding)
                await doubts.read(hiding)
            return []
    return await _read_nulls(array, count)


async def _read_nulls(array: SortedPages, count: int) -> list[Record]:
    """Return up to `count` records that hold null, reading as many pages as that takes."""
    column = array.ordering.column
    region = Region((), has_null=True)
    while True:
        rows = {
            record.external_id: record
            for view in array.views
            for record, value in zip(view.records, view.values, strict=True)
            if value is None
        }
        order = array.orders[0]
        only_null = ColumnPredicate(column, region)
        gaps = [
            gap for gap in array.gaps if array.overlap(gap, order, only_null) is not Overlap.OUTSIDE
        ]
        if len(rows) >= count or not gaps:
            check_ties(array, only_null)
            return list(rows.values())[:count]
        gap = gaps[0] if array.are_nulls_first else gaps[-1]
        await array.read([gap.first if array.are_nulls_first else gap.last])
