"""Random queries: many that a plan can answer cheaply, and as many that none can."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal, TypeVar

from tests.query.differential import language as q
from tests.query.differential.data_set import EXTERNAL_ID
from tests.query.differential.language import Kind, Value
from tests.query.differential.reference_evaluator import Tables

Made = TypeVar("Made")

Columns = Mapping[str, Mapping[str, Kind]]

_ORDERED = (Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.DATETIME)
_READ_SHARE = 0.12
"""How many conditions on text compare it with something of another kind."""
_CONSTANTS: Mapping[Kind, Sequence[Value]] = {
    Kind.NUMBER: [Decimal(text) for text in ("1", "9", "10", "2.5", "-1", "100", "0")],
    Kind.DATE: [date(2026, month, 1) for month in (1, 2, 3)],
    Kind.BOOLEAN: [True, False],
}
_WORDS = {"FirstName", "LastName", "City", "Company", "Name", "Title", "Subject"}
_WITHOUT_ODD_CASES = {"City", "Company", "Status", "Name", "Rating", "Title", "Subject"}


class QueryGenerator:
    """Makes queries on `columns`, with constants that often are values of the records.

    With `reads_text`, text is compared with numbers, dates and booleans, which DuckDB refuses.
    """

    def __init__(
        self, seed: int, columns: Columns, tables: Tables, *, reads_text: bool = True
    ) -> None:
        self._reads_text = reads_text
        self._chance = random.Random(seed)
        self._columns = columns
        self._tables = tables
        self._aliases = 0

    def query(self, *, can_be_sought: bool = False) -> q.Query:
        """Return a query; one that a search may answer, where that is asked for."""
        self._aliases = 0
        if can_be_sought:
            kinds = (self._sought, self._counted, self._extreme, self._few_groups)
            return self._chance.choice(kinds)()
        kinds = (
            (self._sought, 5), (self._counted, 3), (self._extreme, 2), (self._few_groups, 3),
            (self._first, 4), (self._by_id, 2), (self._grouped, 3), (self._of_two, 4),
            (self._combined, 2), (self._with_subquery, 3), (self._with_name, 2),
            (self._windowed, 2), (self._several_keys, 2), (self._derived, 1),
        )  # fmt: skip
        make = self._chance.choices([one for one, _ in kinds], [weight for _, weight in kinds])[0]
        return make()

    def composed(self) -> q.Query:
        """Return a query whose parts a plan may seek one by one: joins, subqueries, OR."""
        self._aliases = 0
        kinds = (
            self._sought_join, self._sought_semi_join, self._united, self._first_of_join,
            self._sought_by_name, self._listed,
        )  # fmt: skip
        return self._chance.choice(kinds)()

    def about_words(self) -> q.Query:
        """Return a query on one column of words, which orders of text disagree about."""
        self._aliases = 0
        table = self._table(self._chance.choice(["lead", "lead", "lead", "account", "event"]))
        names = sorted(_WORDS & self._columns[table.entity].keys())
        column = q.Column(table.alias, self._chance.choice(names), Kind.TEXT)
        where = self._about_word(column)
        count = q.Aggregate("count", None, Kind.COUNT)
        shown = q.Select(self._items(table), table, where)
        match self._chance.choice(["rows", "rows", "rows", "count", "ends", "first", "groups"]):
            case "rows":
                return self._sorted(shown, [table], at_most=1)
            case "count":
                return q.Select((q.Item(count, "n"),), table, where, group=())
            case "ends":
                name = self._chance.choice(["min", "max"])
                of = q.Item(q.Aggregate(name, column, Kind.TEXT), "v")  # pyright: ignore[reportArgumentType]
                return q.Select((of,), table, where if self._flip() else None, group=())
            case "first":
                key = q.Key(column, self._flip())
                limit = self._chance.choice([1, 3, 10])
                return replace(shown, where=None, order=(key,), limit=limit)
            case _:
                items = (q.Item(column, "k"), q.Item(count, "n"))
                return q.Select(items, table, where if self._flip() else None, (column,))

    def _about_word(self, column: q.Column) -> q.Condition:
        def word() -> q.Constant:
            constant = self._constant(column)
            text = str(constant.value)
            if self._chance.random() < 0.2:
                text = self._chance.choice([text.swapcase(), text + "x", "q" + text])
            return q.Constant(text, Kind.TEXT)

        match self._chance.choice(["=", "=", "among", "like", "range", "between", "null"]):
            case "=":
                return q.Compare("=", column, word())
            case "among":
                return q.Among(column, (word(), word()))
            case "like":
                prefix = str(word().value)[: self._chance.randint(1, 4)]
                return q.Like(column, prefix + "%", True, False)
            case "range":
                return q.Compare(self._operator(), column, word())
            case "between":
                return q.Between(column, word(), word())
            case _:
                return q.IsNull(column, self._flip())

    # Kinds of queries

    def _sought(self) -> q.Query:
        table = self._table()
        conditions = [self._simple(table), *self._some(0, 2, lambda: self._condition(table))]
        self._chance.shuffle(conditions)
        return self._sorted(
            q.Select(self._items(table), table, _all(conditions)), [table], at_most=1
        )

    def _counted(self) -> q.Query:
        table = self._table()
        where = _all(self._some(0, 2, lambda: self._simple(table)))
        of = self._chance.choice([None, None, self._column(table)])
        is_distinct = of is not None and self._chance.random() < 0.3
        count = q.Aggregate("count", of, Kind.COUNT, is_distinct)
        return q.Select((q.Item(count, "n"),), table, where, group=())

    def _extreme(self) -> q.Query:
        table = self._table()
        column = self._column(table, *_ORDERED)
        names = self._chance.sample(["min", "max"], self._chance.randint(1, 2))
        items = [q.Item(q.Aggregate(name, column, column.kind), name) for name in names]  # pyright: ignore[reportArgumentType]
        where = None
        if self._chance.random() < 0.6:
            where = self._simple(table, column if self._chance.random() < 0.7 else None)
        return q.Select(tuple(items), table, where, group=())

    def _few_groups(self) -> q.Query:
        table = self._table()
        column = self._column(table)
        count = q.Aggregate("count", None, Kind.COUNT)
        items = (q.Item(column, "k"), q.Item(count, "n"))
        if self._chance.random() < 0.4:
            items = (*items, q.Item(self._counted_case(table, column), "m"))
        where = self._simple(table, column) if self._chance.random() < 0.3 else None
        order = (q.Key(column, self._flip()),) if self._flip() else ()
        having = self._over(count) if self._chance.random() < 0.2 else None
        return q.Select(items, table, where, (column,), having, order=order)

    def _counted_case(self, table: q.Table, column: q.Column) -> q.Aggregate:
        """Return a count of what is computed of a column, which is null where the column is not."""
        case = q.Case(
            self._simple(table, column), column, q.Constant(None, column.kind), column.kind
        )
        return q.Aggregate("count", case, Kind.COUNT)

    def _first(self) -> q.Query:
        table = self._table()
        where = self._condition(table) if self._chance.random() < 0.4 else None
        select = q.Select(self._items(table), table, where)
        select = self._sorted(select, [table], at_most=1)
        return replace(
            select,
            limit=self._chance.choice([0, 1, 2, 5, 10, 30, 1_000]),
            offset=self._chance.choice([None, None, None, 0, 1, 7, 500]),
        )

    def _by_id(self) -> q.Query:
        table = self._table()
        column = q.Column(table.alias, EXTERNAL_ID, Kind.TEXT)
        ids = [self._constant(column) for _ in range(self._chance.randint(1, 4))]
        where: q.Condition = q.Among(column, tuple(ids))
        if len(ids) == 1 and self._flip():
            where = q.Compare("=", column, ids[0])
        if self._chance.random() < 0.4:
            where = _all([where, self._condition(table)]) or where
        return self._sorted(q.Select(self._items(table), table, where), [table], at_most=2)

    def _grouped(self) -> q.Query:
        table = self._table()
        return self._grouping([table], table)

    def _of_two(self) -> q.Query:
        join, tables = self._join()
        if self._chance.random() < 0.4:
            return self._grouping(tables, join)
        items = self._items(*tables)
        where = self._condition(*tables) if self._flip() else None
        select = q.Select(items, join, where, is_distinct=self._chance.random() < 0.15)
        return self._sorted(select, tables, at_most=2) if not select.is_distinct else select

    def _combined(self) -> q.Query:
        left = self._table()
        right = self._table() if self._flip() else self._table(left.entity)
        kinds = [self._chance.choice(list(_ORDERED)) for _ in range(self._chance.randint(1, 2))]
        sides: list[q.Select] = []
        for table in (left, right):
            there = set(self._columns[table.entity].values())
            kinds = [kind if kind in there else Kind.TEXT for kind in kinds]
        for table in (left, right):
            items = tuple(
                q.Item(self._column(table, kind), f"c{place}") for place, kind in enumerate(kinds)
            )
            where = self._condition(table) if self._flip() else None
            sides.append(q.Select(items, table, where))
        operator = self._chance.choice(["union", "union", "intersect", "except"])
        order: tuple[tuple[int, bool], ...] = ()
        limit = None
        if self._flip():
            places = self._chance.sample(range(len(kinds)), self._chance.randint(1, len(kinds)))
            order = tuple((place, self._flip()) for place in places)
            limit = self._chance.choice([None, 3, 20])
        return q.Combined(operator, self._flip(), sides[0], sides[1], order, limit)  # pyright: ignore[reportArgumentType]

    def _with_subquery(self) -> q.Query:
        table, inner = self._table(), self._table()
        shape = self._chance.choice(["among", "exists", "value"])
        is_negated = self._chance.random() < 0.4
        condition: q.Condition
        if shape == "among":
            kind = self._chance.choice([Kind.TEXT, Kind.NUMBER])
            kind = kind if self._has(table, kind) and self._has(inner, kind) else Kind.TEXT
            of = self._column(inner, kind)
            where = self._condition(inner) if self._flip() else None
            condition = q.AmongQuery(
                self._column(table, kind), q.Select((q.Item(of, "v"),), inner, where), is_negated
            )
        elif shape == "exists":
            table, inner = self._related()
            on = self._link(table, inner)
            where = _all([on, self._condition(inner)]) if self._flip() else on
            one = q.Item(q.Constant(1, Kind.COUNT), "one")
            condition = q.Exists(q.Select((one,), inner, where), is_negated)
        else:
            column = self._column(inner, *_ORDERED)
            name = self._chance.choice(["min", "max"])
            largest = q.Aggregate(name, column, column.kind)  # pyright: ignore[reportArgumentType]
            value = q.ScalarQuery(
                q.Select((q.Item(largest, "v"),), inner, self._condition(inner), group=()),
                column.kind,
            )
            same = column.kind if self._has(table, column.kind) else None
            if same is None:
                return self._sought()
            operator = self._chance.choice(["=", "<", ">=", "<>"])
            condition = q.Compare(operator, self._column(table, same), value)  # pyright: ignore[reportArgumentType]
        others = self._some(0, 1, lambda: self._simple(table))
        where = _all([condition, *others])
        if self._chance.random() < 0.3:
            count = q.Item(q.Aggregate("count", None, Kind.COUNT), "n")
            return q.Select((count,), table, where, group=())
        return self._sorted(q.Select(self._items(table), table, where), [table], at_most=1)

    def _with_name(self) -> q.Query:
        inner = self._table()
        named = q.Select(
            self._items(inner), inner, self._condition(inner) if self._flip() else None
        )
        if self._flip():
            named = self._grouping([inner], inner)
            named = replace(named, order=(), limit=None, offset=None)
        return q.With((("one", named),), self._over_result(named, q.Named("one", "w")))

    def _derived(self) -> q.Query:
        inner = self._table()
        select = q.Select(
            self._items(inner), inner, self._condition(inner) if self._flip() else None
        )
        if self._flip():
            # Within another query a limit must leave no choice.
            own_id = q.Column(inner.alias, EXTERNAL_ID, Kind.TEXT)
            keys = (*self._keys([inner], 1), q.Key(own_id, self._flip()))
            select = replace(select, order=keys, limit=self._chance.choice([1, 5, 50]))
        return self._over_result(select, q.Derived(select, "d"))

    def _over_result(self, inner: q.Query, source: q.Named | q.Derived) -> q.Query:
        columns = [
            q.Column(source.alias, name, kind)
            for name, kind in zip(q.names_of(inner), q.kinds_of(inner), strict=True)
        ]
        shown = self._chance.sample(columns, self._chance.randint(1, len(columns)))
        items = tuple(q.Item(column, f"c{place}") for place, column in enumerate(shown))
        plain = [column for column in columns if column.kind in _ORDERED]
        where = None
        if plain and self._flip():
            column = self._chance.choice(plain)
            where = self._about(column, self._any_constant(column.kind))
        if self._chance.random() < 0.4:
            count = q.Item(q.Aggregate("count", None, Kind.COUNT), "n")
            group = tuple(dict.fromkeys(shown))
            items = (*(q.Item(one, f"c{place}") for place, one in enumerate(group)), count)
            return q.Select(items, source, where, group)
        order = tuple(q.Key(one, self._flip()) for one in shown[:1] if one.kind is not Kind.AVERAGE)
        limit = self._chance.choice([None, None, 4])
        return q.Select(items, source, where, order=order, limit=limit)

    def _windowed(self) -> q.Query:
        table = self._table()
        own_id = q.Column(table.alias, EXTERNAL_ID, Kind.TEXT)
        partition = tuple(self._some(0, 1, lambda: self._column(table)))
        keys = self._keys([table], 1)
        of_number = self._column(table, Kind.NUMBER) if self._has(table, Kind.NUMBER) else None
        ordered = self._column(table, *_ORDERED)
        windows = [
            q.Window("row_number", None, Kind.COUNT, partition, (*keys, q.Key(own_id))),
            q.Window("rank", None, Kind.COUNT, partition, keys or (q.Key(own_id),)),
            q.Window("dense_rank", None, Kind.COUNT, partition, keys or (q.Key(own_id),)),
            q.Window("count", None, Kind.COUNT, partition, keys),
            q.Window("min", ordered, ordered.kind, partition),
            q.Window("max", ordered, ordered.kind, partition, keys),
            q.Window("lag", ordered, ordered.kind, partition, (*keys, q.Key(own_id))),
        ]
        if of_number is not None:
            windows.append(q.Window("sum", of_number, Kind.NUMBER, partition, keys))
        chosen = self._chance.sample(windows, self._chance.randint(1, 2))
        items = [q.Item(own_id, "id")]
        items += [q.Item(one, f"w{place}") for place, one in enumerate(chosen)]
        where = self._condition(table) if self._flip() else None
        return q.Select(tuple(items), table, where)

    def _several_keys(self) -> q.Query:
        table = self._table()
        select = q.Select(
            self._items(table), table, self._condition(table) if self._flip() else None
        )
        select = replace(select, order=self._keys([table], 3))
        return replace(select, limit=self._chance.choice([None, 5, 25]))

    # Kinds of queries whose parts may be sought one by one

    def _sought_join(self) -> q.Query:
        join, tables = self._join()
        led = self._chance.choice(tables)
        where = _all([self._simple(led), *self._some(0, 1, lambda: self._condition(*tables))])
        if self._chance.random() < 0.2:
            return replace(self._grouping(tables, join), where=where)
        return self._sorted(q.Select(self._items(*tables), join, where), tables, at_most=1)

    def _first_of_join(self) -> q.Query:
        join, tables = self._join()
        led = self._chance.choice(tables)
        where = self._simple(led) if self._chance.random() < 0.3 else None
        key = q.Key(self._column(led), self._flip())
        limit = self._chance.choice([1, 3, 10])
        return q.Select(self._items(*tables), join, where, order=(key,), limit=limit)

    def _sought_semi_join(self) -> q.Query:
        outer, inner = self._related()
        link = self._link(outer, inner)
        assert isinstance(link, q.Compare)
        sides = [link.left, link.right]
        own, other = sides if sides[0].source == outer.alias else sides[::-1]  # pyright: ignore[reportAttributeAccessIssue]
        where = self._simple(inner)
        is_negated = self._chance.random() < 0.2
        condition: q.Condition
        if self._flip():
            items = (q.Item(other, "v"),)
            condition = q.AmongQuery(own, q.Select(items, inner, where), is_negated)
        else:
            one = q.Item(q.Constant(1, Kind.COUNT), "one")
            condition = q.Exists(q.Select((one,), inner, q.All((link, where))), is_negated)
        more = self._some(0, 1, lambda: self._simple(outer))
        if self._chance.random() < 0.2:
            count = q.Item(q.Aggregate("count", None, Kind.COUNT), "n")
            return q.Select((count,), outer, _all([condition, *more]), group=())
        select = q.Select(self._items(outer), outer, _all([condition, *more]))
        return self._sorted(select, [outer], at_most=1)

    def _united(self) -> q.Query:
        table = self._table()
        parts = [self._simple(table) for _ in range(self._chance.randint(2, 3))]
        if self._flip():
            parts[0] = q.All((parts[0], self._simple(table)))
        where: q.Condition = q.Any(tuple(parts))
        if self._chance.random() < 0.2:
            where = q.All((where, self._simple(table)))
        if self._chance.random() < 0.3:
            count = q.Item(q.Aggregate("count", None, Kind.COUNT), "n")
            return q.Select((count,), table, where, group=())
        return self._sorted(q.Select(self._items(table), table, where), [table], at_most=1)

    def _listed(self) -> q.Query:
        table = self._table()
        column = self._column(table, *_ORDERED)
        choices = tuple(self._constant(column) for _ in range(self._chance.randint(2, 8)))
        conditions = [q.Among(column, choices), *self._some(0, 1, lambda: self._simple(table))]
        select = q.Select(self._items(table), table, _all(conditions))
        return self._sorted(select, [table], at_most=1)

    def _sought_by_name(self) -> q.Query:
        inner = self._table()
        named = q.Select(self._items(inner), inner, self._simple(inner))
        if self._flip():
            return q.With((("one", named),), self._over_result(named, q.Named("one", "w")))
        return self._over_result(named, q.Derived(named, "d"))

    # Parts of queries

    def _grouping(self, tables: Sequence[q.Table], source: q.Source) -> q.Select:
        group = tuple(
            dict.fromkeys(self._some(0, 2, lambda: self._column(self._chance.choice(tables))))
        )
        aggregates = self._some(1, 3, lambda: self._aggregate(self._chance.choice(tables)))
        items = [q.Item(one, f"g{place}") for place, one in enumerate(group)]
        items += [q.Item(one, f"a{place}") for place, one in enumerate(aggregates)]
        where = self._condition(*tables) if self._flip() else None
        counts = [one for one in aggregates if one.kind is Kind.COUNT]
        having = self._over(counts[0]) if counts and self._chance.random() < 0.3 else None
        select = q.Select(tuple(items), source, where, group, having)
        if group and self._flip():
            keys = [q.Key(one, self._flip()) for one in group[:1]]
            keys = [q.Key(one, self._flip()) for one in counts[:1]] + keys
            select = replace(select, order=tuple(keys), limit=self._chance.choice([None, 3]))
        return select

    def _aggregate(self, table: q.Table) -> q.Aggregate:
        where = self._condition(table) if self._chance.random() < 0.15 else None
        shape = self._chance.choice(
            ["count", "count", "of", "distinct", "sum", "avg", "ends", "joined"]
        )
        if shape in {"sum", "avg"} and self._has(table, Kind.NUMBER):
            kind = Kind.NUMBER if shape == "sum" else Kind.AVERAGE
            return q.Aggregate(shape, self._number(table), kind, where=where)  # pyright: ignore[reportArgumentType]
        if shape == "ends":
            column = self._column(table, *_ORDERED)
            name = self._chance.choice(["min", "max"])
            return q.Aggregate(name, column, column.kind, where=where)  # pyright: ignore[reportArgumentType]
        if shape == "joined":
            return q.Aggregate("joined", self._column(table, Kind.TEXT), Kind.TEXT, where=where)
        of = None if shape == "count" else self._column(table)
        return q.Aggregate("count", of, Kind.COUNT, shape == "distinct" and of is not None, where)

    def _over(self, count: q.Aggregate) -> q.Condition:
        operator = self._chance.choice([">", "=", "<="])
        return q.Compare(operator, count, q.Constant(self._chance.choice([1, 2, 5]), Kind.COUNT))  # pyright: ignore[reportArgumentType]

    def _join(self) -> tuple[q.Join, list[q.Table]]:
        left, right = self._related()
        kind = self._chance.choice(["inner", "inner", "left", "right", "full"])
        on = self._link(left, right)
        if self._chance.random() < 0.3 and kind in {"inner", "left"}:
            on = _all([on, self._simple(right)]) or on
        return q.Join(kind, left, right, on), [left, right]  # pyright: ignore[reportArgumentType]

    def _related(self) -> tuple[q.Table, q.Table]:
        pairs = [("lead", "account"), ("account", "lead"), ("task", "lead"), ("event", "account")]
        left, right = self._chance.choice(pairs)
        return self._table(left), self._table(right)

    def _link(self, left: q.Table, right: q.Table) -> q.Condition:
        by = {
            ("lead", "account"): "AccountExternalID",
            ("account", "lead"): "AccountExternalID",
            ("task", "lead"): "RelatedExternalID",
        }.get((left.entity, right.entity))
        if by is None:
            sides = [q.Column(table.alias, "City", Kind.TEXT) for table in (left, right)]
        else:
            holder, other = (left, right) if by in self._columns[left.entity] else (right, left)
            sides: list[q.Column] = [
                q.Column(holder.alias, by, Kind.TEXT),
                q.Column(other.alias, EXTERNAL_ID, Kind.TEXT),
            ]
        if self._flip():
            sides.reverse()
        return q.Compare("=", sides[0], sides[1])

    def _table(self, entity: str | None = None) -> q.Table:
        self._aliases += 1
        weights = {"lead": 5, "account": 2, "event": 2, "task": 1}
        if entity is None:
            entity = self._chance.choices(list(weights), list(weights.values()))[0]
        return q.Table(entity, f"t{self._aliases}")

    def _has(self, table: q.Table, kind: Kind) -> bool:
        return kind in self._columns[table.entity].values()

    def _column(self, table: q.Table, *kinds: Kind) -> q.Column:
        there = [
            q.Column(table.alias, name, kind)
            for name, kind in self._columns[table.entity].items()
            if not kinds or kind in kinds
        ]
        return self._chance.choice(there)

    def _items(self, *tables: q.Table) -> tuple[q.Item, ...]:
        count = self._chance.randint(1, 4)
        shown = [self._shown(self._chance.choice(tables)) for _ in range(count)]
        return tuple(q.Item(one, f"c{place}") for place, one in enumerate(shown))

    def _shown(self, table: q.Table) -> q.Scalar:
        column = self._column(table)
        if self._chance.random() < 0.75:
            return column
        if column.kind is Kind.NUMBER:
            return self._number(table)
        if column.kind is not Kind.TEXT:
            return column
        other = self._column(table, Kind.TEXT)
        return self._chance.choice([
            q.Apply("coalesce", (column, other), Kind.TEXT),
            q.Apply("concat", (column, q.Constant("-", Kind.TEXT), other), Kind.TEXT),
            q.Apply("length", (column,), Kind.COUNT),
            q.Case(self._condition(table), column, other, Kind.TEXT),
        ])  # fmt: skip

    def _number(self, table: q.Table) -> q.Scalar:
        column = self._column(table, Kind.NUMBER)
        other = self._column(table, Kind.NUMBER)
        return self._chance.choice([
            column, column,
            q.Apply("plus", (column, other), Kind.NUMBER),
            q.Apply("minus", (column, q.Constant(1, Kind.NUMBER)), Kind.NUMBER),
            q.Apply("negative", (column,), Kind.NUMBER),
        ])  # fmt: skip

    def _sorted(self, select: q.Select, tables: Sequence[q.Table], *, at_most: int) -> q.Select:
        if self._chance.random() < 0.35:
            return replace(select, limit=self._chance.choice([None, None, None, 6]))
        select = replace(select, order=self._keys(tables, at_most))
        return replace(select, limit=self._chance.choice([None, None, 1, 6, 40]))

    def _keys(self, tables: Sequence[q.Table], at_most: int) -> tuple[q.Key, ...]:
        keys: list[q.Key] = []
        for _ in range(self._chance.randint(1, at_most)):
            column = self._column(self._chance.choice(tables))
            nulls = self._chance.choice([None, None, None, True, False])
            keys.append(q.Key(column, self._flip(), nulls))
        return tuple(keys)

    # Conditions

    def _condition(self, *tables: q.Table, depth: int = 0) -> q.Condition:
        draw = self._chance.random()
        if depth < 2 and draw < 0.2:
            return q.Not(self._condition(*tables, depth=depth + 1))
        if depth < 2 and draw < 0.5:
            inner = [self._condition(*tables, depth=depth + 1) for _ in range(2)]
            return q.All(tuple(inner)) if self._flip() else q.Any(tuple(inner))
        table = self._chance.choice(tables)
        if draw < 0.6:
            column = self._column(table, *_ORDERED)
            other = self._column(table, column.kind)
            if self._chance.random() < 0.3:
                return q.Distinct(column, other, self._flip())
            return q.Compare(self._operator(), column, other)
        return self._simple(table)

    def _simple(self, table: q.Table, column: q.Column | None = None) -> q.Condition:
        column = column or self._column(table)
        is_read = self._reads_text and column.kind is Kind.TEXT
        if is_read and self._chance.random() < _READ_SHARE:
            return self._read(column)
        if column.kind is Kind.BOOLEAN:
            truth = q.Constant(self._flip(), Kind.BOOLEAN)
            return self._chance.choice([
                q.Truth(column), q.Not(q.Truth(column)), q.Compare("=", column, truth),
                q.IsNull(column, self._flip()),
            ])  # fmt: skip
        return self._about(column, self._constant(column))

    def _read(self, column: q.Column) -> q.Condition:
        """Return a condition that compares text with another kind, and so reads it as that."""
        kind = self._chance.choice([Kind.NUMBER, Kind.NUMBER, Kind.DATE, Kind.BOOLEAN])
        reading = q.Reading(column, kind)
        low, high = (q.Constant(self._chance.choice(_CONSTANTS[kind]), kind) for _ in range(2))
        if kind is Kind.BOOLEAN:
            return q.Truth(reading) if self._flip() else q.Compare("=", reading, low)
        more = q.Apply("plus", (reading, q.Constant(Decimal(1), Kind.NUMBER)), Kind.NUMBER)
        computed = [q.Compare(self._operator(), more, low)] if kind is Kind.NUMBER else []
        return self._chance.choice([
            *computed, q.Compare(self._operator(), reading, low),
            q.Between(reading, low, high, self._flip()), q.Among(reading, (low, high)),
            q.Distinct(reading, low, self._flip()),
        ])  # fmt: skip

    def _about(self, column: q.Column, constant: q.Constant) -> q.Condition:
        is_negated = self._chance.random() < 0.2
        shape = self._chance.choice(
            ["compare", "compare", "compare", "between", "among", "null", "like", "distinct"]
        )
        if shape == "like" and column.kind is Kind.TEXT:
            return self._like(column, str(constant.value), is_negated)
        if shape == "between":
            other = self._any_constant(column.kind)
            low, high = (constant, other) if self._flip() else (other, constant)
            return q.Between(column, low, high, is_negated)
        if shape == "among":
            choices = [constant, *self._some(0, 3, lambda: self._any_constant(column.kind))]
            if self._chance.random() < 0.1:
                choices.append(q.Constant(None, column.kind))
            return q.Among(column, tuple(choices), is_negated)
        if shape == "null":
            return q.IsNull(column, self._flip())
        if shape == "distinct":
            return q.Distinct(column, constant, self._flip())
        return q.Compare(self._operator(), column, constant)

    def _like(self, column: q.Column, text: str, is_negated: bool) -> q.Condition:
        length = self._chance.randint(0, min(4, len(text)))
        pattern = self._chance.choice(
            [text[:length] + "%", text[:length] + "%", "%" + text[-length:], text[:length] + "_%"]
        )
        # Where case has more than two forms, languages differ in what is the same without it.
        takes_any_case = column.name in _WITHOUT_ODD_CASES and pattern.isascii()
        regards_case = not (takes_any_case and self._chance.random() < 0.3)
        return q.Like(column, pattern, regards_case, is_negated)

    def _operator(self) -> Literal["=", "<>", "<", "<=", ">", ">="]:
        return self._chance.choice(["=", "=", "=", "<>", "<", "<=", ">", ">="])

    def _constant(self, column: q.Column) -> q.Constant:
        """Return a constant that a column of that name holds somewhere, or one that may be near."""
        values = [
            row[column.name]
            for entity, rows in self._tables.items()
            if self._columns[entity].get(column.name) is column.kind
            for row in rows
            if row[column.name] is not None
        ]
        if not values or self._chance.random() < 0.15:
            return self._any_constant(column.kind)
        return q.Constant(self._chance.choice(values), column.kind)

    def _any_constant(self, kind: Kind) -> q.Constant:
        values = [
            row[name]
            for entity, columns in self._columns.items()
            for name, its_kind in columns.items()
            if its_kind is kind
            for row in self._tables[entity][:20]
            if row[name] is not None
        ]
        return q.Constant(self._chance.choice(values) if values else None, kind)

    # Chance

    def _flip(self) -> bool:
        return self._chance.random() < 0.5

    def _some(self, least: int, most: int, make: Callable[[], Made]) -> list[Made]:
        return [make() for _ in range(self._chance.randint(least, most))]


def _all(conditions: Sequence[q.Condition]) -> q.Condition | None:
    if len(conditions) > 1:
        return q.All(tuple(conditions))
    return conditions[0] if conditions else None
