"""Lets a query read text as numbers, dates, times and booleans, and typed fields as stored text.

A field whose type no one declared is text. Where a query compares it or computes with something of
another kind, the tree gets a *reading* in its place: another column of the same field, under a name
that only the engine has, whose values are read as that kind; what cannot be read is null and
counted. Likewise `CAST(Amount AS VARCHAR)` gets the text that is stored. `*` leaves readings out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlglot import exp

from cmdm_tui.query.database.python_values import DIGITS
from cmdm_tui.query.model import Column, ColumnKind, Table
from cmdm_tui.query.parsing.file_sources import is_file
from cmdm_tui.query.parsing.references import Source, star_covers
from cmdm_tui.query.planning import products
from cmdm_tui.query.planning.name_scopes import EntityColumn, NameScopes
from cmdm_tui.query.planning.stored_text import (
    MARK,
    ShownColumn,
    StoredText,
    column_node,
    combines_rows,
)
from cmdm_tui.query.planning.value_kinds import NUMBER_FUNCTIONS, TEXT_CASTS, ValueKinds

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


class Readings:
    """The readings of one query, by entity. `add` puts them into its tree."""

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, Column]] = {}
        self.messages: tuple[str, ...] = ()
        """What to say of how the query is computed."""

    def of(self, entity: str) -> tuple[Column, ...]:
        """Return the readings of an entity's fields."""
        return tuple(self._columns.get(entity, {}).values())

    def add(self, tree: exp.Expr, sources: Sequence[Source], tables: Mapping[str, Table]) -> None:
        """Replace in the tree what is to be read as another kind. It may be done again."""
        if not sources and not any(map(is_file, tree.find_all(exp.Table))):
            return
        scopes = NameScopes(sources, tables, self._columns)
        kinds = ValueKinds(scopes)
        texts = StoredText(tree, scopes, lambda found: self.column_for(found, ColumnKind.TEXT))
        replacement = _Replacement(self, tree, kinds, texts)
        for node in list(tree.walk()):
            replacement.visit(node)
        self.messages = (products.MESSAGE,) if products.widen_products(tree, kinds) else ()
        self._add_digits(tree, sources, kinds, texts)
        self._exclude_from_stars(tree, sources, texts)

    def column_for(self, found: EntityColumn, kind: ColumnKind) -> Column:
        """Return the reading of a column as a kind, the same for the same."""
        column, entity = found.column, found.table.entity
        name = f"{MARK}{kind.value} {column.name}"
        known = self._columns.setdefault(entity, {})
        if name not in known:
            known[name] = Column(
                name, kind, column.type, column.is_inferred, reads=column, of_field=column.field
            )
        return known[name]

    def _add_digits(
        self, tree: exp.Expr, sources: Sequence[Source], kinds: ValueKinds, texts: StoredText
    ) -> None:
        """Add the stored digits of each number that a query gives as it is; see `DIGITS`.

        A DECIMAL has one number of decimal places for all values: 12.50 would come as 12.5.
        """
        branches = list(_branches(tree)) if _keeps_rows(tree) else []
        if shows_readings(tree, sources, kinds.scopes.tables) or not branches:
            return
        if any(one.alias.startswith(DIGITS) for one in branches[0].expressions):
            return
        shown = [_shown_by(branch, texts) for branch in branches]
        if any(len(one or ()) != len(shown[0] or ()) for one in shown):
            return
        stored = [
            [None if combines_rows(branch) else self._digits_of(one, kinds, texts) for one in each]
            for branch, each in zip(branches, (one or () for one in shown), strict=True)
        ]
        for place, found in enumerate(zip(*stored, strict=True)):
            nodes = [(each or ())[place].node for each in shown]
            texts_of_place = [
                _digits_of_computed(node) if one is None else one
                for one, node in zip(found, nodes, strict=True)
            ]
            if not any(found) or None in texts_of_place:
                continue
            for branch, text in zip(branches, texts_of_place, strict=True):
                name = exp.Identifier(this=f"{DIGITS}{place}", quoted=True)
                branch.append("expressions", exp.Alias(this=text, alias=name))

    @staticmethod
    def _digits_of(shown: ShownColumn, kinds: ValueKinds, texts: StoredText) -> exp.Expr | None:
        """Return the stored digits of a column; None where it is computed, or not a number."""
        node, origin = shown
        if not isinstance(node, exp.Column):
            return None
        if origin is None:
            origin = kinds.scopes.find_origin(node)
        if origin is None or kinds.of_name(origin, node.name) is not ColumnKind.NUMBER:
            return None
        name = texts.name_in(origin, node.name)
        return None if name is None else column_node(name, node.args.get("table"))

    def _exclude_from_stars(
        self, tree: exp.Expr, sources: Sequence[Source], texts: StoredText
    ) -> None:
        for star in list(tree.find_all(exp.Star)):
            if isinstance(star.parent, exp.Count):
                continue
            names = {
                name
                for source in sources
                if star_covers(star, source)
                for name in self._columns.get(source.entity, ())
            }
            names |= texts.hidden_columns(star)
            kept = [one for one in star.args.get("except_") or () if not one.name.startswith(MARK)]
            hidden = [exp.column(exp.to_identifier(one, quoted=True)) for one in sorted(names)]
            if hidden or kept:
                star.set("except_", [*kept, *hidden])


def _keeps_rows(tree: exp.Expr) -> bool:
    """Return whether a query is a SELECT, or a UNION ALL of some: it compares no rows of theirs."""
    if not isinstance(tree, exp.Union):
        return isinstance(tree, exp.Select)
    is_plain = not tree.args.get("distinct") and not tree.args.get("by_name")
    return is_plain and all(_keeps_rows(one.unnest()) for one in (tree.this, tree.expression))


def _shown_by(select: exp.Select, texts: StoredText) -> list[ShownColumn] | None:
    """Return what a SELECT shows, its stars written out; None where that is not certain."""
    shown: list[ShownColumn] = []
    for one in select.expressions:
        if not one.is_star:
            shown.append(ShownColumn(one.unalias(), None))
            continue
        columns = texts.shown_columns(select, one)
        if columns is None:
            return None
        shown += columns
    return shown


def _digits_of_computed(node: exp.Expr) -> exp.Expr | None:
    """Return the digits of a number of a UNION ALL; None where it may differ the second time."""
    if any(isinstance(one, exp.Query | exp.Anonymous | exp.Rand) for one in node.walk()):
        return None
    return exp.Anonymous(this="text_of_number", expressions=[node.copy()])


def shows_readings(tree: exp.Expr, sources: Iterable[Source], tables: Mapping[str, Table]) -> bool:
    """Return whether a query takes columns in a way that would show its readings."""
    if tree.find(exp.Pivot):
        return True
    if any(not isinstance(one.this, exp.Star) for one in tree.find_all(exp.Columns)):
        return True
    if any(join.method == "NATURAL" for join in tree.find_all(exp.Join)):
        return True
    known = tuple(sources)
    if any(source.node.alias_column_names for source in known):
        return True
    rows = {source.alias for source in known}
    return any(
        node.name.casefold() in rows
        and not node.table
        and all(tables[one.entity].column(node.name) is None for one in known)
        for node in tree.find_all(exp.Column)
    )


class _Replacement:
    """Replaces the operands of each node that compares or computes."""

    def __init__(
        self, readings: Readings, tree: exp.Expr, kinds: ValueKinds, texts: StoredText
    ) -> None:
        self._readings = readings
        self._scopes = kinds.scopes
        self._kinds = kinds
        self._texts = texts
        self._has_columns = not shows_readings(tree, self._scopes.sources, self._scopes.tables)

    def visit(self, node: exp.Expr) -> None:
        """Replace the operands of one node."""
        if isinstance(node, exp.Cast) and node.to.this in TEXT_CASTS:
            self._write_text([node.this])
        elif isinstance(node, exp.DPipe):
            self._write_text([node.this, node.expression])
        elif isinstance(node, exp.Concat | exp.ConcatWs):
            self._write_text(node.expressions)
        elif isinstance(node, exp.Is) and isinstance(node.expression, exp.Boolean):
            self._read([node.this], ColumnKind.BOOLEAN)
        elif isinstance(node, _COMPARISONS):
            self._compare([node.this, node.expression])
        elif isinstance(node, exp.Between):
            self._compare([node.this, node.args["low"], node.args["high"]])
        elif isinstance(node, exp.In):
            self._compare_with_list(node)
        elif isinstance(node, exp.Case) and node.this is not None:
            self._compare([node.this, *(one.this for one in node.args["ifs"])])
        elif isinstance(node, _ARITHMETIC):
            self._compute(node.args["this"], node.args["expression"])
        else:
            self._visit_use(node)

    def _visit_use(self, node: exp.Expr) -> None:
        if isinstance(node, NUMBER_FUNCTIONS):
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
        there = [one for one in operands if one is not None]
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
        branches = list(_branches(node))
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
            if isinstance(found, EntityColumn) and self._has_columns:
                _rename(node, self._readings.column_for(found, kind).name)
            else:
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


def _is_text_literal(node: exp.Expr) -> bool:
    literal = _bare(node)
    return isinstance(literal, exp.Literal) and literal.is_string


def _wrap(node: exp.Expr, function: str) -> None:
    """Replace an argument by the call of a function with it."""
    call = exp.Anonymous(this=function)
    node.replace(call)
    call.append("expressions", node)


def _branches(node: exp.Expr) -> Iterator[exp.Select]:
    """Yield the queries that a set operation combines."""
    if isinstance(node, exp.Select):
        yield node
    elif isinstance(node, exp.SetOperation):
        yield from _branches(node.this)
        yield from _branches(node.expression)
    elif isinstance(node, exp.Subquery):
        yield from _branches(node.this)


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
    written = [_grouping(one, select) for one in group.expressions]
    name = column.name.casefold()
    return any(isinstance(one, exp.Column) and one.name.casefold() == name for one in written)


def _grouping(one: exp.Expr, select: exp.Select) -> exp.Expr:
    """Return what an item of GROUP BY means: it may be a position."""
    if isinstance(one, exp.Literal) and not one.is_string and one.name.isdigit():
        place = int(one.name)
        if 1 <= place <= len(select.expressions):
            return select.expressions[place - 1].unalias()
    return one
