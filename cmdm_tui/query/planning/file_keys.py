"""Finds which records a local file asks for: those whose field has one of the file's values.

`FROM read_csv('emails.csv') f JOIN lead l ON l.Email = f.Email`, `WHERE Email IN (SELECT Email FROM
'emails.csv')` and `[NOT] EXISTS` need no other records of the entity. The file is read
when a query is planned, so its values are known, and a plan can fetch or search for them alone.
"""

from collections.abc import Iterator

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.collation.rewrite import apply_account_order
from cmdm_tui.query.model import Column, Table
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.file_sources import is_file
from cmdm_tui.query.parsing.query_shape import list_from_items, split_conjuncts, split_where
from cmdm_tui.query.parsing.references import Source
from cmdm_tui.query.planning.name_scopes import COLUMNS_OF_FILE

_STRICT = (exp.Lower, exp.Upper, exp.Trim, exp.Cast, exp.TryCast, exp.Paren)
"""Functions that make null of null: of a row that an outer join fills up they make no value."""
SHOWN_OF_EXISTS = (exp.Column, exp.Star, exp.Literal)
"""What the subquery of an EXISTS may show: an aggregate would make a row of no rows."""
_RANDOM = frozenset({"random", "setseed", "gen_random_uuid", "uuidv4", "uuidv7"})
UNSEEN_CLAUSES = ("limit", "offset", "group", "having", "qualify", "distinct")
"""The clauses by which a SELECT may show other rows than those that fulfil its conditions."""


class FileKey(Struct, frozen=True):
    """A field of the entity that must have one of the values which `sql` gives, each once."""

    column: Column
    sql: str


def find_file_keys(source: Source, table: Table) -> Iterator[FileKey]:
    """Yield the keys of a query's only entity, which is the only place where it is named."""
    select = source.node.find_ancestor(exp.Select)
    if select is None:
        return
    finder = _KeyFinder(source, table)
    yield from finder.in_conditions(split_where(select), select)
    yield from finder.in_joins(select)
    yield from finder.around(select)


class _KeyFinder:
    """Finds the keys of one entity, in the SELECT that names it and around that."""

    def __init__(self, source: Source, table: Table) -> None:
        self._source = source
        self._table = table

    def in_conditions(
        self, conditions: Iterator[exp.Expr], select: exp.Select
    ) -> Iterator[FileKey]:
        """Yield the keys of conditions that every row of the SELECT fulfils."""
        for one in conditions:
            if isinstance(one, exp.EQ):
                for field, value in ((one.this, one.expression), (one.expression, one.this)):
                    yield from self._of_equality(field, value, select)
            elif isinstance(one, exp.In) and isinstance(one.args.get("query"), exp.Expr):
                column = self._column_of(one.this, select)
                query = one.args["query"]
                query = query.this if isinstance(query, exp.Subquery) else query
                is_usable = isinstance(query, exp.Query) and _has_file(query) and is_steady(query)
                if column is not None and is_usable:
                    yield FileKey(column, _distinct(exp.Star(), query.subquery("k"), select))
            elif isinstance(one, exp.Exists) and isinstance(one.this, exp.Select):
                inner = one.this
                is_plain = all(
                    isinstance(one.unalias(), SHOWN_OF_EXISTS) for one in inner.expressions
                )
                if is_plain and not any(inner.args.get(one) for one in UNSEEN_CLAUSES):
                    yield from self.in_conditions(split_where(inner), inner)

    def in_joins(self, select: exp.Select) -> Iterator[FileKey]:
        """Yield the keys of joins that need no other records of the entity."""
        joins: list[exp.Join] = select.args.get("joins") or []
        for place, join in enumerate(joins):
            is_right = join.this is self._source.node
            is_left = not is_right and not any(
                other.this is self._source.node for other in joins[place:]
            )
            # An outer join keeps the records of its own side, and so needs all of them.
            keeps_others = join.side == "FULL" or join.method or join.kind == "CROSS"
            if keeps_others or (is_right and join.side == "RIGHT"):
                continue
            if is_left and (join.side == "LEFT" or join.kind == "ANTI"):
                continue
            on = join.args.get("on")
            if isinstance(on, exp.Expr):
                yield from self.in_conditions(split_conjuncts(on), select)
            if len(joins) == 1:
                yield from self._of_using(join, select)

    def around(self, select: exp.Select) -> Iterator[FileKey]:
        """Yield the key where the SELECT is what a file's value must be in: `x IN (SELECT …)`."""
        query: exp.Expr = select
        if isinstance(query.parent, exp.Subquery):
            query = query.parent
        within = query.parent
        if not isinstance(within, exp.In) or query.arg_key != "query":
            return
        outer = within.find_ancestor(exp.Select)
        if outer is None or len(select.expressions) != 1:
            return
        if any(select.args.get(clause) for clause in UNSEEN_CLAUSES if clause != "distinct"):
            return
        if any(one is within for one in split_where(outer)):
            yield from self._of_equality(select.expressions[0].unalias(), within.this, select)

    def _of_equality(
        self, field: exp.Expr, value: exp.Expr, select: exp.Select
    ) -> Iterator[FileKey]:
        column = self._column_of(field, select)
        if column is None or not is_strict(value):
            return
        (node,) = value.find_all(exp.Column)
        found = self._find_item(node)
        if found is not None and found[0] is not self._source.node:
            item, scope = found
            if _may_have_file(item, scope):
                yield FileKey(column, _distinct(value, item, scope))

    def _find_item(self, node: exp.Column) -> tuple[exp.Expr, exp.Select] | None:
        """Return the FROM item of a column, and its SELECT; None where it is not certain."""
        scope = node.find_ancestor(exp.Select)
        while scope is not None:
            for item in list_from_items(scope):
                if node.table:
                    if item.alias_or_name.casefold() == node.table.casefold():
                        return item, scope
                    continue
                has_it = self._has_column(item, node.name)
                if has_it is None or has_it:
                    return (item, scope) if has_it else None
            scope = scope.find_ancestor(exp.Select)
        return None

    def _has_column(self, item: exp.Expr, name: str) -> bool | None:
        """Return whether a FROM item has a column; None where that is not known."""
        if item is self._source.node:
            return self._table.column(name) is not None
        columns = item.meta_get(COLUMNS_OF_FILE) if is_file(item) else None
        if not isinstance(columns, exp.Select) or item.alias_column_names:
            return None
        return any(one.name.casefold() == name.casefold() for one in columns.expressions)

    def _of_using(self, join: exp.Join, select: exp.Select) -> Iterator[FileKey]:
        items = [one for one in list_from_items(select) if one is not self._source.node]
        for name in join.args.get("using") or ():
            column = self._table.column(name.name)
            if column is not None and len(items) == 1 and _may_have_file(items[0], select):
                yield FileKey(column, _distinct(exp.column(name.copy()), items[0], select))

    def _column_of(self, node: exp.Expr, select: exp.Select) -> Column | None:
        """Return the entity's column that a node is; None for anything else."""
        node = node.unnest()
        if not isinstance(node, exp.Column) or len(node.parts) > 2:
            return None
        if node.table:
            found = self._find_item(node)
            is_own = found is not None and found[0] is self._source.node
        else:
            # If another item had the column too, it would be ambiguous, and an error.
            is_own = node.find_ancestor(exp.Select) is select
            is_own = is_own and any(one is self._source.node for one in list_from_items(select))
        column = self._table.column(node.name)
        return column if is_own and column is not None and column.name == node.name else None


def _may_have_file(item: exp.Expr, select: exp.Select) -> bool:
    """Return whether a FROM item comes from files; what comes from entities is refused later."""
    if is_file(item):
        return not item.args.get("pivots") and not item.args.get("sample")
    if isinstance(item, exp.Subquery):
        return _has_file(item) and is_steady(item)
    is_name = isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier)
    return is_name and any(
        cte.alias.casefold() == item.name.casefold() and _has_file(cte.this) and is_steady(cte.this)
        for with_ in _withs_around(select)
        for cte in with_.expressions
    )


def _has_file(node: exp.Expr) -> bool:
    return any(is_file(one) for one in node.find_all(exp.Table))


def is_steady(query: exp.Expr) -> bool:
    """Return whether a query gives the same rows each time."""
    if query.find(exp.TableSample, exp.Rand, exp.Uuid) is not None:
        return False
    return all(one.name.casefold() not in _RANDOM for one in query.find_all(exp.Anonymous))


def _withs_around(node: exp.Expr) -> list[exp.With]:
    """Return the WITH clauses that a node may refer to, outermost first."""
    found: list[exp.With] = []
    around: exp.Expr | None = node
    while around is not None:
        with_ = around.args.get("with_")
        if isinstance(with_, exp.With):
            found.insert(0, with_)
        around = around.parent
    return found


def _distinct(value: exp.Expr, item: exp.Expr, select: exp.Select) -> str:
    """Return the SQL of the distinct values of an expression over a FROM item."""
    query = exp.Select(expressions=[exp.alias_(value.copy(), "v")], distinct=exp.Distinct())
    if isinstance(value, exp.Star):
        query = exp.Select(expressions=[value], distinct=exp.Distinct())
    query.set("from_", exp.From(this=_without_joins(item)))
    ctes = [
        cte.copy()
        for with_ in _withs_around(select)
        for cte in with_.expressions
        if _has_file(cte) or not cte.this.find(exp.Table)
    ]
    if ctes:
        query.set("with_", exp.With(expressions=ctes))
    return apply_account_order(query).sql(dialect=DIALECT)


def _without_joins(item: exp.Expr) -> exp.Expr:
    copied = item.copy()
    copied.set("joins", None)
    return copied


def is_strict(value: exp.Expr) -> bool:
    """Return whether a value is one column, through functions that make null of null."""
    if isinstance(value, exp.Column):
        return not isinstance(value.this, exp.Star) and len(value.parts) <= 2
    is_reading = isinstance(value, exp.Anonymous) and value.name.startswith("text_as_")
    if not isinstance(value, _STRICT) and not is_reading:
        return False
    children = [one for one in value.iter_expressions() if not isinstance(one, exp.DataType)]
    return len(children) == 1 and is_strict(children[0])
