"""What a seek costs, in calls, before a record is read."""

from typing import Literal

from msgspec import Struct

from cmdm_tui.query.model import ColumnKind, Cost, Table
from cmdm_tui.query.seek.bisect import FEW_PAGES, MAX_EXTRA_PAGES
from cmdm_tui.query.seek.column_orders import ColumnOrders
from cmdm_tui.query.seek.column_predicate import ColumnPredicate
from cmdm_tui.query.seek.order_proof import LOOK_CALLS
from cmdm_tui.query.seek.region import EVERY_VALUE, place
from cmdm_tui.query.seek.value_counts import MAX_PROBES

MAX_NULL_FIELDS = 2
"""The other fields that a seek may look at for where a service puts nulls."""

MAX_TEXT_FIELDS = 2
"""The other fields that it may look at for how a service sorts text."""

_MAX_LOOKS = MAX_TEXT_FIELDS + MAX_NULL_FIELDS
"""The other fields that it may look at in all."""

SeekTask = Literal["search", "count", "extreme", "groups", "first", "first past nulls"]

_ASSUMED_VALUES = 8
"""The number of values to assume for a field of few values."""


class SeekEstimate(Struct, frozen=True):
    """What a seek costs: at least `low`; `likely` on usual data.

    `high` includes the scan that takes over where the service sorts otherwise, and the pages read
    until then. Records that change meanwhile may cost the seek a second time.
    """

    low: int
    likely: int
    high: int

    @property
    def cost(self) -> Cost:
        """The range of calls, as a plan states it."""
        return Cost(self.low, self.high)


def estimate_seek(
    task: SeekTask,
    predicate: ColumnPredicate | None,
    ordering: ColumnOrders,
    table: Table,
    *,
    count: int = 1,
) -> SeekEstimate:
    """Return the cost of a seek over a table with a known total; `count` is for `first`.

    Raises ValueError where the total is not known.
    """
    pages = table.pages
    if pages is None:
        raise ValueError(f"The total of {table.entity} is not known.")
    per_cut = max(pages - 1, 0).bit_length()
    # Some orders of text have a first value elsewhere: pages on the way there must exclude them.
    is_text = ordering.column.kind is ColumnKind.TEXT and not ordering.options
    doubts = per_cut if is_text and pages > FEW_PAGES else 0
    match task:
        case "first" | "first past nulls":
            low = min(max(-(-count // table.largest_page), 1), pages)
            likely = min(low + doubts + (per_cut if task == "first past nulls" else 0), pages)
        case "extreme":
            is_whole = predicate is not None and predicate.region == EVERY_VALUE
            # The page that decided it before may decide it again, alone.
            low, likely = min(pages, 1), min(pages, 2 + doubts + (0 if is_whole else per_cut))
        case "groups":
            low, likely = min(pages, 2), min(pages, 2 + _ASSUMED_VALUES * per_cut, MAX_PROBES)
        case "search" | "count":
            low = min(pages, 2)
            likely = _likely_probes(task, predicate, ordering, pages, per_cut)
    extra = MAX_EXTRA_PAGES + _MAX_LOOKS * LOOK_CALLS if pages > FEW_PAGES else 0
    return SeekEstimate(low, likely, pages + (0 if pages <= 2 else max_probes(pages) + extra))


def max_probes(pages: int) -> int:
    """Return the most pages that a seek reads before it is known to fail."""
    return 2 * (pages - 1).bit_length() + 2


def _likely_probes(
    task: SeekTask,
    predicate: ColumnPredicate | None,
    ordering: ColumnOrders,
    pages: int,
    per_cut: int,
) -> int:
    if predicate is None or not any(order.bounds(predicate) for order in ordering.orders[:1]):
        return pages
    intervals = predicate.region.intervals
    cuts = sum((len(one.low) > 1) + (len(one.high) > 1) for one in intervals)
    points = sum(
        len(one.low) == len(one.high) == len(place(0)) and one.low[1] == one.high[1]
        for one in intervals
    )
    # Both ends of a point are found by the same pages.
    probes = 2 + (cuts - points + predicate.region.has_null) * per_cut
    reads_inside = task == "search" or (
        ordering.column.kind is not ColumnKind.TEXT and pages <= FEW_PAGES
    )
    if reads_inside and points < len(intervals):
        probes += pages // 4
    return min(probes, pages)
