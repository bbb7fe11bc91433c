"""Sets of values as intervals of an order, and the set operations that predicates need.

A cut is a point between values: it is a tuple that compares with the place of a value, so every
interval is two cuts and needs no other rule for open and closed ends.
"""

from collections.abc import Iterable
from typing import Any, Self

from msgspec import Struct

Place = tuple[Any, ...]
"""The place of a value or a cut: comparable with every other place of the same order."""

LOWEST: Place = (-1,)
HIGHEST: Place = (1,)


def place(key: Any) -> Place:
    """Return the place of a value, by its key in the order."""
    return (0, key, 0)


def before(key: Any) -> Place:
    """Return the cut just before a value."""
    return (0, key, -1)


def after(key: Any) -> Place:
    """Return the cut just after a value."""
    return (0, key, 1)


class Interval(Struct, frozen=True):
    """The values between two cuts; `low` is below `high`, so there is room for a value."""

    low: Place = LOWEST
    high: Place = HIGHEST


class Region(Struct, frozen=True):
    """A set of values: disjoint intervals in ascending order, and whether null is in it."""

    intervals: tuple[Interval, ...] = ()
    has_null: bool = False

    @classmethod
    def of(cls, *intervals: Interval, has_null: bool = False) -> Self:
        """Return the union of the intervals, which may overlap or be empty."""
        return cls(_merge(intervals), has_null)

    @classmethod
    def points(cls, keys: Iterable[Any]) -> Self:
        """Return the region of exactly these values."""
        return cls.of(*(Interval(before(key), after(key)) for key in keys))

    def holds(self, key: Any) -> bool:
        """Return whether a value that is not null is in the region."""
        where = place(key)
        return any(one.low < where < one.high for one in self.intervals)

    def covers(self, low: Place, high: Place) -> bool:
        """Return whether everything between two places or cuts is in the region."""
        return any(one.low <= low and high <= one.high for one in self.intervals)

    def misses(self, low: Place, high: Place) -> bool:
        """Return whether nothing between two places or cuts is in the region."""
        return all(one.high <= low or high <= one.low for one in self.intervals)

    def count_points(self) -> int | None:
        """Return how many single values make the region; None where ranges or null do."""
        if self.has_null:
            return None
        for one in self.intervals:
            is_cut = len(one.low) == len(one.high) == len(place(0))
            if not is_cut or one.low[1] != one.high[1]:
                return None
        return len(self.intervals)

    def union(self, other: "Region") -> "Region":
        """Return what is in either."""
        has_null = self.has_null or other.has_null
        return Region(_merge((*self.intervals, *other.intervals)), has_null)

    def intersection(self, other: "Region") -> "Region":
        """Return what is in both."""
        both: list[Interval] = []
        here, there = 0, 0
        while here < len(self.intervals) and there < len(other.intervals):
            one, two = self.intervals[here], other.intervals[there]
            both.append(Interval(max(one.low, two.low), min(one.high, two.high)))
            if one.high <= two.high:
                here += 1
            else:
                there += 1
        return Region(_merge(both), self.has_null and other.has_null)

    def complement(self) -> "Region":
        """Return the values that are not in the region, except null."""
        cuts = [LOWEST]
        for one in self.intervals:
            cuts += [one.low, one.high]
        cuts.append(HIGHEST)
        gaps = zip(cuts[::2], cuts[1::2], strict=True)
        return Region(_merge(Interval(low, high) for low, high in gaps))


EVERY_VALUE = Region((Interval(),))
"""All values except null."""

NOTHING = Region()
ONLY_NULL = Region((), has_null=True)


def _merge(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for one in sorted(intervals, key=lambda one: one.low):
        if one.low >= one.high:
            continue
        if merged and one.low <= merged[-1].high:
            merged[-1] = Interval(merged[-1].low, max(merged[-1].high, one.high))
        else:
            merged.append(one)
    return tuple(merged)
