"""The orders in which a service may sort, and what pairs of neighbours say about each.

An order judges only pairs about which everyone who sorts so agrees; about others it says nothing.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import TypeVar

from msgspec import Struct

Comparer = Callable[[object, object], int | None]
"""Compares two values: below 0, 0 or above 0 as they ascend, tie or descend; None for no idea."""

Pair = tuple[object, object]
Name = TypeVar("Name", bound=str)

ENOUGH_PAIRS = 8
"""Pairs that must ascend before an order counts as shown: chance alone sorts nine values in a
shuffle of each 362,880."""

_LAST_OF_BASIC_PLANE = "\uffff"


class PairCounts(Struct, frozen=True):
    """How many pairs ascend in an order, and how many contradict it."""

    ascending: int
    contradicting: int

    @property
    def is_shown(self) -> bool:
        """Whether the pairs are enough to show the order, and none contradicts it."""
        return self.ascending >= ENOUGH_PAIRS and not self.contradicting


def count_pairs(order: Comparer, pairs: Iterable[Pair]) -> PairCounts:
    """Count what the pairs say about one order."""
    judged = [order(before, after) for before, after in pairs]
    ascending = sum(1 for sign in judged if sign is not None and sign < 0)
    return PairCounts(ascending, sum(1 for sign in judged if sign is not None and sign > 0))


def contradicts(order: Comparer, pairs: Iterable[Pair]) -> bool:
    """Return whether a pair contradicts the order."""
    signs = (order(before, after) for before, after in pairs)
    return any(sign is not None and sign > 0 for sign in signs)


def neighbour_pairs(values: Sequence[object]) -> list[Pair]:
    """Return the pairs of neighbours that both hold something: nulls come apart in any order."""
    return [
        (before, after)
        for before, after in pairwise(values)
        if _has_value(before) and _has_value(after)
    ]


def _has_value(value: object) -> bool:
    return value is not None and value != ""


def compare_casefolded(before: object, after: object) -> int | None:
    """Compare texts without regard to case (Unicode casefold), then by code point."""
    if not isinstance(before, str) or not isinstance(after, str):
        return None
    return _compare_texts(before.casefold(), after.casefold())


def compare_code_points(before: object, after: object) -> int | None:
    """Compare texts by code point."""
    if not isinstance(before, str) or not isinstance(after, str):
        return None
    return _compare_texts(before, after)


def compare_letters(before: object, after: object) -> int | None:
    """Compare texts by letters and digits, accents and case coming second, as locales do.

    Locales disagree about everything but ASCII letters and digits, so only those are judged.
    """
    if not isinstance(before, str) or not isinstance(after, str):
        return None
    return _compare_first_difference(
        _strip_accents(before), _strip_accents(after), _is_ascii_alphanumeric
    )


def compare_numbers(before: object, after: object) -> int | None:
    """Compare numbers, or decimal text, by value."""
    one, other = _parse_number(before), _parse_number(after)
    return None if one is None or other is None else _sign(one < other, one > other)


def compare_digits(before: object, after: object) -> int | None:
    """Compare numbers as if they were text, where it is digits that differ."""
    texts = [value if isinstance(value, str) else str(value) for value in (before, after)]
    if not all(isinstance(value, str | int) and _parse_number(value) is not None
               for value in (before, after)):  # fmt: skip
        return None
    return _compare_first_difference(texts[0], texts[1], _is_digit)


def compare_times(before: object, after: object) -> int | None:
    """Compare dates and times of ISO 8601: a date is its midnight, in UTC where it has no zone."""
    one, other = _parse_time(before), _parse_time(after)
    return None if one is None or other is None else _sign(one < other, one > other)


def _compare_texts(one: str, other: str) -> int | None:
    different = next((pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]), None)
    # UTF-16, in which many services compare, puts what is beyond the basic plane elsewhere.
    if different is not None and max(different) > _LAST_OF_BASIC_PLANE:
        return None
    return _sign(one < other, one > other)


def _compare_first_difference(one: str, other: str, is_judged: Callable[[str], bool]) -> int | None:
    for left, right in zip(one, other, strict=False):
        if left != right:
            both = is_judged(left) and is_judged(right)
            return _sign(left < right, left > right) if both else None
    if len(one) == len(other):
        return 0
    rest = max(one, other, key=len)[min(len(one), len(other))]
    return _sign(len(one) < len(other), len(one) > len(other)) if is_judged(rest) else None


def _strip_accents(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in apart if unicodedata.category(mark) != "Mn").lower()


def _is_ascii_alphanumeric(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _is_digit(character: str) -> bool:
    return character.isascii() and character.isdigit()


def _parse_number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    if isinstance(value, str) and value.strip("+-.0123456789"):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _parse_time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _sign(is_below: bool, is_above: bool) -> int:
    return int(is_above) - int(is_below)
