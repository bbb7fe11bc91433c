"""Sorts records that were all read by several columns: the service sorts by one field only."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

from cmdm_tui.api import Record
from cmdm_tui.formats.value_text import value_text
from cmdm_tui.tui.models.columns import RecordColumn

_RankedValue = tuple[int, float | Decimal, str, str]


def sort_records(
    records: Sequence[Record], keys: Sequence[tuple[RecordColumn, bool]]
) -> list[Record]:
    """Return the records sorted by these columns, the first key first; true is descending.

    Numbers are compared by value, all else as text without regard to case, then by code point.
    Null is first in ascending order, as in the service's own sort (`api.md`, collation); in a
    column of numbers any other text follows the numbers. Equal ones stay in their order.
    """
    ordered = list(records)
    for column, is_descending in reversed(keys):
        ordered.sort(key=_make_ranker(column), reverse=is_descending)
    return ordered


def _make_ranker(column: RecordColumn) -> Callable[[Record], _RankedValue]:
    def rank(record: Record) -> _RankedValue:
        value = column.value(record)
        if value is None:
            return (0, 0, "", "")
        if column.is_number:
            number = _read_number(value)
            if number is not None:
                return (1, number, "", "")
        text = value_text(value)
        return (2, 0, text.casefold(), text)

    return rank


def _read_number(value: object) -> float | Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None
