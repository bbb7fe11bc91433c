"""Bisects the pages until a predicate is decided on every page that was not read.

Between two pages that were read is a gap. What it hides is bounded by the values at its ends, in
each candidate order; where that does not decide whether the predicate keeps it, the page in its
middle is read. The first page and the last are always read.
"""

from collections.abc import Callable, Sequence

from cmdm_tui.query.model import ColumnKind, Value
from cmdm_tui.query.seek.column_predicate import ColumnPredicate
from cmdm_tui.query.seek.errors import OrderContradicted
from cmdm_tui.query.seek.field_values import number_text
from cmdm_tui.query.seek.order_kinds import AmongOptions, ByCodePoint, CandidateOrder, Overlap
from cmdm_tui.query.seek.sorted_pages import Gap, SortedPages

MAX_SINGLE_PROBES = 10
"""The pages to read one by one to tell orders apart, before all undecided gaps are read."""

FEW_PAGES = 64
"""The number of pages up to which every doubt is resolved by reading on.

Beyond it, the order of api.md and values of the field's type are assumed where nothing seen or
known contradicts them, and the result says so: probing the service makes an order certain.
"""


async def read_ends(pages: SortedPages) -> None:
    """Read the first page and the last."""
    await pages.open()
    if pages.count > 1:
        await pages.read([pages.count])


async def decide(
    pages: SortedPages, predicate: ColumnPredicate, *, counting: bool = False, sure: bool = True
) -> bool:
    """Read pages until every gap is inside or outside the predicate's regions, in every order.

    With `counting`, inside means that the predicate keeps everything in a gap. Without `sure`,
    returns False where an order is still possible in which matches may be elsewhere.
    """
    await read_ends(pages)
    while undecided := _undecided_gaps(
        pages, predicate, _bounding_orders(pages, predicate), counting=counting
    ):
        await pages.read(gap.middle for gap in undecided)
    patience = MAX_SINGLE_PROBES
    while undecided := [
        *_undecided_gaps(pages, predicate, pages.orders, counting=counting),
        *_gaps_to_check(pages, predicate, counting=counting, sure=sure),
    ]:
        if not sure:
            return False
        telling = [most_informative(pages, undecided)] if patience else undecided
        patience = max(patience - 1, 0)
        await pages.read(gap.middle for gap in telling)
    return True


def rests_on_kind(
    pages: SortedPages, predicate: ColumnPredicate, *, counting: bool = False
) -> bool:
    """Return whether the answer assumes that unread pages hold no value of another kind.

    Text that is not a number is somewhere among numbers, in a place that no order defines. The
    engine reads it as null: it is not counted, but IS NULL finds it. A text field has no such
    values.
    """
    return bool(_gaps_with_other_kinds(pages, predicate, counting=counting))


def _gaps_to_check(
    pages: SortedPages, predicate: ColumnPredicate, *, counting: bool, sure: bool
) -> list[Gap]:
    if not sure or pages.count > FEW_PAGES:
        return []
    return _gaps_with_other_kinds(pages, predicate, counting=counting)


def _gaps_with_other_kinds(
    pages: SortedPages, predicate: ColumnPredicate, *, counting: bool
) -> list[Gap]:
    if pages.ordering.column.kind is ColumnKind.TEXT:
        return []
    primary = pages.orders[0]
    return [
        gap
        for gap in pages.gaps
        if not pages.is_one_value(gap)
        and (
            predicate.region.has_null
            or (counting and pages.overlap(gap, primary, predicate) is Overlap.INSIDE)
        )
    ]


def _bounding_orders(pages: SortedPages, predicate: ColumnPredicate) -> Sequence[CandidateOrder]:
    """Return the orders in which the matches are one stretch; always the first of all."""
    return [
        order for number, order in enumerate(pages.orders) if number == 0 or order.bounds(predicate)
    ]


def _undecided_gaps(
    pages: SortedPages,
    predicate: ColumnPredicate,
    orders: Sequence[CandidateOrder],
    *,
    counting: bool,
) -> list[Gap]:
    return [
        gap
        for gap in pages.gaps
        if _overlap_in_orders(pages, gap, predicate, orders, counting=counting) is Overlap.MIXED
    ]


def _overlap_in_orders(
    pages: SortedPages,
    gap: Gap,
    predicate: ColumnPredicate,
    orders: Sequence[CandidateOrder],
    *,
    counting: bool,
) -> Overlap:
    verdicts: set[Overlap] = set()
    for order in orders:
        verdict = pages.overlap(gap, order, predicate)
        is_exact = predicate.is_region_exact or isinstance(order, ByCodePoint | AmongOptions)
        if counting and verdict is Overlap.INSIDE and not is_exact:
            verdict = Overlap.MIXED
        verdicts.add(verdict)
    return verdicts.pop() if len(verdicts) == 1 else Overlap.MIXED


def most_informative(pages: SortedPages, gaps: Sequence[Gap]) -> Gap:
    """Return the gap most likely to tell orders apart: where numbers grow longer, else the widest.

    By value 9 comes before 10, as text after it.
    """
    grows: Callable[[Gap], bool] = lambda _: False  # noqa: E731
    if pages.ordering.column.kind is ColumnKind.NUMBER:
        grows = _grows_longer
    return max(gaps, key=lambda gap: (grows(gap), gap.count))


def _grows_longer(gap: Gap) -> bool:
    values = [value for value in gap.ends if value is not None]
    return len({len(number_text(value).partition(".")[0]) for value in values}) > 1


def check_ties(pages: SortedPages, predicate: ColumnPredicate) -> None:
    """Check that no record is on two pages where that may hide a match.

    Raises OrderContradicted: tied records change places between calls.
    """
    seen: dict[str, int] = {}
    doubled = 0
    for view in pages.views:
        for record, value, raw in zip(view.records, view.values, view.raws, strict=True):
            number = seen.setdefault(record.external_id, view.number)
            if number != view.number and _may_hide(pages, predicate, value, raw):
                doubled += 1
    if doubled:
        name = pages.ordering.column.name
        raise OrderContradicted(
            f"{doubled:,} {'record' if doubled == 1 else 'records'} tied by {name} also "
            "were on another page.",
            column=name,
            trait="stable_ties" if doubled > 1 else None,
        )


def _may_hide(
    pages: SortedPages, predicate: ColumnPredicate, value: Value | None, raw: object
) -> bool:
    if value is None:
        return predicate.region.has_null
    keys = [(order, order.key(value, raw)) for order in pages.orders]
    return any(order.overlap(key, key, predicate) is not Overlap.OUTSIDE for order, key in keys)
