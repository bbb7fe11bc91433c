"""The orders in which a service may sort one column: those that nothing known of it excludes.

A service sorts in one order, and several may look alike on the pages read: each stays possible
until a page contradicts it (`api.md`, collation: what a client must live with).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cmdm_tui.catalog.traits import Traits
from cmdm_tui.query.model import EXTERNAL_ID, Column, Kind
from cmdm_tui.query.seek.candidates import engine_key
from cmdm_tui.query.seek.order import (
    AmongOptions,
    ByCasefold,
    ByCodePoint,
    ByDigits,
    ByLetters,
    ByOption,
    ByValue,
    Order,
)
from cmdm_tui.query.seek.values import Value, read_value


@dataclass(frozen=True)
class Ordering:
    """How one column may be sorted: `orders` that nothing known of the service excludes.

    `trait` is the name of the trait that tells them apart. `nulls_first` says where nulls stand in
    ascending order and in descending, None where it is not known.
    """

    column: Column
    orders: tuple[Order, ...]
    trait: str | None = None
    nulls_first: bool | None = None
    nulls_first_descending: bool | None = None
    stable_ties: bool | None = None
    """Whether pages are known to fit together where records tie."""
    options: frozenset[str] = frozenset()
    """What a pick-list may hold."""

    @property
    def is_known(self) -> bool:
        """Tell whether only one order is possible from the outset."""
        return len(self.orders) == 1

    def read(self, raw: object) -> Value | None:
        """Return the value that a property holds, None for null. Raises OddValue."""
        return read_value(self.column.kind, raw)

    def sort_key(self, value: Value) -> Any:
        """Return what the engine compares a value by."""
        return engine_key(value) if isinstance(value, str) else value


def ordering(
    column: Column, traits: Traits | None = None, options: Sequence[str] = ()
) -> Ordering | None:
    """Return how a service may sort the column; None where nothing can be sought by it.

    `options` are those of a pick-list, where the catalog has them: a service takes no other value
    for the field, and may sort it by its own list.
    """
    traits = traits or Traits()
    if column.name == EXTERNAL_ID and traits.external_id_sorts.value is False:
        return None
    nulls = (
        traits.nulls_first.value,
        traits.nulls_first_descending.value,
        traits.stable_ties.value,
    )
    match column.kind:
        case Kind.TEXT:
            listed = tuple(dict.fromkeys(options))
            orders = _orders_of_text(traits, listed)
            if not orders:
                return None
            return Ordering(column, orders, "collation", *nulls, options=frozenset(listed))
        case Kind.NUMBER:
            known = traits.number_order.value
            orders = tuple(
                order for order in (ByValue(), ByDigits()) if known is None or order.name in known
            )
            return Ordering(column, orders, "number_order", *nulls) if orders else None
        case Kind.DATE | Kind.DATETIME:
            if traits.dates_sort.value is False:
                return None
            return Ordering(column, (ByValue(),), "dates_sort", *nulls)
        case Kind.BOOLEAN:
            return Ordering(column, (ByValue(),), None, *nulls)


def _orders_of_text(traits: Traits, options: tuple[str, ...]) -> tuple[Order, ...]:
    known = traits.collation.value
    every: tuple[Order, ...] = (ByCasefold(), ByCodePoint(), ByLetters())
    orders = tuple(order for order in every if known is None or order.name in known)
    # No two locales agree about more than letters and digits, so none is sought in alone.
    if all(isinstance(order, ByLetters) for order in orders):
        return ()
    if not options:
        return orders
    return tuple(AmongOptions(order, options) for order in (*orders, ByOption(options)))


def unlisted(orders: Iterable[Order]) -> tuple[Order, ...]:
    """Return the orders of a pick-list that holds other values than its options."""
    plain = (order.order if isinstance(order, AmongOptions) else order for order in orders)
    return tuple(order for order in plain if not isinstance(order, ByOption))
