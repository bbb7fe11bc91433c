"""Bisects the pages until a predicate is decided on every page that was not read.

Between two pages that were read is a gap. What it hides is bounded by the values at its ends, in
each candidate order; where that does not decide whether the predicate keeps it, the page in its
middle is read. The first page and the last are always read.
"""

from collections.abc import Callable, Sequence

from cmdm_tui.query.model import ColumnKind, Value
from cmdm_tui.query.seek.column_predicate import ColumnPredicate
from cmdm_tui.query.seek.errors import (
    NullsUnplaced,
    OrderContradicted,
    OrderUndecided,
    OtherFieldsMayTell,
)
from cmdm_tui.query.seek.field_values import number_text
from cmdm_tui.query.seek.order_kinds import ByText, CandidateOrder, Overlap
from cmdm_tui.query.seek.order_proof import MAX_PROOF_PAGES, is_order_shown, learned_orders
from cmdm_tui.query.seek.page_views import Gap
from cmdm_tui.query.seek.sorted_pages import SortedPages

MAX_SINGLE_PROBES = 10
"""The pages to read one by one to tell orders apart, before all undecided gaps are read."""

FEW_PAGES = 64
"""The number of pages up to which every doubt is resolved by reading on.

Beyond it, a doubt about the order, or about where nulls are, ends the seek after some pages more,
and a scan takes over. That fields hold values of their type is assumed, and the result says so.
"""

FEW_EXTRA_PAGES = 4
"""The pages to read for doubts about the order before pages of other fields are looked at."""

MAX_EXTRA_PAGES = 32
"""The pages to read for doubts about the order where there are more than a few."""


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
    the likely order is enough: it returns False where another is possible in which matches, or
    nulls, may be elsewhere, or where the pages read do not show an order. Raises OrderUndecided
    where too many pages would have to be read to be sure.
    """
    await read_ends(pages)
    doubts = ExtraPages(pages)
    likely = 1
    while True:
        while undecided := _undecided_gaps(pages, predicate, pages.orders[:1], counting=counting):
            likely = undecided[0].middle
            await pages.read(gap.middle for gap in undecided)
        if not sure:
            return is_order_shown(pages) and not (
                _undecided_gaps(pages, predicate, pages.orders, counting=counting)
                or _gaps_to_check(pages, predicate, counting=counting)
            )
        check_null_places(pages, _gaps_to_check(pages, predicate, counting=counting))
        await _decide_doubts(pages, predicate, doubts, likely, counting=counting)
        if not await doubts.read_to_prove():
            return True


async def _decide_doubts(
    pages: SortedPages,
    predicate: ColumnPredicate,
    doubts: "ExtraPages",
    likely: int,
    *,
    counting: bool,
) -> None:
    """Read what the likely order leaves open.

    Where it ended, at the page `likely`, the next pages may be all that the others leave open too.
    """
    near: int | None = likely
    while undecided := _undecided_gaps(
        pages, predicate, _bounding_orders(pages, predicate), counting=counting
    ):
        await doubts.read(undecided, near=near)
        near = None
    while undecided := [
        *_undecided_gaps(pages, predicate, pages.orders, counting=counting),
        *_gaps_to_check(pages, predicate, counting=counting),
    ]:
        await doubts.read_to_tell(undecided)


class ExtraPages:
    """Reads the pages that only a doubt about the order asks for, and ends a seek of too many.

    Every method raises OrderUndecided where the service has many pages and the doubt is left.
    """

    def __init__(self, pages: SortedPages) -> None:
        self._pages = pages
        self._patience = MAX_SINGLE_PROBES
        self._left = MAX_EXTRA_PAGES
        self._proofs = MAX_PROOF_PAGES

    async def read(self, gaps: Sequence[Gap], *, near: int | None = None) -> None:
        """Read the middle of each gap, or of each the page that is nearest to `near`."""
        self._spend(len(gaps))
        await self._pages.read(
            gap.middle if near is None else min(max(gap.first, near), gap.last) for gap in gaps
        )

    async def read_to_tell(self, gaps: Sequence[Gap]) -> None:
        """Read the page that is likely to tell orders apart, and after some the middle of each."""
        if not self._patience:
            await self.read(gaps)
            return
        self._patience -= 1
        gap = most_informative(self._pages, gaps)
        self._spend(1)
        # What a text's order puts elsewhere is mostly at the other end; and where nothing differs
        # yet, that end shows most.
        is_text = self._pages.ordering.column.kind is ColumnKind.TEXT
        is_telling = is_text or not self._pages.ascents or end_tells_digits(self._pages)
        is_at_end = gap.below is None and is_telling
        await self._pages.read([gap.last if is_at_end else gap.middle])

    async def read_to_prove(self) -> bool:
        """Read one page more unless those read show that the service sorts; return whether it did.

        It is where values change, if there is such a place: pages of one value show nothing.
        """
        if is_order_shown(self._pages):
            return False
        self._proofs -= 1
        self._spend(1, is_left=self._proofs >= 0)
        gap = max(self._pages.gaps, key=lambda gap: (len(set(gap.ends)) > 1, gap.count))
        await self._pages.read([gap.middle])
        return True

    def _spend(self, count: int, *, is_left: bool = True) -> None:
        self._left -= count
        name = self._pages.ordering.column.name
        if (self._left < 0 or not is_left) and self._pages.count > FEW_PAGES:
            raise OrderUndecided(
                f"The pages do not show how the service sorts {name}, and matches may be on "
                "pages that were not read.",
                learned_orders(self._pages),
            )
        if self._left < MAX_EXTRA_PAGES - FEW_EXTRA_PAGES and may_others_tell(self._pages):
            raise OtherFieldsMayTell(
                f"The pages do not show how the service sorts {name}.", learned_orders(self._pages)
            )


def may_others_tell(pages: SortedPages) -> bool:
    """Return whether pages of other fields may exclude orders that leave a search in doubt."""
    is_open = any(isinstance(order, ByText) and order.order.is_open for order in pages.orders)
    return is_open and pages.ordering.may_others_tell and pages.count > FEW_PAGES


def rests_on_kind(
    pages: SortedPages, predicate: ColumnPredicate, *, counting: bool = False
) -> bool:
    """Return whether the answer assumes that unread pages hold no value of another kind.

    Text that is not a number is somewhere among numbers, in a place that no order defines. The
    engine reads it as null: it is not counted, but IS NULL finds it. A text field has no such
    values, but nulls may hide among its values where none was seen at an end.
    """
    return bool(_gaps_with_other_kinds(pages, predicate, counting=counting))


def _gaps_to_check(pages: SortedPages, predicate: ColumnPredicate, *, counting: bool) -> list[Gap]:
    """Return the gaps to read for what may hide there: on many pages, only nulls."""
    gaps = _gaps_with_other_kinds(pages, predicate, counting=counting)
    if pages.count <= FEW_PAGES:
        return gaps
    return [gap for gap in gaps if pages.may_hide_null(gap)]


def check_null_places(pages: SortedPages, gaps: Sequence[Gap]) -> None:
    """Raise NullsUnplaced where too many pages would have to be read to find nulls in gaps."""
    hiding = [gap for gap in gaps if pages.may_hide_null(gap)]
    if pages.count > FEW_PAGES and sum(gap.count for gap in hiding) > MAX_EXTRA_PAGES:
        name = pages.ordering.column.name
        raise NullsUnplaced(
            f"The pages do not show where nulls of {name} are, and they may be among the values "
            "on pages that were not read.",
            learned_orders(pages),
        )


def _gaps_with_other_kinds(
    pages: SortedPages, predicate: ColumnPredicate, *, counting: bool
) -> list[Gap]:
    is_text = pages.ordering.column.kind is ColumnKind.TEXT
    primary = pages.orders[0]
    return [
        gap
        for gap in pages.gaps
        if (pages.may_hide_null(gap) if is_text else not pages.is_one_value(gap))
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
        if counting and verdict is Overlap.INSIDE and not order.counts(predicate):
            verdict = Overlap.MIXED
        verdicts.add(verdict)
    return verdicts.pop() if len(verdicts) == 1 else Overlap.MIXED


def most_informative(pages: SortedPages, gaps: Sequence[Gap]) -> Gap:
    """Return the gap most likely to tell orders apart: where numbers grow longer, else the widest.

    By value 9 comes before 10, as text after it. The smallest numbers are next to the nulls, or at
    the end that was not read.
    """
    grows: Callable[[Gap], bool] = lambda _: False  # noqa: E731
    if pages.ordering.column.kind is ColumnKind.NUMBER:
        grows = _grows_longer
    return max(gaps, key=lambda gap: (grows(gap), gap.count))


def end_tells_digits(pages: SortedPages) -> bool:
    """Return whether the last page may show that numbers are sorted by value and not by digits.

    It holds numbers that are shorter or longer than those of the first, unless it holds nulls.
    """
    ends_in_nulls = pages.is_null_place_known and not pages.are_nulls_first
    is_number = pages.ordering.column.kind is ColumnKind.NUMBER
    return is_number and len(pages.orders) > 1 and not ends_in_nulls


def _grows_longer(gap: Gap) -> bool:
    values = [value for value in gap.ends if value is not None]
    if gap.below is None or len(values) == 1:
        return True
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
