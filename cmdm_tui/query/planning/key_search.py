"""Searches for records whose field has one of some values: the condition, and its likely cost."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlglot import exp

from cmdm_tui.query.model import Column, ColumnKind

_TYPES_BY_KIND = {
    ColumnKind.TEXT: ("VARCHAR",),
    ColumnKind.NUMBER: ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DECIMAL"),
    ColumnKind.DATE: ("DATE",),
}
"""The types of values that are equal to a field's exactly where they look so."""


def accepts_values(column: Column, kind: str) -> bool:
    """Return whether values of a DuckDB type can be searched for in a field."""
    return kind.partition("(")[0] in _TYPES_BY_KIND.get(column.kind, ())


def condition_of_values(column: Column, values: Sequence[Any]) -> exp.In:
    """Return the condition that a field has one of the values."""
    name = exp.column(exp.to_identifier(column.name, quoted=True))
    return exp.In(this=name, expressions=[_literal_of(one) for one in values])


def likely_pages(values: int, pages: int) -> int:
    """Return how many pages a binary search for values reads: each page of the search once."""
    read, level, left = 2.0, 1, pages
    while left > 0:
        read += min(level, left) * (1 - (1 - 1 / level) ** values)
        left -= level
        level *= 2
    return min(round(read), pages)


def _literal_of(value: Any) -> exp.Expr:
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
    if isinstance(value, int | Decimal):
        number = exp.Literal.number(format(abs(value), "f"))
        return exp.Neg(this=number) if value < 0 else number
    return exp.Literal.string(value)
