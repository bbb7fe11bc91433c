"""Recognises the shapes of query that need less than every record, from the tree alone."""

from collections.abc import Container, Iterator, Sequence
from functools import cached_property

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.model import EXTERNAL_ID, Column, Table
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.references import Source

_OTHER_CLAUSES = ("joins", "laterals", "with_", "sample", "pivots", "match", "windows", "connect")
"""The clauses that make a SELECT more than the rows of one entity."""


class OrderByField(Struct, frozen=True):
    """One field to sort by, as `sort_by` and `sort_order` mean it.

    `nulls_first` says where the query wants nulls: as in `api.md`, unless it names the other end.
    """

    column: Column
    descending: bool
    nulls_first: bool


class QueryShape(Struct, frozen=True, dict=True):
    """A SELECT of a single entity. `aggregates` are the names of DuckDB's aggregate functions."""

    select: exp.Select
    source: Source
    aggregates: Container[str]

    @property
    def where(self) -> exp.Expr | None:
        """The condition of WHERE; None without one."""
        where = self.select.args.get("where")
        return where.this if isinstance(where, exp.Where) else None

    @cached_property
    def aggregate_calls(self) -> tuple[exp.Expr, ...]:
        """The calls of aggregate functions."""
        return tuple(node for node in self.select.walk() if self._is_aggregate(node))

    @property
    def is_aggregate(self) -> bool:
        """Whether several records become one row."""
        grouped = any(self.select.args.get(part) for part in ("group", "having", "distinct"))
        return grouped or bool(self.aggregate_calls)

    @property
    def is_row_by_row(self) -> bool:
        """Whether each row comes from one record, independent of the others."""
        return not (
            self.is_aggregate
            or self.select.args.get("qualify")
            or self.select.find(exp.Window, exp.Unnest, exp.Explode) is not None
        )

    @property
    def has_plain_columns(self) -> bool:
        """Whether the columns are returned unchanged, so that their types change nothing."""
        return all(
            isinstance(one.unalias(), exp.Column)
            or (isinstance(one, exp.Star) and not one.args.get("replace"))
            for one in self.select.expressions
        )

    @property
    def limit(self) -> int | None:
        """The number of rows that LIMIT names; None without one."""
        limit = self.select.args.get("limit")
        return _whole_number(limit.expression) if isinstance(limit, exp.Limit) else None

    @property
    def offset(self) -> int:
        """The number of rows that OFFSET skips."""
        offset = self.select.args.get("offset")
        return (_whole_number(offset.expression) or 0) if isinstance(offset, exp.Offset) else 0

    @property
    def has_odd_limit(self) -> bool:
        """Whether LIMIT or OFFSET is a percentage or an expression, not a whole number."""
        limit, offset = self.select.args.get("limit"), self.select.args.get("offset")
        is_odd = limit is not None and (self.limit is None or bool(limit.args.get("limit_options")))
        return is_odd or (offset is not None and _whole_number(offset.expression) is None)

    @property
    def is_ordered(self) -> bool:
        """Whether there is an ORDER BY."""
        return bool(self.select.args.get("order"))

    def sort_field(self, table: Table) -> OrderByField | None:
        """Return the field that ORDER BY names; None where it names several, or something else."""
        order = self.select.args.get("order")
        if not isinstance(order, exp.Order) or len(order.expressions) != 1:
            return None
        (ordered,) = order.expressions
        if not isinstance(ordered, exp.Ordered) or ordered.args.get("with_fill"):
            return None
        descending, nulls_first = (bool(ordered.args.get(one)) for one in ("desc", "nulls_first"))
        column = self._sorted_column(ordered.this, table)
        return None if column is None else OrderByField(column, descending, nulls_first)

    def keeps_all_values(self, column: Column, table: Table) -> bool:
        """Return whether WHERE asks for nothing but that this field is not null."""
        where = self.where
        tested = where.this if isinstance(where, exp.Not) else None
        if not isinstance(tested, exp.Is) or not isinstance(tested.expression, exp.Null):
            return False
        what = tested.this
        is_own = isinstance(what, exp.Column) and self._is_own_column(what)
        return is_own and table.column(what.name) == column

    def _sorted_column(self, what: exp.Expr, table: Table) -> Column | None:
        if isinstance(what, exp.Literal) and not what.is_string and not self.select.is_star:
            position = _whole_number(what) or 0
            if not 1 <= position <= len(self.select.expressions):
                return None
            what = self.select.expressions[position - 1].unalias()
        elif isinstance(what, exp.Column) and not what.table:
            named = [
                one.unalias()
                for one in self.select.expressions
                if isinstance(one, exp.Alias) and one.alias.casefold() == what.name.casefold()
            ]
            what = named[0] if named else what
        if not isinstance(what, exp.Column) or not self._is_own_column(what):
            return None
        return table.column(what.name)

    def aggregated_column(self, call: exp.Expr) -> exp.Column | None:
        """Return the field of a count, minimum or maximum; None for anything else."""
        if not isinstance(call, exp.Count | exp.Min | exp.Max) or extreme_count(call) is not None:
            return None
        what = call.this
        if isinstance(what, exp.Distinct) and isinstance(call, exp.Min | exp.Max):
            what = what.expressions[0] if len(what.expressions) == 1 else None
        return what if isinstance(what, exp.Column) and self._is_own_column(what) else None

    def _is_own_column(self, column: exp.Column) -> bool:
        is_of_it = not column.table or column.table.casefold() == self.source.alias
        return is_of_it and len(column.parts) <= 2

    def _is_aggregate(self, node: exp.Expr) -> bool:
        if isinstance(node, exp.AggFunc):
            return True
        if not isinstance(node, exp.Func) or isinstance(node, exp.Connector):
            return False
        if isinstance(node, exp.Anonymous):
            return node.name.casefold() in self.aggregates
        return node.sql(dialect=DIALECT).partition("(")[0].casefold() in self.aggregates


def shape_of(
    tree: exp.Expr, sources: Sequence[Source], aggregates: Container[str]
) -> QueryShape | None:
    """Return the query as a SELECT of a single entity; None where it is anything else."""
    if not isinstance(tree, exp.Select) or len(sources) != 1:
        return None
    (source,) = sources
    from_ = tree.args.get("from_")
    if not isinstance(from_, exp.From) or from_.this is not source.node:
        return None
    if any(tree.args.get(part) for part in _OTHER_CLAUSES):
        return None
    if any(source.node.args.get(part) for part in ("joins", "pivots", "sample", "laterals")):
        return None
    if sum(1 for _ in tree.find_all(exp.Query)) > 1:
        return None
    return QueryShape(tree, source, aggregates)


def wanted_ids(where: exp.Expr | None) -> tuple[str, ...] | None:
    """Return the only external ids that can satisfy the condition; None where it names none."""
    if where is None:
        return None
    found = [ids for part in split_conjuncts(where) if (ids := _find_ids(part)) is not None]
    return min(found, key=len) if found else None


def wanted_join_ids(select: exp.Expr, alias: str) -> tuple[str, ...] | None:
    """Return the ids that a join names for the entity with this alias."""
    where = select.args.get("where")
    if not isinstance(where, exp.Where):
        return None
    found = [
        ids
        for part in split_conjuncts(where.this)
        if (ids := _find_ids(part)) is not None
        and all(one.table.casefold() == alias for one in part.find_all(exp.Column))
    ]
    return min(found, key=len) if found else None


def split_where(select: exp.Select) -> Iterator[exp.Expr]:
    """Yield the conditions that WHERE joins by AND."""
    where = select.args.get("where")
    if isinstance(where, exp.Where):
        yield from split_conjuncts(where.this)


def split_conjuncts(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the conditions that a condition joins by AND."""
    node = node.unnest()
    if isinstance(node, exp.And):
        yield from split_conjuncts(node.this)
        yield from split_conjuncts(node.expression)
    else:
        yield node


def list_from_items(select: exp.Select) -> Iterator[exp.Expr]:
    """Yield what FROM and the joins of a SELECT name, in their order."""
    from_ = select.args.get("from_")
    if isinstance(from_, exp.From):
        yield from_.this
    for join in select.args.get("joins") or ():
        yield join.this


def _find_ids(node: exp.Expr) -> tuple[str, ...] | None:
    node = node.unnest()
    if isinstance(node, exp.Or):
        left, right = _find_ids(node.this), _find_ids(node.expression)
        return None if left is None or right is None else tuple(dict.fromkeys((*left, *right)))
    if isinstance(node, exp.EQ):
        for one, other in ((node.this, node.expression), (node.expression, node.this)):
            if _is_id(one) and _is_text(other):
                return (other.name,)
        return None
    if not isinstance(node, exp.In) or not _is_id(node.this) or not node.expressions:
        return None
    names = [one.unnest().name for one in node.expressions if _is_text(one)]
    return tuple(dict.fromkeys(names)) if len(names) == len(node.expressions) else None


def _is_id(node: exp.Expr) -> bool:
    node = node.unnest()
    return (
        isinstance(node, exp.Column)
        and node.name.casefold() == EXTERNAL_ID.casefold()
        and len(node.parts) <= 2
    )


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node.unnest(), exp.Literal) and bool(node.unnest().args.get("is_string"))


def _whole_number(node: exp.Expr | None) -> int | None:
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        return int(node.name)
    return None


def counts_all_records(shape: QueryShape) -> bool:
    """Return whether the query needs nothing but `count(*)` of the whole entity."""
    if shape.where is not None or not shape.aggregate_calls or not is_scalar(shape):
        return False
    return all(is_count_of_records(call) for call in shape.aggregate_calls)


def is_scalar(shape: QueryShape) -> bool:
    """Return whether the query is a single row of aggregates without GROUP BY."""
    select = shape.select
    parts = ("group", "having", "distinct", "qualify", "order", "limit", "offset")
    if any(select.args.get(part) for part in parts) or select.find(exp.Window, exp.Filter):
        return False
    outside = [
        node
        for node in select.find_all(exp.Column, exp.Star)
        if not any(node is part for call in shape.aggregate_calls for part in call.walk())
    ]
    where = shape.where
    within: set[int] = set() if where is None else {id(node) for node in where.walk()}
    return all(id(node) in within for node in outside)


def is_count_of_records(call: exp.Expr) -> bool:
    """Return whether an aggregate is count(*), count(1) or count(ExternalID)."""
    if not isinstance(call, exp.Count) or call.expressions:
        return False
    what = call.this
    if what is None or isinstance(what, exp.Star):
        return True
    if isinstance(what, exp.Literal):
        return True
    return isinstance(what, exp.Column) and what.name.casefold() == EXTERNAL_ID.casefold()


def extreme_count(call: exp.Expr) -> exp.Expr | None:
    """Return the count argument of a `min` or `max` that returns a list; None without one."""
    return call.args.get("count") or next(iter(call.args.get("expressions") or ()), None)
