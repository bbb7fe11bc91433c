"""The orders that services sort in, and what may hide between two places in each.

What is on an unread page is bounded by its neighbours, once for each candidate order (see
`column_orders`).
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any, Protocol

from cmdm_tui.query.model import Value
from cmdm_tui.query.seek.column_predicate import ColumnPredicate, engine_key
from cmdm_tui.query.seek.field_values import OddValue, number_text
from cmdm_tui.query.seek.region import EVERY_VALUE, Interval, Region, after, before
from cmdm_tui.query.seek.text_keys import letters_key, successor

_MAX_SPAN = 0x200
"""The most characters in a range that are looked at one by one."""


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

    def key(self, value: Value, raw: object) -> Any:
        """Return the key that a value is sorted by.

        Raises OddValue where the order has no place for it.
        """
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


@dataclass(frozen=True)
class ByValue:
    """Numbers, dates and booleans by value: the engine's order."""

    name: str = "value"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002 — other orders need it
        """Return the value."""
        return value

    def overlap(self, low: Any, high: Any, predicate: ColumnPredicate) -> Overlap:
        """Compare with the region."""
        return _overlap_of_keys(predicate.region, low, high)

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Return whether the two keys are equal."""
        return bool(low == high)

    def bounds(self, predicate: ColumnPredicate) -> bool:  # noqa: ARG002
        """Return True: every predicate has bounds in this order."""
        return True


@dataclass(frozen=True)
class ByDigits:
    """Numbers as if they were text."""

    name: str = "text"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002
        """Return the number's text."""
        return number_text(raw)

    def overlap(self, low: Any, high: Any, predicate: ColumnPredicate) -> Overlap:
        """Compare the texts that numbers may be written as; `50` and `500` are neighbours."""
        region = _text_prefixes(predicate.region)
        if region is None:
            return Overlap.MIXED
        judged = _overlap_of_keys(region, low, high)
        is_all = region == EVERY_VALUE
        return judged if is_all or judged is Overlap.OUTSIDE else Overlap.MIXED

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Return whether the two are written the same."""
        return bool(low == high)

    def bounds(self, predicate: ColumnPredicate) -> bool:
        """Bound single numbers: those that begin with the same digits are neighbours."""
        return _text_prefixes(predicate.region) is not None


@dataclass(frozen=True)
class ByCasefold:
    """Text without case, in any order where only case differs (`api.md`, collation)."""

    name: str = "casefold"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002
        """Return the text's casefold."""
        return str(value).casefold()

    def overlap(self, low: Any, high: Any, predicate: ColumnPredicate) -> Overlap:
        """Compare with the region."""
        below = None if low is None else before((low, ""))
        # No text is between another and the same with the least character after it.
        above = None if high is None else before((high + "\0", ""))
        return _overlap_of_cuts(predicate.region, below, above)

    def is_one_value(self, low: Any, high: Any) -> bool:  # noqa: ARG002
        """Return False: texts that differ only in case are not equal."""
        return False

    def bounds(self, predicate: ColumnPredicate) -> bool:  # noqa: ARG002
        """Return True: every predicate has bounds in this order."""
        return True


@dataclass(frozen=True)
class ByCodePoint:
    """Text by code point."""

    name: str = "binary"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002
        """Return the text."""
        return value

    def overlap(self, low: Any, high: Any, predicate: ColumnPredicate) -> Overlap:
        """Compare with the predicate's region in this order, else with the casefold of the keys."""
        if predicate.binary is None:
            return _overlap_of_cuts(predicate.region, *_folded_span(low, high))
        judged = _overlap_of_keys(predicate.binary, low, high)
        is_sure = predicate.is_binary_exact or not predicate.is_region_exact
        return judged if is_sure or judged is Overlap.OUTSIDE else Overlap.MIXED

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Return whether the two are the same."""
        return bool(low == high)

    def bounds(self, predicate: ColumnPredicate) -> bool:
        """Bound what is equal to a text or begins with it."""
        return predicate.binary is not None


@dataclass(frozen=True)
class ByLetters:
    """Text by its letters and digits first, and everything else second, as locales sort it."""

    name: str = "locale"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002
        """Return the text's letters."""
        return letters_key(str(value))

    def overlap(self, low: Any, high: Any, predicate: ColumnPredicate) -> Overlap:
        """Compare the predicate's letters; a range of text says nothing about them."""
        if predicate.region == EVERY_VALUE:
            return Overlap.INSIDE
        if predicate.letters is None:
            return Overlap.MIXED
        judged = _overlap_of_keys(predicate.letters, low, high)
        return judged if judged is Overlap.OUTSIDE else Overlap.MIXED

    def is_one_value(self, low: Any, high: Any) -> bool:  # noqa: ARG002
        """Return False: texts of the same letters may differ."""
        return False

    def bounds(self, predicate: ColumnPredicate) -> bool:
        """Bound what is equal to a text or begins with it."""
        return predicate.letters is not None


@dataclass(frozen=True)
class ByOption:
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

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Return whether the two are the same."""
        return bool(low == high)

    def bounds(self, predicate: ColumnPredicate) -> bool:  # noqa: ARG002
        """Return True: every predicate has bounds in this order."""
        return True


@dataclass(frozen=True)
class AmongOptions:
    """An order of a picklist: it holds nothing except its options."""

    order: CandidateOrder
    options: tuple[str, ...]

    @property
    def name(self) -> str:
        """The order's name."""
        return self.order.name

    @cached_property
    def _keys(self) -> tuple[tuple[Any, str], ...]:
        return tuple((self.order.key(option, option), option) for option in self.options)

    def _between(self, low: Any, high: Any) -> list[str]:
        return [
            option
            for key, option in self._keys
            if (low is None or low <= key) and (high is None or key <= high)
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


def _folded_span(low: str | None, high: str | None) -> tuple[Any, Any]:
    """Return cuts that enclose the casefold of everything between two texts."""
    if low is None or high is None:
        return None, None
    if low == high:
        return before(engine_key(low)), after(engine_key(low))
    pairs = zip(low, high, strict=False)
    common = low[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))]
    start, end = low[len(common) :][:1], high[len(common) :][:1]
    shared = common.casefold()
    if not start or ord(end) - ord(start) > _MAX_SPAN:
        above = successor(shared)
        return before((shared, "")), None if above is None else before((above, ""))
    firsts = [chr(code).casefold()[0] for code in range(ord(start), ord(end) + 1)]
    above = successor(shared + max(firsts))
    below = before((shared + min(firsts), ""))
    return below, None if above is None else before((above, ""))
