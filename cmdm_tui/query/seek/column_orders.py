"""The orders in which a service may sort one column: those that nothing known excludes.

A service sorts in one order, and several may look alike on the pages read: each stays possible
until a page contradicts it (`api.md`, collation: what a client must live with).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cmdm_tui.catalog.text_orders import TEXT_ORDERS, CaseOrder, TextOrder, find_orders
from cmdm_tui.catalog.traits import TextOrderName, Traits, are_nulls_first
from cmdm_tui.query.model import EXTERNAL_ID, Column, ColumnKind, Value
from cmdm_tui.query.seek.column_predicate import ColumnPredicate, engine_key
from cmdm_tui.query.seek.field_values import read_value
from cmdm_tui.query.seek.order_kinds import (
    AmongOptions,
    ByDigits,
    ByOption,
    ByText,
    ByValue,
    CandidateOrder,
)


class ColumnOrders(Struct, frozen=True):
    """How one column may be sorted: `orders` that nothing known about the service excludes.

    `trait` is the name of the trait that tells them apart. `nulls_first` and
    `nulls_first_descending` say where nulls are in each direction, None where it is not known: the
    nulls of all columns of a kind are in one place.
    """

    column: Column
    orders: tuple[CandidateOrder, ...]
    trait: str | None = None
    nulls_first: bool | None = None
    nulls_first_descending: bool | None = None
    stable_ties: bool | None = None
    """Whether pages are known to fit together where records tie."""
    options: frozenset[str] = frozenset()
    """The options of a picklist."""
    may_others_tell: bool = False
    """Whether other fields are left whose pages may show how text is sorted."""

    @property
    def is_known(self) -> bool:
        """Whether only one order is possible from the start."""
        return len(self.orders) == 1

    def read_value(self, raw: object) -> Value | None:
        """Return the value of a property, None for null. Raises OddValue."""
        return read_value(self.column.kind, raw)

    def sort_key(self, value: Value) -> Any:
        """Return the key that the engine compares a value by."""
        return engine_key(value) if isinstance(value, str) else value


def find_column_orders(
    column: Column, traits: Traits | None = None, options: Sequence[str] = ()
) -> ColumnOrders | None:
    """Return how a service may sort the column; None where it cannot be searched.

    Nor can a column of text that looks like numbers or dates: it may be sorted as such.

    `options` are those of a picklist, where the catalog has them: a service accepts no other value
    for the field, and may sort it in the order of its options.
    """
    traits = traits or Traits()
    if not column.is_searchable:
        return None
    if column.name == EXTERNAL_ID and traits.external_id_sorts.value is False:
        return None
    nulls = (
        are_nulls_first(traits, column.kind, "asc"),
        are_nulls_first(traits, column.kind, "desc"),
        traits.stable_ties.value,
    )
    match column.kind:
        case ColumnKind.TEXT:
            listed = tuple(dict.fromkeys(options))
            orders = _text_orders(traits, listed)
            if not orders:
                return None
            return ColumnOrders(column, orders, "collation", *nulls, options=frozenset(listed))
        case ColumnKind.NUMBER:
            known = traits.number_order.value
            orders = tuple(
                order for order in (ByValue(), ByDigits()) if known is None or order.name in known
            )
            return ColumnOrders(column, orders, "number_order", *nulls) if orders else None
        case ColumnKind.DATE | ColumnKind.DATETIME:
            if traits.dates_sort.value is False:
                return None
            return ColumnOrders(column, (ByValue(),), "dates_sort", *nulls)
        case ColumnKind.BOOLEAN:
            return ColumnOrders(column, (ByValue(),), None, *nulls)


def with_known_traits(ordering: ColumnOrders, traits: Traits) -> ColumnOrders:
    """Return the orders that what is known by now leaves, and where nulls are."""
    kind = ordering.column.kind
    fresh = None if ordering.options else find_column_orders(ordering.column, traits)
    return replace(
        ordering,
        orders=ordering.orders if fresh is None else fresh.orders,
        nulls_first=are_nulls_first(traits, kind, "asc"),
        nulls_first_descending=are_nulls_first(traits, kind, "desc"),
    )


def bounds_matches(ordering: ColumnOrders, predicate: ColumnPredicate) -> bool:
    """Return whether the matches are one stretch of the pages in every order."""
    return all(order.bounds(predicate) for order in ordering.orders)


def _text_orders(traits: Traits, options: tuple[str, ...]) -> tuple[CandidateOrder, ...]:
    orders = tuple(ByText(order) for order in possible_text_orders(traits))
    if not orders or not options:
        return orders
    return tuple(AmongOptions(order, options) for order in (*orders, ByOption(options)))


def possible_text_orders(traits: Traits) -> tuple[TextOrder, ...]:
    """Return the orders of text that nothing known excludes; none where none is known of."""
    names, coarse = traits.text_orders.value, traits.collation.value
    if names is not None:
        return find_orders(names)
    if coarse is None:
        return TEXT_ORDERS
    # No two locales agree about more than letters and digits, so none is searched by that name.
    if "casefold" not in coarse and "binary" not in coarse:
        return ()
    return tuple(order for order in TEXT_ORDERS if _coarse_name(order) in coarse)


def _coarse_name(order: TextOrder) -> TextOrderName:
    if not order.is_by_code_point:
        return "locale"
    return "binary" if order.case is CaseOrder.BINARY else "casefold"


def without_options(orders: Iterable[CandidateOrder]) -> tuple[CandidateOrder, ...]:
    """Return the orders of a picklist that holds other values than its options."""
    plain = (order.order if isinstance(order, AmongOptions) else order for order in orders)
    return tuple(order for order in plain if not isinstance(order, ByOption))
