"""Compares a result with an outcome: where several results are right, with all of them."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from tests.query.differential.language import Kind, Row, Value
from tests.query.differential.reference_evaluator import Outcome

_NEAR = 1e-9
_KINDS: dict[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.NUMBER: (Decimal, int),
    Kind.COUNT: (int,),
    Kind.AVERAGE: (float,),
    Kind.DATE: (date,),
    Kind.DATETIME: (datetime,),
    Kind.BOOLEAN: (bool,),
}


def difference(outcome: Outcome, rows: Sequence[Row]) -> str | None:
    """Say how `rows` could not have come of the query; None where they could."""
    wrong = _wrong_type(outcome, rows)
    if wrong is not None:
        return wrong
    end = len(outcome.rows) if outcome.limit is None else outcome.offset + outcome.limit
    expected = outcome.rows[outcome.offset : end]
    if len(rows) != len(expected):
        return f"{len(rows)} rows came in the place of {len(expected)}"
    came = [tuple(_comparable(value) for value in row) for row in rows]
    could_be = {
        place: [tuple(_comparable(value) for value in row) for _, row in group]
        for place, group in groupby(outcome.rows, key=lambda one: one[0])
    }
    for place, group in groupby(zip(expected, came, strict=True), key=lambda one: one[0][0]):
        here = [row for _, row in group]
        extra = _find_missing(here, could_be[place])
        if extra is not None:
            return f"{extra} came at place {place + 1}, where one of {could_be[place][:3]} belongs"
    return None


def _find_missing(rows: list[Row], allowed: list[Row]) -> Row | None:
    """Return a row that is not allowed, or comes more often than it may."""
    extra = Counter(rows) - Counter(allowed)
    if not extra:
        return None
    remaining = list((Counter(allowed) - Counter(rows)).elements())
    for row in extra.elements():
        near = next((one for one in remaining if _is_near(row, one)), None)
        if near is None:
            return row
        remaining.remove(near)
    return None


def _is_near(row: Row, other: Row) -> bool:
    return all(_are_near(one, another) for one, another in zip(row, other, strict=True))


def _are_near(one: Value, other: Value) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_NEAR, abs_tol=_NEAR)
    return one == other


def _comparable(value: Value) -> Value:
    # One and true are equal in Python, and a date is the midnight that begins it in no language.
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _wrong_type(outcome: Outcome, rows: Sequence[Row]) -> str | None:
    for row in rows:
        if len(row) != len(outcome.kinds):
            return f"{len(row)} columns came in the place of {len(outcome.kinds)}"
        for name, kind, value in zip(outcome.names, outcome.kinds, row, strict=True):
            is_right = value is None or type(value) in _KINDS[kind]
            if not is_right:
                return f"{name} is {kind}, and {value!r} came"
    return None
