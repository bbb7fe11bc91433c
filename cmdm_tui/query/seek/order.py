"""The orders that services sort in, and what may hide between two places of each.

What lies on a page that was not read is bounded by its neighbours, once for each order that is
possible (see `possible`).
"""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any, Protocol

from cmdm_tui.query.seek.candidates import Candidate, engine_key
from cmdm_tui.query.seek.region import EVERY_VALUE, Interval, Region, after, before
from cmdm_tui.query.seek.spelling import letters_key, successor
from cmdm_tui.query.seek.values import OddValue, Value, number_text

_WIDEST_SPAN = 0x200
"""Characters between two that are looked through one by one."""


class Verdict(Enum):
    """Whether what hides between two places is in a candidate's region."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    MIXED = "mixed"

    def beside(self, other: "Verdict") -> "Verdict":
        """Return the verdict on two stretches together."""
        return self if self is other else Verdict.MIXED


class Order(Protocol):
    """One order that a service may sort in. Keys of one order compare with each other."""

    @property
    def name(self) -> str:
        """The word of `catalog.traits` for it, where that has one."""
        ...

    def key(self, value: Value, raw: object) -> Any:
        """Return what a value is sorted by. Raises OddValue where the order has no place for it."""
        ...

    def verdict(self, low: Any, high: Any, candidate: Candidate) -> Verdict:
        """Judge the values from one key to another, both included; None is no bound."""
        ...

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Tell whether all values from one key to another are one to `=`."""
        ...

    def bounds(self, candidate: Candidate) -> bool:
        """Tell whether a stretch of this order holds what the candidate asks for."""
        ...


@dataclass(frozen=True)
class ByValue:
    """Numbers, dates and truth values by what they are: the engine's order."""

    name: str = "value"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002 — other orders need it
        """Return the value."""
        return value

    def verdict(self, low: Any, high: Any, candidate: Candidate) -> Verdict:
        """Judge by the region."""
        return _judged(candidate.region, low, high)

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Tell whether the two are equal."""
        return bool(low == high)

    def bounds(self, candidate: Candidate) -> bool:  # noqa: ARG002
        """Bound every candidate."""
        return True


@dataclass(frozen=True)
class ByDigits:
    """Numbers as if they were text."""

    name: str = "text"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002
        """Return the number's text."""
        return number_text(raw)

    def verdict(self, low: Any, high: Any, candidate: Candidate) -> Verdict:
        """Judge by the texts that a number may be written as; `50` and `500` are neighbours."""
        region = _beginnings(candidate.region)
        if region is None:
            return Verdict.MIXED
        judged = _judged(region, low, high)
        is_all = region == EVERY_VALUE
        return judged if is_all or judged is Verdict.OUTSIDE else Verdict.MIXED

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Tell whether the two are written alike."""
        return bool(low == high)

    def bounds(self, candidate: Candidate) -> bool:
        """Bound single numbers: those that begin with the same digits stand together."""
        return _beginnings(candidate.region) is not None


@dataclass(frozen=True)
class ByCasefold:
    """Text without regard to case, in any order where only case differs (`api.md`, collation)."""

    name: str = "casefold"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002
        """Return the text's casefold."""
        return str(value).casefold()

    def verdict(self, low: Any, high: Any, candidate: Candidate) -> Verdict:
        """Judge by the region."""
        below = None if low is None else before((low, ""))
        # No text stands between another and the same with the least character behind it.
        above = None if high is None else before((high + "\0", ""))
        return _judged_cuts(candidate.region, below, above)

    def is_one_value(self, low: Any, high: Any) -> bool:  # noqa: ARG002
        """Tell nothing: texts that are alike but for case are not equal."""
        return False

    def bounds(self, candidate: Candidate) -> bool:  # noqa: ARG002
        """Bound every candidate."""
        return True


@dataclass(frozen=True)
class ByCodePoint:
    """Text by code point."""

    name: str = "binary"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002
        """Return the text."""
        return value

    def verdict(self, low: Any, high: Any, candidate: Candidate) -> Verdict:
        """Judge by what the candidate says of this order, else by what casefold makes of it."""
        if candidate.binary is None:
            return _judged_cuts(candidate.region, *_folded_span(low, high))
        judged = _judged(candidate.binary, low, high)
        is_sure = candidate.is_binary_exact or not candidate.is_region_exact
        return judged if is_sure or judged is Verdict.OUTSIDE else Verdict.MIXED

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Tell whether the two are the same."""
        return bool(low == high)

    def bounds(self, candidate: Candidate) -> bool:
        """Bound what is equal to a text or begins with it."""
        return candidate.binary is not None


@dataclass(frozen=True)
class ByLetters:
    """Text by its letters and digits, everything else coming second, as locales have it."""

    name: str = "locale"

    def key(self, value: Value, raw: object) -> Any:  # noqa: ARG002
        """Return the text's letters."""
        return letters_key(str(value))

    def verdict(self, low: Any, high: Any, candidate: Candidate) -> Verdict:
        """Judge by what the candidate says of letters; a range of text says nothing of them."""
        if candidate.region == EVERY_VALUE:
            return Verdict.INSIDE
        if candidate.letters is None:
            return Verdict.MIXED
        judged = _judged(candidate.letters, low, high)
        return judged if judged is Verdict.OUTSIDE else Verdict.MIXED

    def is_one_value(self, low: Any, high: Any) -> bool:  # noqa: ARG002
        """Tell nothing: texts of the same letters may differ."""
        return False

    def bounds(self, candidate: Candidate) -> bool:
        """Bound what is equal to a text or begins with it."""
        return candidate.letters is not None


@dataclass(frozen=True)
class ByOption:
    """A pick-list's values in the order of its options."""

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

    def verdict(self, low: Any, high: Any, candidate: Candidate) -> Verdict:  # noqa: ARG002
        """Judge nothing: `AmongOptions` does."""
        return Verdict.MIXED

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Tell whether the two are the same."""
        return bool(low == high)

    def bounds(self, candidate: Candidate) -> bool:  # noqa: ARG002
        """Bound every candidate."""
        return True


@dataclass(frozen=True)
class AmongOptions:
    """An order of a pick-list: nothing but its options stands anywhere."""

    order: Order
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

    def verdict(self, low: Any, high: Any, candidate: Candidate) -> Verdict:
        """Judge by the options in between; they are as exact as the candidate's region."""
        judged = self.order.verdict(low, high, candidate)
        if judged is not Verdict.MIXED:
            return judged
        kept = {_keeps(candidate, option) for option in self._between(low, high)}
        if len(kept) > 1:
            return Verdict.MIXED
        return Verdict.INSIDE if True in kept else Verdict.OUTSIDE

    def is_one_value(self, low: Any, high: Any) -> bool:
        """Tell whether there is only one option between the two."""
        return len(self._between(low, high)) == 1

    def bounds(self, candidate: Candidate) -> bool:  # noqa: ARG002
        """Bound every candidate."""
        return True


def _judged(region: Region, low: Any, high: Any) -> Verdict:
    below = None if low is None else before(low)
    above = None if high is None else after(high)
    return _judged_cuts(region, below, above)


def _judged_cuts(region: Region, below: Any, above: Any) -> Verdict:
    everything = Interval()
    low = everything.low if below is None else below
    high = everything.high if above is None else above
    if region.covers(low, high):
        return Verdict.INSIDE
    return Verdict.OUTSIDE if region.misses(low, high) else Verdict.MIXED


def _keeps(candidate: Candidate, option: str) -> bool:
    if candidate.is_exact:
        return candidate.keeps(option)
    return candidate.region.holds(engine_key(option))


@lru_cache(maxsize=64)
def _beginnings(region: Region) -> Region | None:
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
    """Return cuts between which the casefold of everything stands that is between two texts."""
    if low is None or high is None:
        return None, None
    if low == high:
        return before(engine_key(low)), after(engine_key(low))
    pairs = zip(low, high, strict=False)
    common = low[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))]
    start, end = low[len(common) :][:1], high[len(common) :][:1]
    shared = common.casefold()
    if not start or ord(end) - ord(start) > _WIDEST_SPAN:
        above = successor(shared)
        return before((shared, "")), None if above is None else before((above, ""))
    firsts = [chr(code).casefold()[0] for code in range(ord(start), ord(end) + 1)]
    above = successor(shared + max(firsts))
    below = before((shared + min(firsts), ""))
    return below, None if above is None else before((above, ""))
