"""Chooses the fields that show most about an order: those whose values it would move."""

from collections.abc import Callable, Sequence
from functools import cmp_to_key
from typing import Any

from msgspec import Struct

from cmdm_tui.catalog.probe.comparers import Comparer, count_pairs, neighbour_pairs
from cmdm_tui.catalog.probe.context import ProbeContext

_TEXT, _NUMBER, _DATE = {"Text"}, {"Number", "Currency"}, {"Date", "DateTime"}
TYPES_BY_KIND = {"text": _TEXT, "number": _NUMBER, "date": _DATE}


class SortField(Struct, frozen=True):
    """A field to sort by. `is_described` is true where the service says its type."""

    name: str
    is_described: bool


def choose_field(context: ProbeContext, kind: str, orders: Sequence[Comparer]) -> SortField | None:
    """Return the field of a kind (`text`, `number`, `date`) that shows most; None without one.

    Best is a field whose values are in another order than the records, then one whose values tell
    the `orders` apart, then one with nulls, then one of many values.
    """
    of_kind = [
        SortField(name, has_type) for name, (type_, has_type) in context.infer_types().items()
        if type_ in TYPES_BY_KIND[kind]
    ]  # fmt: skip
    scored = [(_score(_values(context, chosen.name), orders), chosen) for chosen in of_kind]
    informative = [(score, chosen) for score, chosen in scored if score is not None]
    return max(informative, key=lambda item: item[0], default=(None, None))[1]


def find_most_tied_field(context: ProbeContext) -> str | None:
    """Return the field under which most records tie, None where none has two alike."""
    ties: dict[str, int] = {}
    for name in context.infer_types():
        values = [repr(value) for value in _values(context, name)]
        ties[name] = len(values) - len(set(values))
    name = max(ties, key=lambda name: ties[name], default=None)
    return name if name is not None and ties[name] else None


def _values(context: ProbeContext, name: str) -> list[object]:
    return [record.properties.get(name) for record in context.records]


def _score(values: list[object], orders: Sequence[Comparer]) -> tuple[Any, ...] | None:
    present = [value for value in values if isinstance(value, str | int) and value != ""]
    distinct = list(dict.fromkeys(present))
    if len(distinct) < 2:
        return None
    first, *others = orders
    in_order = sorted(distinct, key=_sort_key(first))
    parted = [count_pairs(order, neighbour_pairs(in_order)).contradicting for order in others]
    is_moved = count_pairs(first, neighbour_pairs(present)).contradicting > 0
    has_nulls = any(value is None for value in values)
    return is_moved, sum(map(bool, parted)), has_nulls, sum(parted), len(distinct)


def _sort_key(order: Comparer) -> Callable[[object], Any]:
    return cmp_to_key(lambda one, other: order(one, other) or 0)
