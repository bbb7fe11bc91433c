"""The orders that services sort in, and what may hide between two places in each.

What is on an unread page is bounded by its neighbours, once for each candidate order (see
`column_orders`).
"""

from decimal import Decimal
from enum import Enum
from functools import cached_property, lru_cache, reduce
from typing import Any, Protocol

from msgspec import Struct

from cmdm_tui.catalog.text_orders import TextOrder
from cmdm_tui.query.model import Value
from cmdm_tui.query.seek.column_predicate import ColumnPredicate, engine_key
from cmdm_tui.query.seek.field_values import OddValue, number_text
from cmdm_tui.query.seek.region import EVERY_VALUE, Interval, Region, after, before
from cmdm_tui.query.seek.text_keys import successor
from cmdm_tui.query.seek.text_spans import enclose


class Overlap(Enum):
    """Whether the values between two places are in a predicate's region."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    MIXED = "mixed"

    def combine(self, other: "Overlap") -> "Overlap":
        """Return the overlap of two stretches together."""
        return self if self is other else Overlap.MIXED


class CandidateOrder(Protocol):
    """One order that a service may sort in. Its keys compare with each other."""

    @property
    def name(self) -> str:
        """The name that `catalog.traits` has for it, if any."""
        ...

    @property
    def compares_text(self) -> bool:
        """Whether keys are the texts themselves, so that pairs may be judged at a glance."""
        ...

    def key(self, value: Value, raw: object) -> Any:
        """Return the key that a value is sorted by.

        Raises OddValue where the order has no place for it.
        """
        ...

    def is_after(self, one: Any, other: Any) -> bool:
        """Return whether one key certainly comes after another."""
        ...

    def overlap(self, low: Any, high: Any, predicate: ColumnPredicate) -> Overlap:
        """Return how the values from `low` to `high` overlap a predicate; None is unbounded."""
        ...

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Return whether all values from one key to another are equal to SQL's `=`."""
        ...

    def bounds(self, predicate: ColumnPredicate) -> bool:
        """Return whether the predicate's matches are one stretch of this order."""
        ...

    def counts(self, predicate: ColumnPredicate) -> bool:
        """Return whether the predicate keeps all that this order puts inside it."""
        ...


class _ByKey:
    """What orders have in common whose keys Python compares."""

    @property
    def compares_text(self) -> bool:
        """Whether keys are texts: False."""
        return False

    def is_after(self, one: Any, other: Any) -> bool:
        """Return whether one key is above another."""
        return bool(one > other)

    def counts(self, predicate: ColumnPredicate) -> bool:
        """Return whether the predicate keeps all of its region."""
        return predicate.is_region_exact

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Return whether the two keys are equal."""
        return bool(low == high)


class ByValue(_ByKey, Struct, frozen=True):
    """Numbers, dates and booleans by value: the engine's order."""

    name: str = "value"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002 — other orders need it
        """Return the value."""
        return value

    def overlap(self, low: Any, high: Any, predicate: ColumnPredicate) -> Overlap:
        """Compare with the region."""
        return _overlap_of_keys(predicate.region, low, high)

    def bounds(self, predicate: ColumnPredicate) -> bool:  # noqa: ARG002
        """Return True: every predicate has bounds in this order."""
        return True


class ByDigits(_ByKey, Struct, frozen=True):
    """Numbers as if they were text."""

    name: str = "text"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002
        """Return the number's text."""
        return number_text(raw)

    def overlap(self, low: Any, high: Any, predicate: ColumnPredicate) -> Overlap:
        """Compare the texts that numbers may be written as; `50` and `500` are neighbours."""
        if low is not None and low == high:
            return _overlap_of_keys(predicate.region, Decimal(low), Decimal(low))
        region = _text_prefixes(predicate.region)
        if region is None:
            return Overlap.MIXED
        judged = _overlap_of_keys(region, low, high)
        is_all = region == EVERY_VALUE
        return judged if is_all or judged is Overlap.OUTSIDE else Overlap.MIXED

    def bounds(self, predicate: ColumnPredicate) -> bool:
        """Bound single numbers: those that begin with the same digits are neighbours."""
        return _text_prefixes(predicate.region) is not None


class ByText(Struct, frozen=True):
    """Text in one of the orders of `catalog.text_orders`. Its keys are the texts themselves."""

    order: TextOrder

    @property
    def name(self) -> str:
        """The order's name."""
        return self.order.name

    @property
    def compares_text(self) -> bool:
        """Whether keys are texts: True."""
        return True

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002
        """Return the text."""
        return value

    def is_after(self, one: Any, other: Any) -> bool:
        """Return whether everyone who sorts so puts one text after another."""
        return self.order.compare(one, other) > 0

    def overlap(self, low: Any, high: Any, predicate: ColumnPredicate) -> Overlap:
        """Compare with what matches begin with, then with what encloses the texts in between."""
        if predicate.region == EVERY_VALUE:
            return Overlap.INSIDE
        if predicate.stems is not None and predicate.stems.are_outside(self.order, low, high):
            return Overlap.OUTSIDE
        if self.order.is_binary and predicate.binary is not None:
            judged = _overlap_of_keys(predicate.binary, low, high)
            is_sure = predicate.is_binary_exact or not predicate.is_region_exact
            return judged if is_sure or judged is Overlap.OUTSIDE else Overlap.MIXED
        spans = (_overlap_of_cuts(predicate.region, *one) for one in enclose(self.order, low, high))
        return reduce(Overlap.combine, spans)

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Return whether the two are the same, and nothing else ties with them."""
        return bool(self.order.is_binary and low == high)

    def bounds(self, predicate: ColumnPredicate) -> bool:
        """Bound what is equal to a text or begins with it; a range only by code point."""
        return predicate.stems is not None or self.order.is_by_code_point

    def counts(self, predicate: ColumnPredicate) -> bool:
        """Return whether every text that this order puts inside the predicate is kept."""
        return predicate.is_region_exact or self.order.is_binary


class ByOption(_ByKey, Struct, frozen=True, dict=True):
    """A picklist's values in the order of its options."""

    options: tuple[str, ...]
    name: str = "options"

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {option: number for number, option in enumerate(self.options)}

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002
        """Return the option's number."""
        number = self._numbers.get(str(value))
        if number is None:
            raise OddValue
        return number

    def overlap(self, low: Any, high: Any, predicate: ColumnPredicate) -> Overlap:  # noqa: ARG002
        """Return MIXED: `AmongOptions` decides."""
        return Overlap.MIXED

    def bounds(self, predicate: ColumnPredicate) -> bool:  # noqa: ARG002
        """Return True: every predicate has bounds in this order."""
        return True


class AmongOptions(Struct, frozen=True, dict=True):
    """An order of a picklist: it holds nothing except its options."""

    order: CandidateOrder
    options: tuple[str, ...]

    @property
    def name(self) -> str:
        """The order's name."""
        return self.order.name

    @property
    def compares_text(self) -> bool:
        """Whether the order's keys are texts."""
        return self.order.compares_text

    def is_after(self, one: Any, other: Any) -> bool:
        """Ask the order."""
        return self.order.is_after(one, other)

    def counts(self, predicate: ColumnPredicate) -> bool:  # noqa: ARG002
        """Return True: every option is compared with the predicate itself."""
        return True

    @cached_property
    def _keys(self) -> tuple[tuple[Any, str], ...]:
        return tuple((self.order.key(option, option), option) for option in self.options)

    def _between(self, low: Any, high: Any) -> list[str]:
        return [
            option
            for key, option in self._keys
            if (low is None or not self.order.is_after(low, key))
            and (high is None or not self.order.is_after(key, high))
        ]

    def key(self, value: Value, raw: object) -> Any:
        """Return the order's key."""
        return self.order.key(value, raw)

    def overlap(self, low: Any, high: Any, predicate: ColumnPredicate) -> Overlap:
        """Compare the options in between; they are as exact as the predicate's region."""
        judged = self.order.overlap(low, high, predicate)
        if judged is not Overlap.MIXED:
            return judged
        kept = {_keeps_option(predicate, option) for option in self._between(low, high)}
        if len(kept) > 1:
            return Overlap.MIXED
        return Overlap.INSIDE if True in kept else Overlap.OUTSIDE

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Return whether there is only one option between the two."""
        return len(self._between(low, high)) == 1

    def bounds(self, predicate: ColumnPredicate) -> bool:  # noqa: ARG002
        """Return True: every predicate has bounds in this order."""
        return True


def _overlap_of_keys(region: Region, low: Any, high: Any) -> Overlap:
    below = None if low is None else before(low)
    above = None if high is None else after(high)
    return _overlap_of_cuts(region, below, above)


def _overlap_of_cuts(region: Region, below: Any, above: Any) -> Overlap:
    everything = Interval()
    low = everything.low if below is None else below
    high = everything.high if above is None else above
    if region.covers(low, high):
        return Overlap.INSIDE
    return Overlap.OUTSIDE if region.misses(low, high) else Overlap.MIXED


def _keeps_option(predicate: ColumnPredicate, option: str) -> bool:
    if predicate.is_exact:
        return predicate.keeps(option)
    return predicate.region.holds(engine_key(option))


@lru_cache(maxsize=64)
def _text_prefixes(region: Region) -> Region | None:
    """Return the texts that the numbers of a region may be written as; None where it has ranges."""
    if region == EVERY_VALUE:
        return region
    found: list[Interval] = []
    for one in region.intervals:
        if len(one.low) == 1 or one.high != after(one.low[1]) or one.low != before(one.low[1]):
            return None
        number = format(one.low[1], "f")
        plain = number.rstrip("0").rstrip(".") if "." in number else number
        texts = ("0", "-0") if one.low[1] == 0 else (plain,)
        found += [Interval(before(text), before(successor(text))) for text in texts]
    return Region.of(*found)
