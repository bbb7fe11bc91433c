"""Replaces text that a query compares or computes with by its readings; see `readings`."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlglot import exp

from cmdm_tui.query.database.casts import COUNTED_SUFFIX
from cmdm_tui.query.model import Column, ColumnKind
from cmdm_tui.query.planning.name_scopes import EntityColumn
from cmdm_tui.query.planning.stored_text import StoredText
from cmdm_tui.query.planning.value_kinds import (
    NUMBER_FUNCTIONS,
    TEXT_CASTS,
    ValueKinds,
    list_choices,
)

_COMPARISONS = (
    exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ,
)  # fmt: skip
_ARITHMETIC = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Pow, exp.BitwiseAnd,
    exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseLeftShift, exp.BitwiseRightShift,
)  # fmt: skip
_OF_TIMES = (
    exp.TimestampTrunc, exp.DateTrunc, exp.Year, exp.Month, exp.Day, exp.Quarter, exp.Week,
    exp.DayOfWeek, exp.DayOfMonth, exp.DayOfYear, exp.Hour, exp.Minute, exp.Second, exp.TimeToStr,
    exp.AtTimeZone, exp.LastDay, exp.TimeToUnix, exp.DayOfWeekIso, exp.WeekOfYear, exp.Dayname,
    exp.Monthname, exp.DateAdd,
)  # fmt: skip
_TIME_FUNCTIONS = frozenset(
    {
        "hour", "minute", "second", "dayname", "monthname", "isodow", "isoyear", "weekofyear",
        "dayofyear", "dayofmonth", "dayofweek", "yearweek", "century", "decade", "millennium",
        "epoch", "epoch_ms", "epoch_us", "age", "time_bucket", "date_part", "datepart", "weekday",
        "last_day", "era", "julian", "to_week", "week",
    }
)  # fmt: skip
_NUMBER_FUNCTIONS = frozenset(
    {
        "mad", "fsum", "kahan_sum", "sumkahan", "favg", "skewness", "kurtosis", "product", "sem",
        "power", "cbrt", "log10", "log2", "even", "radians", "degrees", "round_even", "geomean",
        "geometric_mean", "mean", "var_samp", "var_pop", "isfinite",
    }
)  # fmt: skip


class OperandReader:
    """Replaces the operands of each node that compares or computes.

    `read` gives the column that reads a field as a kind, and `count` one that no view shows, whose
    values are only counted. `has_columns` is false where a query would show such columns.
    """

    def __init__(
        self,
        kinds: ValueKinds,
        texts: StoredText,
        read: Callable[[EntityColumn, ColumnKind], Column],
        count: Callable[[EntityColumn, ColumnKind], Column],
        *,
        has_columns: bool,
    ) -> None:
        self._scopes = kinds.scopes
        self._kinds = kinds
        self._texts = texts
        self._read_column = read
        self._count_column = count
        self._has_columns = has_columns

    def visit(self, node: exp.Expr) -> None:
        """Replace the operands of one node."""
        if isinstance(node, exp.Cast | exp.DPipe | exp.Concat | exp.ConcatWs | exp.GroupConcat):
            self._write_text(_list_written(node))
        elif isinstance(node, exp.Is) and isinstance(node.expression, exp.Boolean):
            self._read([node.this], ColumnKind.BOOLEAN)
        elif isinstance(node, _COMPARISONS):
            self._compare([node.this, node.expression])
        elif isinstance(node, exp.Between):
            self._compare([node.this, node.args["low"], node.args["high"]])
        elif isinstance(node, exp.In):
            self._compare_with_list(node)
        elif isinstance(node, exp.Case | exp.If | exp.Coalesce | exp.Greatest | exp.Least):
            self._visit_choice(node)
        elif isinstance(node, exp.Nullif):
            self._compare([node.this, node.expression])
        elif isinstance(node, _ARITHMETIC):
            self._compute(node.args["this"], node.args["expression"])
        else:
            self._visit_use(node)

    def _visit_choice(self, node: exp.Expr) -> None:
        """Read the conditions of a node that chooses, and what it chooses from as of one kind."""
        if isinstance(node, exp.Case) and node.this is not None:
            self._compare([node.this, *(one.this for one in node.args["ifs"])])
        for operand in _conditions(node):
            self._read([operand], ColumnKind.BOOLEAN)
        if not isinstance(node.parent, exp.Case) or not isinstance(node, exp.If):
            self._compare(list_choices(node))

    def _visit_use(self, node: exp.Expr) -> None:
        if isinstance(node, exp.Corr | exp.CovarPop | exp.CovarSamp):
            self._read([node.this, node.expression], ColumnKind.NUMBER)
        elif isinstance(node, exp.CountIf | exp.LogicalAnd | exp.LogicalOr):
            self._read([node.this], ColumnKind.BOOLEAN)
        elif isinstance(node, NUMBER_FUNCTIONS):
            self._read([node.this], ColumnKind.NUMBER)
        elif isinstance(node, exp.Extract):
            self._read([node.expression], ColumnKind.DATETIME)
        elif isinstance(node, _OF_TIMES):
            self._read([node.this], ColumnKind.DATETIME)
        elif isinstance(node, exp.DateDiff | exp.TimestampDiff | exp.DatetimeDiff):
            self._read([node.this, node.expression], ColumnKind.DATETIME)
        elif isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
            self._visit_function(node)
        elif isinstance(node, exp.SetOperation):
            self._combine(node)
        else:
            for operand in _conditions(node):
                self._read([operand], ColumnKind.BOOLEAN)

    def _visit_function(self, node: exp.Expr) -> None:
        name = str(node.name or node.this).casefold()
        if name in _TIME_FUNCTIONS:
            self._read(node.expressions, ColumnKind.DATETIME)
        elif name in _NUMBER_FUNCTIONS:
            self._read(node.expressions, ColumnKind.NUMBER)

    def _compare_with_list(self, node: exp.In) -> None:
        query = node.args.get("query")
        if query is None:
            self._compare([node.this, *node.expressions])
            return
        kind, own = self._kinds.of(query), self._kinds.of(node.this)
        if kind is not None and kind is not ColumnKind.TEXT:
            self._read([node.this], kind)
        elif kind is ColumnKind.TEXT and own not in {None, ColumnKind.TEXT}:
            select = query.this if isinstance(query, exp.Subquery) else query
            if isinstance(select, exp.Select) and own is not None:
                self._read([select.expressions[0].unalias()], own)

    def _compare(self, operands: Sequence[exp.Expr | None]) -> None:
        there = [_of_quantifier(one) for one in operands if one is not None]
        texts = [one for one in there if self._is_text(one)]
        # A literal of text is taken for whatever it is compared with.
        others = {
            self._kinds.of(one)
            for one in there
            if not any(one is text for text in texts) and not _is_text_literal(one)
        }
        others -= {None}
        if texts and len(others) == 1:
            (kind,) = others
            if kind is not None and kind is not ColumnKind.TEXT:
                self._read(texts, kind)

    def _compute(self, left: exp.Expr, right: exp.Expr) -> None:
        for one, other in ((left, right), (right, left)):
            if not self._is_text(one):
                continue
            if isinstance(_bare(other), exp.Interval):
                self._read([one], ColumnKind.DATETIME)
                continue
            kind = self._kinds.of(other)
            is_time = kind in {ColumnKind.DATE, ColumnKind.DATETIME}
            self._read([one], kind if is_time and kind is not None else ColumnKind.NUMBER)

    def _combine(self, node: exp.SetOperation) -> None:
        """Make text of what a set operation combines with text: DuckDB would fill up zeros."""
        branches = list(list_branches(node))
        if len({len(one.expressions) for one in branches}) != 1 or node.args.get("by_name"):
            return
        if any(expression.is_star for one in branches for expression in one.expressions):
            return
        for column in zip(*(one.expressions for one in branches), strict=True):
            kinds = {self._kinds.of(expression) for expression in column}
            if ColumnKind.TEXT not in kinds:
                continue
            for expression in column:
                named = expression
                if isinstance(expression, exp.Column):
                    named = exp.alias_(expression.copy(), expression.name, quoted=True)
                    expression.replace(named)
                self._write_text([named.unalias()])

    def _is_text(self, node: exp.Expr) -> bool:
        """Return whether an operand is text that may be read: not a literal."""
        return not isinstance(_bare(node), exp.Literal) and (
            self._kinds.of(node) is ColumnKind.TEXT
        )

    def _read(self, operands: Iterable[exp.Expr | None], kind: ColumnKind) -> None:
        for operand in operands:
            if isinstance(operand, exp.Distinct):
                self._read(operand.expressions, kind)
                continue
            if not isinstance(operand, exp.Expr) or not self._is_text(operand):
                continue
            node = _bare(operand)
            found = self._scopes.resolve(node) if isinstance(node, exp.Column) else None
            if not isinstance(found, EntityColumn):
                counted = "" if _is_named_elsewhere(node) else COUNTED_SUFFIX
                _wrap(node, f"text_as_{kind.value}{counted}")
            elif self._has_columns and not _is_grouped_by(node):
                _rename(node, self._read_column(found, kind).name)
            else:
                self._count_column(found, kind)
                _wrap(node, f"text_as_{kind.value}")

    def _write_text(self, operands: Iterable[exp.Expr]) -> None:
        """Make text of operands: of a field what is stored, of other numbers no filling zeros."""
        for operand in operands:
            node = _bare(operand)
            if node.find(exp.Columns):
                _wrap(node, "text_of_number")
                continue
            kind = self._kinds.of(node)
            if isinstance(node, exp.Literal) or kind in {None, ColumnKind.TEXT}:
                continue
            name = None
            if isinstance(node, exp.Column) and self._has_columns and not _is_grouped_by(node):
                name = self._texts.column_for(node)
            if name is not None:
                _rename(node, name)
            elif kind is ColumnKind.NUMBER:
                _wrap(node, "text_of_number")


def _rename(node: exp.Expr, name: str) -> None:
    identifier = node.this
    identifier.set("this", name)
    identifier.set("quoted", True)


def _is_named_elsewhere(node: exp.Expr) -> bool:
    """Return whether an expression of a query names the projection that a node is in.

    DuckDB takes no name for what counts, except as a whole item of GROUP BY and ORDER BY.
    """
    alias = node.find_ancestor(exp.Alias, exp.Select)
    select = node.find_ancestor(exp.Select)
    if not isinstance(alias, exp.Alias) or select is None or alias.parent is not select:
        return False
    folded = alias.alias.casefold()
    return any(
        one.name.casefold() == folded
        and not one.table
        and not isinstance(one.parent, exp.Group | exp.Ordered)
        for one in select.find_all(exp.Column)
        if not any(each is one for each in alias.walk())
    )


def _list_written(node: exp.Expr) -> list[exp.Expr]:
    """Return the operands of a node that it makes text of."""
    if isinstance(node, exp.Cast):
        return [node.this] if node.to.this in TEXT_CASTS else []
    if isinstance(node, exp.DPipe):
        return [node.this, node.expression]
    if not isinstance(node, exp.GroupConcat):
        return node.expressions
    value = node.this
    if node.find(exp.Distinct) and node.find(exp.Order):
        # DuckDB orders distinct values by what they are, not by another column.
        return []
    while isinstance(value, exp.Order | exp.Distinct):
        value = value.expressions[0] if isinstance(value, exp.Distinct) else value.this
    return [value] if isinstance(value, exp.Expr) else []


def _of_quantifier(node: exp.Expr) -> exp.Expr:
    """Return what ANY or ALL takes its values from; else the node."""
    inner = node.this if isinstance(node, exp.Any | exp.All) else node
    return inner if isinstance(inner, exp.Expr) else node


def _is_text_literal(node: exp.Expr) -> bool:
    literal = _bare(node)
    return isinstance(literal, exp.Literal) and literal.is_string


def _wrap(node: exp.Expr, function: str) -> None:
    """Replace an argument by the call of a function with it."""
    call = exp.Anonymous(this=function)
    node.replace(call)
    call.append("expressions", node)


def list_branches(node: exp.Expr) -> Iterator[exp.Select]:
    """Yield the queries that a set operation combines."""
    if isinstance(node, exp.Select):
        yield node
    elif isinstance(node, exp.SetOperation):
        yield from list_branches(node.this)
        yield from list_branches(node.expression)
    elif isinstance(node, exp.Subquery):
        yield from list_branches(node.this)


def _bare(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _conditions(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the operands of a node that it takes for true or false."""
    if isinstance(node, exp.Where | exp.Having | exp.Qualify | exp.Not):
        yield node.this
    elif isinstance(node, exp.And | exp.Or | exp.Xor):
        yield from (node.this, node.expression)
    elif isinstance(node, exp.Join) and isinstance(node.args.get("on"), exp.Expr):
        yield node.args["on"]
    elif isinstance(node, exp.If):
        parent = node.parent
        if not isinstance(parent, exp.Case) or parent.this is None:
            yield node.this


def _is_grouped_by(column: exp.Expr) -> bool:
    """Return whether a query groups by a column, so that one value may be stored as other text."""
    select = column.find_ancestor(exp.Select)
    if select is None or column.find_ancestor(exp.AggFunc, exp.Select) is not select:
        return False
    is_ordering = isinstance(column.find_ancestor(exp.Order, exp.Select), exp.Order)
    if select.args.get("distinct") and is_ordering:
        return True
    group = select.args.get("group")
    if not isinstance(group, exp.Group):
        return False
    items = list(group.expressions)
    sets = [one for one in items if isinstance(one, exp.Rollup | exp.Cube | exp.GroupingSets)]
    items += [column for one in sets for column in one.find_all(exp.Column)]
    written = [_grouping(one, select) for one in items]
    name = column.name.casefold()
    return any(isinstance(one, exp.Column) and one.name.casefold() == name for one in written)


def _grouping(one: exp.Expr, select: exp.Select) -> exp.Expr:
    """Return what an item of GROUP BY means: it may be a position."""
    if isinstance(one, exp.Literal) and not one.is_string and one.name.isdigit():
        place = int(one.name)
        if 1 <= place <= len(select.expressions):
            return select.expressions[place - 1].unalias()
    return one
