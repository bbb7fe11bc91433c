"""Reads a WHERE as regions of single columns: every record that it keeps is in every region.

Only what is understood whole is used: an operator, an argument, or a literal that is not of the
column's kind bounds nothing, and leaves the rest of the WHERE as it is. SQL has three truth values,
so each reading says where a predicate is true and where it is false: NOT swaps the two, and null is
in neither unless the predicate asks for it.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from msgspec import Struct, field
from sqlglot import exp

from cmdm_tui.query.model import Column, ColumnKind
from cmdm_tui.query.seek.column_predicate import ColumnPredicate, engine_key
from cmdm_tui.query.seek.literals import LikePattern, NoLiteral, read_literal, read_pattern
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
from cmdm_tui.query.seek.text_keys import letters_key, successor

ENGINE, BINARY, LETTERS = "engine", "binary", "letters"
_SPACES = (ENGINE, BINARY, LETTERS)
_MAX_INTERVALS = 200
"""The number of intervals beyond which a predicate costs more to search than it saves."""


class _Regions(Struct, frozen=True):
    """Regions that enclose where a predicate is true and where it is false; None is unbounded."""

    true: Region | None
    false: Region | None
    is_exact: bool = False
    """Whether both are known and contain nothing else."""


class _PredicateRegions(Struct, frozen=True):
    """What is known of a predicate, by column and order."""

    regions: Mapping[tuple[str, str], _Regions] = field(
        default_factory=dict[tuple[str, str], _Regions]
    )


_UNKNOWN = _PredicateRegions()

Columns = Mapping[str, Column]


def extract_predicates(where: exp.Expr, columns: Columns) -> list[ColumnPredicate]:
    """Return the column predicates in the WHERE of one entity, exact ones first.

    `columns` are by the names in the tree, in any case. Columns of several tables yield none.
    """
    tree = where.this if isinstance(where, exp.Where) else where
    tables = {column.table.casefold() for column in tree.find_all(exp.Column)} - {""}
    if len(tables) > 1:
        return []
    by_name = {name.casefold(): column for name, column in columns.items()}
    reading = _PredicateReader({**by_name, **columns}).read(tree)
    found = [
        predicate
        for name in dict.fromkeys(name for name, _ in reading.regions)
        if (predicate := _make_predicate(reading, index_by_service_name(columns)[name])) is not None
    ]
    return sorted(found, key=lambda one: (not one.is_exact, len(one.region.intervals)))


def index_by_service_name(columns: Columns) -> dict[str, Column]:
    """Return the columns by the service's names for them."""
    return {column.name: column for column in columns.values()}


def _make_predicate(reading: _PredicateRegions, column: Column) -> ColumnPredicate | None:
    engine, binary, letters = (reading.regions.get((column.name, space)) for space in _SPACES)
    if engine is None or engine.true is None:
        return None
    if len(engine.true.intervals) > _MAX_INTERVALS:
        return None
    is_region_exact = engine.is_exact
    is_binary_exact = binary is not None and binary.is_exact
    return ColumnPredicate(
        column,
        engine.true,
        None if binary is None else binary.true,
        None if letters is None else letters.true,
        is_exact=is_region_exact or is_binary_exact,
        is_region_exact=is_region_exact,
        is_binary_exact=is_binary_exact,
    )


class _PredicateReader:
    """Reads predicates, given the columns by the names used for them."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def read(self, node: exp.Expr) -> _PredicateRegions:
        """Return what is known of a predicate: nothing where it is not understood."""
        match node:
            case exp.Paren():
                return self.read(node.this)
            case exp.And():
                return _and(self.read(node.this), self.read(node.expression))
            case exp.Or():
                return _or(self.read(node.this), self.read(node.expression))
            case exp.Not():
                return _not(self.read(node.this))
            case exp.Column():
                return self._read_boolean(node)
            case _:
                return self._read_test(node)

    def _read_test(self, node: exp.Expr) -> _PredicateRegions:
        reader = _TEST_READERS.get(type(node))
        if reader is None:
            return _UNKNOWN
        try:
            return reader(self, node)
        except NoLiteral:
            return _UNKNOWN

    def find_column(self, node: object) -> Column | None:
        """Return the column of a node, ignoring parentheses; None for anything else."""
        while isinstance(node, exp.Paren):
            node = node.this
        if not isinstance(node, exp.Column) or node.args.get("db"):
            return None
        name = node.name
        return self._columns.get(name) or self._columns.get(name.casefold())

    def _read_boolean(self, node: exp.Column) -> _PredicateRegions:
        column = self.find_column(node)
        if column is None or column.kind is not ColumnKind.BOOLEAN:
            return _UNKNOWN
        return _exact_regions(column, Region.points([True]))

    def read_comparison(self, node: exp.Expr) -> _PredicateRegions:
        """Read `=`, `<>`, `<`, `<=`, `>`, `>=`, either way round."""
        operator: type[exp.Expr] = type(node)
        column, other = self.find_column(node.this), node.args["expression"]
        if column is None:
            column, other = self.find_column(node.args["expression"]), node.this
            operator = _REVERSED_OPERATORS[operator]
        if column is None:
            return _UNKNOWN
        value = read_literal(other, column.kind)
        if operator is exp.EQ:
            return _equal_regions(column, [value])
        if operator is exp.NEQ:
            return _not(_equal_regions(column, [value]))
        key = _key(value)
        cuts: dict[type[exp.Expr], tuple[Place, Place]] = {
            exp.LT: (LOWEST, before(key)),
            exp.LTE: (LOWEST, after(key)),
            exp.GT: (after(key), HIGHEST),
            exp.GTE: (before(key), HIGHEST),
        }
        low, high = cuts[operator]
        return _exact_regions(column, Region.of(Interval(low, high)))

    def read_between(self, node: exp.Expr) -> _PredicateRegions:
        """Read BETWEEN; it is empty where the bounds are the wrong way round."""
        column = self.find_column(node.this)
        if column is None or _has_other_arguments(node, "this", "low", "high"):
            return _UNKNOWN
        low = _key(read_literal(node.args["low"], column.kind))
        high = _key(read_literal(node.args["high"], column.kind))
        return _exact_regions(column, Region.of(Interval(before(low), after(high))))

    def read_in(self, node: exp.Expr) -> _PredicateRegions:
        """Read IN of literals. A null among them makes NOT IN true of nothing."""
        column = self.find_column(node.this)
        if (
            column is None
            or not node.expressions
            or _has_other_arguments(node, "this", "expressions")
        ):
            return _UNKNOWN
        items = [item for item in node.expressions if not isinstance(item, exp.Null)]
        reading = _equal_regions(column, [read_literal(item, column.kind) for item in items])
        if len(items) == len(node.expressions):
            return reading
        never = {key: _Regions(sides.true, NOTHING) for key, sides in reading.regions.items()}
        return _PredicateRegions(never)

    def read_is_null(self, node: exp.Expr) -> _PredicateRegions:
        """Read IS NULL; other uses of IS bound nothing."""
        column = self.find_column(node.this)
        if column is None or not isinstance(node.args["expression"], exp.Null):
            return _UNKNOWN
        sides = _Regions(ONLY_NULL, EVERY_VALUE, is_exact=True)
        return _PredicateRegions({(column.name, space): sides for space in _spaces(column)})

    def read_like(self, node: exp.Expr) -> _PredicateRegions:
        """Read LIKE and ILIKE of a pattern that begins with text."""
        escape = None
        test = node
        if isinstance(test, exp.Escape):
            escape, test = test.args["expression"], test.this
        if not isinstance(test, exp.Like | exp.ILike):
            return _UNKNOWN
        column = self.find_column(test.this)
        if column is None or column.kind is not ColumnKind.TEXT:
            return _UNKNOWN
        if _has_other_arguments(test, "this", "expression", "negate"):
            return _UNKNOWN
        pattern = read_pattern(test.args["expression"], escape, folded=isinstance(test, exp.ILike))
        reading = _pattern_regions(column, pattern)
        return _not(reading) if test.args.get("negate") else reading

    def read_starts_with(self, node: exp.Expr) -> _PredicateRegions:
        """Read `starts_with(column, text)`."""
        column = self.find_column(node.this)
        if (
            column is None
            or column.kind is not ColumnKind.TEXT
            or _has_other_arguments(node, "this", "expression")
        ):
            return _UNKNOWN
        prefix = read_literal(node.args["expression"], ColumnKind.TEXT)
        return _pattern_regions(column, LikePattern(str(prefix), is_whole=False, is_exact=True))


_TEST_READERS: Mapping[
    type[exp.Expr], Callable[[_PredicateReader, exp.Expr], _PredicateRegions]
] = {
    exp.EQ: _PredicateReader.read_comparison,
    exp.NEQ: _PredicateReader.read_comparison,
    exp.LT: _PredicateReader.read_comparison,
    exp.LTE: _PredicateReader.read_comparison,
    exp.GT: _PredicateReader.read_comparison,
    exp.GTE: _PredicateReader.read_comparison,
    exp.Between: _PredicateReader.read_between,
    exp.In: _PredicateReader.read_in,
    exp.Is: _PredicateReader.read_is_null,
    exp.Like: _PredicateReader.read_like,
    exp.ILike: _PredicateReader.read_like,
    exp.Escape: _PredicateReader.read_like,
    exp.StartsWith: _PredicateReader.read_starts_with,
}
_REVERSED_OPERATORS: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.EQ,
    exp.NEQ: exp.NEQ,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
}


def _has_other_arguments(node: exp.Expr, *understood: str) -> bool:
    return any(value for name, value in node.args.items() if name not in understood)


def _spaces(column: Column) -> tuple[str, ...]:
    return _SPACES if column.kind is ColumnKind.TEXT else (ENGINE,)


def _key(value: Any) -> Any:
    return engine_key(value) if isinstance(value, str) else value


def _exact_regions(column: Column, region: Region) -> _PredicateRegions:
    return _PredicateRegions(
        {(column.name, ENGINE): _Regions(region, region.complement(), is_exact=True)}
    )


def _equal_regions(column: Column, values: list[Any]) -> _PredicateRegions:
    engine = _exact_regions(column, Region.points(map(_key, values)))
    if column.kind is not ColumnKind.TEXT:
        return engine
    binary = Region.points(values)
    letters = Region.points(map(letters_key, values))
    return _PredicateRegions(
        {
            **engine.regions,
            (column.name, BINARY): _Regions(binary, binary.complement(), is_exact=True),
            (column.name, LETTERS): _Regions(letters, EVERY_VALUE),
        }
    )


def _pattern_regions(column: Column, pattern: LikePattern) -> _PredicateRegions:
    if pattern.is_whole and pattern.is_exact:
        return _equal_regions(column, [pattern.prefix])
    folded = _prefix_region((pattern.prefix.casefold(), ""), lambda key: (successor(key[0]), ""))
    letters = _prefix_region(letters_key(pattern.prefix), successor)
    regions = {ENGINE: folded, LETTERS: letters}
    sides = {
        (column.name, space): _Regions(region, EVERY_VALUE) for space, region in regions.items()
    }
    if not pattern.is_folded:
        binary = _prefix_region(pattern.prefix, successor)
        false = binary.complement() if pattern.is_exact else EVERY_VALUE
        sides[column.name, BINARY] = _Regions(binary, false, is_exact=pattern.is_exact)
    return _PredicateRegions(sides)


def _prefix_region(low: Any, next_of: Callable[[Any], Any]) -> Region:
    high = next_of(low)
    is_endless = high is None or (isinstance(high, tuple) and high[0] is None)
    return Region.of(Interval(before(low), HIGHEST if is_endless else before(high)))


def _not(one: _PredicateRegions) -> _PredicateRegions:
    return _PredicateRegions(
        {key: _Regions(side.false, side.true, side.is_exact) for key, side in one.regions.items()}
    )


def _or(one: _PredicateRegions, other: _PredicateRegions) -> _PredicateRegions:
    return _not(_and(_not(one), _not(other)))


def _and(one: _PredicateRegions, other: _PredicateRegions) -> _PredicateRegions:
    names = {name for name, _ in (*one.regions, *other.regions)}
    unbounded = _Regions(None, None)
    return _PredicateRegions(
        {
            key: _and_regions(
                one.regions.get(key, unbounded), other.regions.get(key, unbounded), len(names) == 1
            )
            for key in dict.fromkeys((*one.regions, *other.regions))
        }
    )


def _and_regions(one: _Regions, other: _Regions, is_one_column: bool) -> _Regions:
    bounds = [region for region in (one.true, other.true) if region is not None]
    true = reduce(Region.intersection, bounds) if bounds else None
    false = None
    if one.false is not None and other.false is not None:
        false = one.false.union(other.false)
    return _Regions(true, false, is_exact=one.is_exact and other.is_exact and is_one_column)
