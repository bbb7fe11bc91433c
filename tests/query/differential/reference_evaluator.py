"""Evaluates queries in plain Python, row by row, as slowly and as plainly as SQL's rules read.

It shares no code with the engine, and neither parses nor plans. What it decides beside SQL's own
rules: text stands by casefold and then by code point, nulls come first ascending and last
descending, and text is equal only where it is the same.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from typing import Any, TypeVar

from tests.query.differential import language as q
from tests.query.differential.language import Row, Value

Fields = Mapping[str, Value]
Scope = Mapping[str, Fields]
"""The row at hand of every source, by alias."""

Tables = Mapping[str, Sequence[Fields]]
Sortable = tuple[object, ...]

Item = TypeVar("Item")

_EXACT = Context(prec=120)


@dataclass(frozen=True)
class Outcome:
    """Every row a query could give, in order, each with its place in that order.

    Rows of the same place may come in any order; where there is no order, all have the same. Of
    them `limit` come from `offset` on.
    """

    names: tuple[str, ...]
    kinds: tuple[q.Kind, ...]
    rows: tuple[tuple[int, Row], ...]
    offset: int = 0
    limit: int | None = None

    @property
    def expected_rows(self) -> tuple[Row, ...]:
        """One of the results the query may have."""
        end = None if self.limit is None else self.offset + self.limit
        return tuple(row for _, row in self.rows[self.offset : end])


def evaluate(
    query: q.Query,
    tables: Tables,
    read: Callable[[q.Kind, object], Value] = lambda _kind, _text: None,
) -> Outcome:
    """Return the outcome of a query over `tables`, rows of typed values by the entity's name.

    `read` says what text means that is read as another kind.
    """
    with localcontext(_EXACT):
        return _Evaluation(tables, read=read).outcome(query, {})


def text_key(text: str) -> tuple[str, str]:
    """Return what text is ordered by."""
    return text.casefold(), text


class _Evaluation:
    def __init__(
        self,
        tables: Tables,
        named: Mapping[str, Sequence[Fields]] | None = None,
        *,
        read: Callable[[q.Kind, object], Value] = lambda _kind, _text: None,
    ) -> None:
        self._tables = tables
        self._reads = read
        self._named = dict(named or {})
        self._once: dict[int, tuple[q.Query, tuple[Row, ...]]] = {}

    # Queries

    def outcome(self, query: q.Query, outer: Scope) -> Outcome:
        match query:
            case q.With(named, inner):
                evaluation = self
                for name, of_name in named:
                    rows = evaluation.as_fields(of_name, outer)
                    evaluation = _Evaluation(
                        self._tables, {**evaluation._named, name: rows}, read=self._reads
                    )
                return evaluation.outcome(inner, outer)
            case q.Combined():
                return self._combined(query, outer)
            case q.Select():
                return self._selected(query, outer)

    def as_fields(self, query: q.Query, outer: Scope) -> Sequence[Fields]:
        outcome = self.outcome(query, outer)
        return [dict(zip(outcome.names, row, strict=True)) for row in outcome.expected_rows]

    def _combined(self, query: q.Combined, outer: Scope) -> Outcome:
        left = [row for _, row in self.outcome(query.left, outer).rows]
        right = [row for _, row in self.outcome(query.right, outer).rows]
        counts, others = Counter(left), Counter(right)
        match query.operator, query.keeps_all:
            case "union", True:
                rows = [*left, *right]
            case "union", False:
                rows = list(dict.fromkeys([*left, *right]))
            case "intersect", True:
                rows = list((counts & others).elements())
            case "intersect", False:
                rows = [row for row in counts if row in others]
            case "except", True:
                rows = list((counts - others).elements())
            case _:
                rows = [row for row in counts if row not in others]
        directions = [(is_descending, None) for _, is_descending in query.order]
        keyed = [(tuple(row[place] for place, _ in query.order), row) for row in rows]
        placed = _placed(keyed, directions)
        return Outcome(q.names_of(query), q.kinds_of(query), placed, 0, query.limit)

    def _selected(self, query: q.Select, outer: Scope) -> Outcome:
        scopes = [
            scope
            for scope in self._rows_of(query.source, outer)
            if query.where is None or self._truth(query.where, scope) is True
        ]
        groups: list[tuple[Scope, list[Scope] | None]]
        if query.group is None:
            groups = [(scope, None) for scope in scopes]
        else:
            groups = self._grouped(query.group, scopes, outer)
        if query.having is not None:
            condition = query.having
            groups = [one for one in groups if self._truth(condition, *one) is True]
        windows = self._windows(query, scopes)
        found: list[tuple[Row, Row]] = []
        for place, (scope, group) in enumerate(groups):
            here = windows.get(place)
            row = tuple(self._value(item.value, scope, group, here) for item in query.items)
            keys = tuple(self._value(key.value, scope, group, here) for key in query.order)
            found.append((row, keys))
        if query.is_distinct:
            found = list({row: (row, keys) for row, keys in reversed(found)}.values())
        directions = [(key.is_descending, key.nulls_first) for key in query.order]
        placed = _placed([(keys, row) for row, keys in found], directions)
        return Outcome(
            q.names_of(query), q.kinds_of(query), placed, query.offset or 0, query.limit
        )  # fmt: skip

    def _grouped(
        self, group: tuple[q.Scalar, ...], scopes: list[Scope], outer: Scope
    ) -> list[tuple[Scope, list[Scope] | None]]:
        members: dict[Row, list[Scope]] = {} if group else {(): []}
        for scope in scopes:
            key = tuple(self._value(one, scope) for one in group)
            members.setdefault(key, []).append(scope)
        return [(rows[0] if rows else outer, rows) for rows in members.values()]

    # Sources

    def _rows_of(self, source: q.Source, outer: Scope) -> Iterator[Scope]:
        match source:
            case q.Table(entity, alias):
                return ({**outer, alias: row} for row in self._tables[entity])
            case q.Named(name, alias):
                return ({**outer, alias: row} for row in self._named[name])
            case q.Derived(query, alias):
                return ({**outer, alias: row} for row in self.as_fields(query, outer))
            case q.Join():
                return self._joined(source, outer)

    def _joined(self, join: q.Join, outer: Scope) -> Iterator[Scope]:
        lefts, rights = (
            list(self._rows_of(join.left, outer)),
            list(self._rows_of(join.right, outer)),
        )
        matched: set[int] = set()
        for left in lefts:
            is_matched = False
            for place, right in enumerate(rights):
                both = {**left, **right}
                if join.condition is None or self._truth(join.condition, both) is True:
                    is_matched = True
                    matched.add(place)
                    yield both
            if not is_matched and join.kind in {"left", "full"}:
                yield {**left, **_of_nulls(join.right)}
        if join.kind in {"right", "full"}:
            for place, right in enumerate(rights):
                if place not in matched:
                    yield {**right, **_of_nulls(join.left)}

    # Values

    def _value(
        self,
        scalar: q.Scalar,
        scope: Scope,
        group: list[Scope] | None = None,
        windows: Mapping[q.Window, Value] | None = None,
    ) -> Value:
        match scalar:
            case q.Column(source, name, _):
                return scope[source].get(name) if scope[source] else None
            case q.Reading(column, kind):
                return self._read(self._value(column, scope, group, windows), kind)
            case q.Constant(value, _):
                return value
            case q.Apply(function, arguments, _):
                values = [self._value(one, scope, group, windows) for one in arguments]
                return _applied(function, values)
            case q.Case(condition, then, otherwise, _):
                chosen = then if self._truth(condition, scope, group) is True else otherwise
                return self._value(chosen, scope, group, windows)
            case q.Aggregate():
                assert group is not None
                return self._aggregate(scalar, group)
            case q.Window():
                assert windows is not None
                return windows[scalar]
            case q.ScalarQuery(query, _):
                rows = self._of_no_row(query)
                assert len(rows) <= 1
                return rows[0][0] if rows else None

    def _read(self, text: Value, kind: q.Kind) -> Value:
        return self._reads(kind, text)

    def _of_no_row(self, query: q.Query) -> tuple[Row, ...]:
        """Return the result of a query that depends on no row at hand; it is evaluated once."""
        if id(query) not in self._once:
            self._once[id(query)] = query, self.outcome(query, {}).expected_rows
        return self._once[id(query)][1]

    def _aggregate(self, aggregate: q.Aggregate, group: list[Scope]) -> Value:
        condition, argument = aggregate.where, aggregate.argument
        if condition is not None:
            group = [scope for scope in group if self._truth(condition, scope) is True]
        if argument is None:
            return len(group)
        values = [self._value(argument, scope) for scope in group]
        return _aggregated(aggregate.function, values, is_distinct=aggregate.is_distinct)

    def _windows(
        self, query: q.Select, scopes: list[Scope]
    ) -> Mapping[int, Mapping[q.Window, Value]]:
        found: dict[int, dict[q.Window, Value]] = {}
        for item in query.items:
            if isinstance(item.value, q.Window):
                for place, value in self._window(item.value, scopes):
                    found.setdefault(place, {})[item.value] = value
        return found

    def _window(self, window: q.Window, scopes: list[Scope]) -> Iterator[tuple[int, Value]]:
        partitions: dict[Row, list[int]] = {}
        for place, scope in enumerate(scopes):
            key = tuple(self._value(one, scope) for one in window.partition)
            partitions.setdefault(key, []).append(place)
        for members in partitions.values():
            directions = [(key.is_descending, key.nulls_first) for key in window.order]
            keyed = [
                (tuple(self._value(key.value, scopes[place]) for key in window.order), place)
                for place in members
            ]
            placed = _placed(keyed, directions)
            of_argument = [
                None if window.argument is None else self._value(window.argument, scopes[place])
                for _, place in placed
            ]
            for number, (rank, place) in enumerate(placed):
                peers = sum(1 for other, _ in placed if other <= rank)
                yield place, _windowed(window, number, rank, placed, of_argument, peers)

    # Conditions

    def _truth(  # noqa: C901 — a line a condition
        self, condition: q.Condition, scope: Scope, group: list[Scope] | None = None
    ) -> bool | None:
        def value(scalar: q.Scalar) -> Value:
            return self._value(scalar, scope, group)

        match condition:
            case q.All(conditions):
                return _all(self._truth(one, scope, group) for one in conditions)
            case q.Any(conditions):
                return _any(self._truth(one, scope, group) for one in conditions)
            case q.Not(inner):
                return _not(self._truth(inner, scope, group))
            case q.Compare(operator, left, right):
                return _compared(operator, value(left), value(right))
            case q.Between(of, low, high, is_negated):
                here = value(of)
                bounds = [_compared(">=", here, value(low)), _compared("<=", here, value(high))]
                return _turned(_all(bounds), is_negated)
            case q.Among(of, choices, is_negated):
                here = value(of)
                return _turned(
                    _any([_compared("=", here, value(one)) for one in choices]), is_negated
                )
            case q.AmongQuery(of, query, is_negated):
                here = value(of)
                rows = self._of_no_row(query)
                return _turned(_any([_compared("=", here, row[0]) for row in rows]), is_negated)
            case q.Exists(query, is_negated):
                return bool(self.outcome(query, scope).expected_rows) != is_negated
            case q.Like(of, pattern, regards_case, is_negated):
                return _turned(_like(value(of), pattern, regards_case), is_negated)
            case q.IsNull(of, is_negated):
                return (value(of) is None) != is_negated
            case q.Distinct(left, right, is_negated):
                return (value(left) != value(right)) != is_negated
            case q.Truth(of):
                here = value(of)
                assert here is None or isinstance(here, bool)
                return here


# Order


def _order_key(value: Value) -> object:
    return text_key(value) if isinstance(value, str) else value


def _placed(
    keyed: Iterable[tuple[Row, Item]], directions: Sequence[tuple[bool, bool | None]]
) -> tuple[tuple[int, Item], ...]:
    """Return what has keys in order, each with the number of the first of its place."""

    def before(one: tuple[Row, Item], other: tuple[Row, Item]) -> int:
        for value, another, (is_descending, nulls_first) in zip(
            one[0], other[0], directions, strict=True
        ):
            sign = _sign(value, another, is_descending, nulls_first)
            if sign:
                return sign
        return 0

    placed: list[tuple[int, Item]] = []
    last: tuple[Row, Item] | None = None
    for number, one in enumerate(sorted(keyed, key=functools.cmp_to_key(before))):
        is_tied = last is not None and not before(last, one)
        placed.append((placed[-1][0] if is_tied else number, one[1]))
        last = one
    return tuple(placed)


def _sign(one: Value, other: Value, is_descending: bool, nulls_first: bool | None) -> int:
    if one is None or other is None:
        come_first = (not is_descending) if nulls_first is None else nulls_first
        sign = (one is None) - (other is None)
        return -sign if come_first else sign
    left: Any = _order_key(one)
    right: Any = _order_key(other)
    sign = (left > right) - (left < right)
    return -sign if is_descending else sign


# Three-valued logic


def _all(truths: Iterable[bool | None]) -> bool | None:
    found = list(truths)
    return False if False in found else None if None in found else True


def _any(truths: Iterable[bool | None]) -> bool | None:
    found = list(truths)
    return True if True in found else None if None in found else False


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _turned(truth: bool | None, is_negated: bool) -> bool | None:
    return _not(truth) if is_negated else truth


def _compared(operator: str, one: Value, other: Value) -> bool | None:
    if one is None or other is None:
        return None
    if operator in {"=", "<>"}:
        return (one == other) == (operator == "=")
    sign = _sign(one, other, False, None)
    return {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[operator]


def _like(value: Value, pattern: str, regards_case: bool) -> bool | None:
    if value is None:
        return None
    assert isinstance(value, str)
    if not regards_case:
        value, pattern = value.lower(), pattern.lower()
    parts = [".*" if one == "%" else "." if one == "_" else re.escape(one) for one in pattern]
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


# Functions


def _applied(function: str, values: list[Value]) -> Value:
    if function == "coalesce":
        return next((value for value in values if value is not None), None)
    if None in values:
        return None
    match function, values:
        case "concat", _:
            return "".join(str(value) for value in values)
        case "length", [str(text)]:
            return len(text)
        case "plus", [Decimal() | int() as one, Decimal() | int() as other]:
            return one + other
        case "minus", [Decimal() | int() as one, Decimal() | int() as other]:
            return one - other
        case "negative", [Decimal() | int() as one]:
            return -one
        case _:
            raise AssertionError(function, values)


def _aggregated(function: str, values: Iterable[Value], *, is_distinct: bool) -> Value:
    there = [value for value in values if value is not None]
    if is_distinct:
        there = list(dict.fromkeys(there))
    if function == "count":
        return len(there)
    if not there:
        return None
    ordered = sorted(there, key=functools.cmp_to_key(lambda a, b: _sign(a, b, False, None)))
    match function:
        case "min":
            return ordered[0]
        case "max":
            return ordered[-1]
        case "joined":
            return "|".join(str(value) for value in ordered)
        case _:
            total = sum((Decimal(str(value)) for value in there), Decimal(0))
            return total if function == "sum" else float(total / len(there))


def _windowed(
    window: q.Window,
    number: int,
    rank: int,
    placed: tuple[tuple[int, int], ...],
    values: list[Value],
    peers: int,
) -> Value:
    match window.function:
        case "row_number":
            return number + 1
        case "rank":
            return rank + 1
        case "dense_rank":
            return len({other for other, _ in placed if other <= rank})
        case "lag":
            return values[number - 1] if number else None
        case function:
            # With an order, the frame ends with the last of the row's peers; else it is everything.
            frame = values[:peers] if window.order else values
            if window.argument is None:
                return len(frame)
            return _aggregated(function, frame, is_distinct=False)


def _of_nulls(source: q.Source) -> Scope:
    return {alias: {} for alias in _aliases(source)}


def _aliases(source: q.Source) -> Iterator[str]:
    if isinstance(source, q.Join):
        yield from _aliases(source.left)
        yield from _aliases(source.right)
    else:
        yield source.alias
