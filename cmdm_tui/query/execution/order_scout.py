"""Looks in other fields for what the pages sorted by one do not show of a service's orders.

All text of a service is sorted by the same rules, and the nulls of all fields of a kind are in one
place. A few calls show that once, and a seek that has to guess would read many pages instead.
"""

from collections.abc import Awaitable, Callable, Iterator

from msgspec.structs import replace

from cmdm_tui.query import seek
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import EXTERNAL_ID, Column, ColumnKind, Table

_RICH_IN_SIGNS = ("email", "url", "website")
"""The types of fields whose values hold characters that are neither letters nor digits."""

_WORDS_OF_SIGNS = (
    "mail", "website", "url", "company", "address", "street", "post", "zip", "phone", "name"
)  # fmt: skip
"""What names and types of fields have in them whose values differ in signs and digits."""

_TIMES = frozenset({ColumnKind.DATE, ColumnKind.DATETIME})

OpenPages = Callable[[Column], seek.PageSource]
Find = Callable[[seek.ColumnOrders], Awaitable[seek.AnyResult]]


class OrderScout:
    """Runs seeks of one entity; `open_pages` returns its pages as sorted by a column."""

    def __init__(
        self, table: Table, learner: TraitLearner, open_pages: OpenPages, *, is_sure: bool
    ) -> None:
        self._table = table
        self._learner = learner
        self._open_pages = open_pages
        self._is_sure = is_sure

    async def run(
        self, ordering: seek.ColumnOrders, find: Find[seek.AnyResult], *, is_range: bool
    ) -> seek.AnyResult:
        """Run a seek, after or once more after a look at other fields where that helps.

        `is_range` says that it looks for a range of the account's order: of text, that lies apart
        in orders that ignore some characters. Raises SeekFailed, and what `open_pages` raises.
        """
        if is_range and self._is_sure and self._are_text_orders_unknown(ordering):
            await self._look_at_text(ordering.column)
        has_looked_for_nulls = False
        while True:
            field = self._next_text_field(ordering)
            try:
                return await find(
                    replace(self._refresh(ordering), may_others_tell=field is not None)
                )
            except seek.OtherFieldsMayTell as undecided:
                if field is None:
                    raise
                self._learner.observe_orders(undecided.learned)
                await self._look_at(field)
            except seek.NullsUnplaced:
                if has_looked_for_nulls or not await self._look_for_nulls(ordering):
                    raise
                has_looked_for_nulls = True

    def _next_text_field(self, ordering: seek.ColumnOrders) -> Column | None:
        """Return the field to look at next for how text is sorted; None where none is left."""
        is_plain = ordering.column.kind is ColumnKind.TEXT and not ordering.options
        known = self._learner.fields_looked_at(self._table.entity)
        if not is_plain or not self._is_sure or len(known) >= seek.MAX_TEXT_FIELDS:
            return None
        others = self._others(frozenset({ColumnKind.TEXT}), ordering.column)
        left = (one for one in others if one.name not in known and not _is_picklist(one))
        return min(left, key=_rank_signs, default=None)

    def _refresh(self, ordering: seek.ColumnOrders) -> seek.ColumnOrders:
        return seek.with_known_traits(ordering, self._learner.traits)

    def _are_text_orders_unknown(self, ordering: seek.ColumnOrders) -> bool:
        column = ordering.column
        is_plain = column.kind is ColumnKind.TEXT and not ordering.options
        is_unknown = self._learner.trait("text_orders") is None
        has_many_pages = (self._table.pages or 0) > seek.FEW_PAGES
        return is_plain and not _is_rich_in_signs(column) and is_unknown and has_many_pages

    async def _look_at_text(self, sought: Column) -> None:
        """Look at pages of text with many different characters: of an e-mail field, if any."""
        others = self._others(frozenset({ColumnKind.TEXT}), sought)
        rich = next((one for one in others if _is_rich_in_signs(one)), None)
        if rich is not None:
            await self._look_at(rich)

    async def _look_for_nulls(self, unplaced: seek.ColumnOrders) -> bool:
        """Look where nulls are in fields of the same kind; return whether that was seen.

        Fields that the service declares as required or read-only are unlikely to have any.
        """
        kind = unplaced.column.kind
        of_kind = _TIMES if kind in _TIMES else frozenset({kind})
        others = (
            one
            for one in self._others(of_kind, unplaced.column)
            if self._learner.may_hold_null(self._table.entity, one.field)
        )
        for other, _ in zip(others, range(seek.MAX_NULL_FIELDS), strict=False):
            await self._look_at(other)
            if self._refresh(unplaced).nulls_first is not None:
                return True
        return False

    def _others(self, kinds: frozenset[ColumnKind], sought: Column) -> Iterator[Column]:
        for one in self._table.columns:
            if one.kind in kinds and one.name not in {sought.name, EXTERNAL_ID}:
                yield one

    async def _look_at(self, column: Column) -> None:
        if column.kind is ColumnKind.TEXT:
            self._learner.observe_look(self._table.entity, column.name)
        orders = seek.find_column_orders(column, self._learner.traits)
        if orders is None:
            return
        try:
            shown = await seek.show_order(
                self._open_pages(column), orders, per_page=self._table.largest_page
            )
        except seek.SeekFailed:
            return
        self._learner.observe_orders(shown)


def _rank_signs(column: Column) -> int:
    """Return how likely it is that a field's values differ in signs and digits: 0 is likeliest."""
    words = f"{column.type} {column.name}".casefold()
    found = (rank for rank, word in enumerate(_WORDS_OF_SIGNS) if word in words)
    return next(found, len(_WORDS_OF_SIGNS))


def _is_picklist(column: Column) -> bool:
    return "picklist" in column.type.casefold()


def _is_rich_in_signs(column: Column) -> bool:
    return column.type.casefold() in _RICH_IN_SIGNS or "mail" in column.name.casefold()
