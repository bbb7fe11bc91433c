"""What the values of one column are like: nulls, distinct values, the most frequent, range, mean.

It is computed over the rows that were read, and makes no call. Memory is bounded: at most
`MOST_DISTINCT` different values are counted one by one, and a number takes eight bytes.
"""

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal
from enum import StrEnum

from cmdm_tui.formats.value_text import value_text

MOST_DISTINCT = 50_000
TOP_COUNT = 10
BIN_COUNT = 24
"""Columns of the sparkline."""

_EXACT = Context(prec=60)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a difference of times without a zone
_BARS = "▁▂▃▄▅▆▇█"


class ValueKind(StrEnum):
    """What all values of a column are, null apart."""

    NOTHING = "nothing"
    NUMBER = "number"
    DATE = "date"
    """A date or a time."""
    BOOLEAN = "boolean"
    TEXT = "text"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """The values of one column over `row_count` rows.

    `distinct` is the number of different values, null apart; where `is_distinct_known` is false
    there are more. `top` are the most frequent values with their counts, none where it is not
    known. `smallest` and `largest` are of numbers, dates and times, `shortest` and `longest` the
    characters of texts. `bins` count the values between the smallest and the largest.
    """

    row_count: int
    null_count: int
    kind: ValueKind
    distinct: int
    is_distinct_known: bool
    top: tuple[tuple[object, int], ...] = ()
    smallest: object = None
    largest: object = None
    mean: Decimal | float | None = None
    infinite_count: int = 0
    """Numbers that are no number or infinite: they are left out of range, mean and bins."""
    empty_count: int = 0
    """Texts without a character."""
    shortest: int | None = None
    longest: int | None = None
    bins: tuple[int, ...] = ()


def summarize_column(values: Iterable[object]) -> ColumnSummary:
    """Return the summary of the values of one column, in one walk over them."""
    counter = _ValueCounter()
    for value in values:
        counter.add(value)
    return counter.make_summary()


def make_sparkline(bins: Sequence[int]) -> str:
    """Return counts as one line of blocks; a count of none is blank, any other is seen."""
    most = max(bins, default=0)
    return "".join(
        " " if not count else _BARS[max(math.ceil(count * len(_BARS) / most), 1) - 1]
        for count in bins
    )


def count_in_bins(positions: Sequence[float], bin_count: int) -> tuple[int, ...]:
    """Return how many positions are in each of the equal parts from the smallest to the largest."""
    if not positions:
        return ()
    low, high = min(positions), max(positions)
    bins = [0] * bin_count
    # Halved, as the width of a range may be more than a float holds; the least ones have no half.
    width = high / 2 - low / 2
    if not width:
        return (len(positions),)
    for position in positions:
        part = (position / 2 - low / 2) / width
        bins[min(int(part * bin_count), bin_count - 1)] += 1
    return tuple(bins)


def measure(value: object) -> float | None:
    """Return a number, or a date or time in seconds, as a place on a line; None for the rest.

    A number that is none, infinite, or larger than a float holds has no place.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        try:
            place = float(value)
        except (OverflowError, ValueError):
            return None
        return place if math.isfinite(place) else None
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None) - _EPOCH) / timedelta(seconds=1)
    if isinstance(value, date):
        return float((value - _EPOCH.date()).days * 86_400)
    return None


class _ValueCounter:
    """Counts the values of a column as they pass."""

    def __init__(self) -> None:
        self._row_count = self._null_count = self._infinite_count = self._empty_count = 0
        self._counts: Counter[object] = Counter()
        self._is_distinct_known = True
        self._kinds: set[ValueKind] = set()
        self._places = array("d")
        self._smallest: object = None
        self._largest: object = None
        self._low, self._high = math.inf, -math.inf
        self._sum = Decimal(0)
        self._lengths: tuple[int, int] | None = None

    def add(self, value: object) -> None:
        self._row_count += 1
        if value is None:
            self._null_count += 1
            return
        self._count(value)
        kind = _kind_of(value)
        self._kinds.add(kind)
        if kind is ValueKind.TEXT:
            length = len(str(value))
            self._empty_count += not length
            shortest, longest = self._lengths or (length, length)
            self._lengths = min(shortest, length), max(longest, length)
        elif kind in {ValueKind.NUMBER, ValueKind.DATE}:
            self._measure(value)

    def make_summary(self) -> ColumnSummary:
        kind = self._kind
        is_measured = kind in {ValueKind.NUMBER, ValueKind.DATE} and len(self._places) > 0
        shortest, longest = (
            (self._lengths or (None, None)) if kind is ValueKind.TEXT else (None,) * 2
        )
        return ColumnSummary(
            self._row_count,
            self._null_count,
            kind,
            len(self._counts),
            self._is_distinct_known,
            tuple(self._counts.most_common(TOP_COUNT)) if self._is_distinct_known else (),
            smallest=self._smallest if is_measured else None,
            largest=self._largest if is_measured else None,
            mean=self._mean if is_measured and kind is ValueKind.NUMBER else None,
            infinite_count=self._infinite_count if kind is ValueKind.NUMBER else 0,
            empty_count=self._empty_count,
            shortest=shortest,
            longest=longest,
            bins=count_in_bins(self._places, BIN_COUNT) if is_measured else (),
        )

    @property
    def _kind(self) -> ValueKind:
        if not self._kinds:
            return ValueKind.NOTHING
        return next(iter(self._kinds)) if len(self._kinds) == 1 else ValueKind.MIXED

    @property
    def _mean(self) -> Decimal:
        mean = _EXACT.divide(self._sum, Decimal(len(self._places)))
        return mean.quantize(Decimal("0.0001")).normalize() if abs(mean) < 10**20 else mean

    def _count(self, value: object) -> None:
        key = value if isinstance(value, _HASHED) else value_text(value)
        if key in self._counts:
            self._counts[key] += 1
        elif len(self._counts) < MOST_DISTINCT:
            self._counts[key] = 1
        else:
            self._is_distinct_known = False

    def _measure(self, value: object) -> None:
        place = measure(value)
        if place is None:
            self._infinite_count += 1
            return
        self._places.append(place)
        # Compared as floats: a time with a zone and one without one cannot be compared.
        if place < self._low:
            self._low, self._smallest = place, value
        if place > self._high:
            self._high, self._largest = place, value
        if isinstance(value, int | float | Decimal):
            self._sum = _EXACT.add(self._sum, Decimal(value))


_HASHED = (str, int, float, Decimal, date, time, timedelta)


def _kind_of(value: object) -> ValueKind:
    if isinstance(value, bool):
        return ValueKind.BOOLEAN
    if isinstance(value, int | float | Decimal):
        return ValueKind.NUMBER
    if isinstance(value, date):
        return ValueKind.DATE
    return ValueKind.TEXT if isinstance(value, str) else ValueKind.MIXED
