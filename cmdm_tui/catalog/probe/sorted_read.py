"""Reads an entity in an order: its first page, its last, and the first of the order reversed."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from cmdm_tui.api import SortOrder
from cmdm_tui.catalog.probe.client import ProbeAnswer
from cmdm_tui.catalog.probe.comparers import (
    Comparer,
    Name,
    Pair,
    PairCounts,
    count_pairs,
    neighbour_pairs,
)
from cmdm_tui.catalog.probe.context import ProbeContext

MAX_RECORDS = 1_000
"""Records asked for at once to see an order: one field of them, so a small answer."""


class SortedRead(Struct, frozen=True):
    """What came under `sort_by`. `last` is the first page too where that holds everything.

    `last` is None where the last page was not read, `descending` where that was not asked for.
    """

    field: str
    first: ProbeAnswer
    last: ProbeAnswer | None
    descending: ProbeAnswer | None = None

    @property
    def is_list(self) -> bool:
        """Whether the first page is a list of records."""
        return self.first.page is not None

    def values_by_page(self) -> list[list[object]]:
        """Return the field's values, page by page."""
        pages = [self.first]
        if self.last is not None and self.last is not self.first:
            pages.append(self.last)
        return [page.values(self.field) for page in pages]

    def has_unsorted_order(self, context: ProbeContext) -> bool:
        """Return whether the records are in the order without sort_by: then nothing is shown."""
        length = min(len(self.first.ids), len(context.ids))
        turned = context.ids[::-1] if context.has_all_records else ()
        return self.first.ids[:length] in {context.ids[:length], turned[:length]}

    def differs_from_unsorted(self, order: Comparer, context: ProbeContext) -> bool:
        """Return whether the order is neither that without sort_by nor its reverse.

        Otherwise a service that ignores sort_by and follows sort_order would look as if it sorted.
        """
        sampled = [] if context.sample is None else context.sample.values(self.field)
        counted = count_pairs(order, neighbour_pairs(sampled))
        return counted.ascending > 0 and counted.contradicting > 0

    def collect_pairs(self, context: ProbeContext) -> list[Pair]:
        """Return all pairs that should ascend: neighbours, and every sampled value and the ends."""
        pairs = [pair for values in self.values_by_page() for pair in neighbour_pairs(values)]
        if self.first.total != context.total:
            return pairs
        sampled = [] if context.sample is None else context.sample.values(self.field)
        smallest = _first_present(self.first.values(self.field))
        pairs += [pair for value in sampled for pair in neighbour_pairs([smallest, value])]
        if self.last is not None:
            largest = _first_present(self.last.values(self.field)[::-1])
            pairs += [pair for value in sampled for pair in neighbour_pairs([value, largest])]
        return pairs

    def count_pairs_by_order(
        self, orders: Mapping[Name, Comparer], context: ProbeContext
    ) -> dict[Name, PairCounts]:
        """Return what the pairs say about each order.

        Only neighbours count as ascending: the ends are the ends of an order by many pairs at once.
        """
        return dict(self._iterate_counts(orders, context))

    def _iterate_counts(
        self, orders: Mapping[Name, Comparer], context: ProbeContext
    ) -> Iterator[tuple[Name, PairCounts]]:
        all_pairs = self.collect_pairs(context)
        near = [pair for values in self.values_by_page() for pair in neighbour_pairs(values)]
        for name, order in orders.items():
            contradicting = count_pairs(order, all_pairs).contradicting
            yield name, PairCounts(count_pairs(order, near).ascending, contradicting)

    def is_in_effect(self, orders: Mapping[Name, Comparer], context: ProbeContext) -> bool:
        """Return whether one of the orders is shown, and is not the order without sort_by."""
        if not self.is_list or self.has_unsorted_order(context):
            return False
        # The likely orders come first, and one is enough.
        return any(
            counts.is_shown and self.differs_from_unsorted(orders[name], context)
            for name, counts in self._iterate_counts(orders, context)
        )


async def read_sorted(
    context: ProbeContext,
    field: str,
    *,
    last: bool = True,
    descending: bool = False,
    order: SortOrder = "asc",
) -> SortedRead:
    """Read one field in its order: one call, and one for the last page, one for `descending`."""
    size = max(min(len(context.ids), MAX_RECORDS), 1)

    async def read(number: int, order: SortOrder) -> ProbeAnswer:
        return await context.client.list(
            context.entity,
            fields=field,
            per_page=size,
            page=number,
            sort_by=field,
            sort_order=order,
        )

    first = await read(1, order)
    if first.page is None:
        return SortedRead(field, first, None)
    end: ProbeAnswer | None = None
    if first.total is not None and len(first.ids) >= first.total:
        end = first
    elif last and first.total is not None and len(first.ids) == size:
        end = await read(-(-first.total // size), order)
    reverse = await read(1, "desc") if descending else None
    return SortedRead(field, first, end, reverse)


def _first_present(values: list[object]) -> object:
    return next((value for value in values if value is not None), None)
