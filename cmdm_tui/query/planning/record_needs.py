"""Finds which records of each entity can change a query's answer: by its conditions, and by keys.

The argument for every plan made of this: for each place where the query names an entity, the plan
loads a set of records that holds every record which can change the answer, and then the unchanged
SQL runs on what is loaded. More records than needed change nothing; so a condition that is not
understood is left out, and where nothing is understood every record is needed.

A record of one place in FROM cannot matter where it fails a condition that each row of the SELECT
fulfils: one of WHERE or of an inner ON; but on the optional side of an outer join, only one of that
join's ON, or of an inner ON before it, as without the record a row of the other side may be kept
that is of no record here. In a FULL JOIN both sides are optional, and neither is restricted by ON.
That holds in any SELECT, wherever that is, as the rows that it gives stay as they are.
Nothing is taken from a SELECT around it but the values that an `IN` or a correlated condition
compares with. A condition that equals a field to a value of another place, subquery or file asks
for the records with one of those values: its *keys*. They are known once what gives them has been
read, as that holds everything of it that matters.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct, field
from sqlglot import exp

from cmdm_tui.query.collation.rewrite import apply_account_order
from cmdm_tui.query.model import Column
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.file_sources import is_file
from cmdm_tui.query.parsing.query_shape import list_from_items, split_conjuncts, split_where
from cmdm_tui.query.parsing.references import Source, find_tables, qualify_sources
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.query.planning.file_keys import (
    SHOWN_OF_EXISTS,
    UNSEEN_CLAUSES,
    is_steady,
    is_strict,
)
from cmdm_tui.query.planning.item_conditions import (
    conditions_on,
    ctes_of,
    has_odd_clause,
    is_understood,
    joins_from,
    makes_optional,
    restricts,
    select_of,
)
from cmdm_tui.query.planning.name_scopes import COLUMNS_OF_FILE

_MAX_CONDITIONS = 50
"""The number of conditions of one place that are looked at: the others would save little."""
_MAX_BRANCHES = 8
"""The number of branches of an OR up to which each may be searched for alone."""


class Key(Struct, frozen=True):
    """A field that must have one of the values that `sql` gives, of what the places `of` hold."""

    column: Column
    sql: str
    of: frozenset[int]


class Need(Struct, frozen=True):
    """What asks for the records of one place: each of `keys`, and `conditions`, alone would do.

    `conditions` name nothing but fields of the place. Of `choices`, each gives branches that need
    records for themselves: those of all its branches together would do.
    """

    conditions: tuple[exp.Expr, ...] = ()
    keys: tuple[Key, ...] = ()
    choices: tuple[tuple["Need", ...], ...] = field(default=())


class RecordNeeds:
    """The needs of a query's places: `places[n]` is where entity `places[n].entity` is named."""

    def __init__(self, query: BoundQuery) -> None:
        self._tree = query.tree.copy()
        found = find_tables(self._tree)
        self.places = tuple(
            Source(node, source.entity) for node, source in zip(found, query.sources, strict=True)
        )
        qualify_sources(self.places)
        self._tables = query.tables
        self._aggregates = query.aggregates
        self._numbers = {id(one.node): number for number, one in enumerate(self.places)}
        self._needs = tuple(map(self._find_need, self.places))

    def of(self, number: int) -> Need:
        """Return what asks for the records of a place."""
        return self._needs[number]

    def leading_place(self) -> tuple[int, exp.Ordered] | None:
        """Return the place whose field alone sorts the rows of a join, and that part of ORDER BY.

        Every row is of one record of it, so those of the first records come first. None where the
        query is not a plain join of entities, or another field sorts it.
        """
        select = self._tree
        if not isinstance(select, exp.Select) or not is_steady(select):
            return None
        if any(one.find(exp.Query) for one in split_where(select)):
            return None
        order, items = select.args.get("order"), list(list_from_items(select))
        is_plain = is_understood(select) and not select.args.get("with_")
        if not is_plain or {id(one) for one in items} != self._numbers.keys():
            return None
        if not isinstance(order, exp.Order) or len(order.expressions) != 1:
            return None
        (ordered,) = order.expressions
        if not isinstance(ordered, exp.Ordered) or not isinstance(ordered.this, exp.Column):
            return None
        name = ordered.this.name.casefold()
        is_alias = any(one.alias.casefold() == name for one in select.expressions)
        found = None if is_alias and not ordered.this.table else self._find_item(ordered.this)
        if found is None or found[1] is not select:
            return None
        if any(makes_optional(join, found[0]) for join in joins_from(found[0], select)):
            return None
        return self._numbers[id(found[0])], ordered

    def _find_need(self, place: Source) -> Need:
        select = select_of(place.node)
        if select is None:
            return Need()
        conditions = list(conditions_on(place.node, select))
        around = tuple(self._keys_around(place, select))
        need = self._need_of(place, select, conditions)
        keys = (*need.keys, *self._keys_of_using(place, select), *around)
        return Need(need.conditions, keys, need.choices)

    def _need_of(
        self,
        place: Source,
        select: exp.Select,
        conditions: Sequence[exp.Expr],
        *,
        deep: bool = True,
    ) -> Need:
        own: list[exp.Expr] = []
        keys: list[Key] = []
        choices: list[tuple[Need, ...]] = []
        for one in conditions:
            if self._is_own(one, place.node):
                own.append(one)
            else:
                keys += self._keys_in(one, place, select)
        for one in conditions if deep else ():
            if isinstance(one, exp.Or) and len(list(_split_or(one))) <= _MAX_BRANCHES:
                rest = [other for other in own if other is not one]
                branches = [
                    self._need_of(place, select, [*split_conjuncts(branch), *rest], deep=False)
                    for branch in _split_or(one)
                ]
                choices.append(tuple(branches))
        return Need(tuple(own[:_MAX_CONDITIONS]), tuple(keys), tuple(choices))

    def _is_own(self, condition: exp.Expr, item: exp.Expr) -> bool:
        """Return whether a condition names fields of one FROM item, and nothing else."""
        if condition.find(exp.Query, exp.Star, exp.Columns) or not is_steady(condition):
            return False
        columns = list(condition.find_all(exp.Column))
        return bool(columns) and all(
            (found := self._find_item(one)) is not None and found[0] is item for one in columns
        )

    def _keys_in(self, condition: exp.Expr, place: Source, select: exp.Select) -> Iterator[Key]:
        """Yield the keys of a condition that every row of the SELECT fulfils."""
        if isinstance(condition, exp.EQ):
            for one, other in _both_ways(condition):
                column = self._column_of(one, place)
                query = other.unnest()
                if column is not None and isinstance(query, exp.Query):
                    yield from self._keys_of_query(column, query, select)
                elif column is not None:
                    yield from self._keys_of_value(column, other, place)
        elif isinstance(condition, exp.In) and isinstance(condition.args.get("query"), exp.Expr):
            column = self._column_of(condition.this, place)
            query = condition.args["query"].unnest()
            if column is not None and isinstance(query, exp.Query):
                yield from self._keys_of_query(column, query, select)
        elif isinstance(condition, exp.Exists) and isinstance(condition.this, exp.Select):
            inner = condition.this
            is_plain = all(isinstance(one.unalias(), SHOWN_OF_EXISTS) for one in inner.expressions)
            if is_plain and not any(inner.args.get(one) for one in UNSEEN_CLAUSES):
                for one in split_where(inner):
                    yield from self._keys_in(one, place, inner)

    def _keys_around(self, place: Source, select: exp.Select) -> Iterator[Key]:
        """Yield the key where the SELECT is what a value around must be in: `x IN (SELECT …)`."""
        query: exp.Expr = select
        while isinstance(query.parent, exp.Subquery):
            query = query.parent
        within = query.parent
        if not isinstance(within, exp.In) or query.arg_key != "query":
            return
        outer = within.find_ancestor(exp.Select)
        if outer is None or len(select.expressions) != 1 or not is_understood(outer):
            return
        if any(select.args.get(one) for one in UNSEEN_CLAUSES if one != "distinct"):
            return
        column = self._column_of(select.expressions[0].unalias(), place)
        if column is not None and any(one is within for one in split_where(outer)):
            yield from self._keys_of_value(column, within.this, place)

    def _keys_of_value(self, column: Column, value: exp.Expr, place: Source) -> Iterator[Key]:
        if not is_strict(value):
            return
        (node,) = value.find_all(exp.Column)
        found = self._find_item(node)
        if found is None or found[0] is place.node:
            return
        item, select = found
        if not is_understood(select) or has_odd_clause(item):
            return
        yield from self._keys_of_item(column, exp.alias_(value.copy(), "v"), item, select)

    def _keys_of_query(self, column: Column, query: exp.Query, select: exp.Select) -> Iterator[Key]:
        if is_steady(query) and query.find(exp.Limit, exp.Offset, exp.Fetch) is None:
            yield from self._keys_of_item(
                column, exp.Star(), query.subquery("k"), select, origin=query
            )

    def _keys_of_using(self, place: Source, select: exp.Select) -> Iterator[Key]:
        joins: list[exp.Join] = select.args.get("joins") or []
        if len(joins) != 1 or not is_understood(select):
            return
        (join,) = joins
        if not restricts(join, place.node):
            return
        (other,) = (one for one in list_from_items(select) if one is not place.node)
        if has_odd_clause(other):
            return
        names = [one.name for one in join.args.get("using") or ()]
        if join.method == "NATURAL":
            shared = self._tables[place.entity].columns
            plain = (one.name for one in shared if one.reads is None)
            names = [one for one in plain if self._has_column(other, one)]
        for name in names:
            column = self._tables[place.entity].column(name)
            if column is not None:
                value = exp.alias_(exp.column(exp.to_identifier(name, quoted=True)), "v")
                yield from self._keys_of_item(column, value, other, select)

    def _keys_of_item(
        self,
        column: Column,
        value: exp.Expr,
        item: exp.Expr,
        select: exp.Select,
        *,
        origin: exp.Expr | None = None,
    ) -> Iterator[Key]:
        """Yield the key of the distinct values of an expression over one FROM item.

        `origin` is the part of the query of which the item is a copy.
        """
        origin = item if origin is None else origin
        if isinstance(item, exp.Lateral | exp.Unnest | exp.Paren):
            return
        if isinstance(item, exp.Subquery) and (
            not is_steady(item) or item.find(exp.Limit, exp.Offset, exp.Fetch) is not None
        ):
            return
        named = ctes_of(origin, select, frozenset(self._numbers))
        if named is None:
            return
        numbers = {
            self._numbers[id(node)]
            for part in (origin, *named)
            for node in part.find_all(exp.Table)
            if id(node) in self._numbers
        }
        query = exp.Select(expressions=[value], distinct=exp.Distinct())
        copied = item.copy()
        copied.set("joins", None)
        query.set("from_", exp.From(this=copied))
        if id(item) in self._numbers:
            own = [one for one in conditions_on(item, select) if self._is_own(one, item)]
            if own:
                query.where(*(one.copy() for one in own), copy=False)
        if named:
            query.set("with_", exp.With(expressions=[one.copy() for one in named]))
        sql = apply_account_order(query, self._aggregates).sql(dialect=DIALECT)
        yield Key(column, sql, frozenset(numbers))

    def _column_of(self, node: exp.Expr, place: Source) -> Column | None:
        """Return the field of a place that a node is; None for anything else."""
        node = node.unnest()
        if not isinstance(node, exp.Column):
            return None
        found = self._find_item(node)
        if found is None or found[0] is not place.node:
            return None
        column = self._tables[place.entity].column(node.name)
        return column if column is not None and column.name == node.name else None

    def _find_item(self, node: exp.Column) -> tuple[exp.Expr, exp.Select] | None:
        """Return the FROM item of a column, and its SELECT; None where it is not certain."""
        if isinstance(node.this, exp.Star) or len(node.parts) > 2:
            return None
        scope = node.find_ancestor(exp.Select)
        while scope is not None:
            items = list(list_from_items(scope))
            if any(isinstance(one, exp.Paren) or one.args.get("joins") for one in items):
                return None
            if node.table:
                named = [
                    one for one in items if one.alias_or_name.casefold() == node.table.casefold()
                ]
                if named:
                    return (named[0], scope) if len(named) == 1 else None
            else:
                if any(one.kind in {"SEMI", "ANTI"} for one in scope.args.get("joins") or ()):
                    return None
                having = [(one, self._has_column(one, node.name)) for one in items]
                if any(has is None for _, has in having):
                    return None
                found = [one for one, has in having if has]
                if found:
                    return (found[0], scope) if len(found) == 1 else None
            scope = scope.find_ancestor(exp.Select)
        return None

    def _has_column(self, item: exp.Expr, name: str) -> bool | None:
        """Return whether a FROM item has a column; None where that is not known."""
        if item.alias_column_names:
            return None
        if id(item) in self._numbers:
            table = self._tables[self.places[self._numbers[id(item)]].entity]
            # A name that only the engine has is of a column that reads another.
            return table.column(name) is not None or (None if table.is_inferred else False)
        columns = item.meta_get(COLUMNS_OF_FILE) if is_file(item) else None
        if isinstance(item, exp.Subquery) and isinstance(item.this, exp.Select):
            columns = item.this
        if not isinstance(columns, exp.Select) or any(one.is_star for one in columns.expressions):
            return None
        return any(one.alias_or_name.casefold() == name.casefold() for one in columns.expressions)


def _split_or(node: exp.Expr) -> Iterator[exp.Expr]:
    node = node.unnest()
    if isinstance(node, exp.Or):
        yield from _split_or(node.this)
        yield from _split_or(node.expression)
    else:
        yield node


def _both_ways(node: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    yield node.this, node.expression
    yield node.expression, node.this
