"""Tells of what kind the value of an expression is, as far as that shows without running it."""

import re
from collections.abc import Mapping, Sequence

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types

from cmdm_tui.query.database.casts import COUNTED_SUFFIX
from cmdm_tui.query.model import ColumnKind, Table
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.planning.name_scopes import KIND, EntityColumn, NameScopes

TEXT_CASTS = exp.DataType.TEXT_TYPES
"""The types that are text."""

NUMBER_FUNCTIONS = (
    exp.Neg, exp.Sum, exp.Avg, exp.Median, exp.Stddev, exp.StddevPop, exp.StddevSamp,
    exp.Variance, exp.VariancePop, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Sqrt, exp.Ln,
    exp.Log, exp.Exp, exp.Sign, exp.Trunc, exp.BitwiseNot, exp.Sin, exp.Cos, exp.Tan,
    exp.PercentileCont, exp.Quantile,
)  # fmt: skip
"""The functions that compute a number of numbers."""

_FIXED: Mapping[tuple[type[exp.Expr], ...], ColumnKind] = {
    (
        exp.Boolean, exp.Connector, exp.Not, exp.Predicate, exp.Exists, exp.Between, exp.In,
        exp.Is, exp.Like, exp.ILike,
    ): ColumnKind.BOOLEAN,
    (*NUMBER_FUNCTIONS, exp.Count, exp.Length): ColumnKind.NUMBER,
    (exp.CurrentDate,): ColumnKind.DATE,
    (exp.CurrentTimestamp,): ColumnKind.DATETIME,
}  # fmt: skip
"""The kinds of nodes that always are of one."""

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Pow)
_SAME = (
    exp.Paren, exp.Alias, exp.Window, exp.Filter, exp.Min, exp.Max, exp.First, exp.Last,
    exp.AnyValue, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.IgnoreNulls,
    exp.Nullif,
)  # fmt: skip
_MOST_DEPTH = 100


class ValueKinds:
    """Kinds of the expressions of one query."""

    def __init__(self, scopes: NameScopes) -> None:
        self.scopes = scopes

    def of_name(self, origin: Table | exp.Query, name: str) -> ColumnKind | None:
        """Return the kind of the column of a name that a FROM item gives."""
        found = self.scopes.meaning_in(origin, name)
        return found.column.kind if isinstance(found, EntityColumn) else self.of(found)

    @staticmethod
    def is_number_of_query(node: exp.Column) -> bool:
        """Return whether a column is known to be a number that an inner query gives unchanged."""
        return node.meta_get(KIND) is ColumnKind.NUMBER

    def of(self, node: object, depth: int = 0) -> ColumnKind | None:
        """Return the kind of an expression's value; None where it does not show."""
        if not isinstance(node, exp.Expr) or depth > _MOST_DEPTH:
            return None
        if isinstance(node, exp.Literal):
            return ColumnKind.TEXT if node.is_string else ColumnKind.NUMBER
        if isinstance(node, exp.Cast):
            return _kind_of_type(node.to)
        for types, kind in _FIXED.items():
            if isinstance(node, types):
                return kind
        return self._of_parts(node, depth)

    def _of_parts(self, node: exp.Expr, depth: int) -> ColumnKind | None:
        match node:
            case exp.Column():
                return self._of_column(node, depth)
            case exp.Case() | exp.If() | exp.Coalesce() | exp.Greatest() | exp.Least():
                return self._of_any(list_choices(node), depth)
            case exp.Columns():
                return self._of_columns(node)
            case exp.Array() if isinstance(node.parent, exp.Paren | exp.Any | exp.All):
                return self._of_any(node.expressions, depth)
            case exp.Query():
                return self._of_query(node, depth)
            case exp.Distinct():
                return self._of_any(node.expressions[:1], depth)
            case _ if isinstance(node, _ARITHMETIC):
                return self._of_arithmetic(node, depth)
            case _ if isinstance(node, _SAME):
                return self.of(node.this, depth + 1)
            case _:
                return _kind_of_function(node)

    def _of_column(self, node: exp.Column, depth: int) -> ColumnKind | None:
        noted = node.meta_get(KIND)
        if isinstance(noted, ColumnKind):
            return noted
        found = self.scopes.resolve(node)
        if isinstance(found, EntityColumn):
            return found.column.kind
        return None if found is node else self.of(found, depth + 1)

    def _of_columns(self, node: exp.Columns) -> ColumnKind | None:
        """Return the kind of what COLUMNS means; text where some of it is text, and else numbers.

        What reads text as numbers reads numbers too.
        """
        select = node.find_ancestor(exp.Select)
        kinds: set[ColumnKind | None] = set()
        for _, origin in () if select is None else self.scopes.origins(select):
            if isinstance(origin, Table):
                named: dict[str, ColumnKind | None] = {one.name: one.kind for one in origin.columns}
            elif isinstance(origin, exp.Select) and not origin.is_star:
                named = {one.alias_or_name: self.of(one) for one in origin.expressions}
            else:
                return None
            kinds |= {kind for name, kind in named.items() if names_column(node, name)}
        if kinds == {ColumnKind.TEXT, ColumnKind.NUMBER}:
            return ColumnKind.TEXT
        return kinds.pop() if len(kinds) == 1 else None

    def _of_arithmetic(self, node: exp.Expr, depth: int) -> ColumnKind | None:
        operands = [node.this, node.args.get("expression")]
        if any(isinstance(one, exp.Expr) and one.find(exp.Interval) for one in operands):
            return ColumnKind.DATETIME
        kinds = [self.of(one, depth + 1) for one in operands if one is not None]
        if ColumnKind.DATETIME in kinds:
            # A time less a time is an interval.
            return None if kinds.count(ColumnKind.DATETIME) > 1 else ColumnKind.DATETIME
        if ColumnKind.DATE in kinds:
            return ColumnKind.NUMBER if kinds.count(ColumnKind.DATE) > 1 else ColumnKind.DATE
        return ColumnKind.NUMBER

    def _of_any(self, nodes: Sequence[object], depth: int) -> ColumnKind | None:
        kinds = {self.of(one, depth + 1) for one in nodes} - {None}
        return kinds.pop() if len(kinds) == 1 else None

    def _of_query(self, node: exp.Expr, depth: int) -> ColumnKind | None:
        while isinstance(node, exp.SetOperation | exp.Subquery):
            node = node.this
        if not isinstance(node, exp.Select) or len(node.expressions) != 1 or node.is_star:
            return None
        return self.of(node.expressions[0], depth + 1)


def names_column(node: exp.Columns, name: str) -> bool:
    """Return whether COLUMNS means a column of a name, as far as that shows."""
    what = node.this
    if isinstance(what, exp.Literal):
        try:
            return re.search(what.name, name) is not None
        except re.error:
            return True
    if isinstance(what, exp.Array):
        return name.casefold() in {one.name.casefold() for one in what.expressions}
    if isinstance(what, exp.Star):
        return name.casefold() not in {
            one.name.casefold() for one in what.args.get("except_") or ()
        }
    return True


def _kind_of_type(kind: exp.DataType | None) -> ColumnKind | None:
    name = None if kind is None else kind.this
    if name in exp.DataType.TEXT_TYPES:
        return ColumnKind.TEXT
    if name in exp.DataType.NUMERIC_TYPES:
        return ColumnKind.NUMBER
    if name in {exp.DType.DATE, exp.DType.DATE32}:
        return ColumnKind.DATE
    if name in exp.DataType.TEMPORAL_TYPES:
        return ColumnKind.DATETIME
    return ColumnKind.BOOLEAN if name is exp.DType.BOOLEAN else None


def list_choices(node: exp.Expr) -> list[exp.Expr]:
    """Return the expressions one of which is the value of a node."""
    if isinstance(node, exp.Case):
        found = [*(one.args["true"] for one in node.args["ifs"]), node.args.get("default")]
    elif isinstance(node, exp.If):
        found = [node.args.get("true"), node.args.get("false")]
    else:
        found = [node.this, *node.expressions]
    return [one for one in found if isinstance(one, exp.Expr)]


def _kind_of_function(node: exp.Expr) -> ColumnKind | None:
    """Return the kind of what a function gives, as far as sqlglot knows it."""
    if isinstance(node, exp.Anonymous):
        name = node.name.casefold()
        if name.startswith("text_as_"):
            return ColumnKind(name.removeprefix("text_as_").removesuffix(COUNTED_SUFFIX))
        return ColumnKind.DATETIME if name in _NOW else None
    if not isinstance(node, exp.Func):
        return None
    try:
        return _kind_of_type(annotate_types(node.copy(), dialect=DIALECT).type)
    except (SqlglotError, AttributeError, KeyError, TypeError):
        return None


_NOW = frozenset({"now", "get_current_timestamp", "transaction_timestamp"})
