"""Reads a WHERE as regions of one column each: every record that it keeps lies in every region.

Nothing is taken that is not understood whole: an operator, an option of one, or a literal that is
not of the column's kind bounds nothing, and so leaves the rest of the WHERE as it is. SQL has three
truths, so each reading says where a predicate is true and where it is false: NOT exchanges the two,
and null is in neither unless the predicate asks for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from sqlglot import exp

from cmdm_tui.query.model import Column, Kind
from cmdm_tui.query.seek.candidates import Candidate, engine_key
from cmdm_tui.query.seek.literals import NoLiteral, read_literal
from cmdm_tui.query.seek.patterns import Pattern, read_pattern
from cmdm_tui.query.seek.region import (
    EVERY_VALUE,
    HIGHEST,
    LOWEST,
    NOTHING,
    ONLY_NULL,
    Interval,
    Place,
    Region,
    after,
    before,
)
from cmdm_tui.query.seek.spelling import letters_key, successor

ENGINE, BINARY, LETTERS = "engine", "binary", "letters"
_SPACES = (ENGINE, BINARY, LETTERS)
_MOST_INTERVALS = 200
"""Intervals beyond which a candidate costs more to look for than it saves."""


@dataclass(frozen=True, slots=True)
class _Sides:
    """Regions that enclose where a predicate is true and where it is false; None bounds nothing."""

    true: Region | None
    false: Region | None
    is_exact: bool = False
    """Whether both are known and enclose nothing else."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is known of a predicate, by column and space."""

    sides: Mapping[tuple[str, str], _Sides] = field(default_factory=dict[tuple[str, str], _Sides])


_UNKNOWN = _Reading()

Columns = Mapping[str, Column]


def extract(where: exp.Expr, columns: Columns) -> list[Candidate]:
    """Return the candidates for a seek that a WHERE over one entity holds, exact ones first.

    `columns` are by the names that stand in the tree, which may differ in case. Columns of more
    than one table yield none.
    """
    tree = where.this if isinstance(where, exp.Where) else where
    tables = {column.table.casefold() for column in tree.find_all(exp.Column)} - {""}
    if len(tables) > 1:
        return []
    by_name = {name.casefold(): column for name, column in columns.items()}
    reading = _Reader({**by_name, **columns}).read(tree)
    found = [
        candidate
        for name in dict.fromkeys(name for name, _ in reading.sides)
        if (candidate := _candidate(reading, columns_by_own_name(columns)[name])) is not None
    ]
    return sorted(found, key=lambda one: (not one.is_exact, len(one.region.intervals)))


def columns_by_own_name(columns: Columns) -> dict[str, Column]:
    """Return the columns by the service's names for them."""
    return {column.name: column for column in columns.values()}


def _candidate(reading: _Reading, column: Column) -> Candidate | None:
    engine, binary, letters = (reading.sides.get((column.name, space)) for space in _SPACES)
    if engine is None or engine.true is None:
        return None
    if len(engine.true.intervals) > _MOST_INTERVALS:
        return None
    is_region_exact = engine.is_exact
    is_binary_exact = binary is not None and binary.is_exact
    return Candidate(
        column,
        engine.true,
        None if binary is None else binary.true,
        None if letters is None else letters.true,
        is_exact=is_region_exact or is_binary_exact,
        is_region_exact=is_region_exact,
        is_binary_exact=is_binary_exact,
    )


class _Reader:
    """Reads predicates, given the columns by the names that stand for them."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def read(self, node: exp.Expr) -> _Reading:
        """Return what is known of a predicate: nothing, where it is not understood."""
        match node:
            case exp.Paren():
                return self.read(node.this)
            case exp.And():
                return _both(self.read(node.this), self.read(node.expression))
            case exp.Or():
                return _either(self.read(node.this), self.read(node.expression))
            case exp.Not():
                return _negated(self.read(node.this))
            case exp.Column():
                return self._boolean(node)
            case _:
                return self._test(node)

    def _test(self, node: exp.Expr) -> _Reading:
        reader = _TESTS.get(type(node))
        if reader is None:
            return _UNKNOWN
        try:
            return reader(self, node)
        except NoLiteral:
            return _UNKNOWN

    def column(self, node: object) -> Column | None:
        """Return the column that a node is, parentheses aside; None for anything else."""
        while isinstance(node, exp.Paren):
            node = node.this
        if not isinstance(node, exp.Column) or node.args.get("db"):
            return None
        name = node.name
        return self._columns.get(name) or self._columns.get(name.casefold())

    def _boolean(self, node: exp.Column) -> _Reading:
        column = self.column(node)
        if column is None or column.kind is not Kind.BOOLEAN:
            return _UNKNOWN
        return _exact(column, Region.points([True]))

    def compared(self, node: exp.Expr) -> _Reading:
        """Read `=`, `<>`, `<`, `<=`, `>`, `>=`, either way round."""
        operator: type[exp.Expr] = type(node)
        column, other = self.column(node.this), node.args["expression"]
        if column is None:
            column, other = self.column(node.args["expression"]), node.this
            operator = _REVERSED[operator]
        if column is None:
            return _UNKNOWN
        value = read_literal(other, column.kind)
        if operator is exp.EQ:
            return _equal(column, [value])
        if operator is exp.NEQ:
            return _negated(_equal(column, [value]))
        key = _key(value)
        cuts: dict[type[exp.Expr], tuple[Place, Place]] = {
            exp.LT: (LOWEST, before(key)),
            exp.LTE: (LOWEST, after(key)),
            exp.GT: (after(key), HIGHEST),
            exp.GTE: (before(key), HIGHEST),
        }
        low, high = cuts[operator]
        return _exact(column, Region.of(Interval(low, high)))

    def between(self, node: exp.Expr) -> _Reading:
        """Read BETWEEN; between two values the wrong way round there is nothing."""
        column = self.column(node.this)
        if column is None or _has_more(node, "this", "low", "high"):
            return _UNKNOWN
        low = _key(read_literal(node.args["low"], column.kind))
        high = _key(read_literal(node.args["high"], column.kind))
        return _exact(column, Region.of(Interval(before(low), after(high))))

    def listed(self, node: exp.Expr) -> _Reading:
        """Read IN of literals. A null among them makes NOT IN true of nothing."""
        column = self.column(node.this)
        if column is None or not node.expressions or _has_more(node, "this", "expressions"):
            return _UNKNOWN
        items = [item for item in node.expressions if not isinstance(item, exp.Null)]
        reading = _equal(column, [read_literal(item, column.kind) for item in items])
        if len(items) == len(node.expressions):
            return reading
        never = {key: _Sides(sides.true, NOTHING) for key, sides in reading.sides.items()}
        return _Reading(never)

    def is_null(self, node: exp.Expr) -> _Reading:
        """Read IS NULL; what else may be said with IS bounds nothing."""
        column = self.column(node.this)
        if column is None or not isinstance(node.args["expression"], exp.Null):
            return _UNKNOWN
        sides = _Sides(ONLY_NULL, EVERY_VALUE, is_exact=True)
        return _Reading({(column.name, space): sides for space in _spaces(column)})

    def like(self, node: exp.Expr) -> _Reading:
        """Read LIKE and ILIKE of a pattern that begins with text."""
        escape = None
        test = node
        if isinstance(test, exp.Escape):
            escape, test = test.args["expression"], test.this
        if not isinstance(test, exp.Like | exp.ILike):
            return _UNKNOWN
        column = self.column(test.this)
        if column is None or column.kind is not Kind.TEXT:
            return _UNKNOWN
        if _has_more(test, "this", "expression", "negate"):
            return _UNKNOWN
        pattern = read_pattern(test.args["expression"], escape, folded=isinstance(test, exp.ILike))
        reading = _matching(column, pattern)
        return _negated(reading) if test.args.get("negate") else reading

    def starting(self, node: exp.Expr) -> _Reading:
        """Read `starts_with(column, text)`."""
        column = self.column(node.this)
        if column is None or column.kind is not Kind.TEXT or _has_more(node, "this", "expression"):
            return _UNKNOWN
        prefix = read_literal(node.args["expression"], Kind.TEXT)
        return _matching(column, Pattern(str(prefix), is_whole=False, is_exact=True))


_TESTS: Mapping[type[exp.Expr], Callable[[_Reader, exp.Expr], _Reading]] = {
    exp.EQ: _Reader.compared,
    exp.NEQ: _Reader.compared,
    exp.LT: _Reader.compared,
    exp.LTE: _Reader.compared,
    exp.GT: _Reader.compared,
    exp.GTE: _Reader.compared,
    exp.Between: _Reader.between,
    exp.In: _Reader.listed,
    exp.Is: _Reader.is_null,
    exp.Like: _Reader.like,
    exp.ILike: _Reader.like,
    exp.Escape: _Reader.like,
    exp.StartsWith: _Reader.starting,
}
_REVERSED: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.EQ,
    exp.NEQ: exp.NEQ,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
}


def _has_more(node: exp.Expr, *understood: str) -> bool:
    return any(value for name, value in node.args.items() if name not in understood)


def _spaces(column: Column) -> tuple[str, ...]:
    return _SPACES if column.kind is Kind.TEXT else (ENGINE,)


def _key(value: Any) -> Any:
    return engine_key(value) if isinstance(value, str) else value


def _exact(column: Column, region: Region) -> _Reading:
    return _Reading({(column.name, ENGINE): _Sides(region, region.others(), is_exact=True)})


def _equal(column: Column, values: list[Any]) -> _Reading:
    engine = _exact(column, Region.points(map(_key, values)))
    if column.kind is not Kind.TEXT:
        return engine
    binary = Region.points(values)
    letters = Region.points(map(letters_key, values))
    return _Reading(
        {
            **engine.sides,
            (column.name, BINARY): _Sides(binary, binary.others(), is_exact=True),
            (column.name, LETTERS): _Sides(letters, EVERY_VALUE),
        }
    )


def _matching(column: Column, pattern: Pattern) -> _Reading:
    if pattern.is_whole and pattern.is_exact:
        return _equal(column, [pattern.prefix])
    folded = _starting((pattern.prefix.casefold(), ""), lambda key: (successor(key[0]), ""))
    letters = _starting(letters_key(pattern.prefix), successor)
    regions = {ENGINE: folded, LETTERS: letters}
    sides = {(column.name, space): _Sides(region, EVERY_VALUE) for space, region in regions.items()}
    if not pattern.is_folded:
        binary = _starting(pattern.prefix, successor)
        false = binary.others() if pattern.is_exact else EVERY_VALUE
        sides[column.name, BINARY] = _Sides(binary, false, is_exact=pattern.is_exact)
    return _Reading(sides)


def _starting(low: Any, next_of: Callable[[Any], Any]) -> Region:
    high = next_of(low)
    is_endless = high is None or (isinstance(high, tuple) and high[0] is None)
    return Region.of(Interval(before(low), HIGHEST if is_endless else before(high)))


def _negated(one: _Reading) -> _Reading:
    return _Reading(
        {key: _Sides(side.false, side.true, side.is_exact) for key, side in one.sides.items()}
    )


def _either(one: _Reading, other: _Reading) -> _Reading:
    return _negated(_both(_negated(one), _negated(other)))


def _both(one: _Reading, other: _Reading) -> _Reading:
    names = {name for name, _ in (*one.sides, *other.sides)}
    unbounded = _Sides(None, None)
    return _Reading(
        {
            key: _conjunction(
                one.sides.get(key, unbounded), other.sides.get(key, unbounded), len(names) == 1
            )
            for key in dict.fromkeys((*one.sides, *other.sides))
        }
    )


def _conjunction(one: _Sides, other: _Sides, is_one_column: bool) -> _Sides:
    bounds = [region for region in (one.true, other.true) if region is not None]
    true = reduce(Region.intersection, bounds) if bounds else None
    false = None
    if one.false is not None and other.false is not None:
        false = one.false.union(other.false)
    return _Sides(true, false, is_exact=one.is_exact and other.is_exact and is_one_column)
