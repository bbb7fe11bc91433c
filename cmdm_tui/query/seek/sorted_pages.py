"""One entity's pages in the order of one column: reads them, checks them, bounds the unread.

Every page that is read is checked to ascend within itself and between its neighbours, in each
candidate order. An order that a page contradicts is dropped; when none is left, the seek ends.
"""

import asyncio
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from cmdm_tui.api import NotFound, Page
from cmdm_tui.api.paging import is_capped
from cmdm_tui.catalog.text_orders import is_settled
from cmdm_tui.query.model import EXTERNAL_ID, Value
from cmdm_tui.query.seek.column_orders import ColumnOrders, without_options
from cmdm_tui.query.seek.column_predicate import ColumnPredicate
from cmdm_tui.query.seek.errors import NoTotal, OrderContradicted, SeekFailed
from cmdm_tui.query.seek.field_values import OddValue, is_below_defaults
from cmdm_tui.query.seek.order_kinds import CandidateOrder, Overlap
from cmdm_tui.query.seek.page_views import Direction, Gap, PageSource, PageView, RecordsChanged

CONCURRENT_PAGES = 6
"""The most pages that are requested at once."""

MIN_ASCENTS = 8
"""The number of ascending values from which an order counts as shown: chance sorts nine values in
only one of 362,880 shuffles."""


LearnedTraits = Mapping[str, tuple[str, ...] | bool]
"""What pages have shown about a service, by the names of `catalog.traits`."""


class SortedPages:
    """The pages of one column in one direction. `open()` reads the first and learns their number.

    Every method that reads a page raises OrderContradicted, NoTotal and RecordsChanged.
    """

    def __init__(
        self,
        pages: PageSource,
        ordering: ColumnOrders,
        *,
        fields: Sequence[str] = (),
        per_page: int,
        direction: Direction = "asc",
        fresh: bool = False,
    ) -> None:
        self._pages = pages
        self.ordering = ordering
        self.orders: tuple[CandidateOrder, ...] = ordering.orders
        """The orders that no page read so far contradicts."""
        wanted = [ordering.column.name, *fields]
        self._fields = [name for name in dict.fromkeys(wanted) if name != EXTERNAL_ID]
        self._per_page = per_page
        self._direction: Direction = direction
        self._options: frozenset[object] = frozenset(ordering.options)
        self._fresh = fresh
        self._views: dict[int, PageView] = {}
        self._numbers: list[int] = []
        self.total = 0
        self.size = per_page
        self.are_nulls_first = False

    @property
    def count(self) -> int:
        """The number of pages."""
        return -(-self.total // self.size)

    @property
    def views(self) -> list[PageView]:
        """The pages read, in their order."""
        return [self._views[number] for number in self._numbers]

    @property
    def relies_on_options(self) -> bool:
        """Whether a picklist is assumed to hold only its options."""
        return bool(self._options)

    @property
    def is_descending(self) -> bool:
        """Whether the pages descend."""
        return self._direction == "desc"

    @property
    def gaps(self) -> list[Gap]:
        """The stretches of unread pages, in order."""
        views = self.views
        found = [
            Gap(above.number + 1, below.number - 1, above, below)
            for above, below in pairwise(views)
            if below.number > above.number + 1
        ]
        if views and views[-1].number < self.count:
            found.append(Gap(views[-1].number + 1, self.count, views[-1], None))
        return found

    async def open(self) -> None:
        """Read the first page: it states the total and shows how many records a page holds."""
        page = await self._fetch(1)
        if page.total_records is None:
            raise NoTotal(f"The service does not state how many {page.entity} records there are.")
        self.total = page.total_records
        came = len(page.records)
        if came > self.total:
            raise NoTotal(f"The first page has more than the {self.total:,} records counted.")
        if is_capped(page, self._per_page):
            self.size = self._per_page = came
        elif came > self._per_page:
            self.size = came
        if self.total and not came:
            raise RecordsChanged("The first page holds no record though some are counted.")
        raw = self._raw_values(page)
        self.are_nulls_first = bool(raw) and self._value(raw[0]) is None
        if self.total:
            self._add_page(1, page)

    async def read(self, numbers: Iterable[int]) -> None:
        """Read pages that were not read yet, several at once."""
        wanted = sorted({number for number in numbers if number not in self._views})
        limit = asyncio.Semaphore(CONCURRENT_PAGES)

        async def ask(number: int) -> Page:
            async with limit:
                return await self._fetch(number)

        tasks = [asyncio.ensure_future(ask(number)) for number in wanted]
        try:
            for number, task in zip(wanted, tasks, strict=True):
                page = await task
                try:
                    self._add_page(number, page)
                except _Misplaced as misplaced:
                    await self._read_again(misplaced)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def is_steady(self, number: int) -> bool:
        """Read a page again, and return whether it holds the same records in the same order."""
        page = await self._fetch(number, fresh=True)
        known = [record.external_id for record in self._views[number].records]
        return known == [record.external_id for record in page.records]

    async def check_end(self) -> None:
        """Check that the last page is the last: the page before it is read if no neighbours were.

        Where each page repeats records of the page before it, more pages hold all of them than the
        total makes. A last page that is not full shows that by its length. Raises SeekFailed.
        """
        if self.count < 2 or self.count not in self._views or self.total % self.size:
            return
        if not self._has_neighbours():
            await self.read([self.count - 1])
        if not self._fit_together():
            raise SeekFailed("Pages hold records of the pages before them.")

    def _has_neighbours(self) -> bool:
        return any(above + 1 == below for above, below in pairwise(self._numbers))

    def _fit_together(self) -> bool:
        """Return whether two neighbouring pages were read that share no record."""
        return any(
            above.number + 1 == below.number
            and {one.external_id for one in above.records}.isdisjoint(
                one.external_id for one in below.records
            )
            for above, below in pairwise(self.views)
        )

    def may_follow(self, predicate: ColumnPredicate) -> bool:
        """Return whether a page after the last one could hold what a predicate keeps."""
        last = self._views.get(self.count)
        if last is None or not last.values:
            return False
        beyond = Gap(self.count + 1, self.count + 1, last, None)
        return not self.is_outside(beyond, self.orders, predicate)

    def overlap(self, gap: Gap, order: CandidateOrder, predicate: ColumnPredicate) -> Overlap:
        """Return how a gap's values overlap a predicate, if the service sorts in `order`."""
        of_null = Overlap.INSIDE if predicate.region.has_null else Overlap.OUTSIDE
        starts_null = gap.above.values[-1] is None
        ends_null = gap.below is not None and gap.below.values[0] is None
        if starts_null and (ends_null or (self.is_null_place_known and not self.are_nulls_first)):
            return of_null
        low = None if starts_null else gap.above.keys[order.name][-1]
        high = None
        if gap.below is not None and not ends_null:
            high = gap.below.keys[order.name][0]
        if self.is_descending:
            low, high = high, low
        judged = order.overlap(low, high, predicate)
        holds_null = starts_null or ends_null or (gap.below is None and not self.are_nulls_first)
        return judged.combine(of_null) if holds_null else judged

    def is_outside(
        self, gap: Gap, orders: Iterable[CandidateOrder], predicate: ColumnPredicate
    ) -> bool:
        """Return whether none of the orders lets a gap hold what a predicate keeps."""
        return all(self.overlap(gap, order, predicate) is Overlap.OUTSIDE for order in orders)

    @property
    def has_nulls(self) -> bool:
        """Whether a page that was read holds a null."""
        return any(None in view.values for view in self.views)

    @property
    def is_null_place_known(self) -> bool:
        """Whether nulls are known to be at one end: seen there, or known of the service."""
        return self.seen_null_place is not None or self.known_null_place is not None

    @property
    def seen_null_place(self) -> bool | None:
        """Whether nulls were seen to come first, or last; None where they were seen at no end."""
        if self.are_nulls_first:
            return True
        last = self._views.get(self.count)
        if last is not None and last.values and last.values[-1] is None:
            return False
        return None

    @property
    def known_null_place(self) -> bool | None:
        """Where nulls are known to be; None for values below which those of a service may be.

        It may sort null as 0 or as 1970, and other fields need not have lower values to show that.
        """
        ordering = self.ordering
        known = ordering.nulls_first_descending if self.is_descending else ordering.nulls_first
        is_lowest = known is not None and known is not self.is_descending
        return None if is_lowest and self._is_below_defaults else known

    @property
    def _is_below_defaults(self) -> bool:
        view = self._views.get(self.count if self.is_descending else 1)
        lowest = view.values[-1 if self.is_descending else 0] if view and view.values else None
        return lowest is not None and is_below_defaults(lowest)

    def may_hide_null(self, gap: Gap) -> bool:
        """Return whether nulls may be among a gap's values, though neither end shows one.

        A service may put them in the middle, as it may sort a null like some value.
        """
        if self.ordering.column.name == EXTERNAL_ID:
            return False
        return not self.is_null_place_known and not self.is_one_value(gap)

    def is_one_value(self, gap: Gap) -> bool:
        """Return whether everything in a gap is the value at both its ends."""
        if gap.below is None:
            return False
        above, below = gap.ends
        if above is None or below is None:
            return above is below
        return above == below and all(
            order.is_one_value(gap.above.keys[order.name][-1], gap.below.keys[order.name][0])
            for order in self.orders
        )

    @property
    def ascents(self) -> int:
        """The number of neighbouring values that differ, which shows that there is an order."""
        values = [value for view in self.views for value in view.values if value is not None]
        return sum(before != after for before, after in pairwise(values))

    async def _fetch(self, number: int, *, fresh: bool = False) -> Page:
        try:
            page = await self._pages.page(
                number,
                sort_by=self.ordering.column.name,
                sort_order=self._direction,
                fields=self._fields,
                per_page=self._per_page,
                fresh=fresh or self._fresh,
            )
        except NotFound:
            if number == 1:
                raise
            raise RecordsChanged(f"Page {number} is no longer there.") from None
        if number > 1:
            self._check_size(number, page)
        return page

    def _check_size(self, number: int, page: Page) -> None:
        if page.total_records != self.total:
            raise RecordsChanged(
                f"There were {self.total:,} records, and then {page.total_records or 0:,}."
            )
        due = min(self.size, self.total - (number - 1) * self.size)
        if len(page.records) != due:
            raise RecordsChanged(
                f"Page {number} holds {len(page.records):,} records instead of {due:,}."
            )

    def _raw_values(self, page: Page) -> tuple[object, ...]:
        name = self.ordering.column.name
        if name == EXTERNAL_ID:
            return tuple(record.external_id for record in page.records)
        return tuple(record.properties.get(name) for record in page.records)

    def _value(self, raw: object) -> Value | None:
        try:
            return self.ordering.read_value(raw)
        except OddValue:
            kind = self.ordering.column.kind
            raise self._contradiction(f"holds {raw!r}, which is not a plain {kind}", None) from None

    def _add_page(self, number: int, page: Page) -> None:
        raws = self._raw_values(page)
        values = tuple(self._value(raw) for raw in raws)
        self._check_nulls([value is None for value in values], number)
        if self._options and not self._options.issuperset(set(values) - {None}):
            self._options, self.orders = frozenset(), without_options(self.orders)
        pairs = [(value, raw) for value, raw in zip(values, raws, strict=True) if value is not None]
        keys: dict[str, tuple[Any, ...]] = {}
        left: list[CandidateOrder] = []
        texts = tuple(value for value, _ in pairs)
        doubtful = self._doubtful_pairs(texts)
        for order in self.orders:
            if order.compares_text:
                placed = texts
                is_sorted = all(self._is_sorted(order, pair) for pair in doubtful)
            else:
                try:
                    placed = tuple(order.key(value, raw) for value, raw in pairs)
                except OddValue:
                    continue
                is_sorted = self._is_sorted(order, placed)
            if is_sorted:
                keys[order.name] = placed
                left.append(order)
        if not left:
            self._raise_unsorted(number, [value for value, _ in pairs])
        view = PageView(number, page.records, values, raws, keys)
        self._insert_view(view, left)

    def _insert_view(self, view: PageView, left: Sequence[CandidateOrder]) -> None:
        at = bisect_left(self._numbers, view.number)
        above = self._views[self._numbers[at - 1]] if at else None
        below = self._views[self._numbers[at]] if at < len(self._numbers) else None
        self._check_null_neighbours(above, view, below)
        fitting = [
            order
            for order in left
            if self._fits(order, above, view) and self._fits(order, view, below)
        ]
        if not fitting:
            raise _Misplaced(view, [one for one in (above, below) if one is not None])
        self.orders = tuple(fitting)
        self._views[view.number] = view
        insort(self._numbers, view.number)

    def _fits(self, order: CandidateOrder, above: PageView | None, below: PageView | None) -> bool:
        if above is None or below is None:
            return True
        one, other = self._nearest(above, below, order)
        return one is None or other is None or self._is_sorted(order, (one, other))

    def _nearest(self, above: PageView, below: PageView, order: CandidateOrder) -> tuple[Any, Any]:
        """Return the keys of the last value before a border and of the first after it.

        A page of nulls has none; the values on both sides were compared when they were read.
        """
        ends = above.keys[order.name], below.keys[order.name]
        return (ends[0][-1] if ends[0] else None), (ends[1][0] if ends[1] else None)

    def _is_sorted(self, order: CandidateOrder, keys: Sequence[Any]) -> bool:
        if self.is_descending:
            return not any(order.is_after(other, one) for one, other in pairwise(keys))
        return not any(order.is_after(one, other) for one, other in pairwise(keys))

    def _doubtful_pairs(self, values: Sequence[Value]) -> list[tuple[Value, Value]]:
        """Return the pairs of neighbouring texts that not every order of text puts so."""
        return [
            (one, other)
            for one, other in pairwise(values)
            if one != other
            and isinstance(one, str)
            and isinstance(other, str)
            and not (is_settled(other, one) if self.is_descending else is_settled(one, other))
        ]

    def _check_nulls(self, are_null: list[bool], number: int) -> None:
        if are_null != sorted(are_null, reverse=self.are_nulls_first):
            self._raise_misplaced_nulls(number)

    def _check_null_neighbours(self, *views: PageView | None) -> None:
        known = [view for view in views if view is not None and view.values]
        ends = [value is None for view in known for value in (view.values[0], view.values[-1])]
        if ends != sorted(ends, reverse=self.are_nulls_first):
            misplaced = next(view for view in known if view.number not in self._views)
            raise _Misplaced(misplaced, [view for view in known if view is not misplaced])

    def _raise_misplaced_nulls(self, number: int) -> None:
        raise self._contradiction(f"holds nulls among values on page {number}", None)

    def _raise_unsorted(self, number: int, values: Sequence[Value]) -> None:
        order = self.orders[0]
        wrong = next(
            (
                f": {one!r} before {other!r}"
                for one, other in pairwise(values)
                if not self._is_sorted(order, (order.key(one, one), order.key(other, other)))
            ),
            "",
        )
        raise self._contradiction(f"is not sorted on page {number}{wrong}", self.ordering.trait)

    def _contradiction(self, what: str, trait: str | None) -> OrderContradicted:
        name = self.ordering.column.name
        return OrderContradicted(f"{name} {what}.", column=name, trait=trait)

    async def _read_again(self, misplaced: "_Misplaced") -> None:
        """Read pages again that do not fit together: the order differs, or records have moved."""
        for view in (misplaced.view, *misplaced.neighbours):
            page = await self._fetch(view.number, fresh=True)
            if self._raw_values(page) != view.raws:
                raise RecordsChanged(f"Page {view.number} holds other records than before.")
        numbers = sorted(view.number for view in (misplaced.view, *misplaced.neighbours))
        pages = " and ".join(map(str, numbers))
        what = f"is not sorted from page to page ({pages})"
        raise self._contradiction(what, self.ordering.trait)


class _Misplaced(Exception):
    """A page that does not fit between its neighbours in any candidate order."""

    def __init__(self, view: PageView, neighbours: Sequence[PageView]) -> None:
        super().__init__()
        self.view = view
        self.neighbours = neighbours
