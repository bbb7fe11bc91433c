"""Reads the pages it takes until a predicate is decided on every page that was not read.

Between two pages that were read lies a gap. What it hides is bounded by the ends beside it, in each
order that is still possible; where that does not tell whether the predicate keeps it, the page in
its middle is read. The first page and the last are always read.
"""

from collections.abc import Callable, Sequence

from cmdm_tui.query.model import ColumnKind, Value
from cmdm_tui.query.seek.column_predicate import ColumnPredicate
from cmdm_tui.query.seek.errors import OrderContradicted
from cmdm_tui.query.seek.field_values import number_text
from cmdm_tui.query.seek.sort_orders import AmongOptions, ByCodePoint, CandidateOrder, Overlap
from cmdm_tui.query.seek.sorted_pages import Gap, SortedPages

MAX_SINGLE_PROBES = 10
"""Pages read one by one to tell two orders apart before all that is in doubt is read."""

FEW_PAGES = 64
"""Pages up to which every doubt is resolved by reading on.

Beyond, api.md's order, and values of the field's type, are taken for granted where nothing seen or
known speaks against it, and the result says so: a probe of the server makes an order certain.
"""


async def read_ends(pages: SortedPages) -> None:
    """Read the first page and the last."""
    await pages.open()
    if pages.count > 1:
        await pages.read([pages.count])


async def decide(
    pages: SortedPages, predicate: ColumnPredicate, *, counting: bool = False, sure: bool = True
) -> bool:
    """Read pages until every gap is inside the candidate's regions or outside, in every order.

    With `counting`, inside means that the predicate keeps all of a gap. Returns False where that is
    not `sure`: an order is still possible in which matches may be elsewhere.
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
    """Tell whether pages not read are taken to hold no value of another kind where it matters.

    Text that is no number stands somewhere among numbers, and no order says where. It is null to
    the engine: it counts for nothing, and is found by IS NULL. Nothing is text that is no text.
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
    """Return the orders that have a stretch for what is sought: the first of all, come what may."""
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
    """Return the gap likeliest to tell orders apart: where numbers become longer, else the widest.

    By value 9 stands before 10, as text behind it.
    """
    grows: Callable[[Gap], bool] = lambda _: False  # noqa: E731
    if pages.ordering.column.kind is ColumnKind.NUMBER:
        grows = _grows_longer
    return max(gaps, key=lambda gap: (grows(gap), gap.count))


def _grows_longer(gap: Gap) -> bool:
    values = [value for value in gap.ends if value is not None]
    return len({len(number_text(value).partition(".")[0]) for value in values}) > 1


def check_ties(pages: SortedPages, predicate: ColumnPredicate) -> None:
    """Check that no record stands on two pages where that may hide another that is sought.

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
            "stood on another page.",
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
