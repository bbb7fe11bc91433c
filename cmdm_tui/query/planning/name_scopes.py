"""Finds out what a column's name means where it is: a field of an entity, or an expression."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.model import Column, ColumnKind, Table
from cmdm_tui.query.parsing.file_sources import is_file
from cmdm_tui.query.parsing.references import Source


class EntityColumn(Struct, frozen=True):
    """A column of an entity."""

    table: Table
    column: Column


Meaning = EntityColumn | exp.Expr
"""What a name means: a field, or the expression of a subquery that gives the column."""

Origin = Table | exp.Query | None
"""Where the columns of a FROM item come from; None where that is not known."""


class NameScopes:
    """The names of one query. `readings` are the columns that only the engine names, by entity."""

    def __init__(
        self,
        sources: Sequence[Source],
        tables: Mapping[str, Table],
        readings: Mapping[str, Mapping[str, Column]],
    ) -> None:
        self.sources = tuple(sources)
        self.tables = tables
        self._readings = readings
        self._entities = {id(source.node): source.entity for source in sources}

    def resolve(self, node: exp.Expr) -> Meaning | None:
        """Return what a column node means; None where that is not certain."""
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            return None
        if len(node.parts) > 2:
            return None
        pivot = node.find_ancestor(exp.Pivot, exp.Select)
        if isinstance(pivot, exp.Pivot):
            return self._meaning_in_pivot(pivot, node)
        scope = node.find_ancestor(exp.Select)
        while scope is not None:
            found = list(self._meanings(scope, node))
            if found:
                return found[0] if len(found) == 1 else None
            named = _named_by_alias(scope, node)
            if named is not None:
                return named
            scope = scope.find_ancestor(exp.Select)
        return None

    def _meaning_in_pivot(self, pivot: exp.Pivot, node: exp.Column) -> Meaning | None:
        """Return what a name within a PIVOT means: a column of what it pivots."""
        item = pivot.this if isinstance(pivot.this, exp.Expr) else pivot.parent
        select = pivot.find_ancestor(exp.Select) or exp.Select()
        origin = None if item is None else self.origin_of(item, select, is_pivoted=True)
        return None if origin is None else self.meaning_in(origin, node.name)

    def _meanings(self, select: exp.Select, node: exp.Column) -> Iterator[Meaning | None]:
        for origin, meaning in self._origins_with(select, node):
            if meaning is not None or origin is None or node.table:
                yield meaning

    def _origins_with(
        self, select: exp.Select, node: exp.Column
    ) -> Iterator[tuple[Origin, Meaning | None]]:
        """Yield each origin that the node may mean a column of, and what it means there.

        An origin of None may have it: its columns are not known.
        """
        table = node.table.casefold()
        for alias, origin in self.origins(select):
            if table and alias != table:
                continue
            yield origin, None if origin is None else self.meaning_in(origin, node.name)

    def meaning_in(self, origin: Table | exp.Query, name: str) -> Meaning | None:
        """Return what a name means as a column of an origin; None where it has none."""
        if isinstance(origin, Table):
            column = self.column_of(origin, name)
            return None if column is None else EntityColumn(origin, column)
        return self._meaning_in_query(origin, name)

    def _meaning_in_query(self, query: exp.Expr, name: str) -> Meaning | None:
        while isinstance(query, exp.SetOperation | exp.Subquery):
            query = query.this
        if not isinstance(query, exp.Select):
            return None
        folded = name.casefold()
        for one in query.expressions:
            if one.alias_or_name.casefold() == folded and not one.is_star:
                return one.unalias()
        if not query.is_star:
            return None
        for _, origin in self.origins(query):
            found = None if origin is None else self.meaning_in(origin, name)
            if isinstance(found, EntityColumn):
                # A field of an inner query has no column here that only the engine names.
                return _field_of(found)
            if found is not None:
                return found
        return None

    def find_origin(self, node: exp.Column) -> Origin:
        """Return where the column comes from that a node means; None where it is not certain."""
        if isinstance(node.this, exp.Star) or len(node.parts) > 2:
            return None
        scope = node.find_ancestor(exp.Select)
        while scope is not None:
            found = [
                (origin, meaning)
                for origin, meaning in self._origins_with(scope, node)
                if meaning is not None or origin is None
            ]
            if found:
                return found[0][0] if len(found) == 1 else None
            scope = scope.find_ancestor(exp.Select)
        return None

    def column_of(self, table: Table, name: str) -> Column | None:
        """Return an entity's column, or the reading, of a name."""
        return self._readings.get(table.entity, {}).get(name) or table.column(name)

    def origins(self, select: exp.Select) -> Iterator[tuple[str, Origin]]:
        """Yield the casefolded alias of each FROM item, and where its columns come from."""
        from_ = select.args.get("from_")
        items = [from_.this] if isinstance(from_, exp.From) else []
        items += [join.this for join in select.args.get("joins") or ()]
        while items:
            item = items.pop(0)
            items += [join.this for join in item.args.get("joins") or ()]
            if isinstance(item, exp.Paren):
                items.append(item.this)
                continue
            yield item.alias_or_name.casefold(), self.origin_of(item, select)

    def origin_of(self, item: exp.Expr, select: exp.Select, *, is_pivoted: bool = False) -> Origin:
        """Return where the columns of a FROM item come from, before its own PIVOT if it has one."""
        if item.args.get("pivots") and not is_pivoted:
            return None
        if is_file(item) and not item.alias_column_names:
            return item.meta_get(COLUMNS_OF_FILE)
        if isinstance(item, exp.Values):
            return _first_of_values(item)
        names = item.alias_column_names if item.alias else ()
        if id(item) in self._entities:
            table = self.tables[self._entities[id(item)]]
            return _rename_columns(table, names) if names else table
        if names:
            return None
        if isinstance(item, exp.Subquery):
            return item.this if isinstance(item.this, exp.Query) else None
        if isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier):
            return _find_cte(item, select)
        return None


def _named_by_alias(select: exp.Select, node: exp.Column) -> exp.Expr | None:
    """Return the expression that a SELECT names as a column does, unless the column is in it."""
    if node.table:
        return None
    folded = node.name.casefold()
    for one in select.expressions:
        if isinstance(one, exp.Alias) and one.alias.casefold() == folded:
            is_within = any(each is node for each in one.this.walk())
            return None if is_within else one.unalias()
    return None


def _first_of_values(values: exp.Values) -> exp.Select | None:
    """Return a query that gives columns of the kinds of the first row of VALUES."""
    rows = [one.expressions for one in values.expressions if isinstance(one, exp.Tuple)]
    names = values.alias_column_names
    if not rows or len(names) != len(rows[0]):
        return None
    columns = zip(rows[0], names, strict=True)
    return exp.Select(
        expressions=[exp.alias_(one.copy(), name, quoted=True) for one, name in columns]
    )


def _rename_columns(table: Table, names: Sequence[str]) -> exp.Select:
    """Return a query that gives an entity's columns under the names of an alias."""
    own = [one.name for one in table.columns]
    renamed = zip(table.columns, [*names, *own[len(names) :]], strict=False)
    return exp.Select(
        expressions=[
            exp.alias_(_column_of_kind(one.name, one.kind), name, quoted=True)
            for one, name in renamed
        ]
    )


def _field_of(found: EntityColumn) -> exp.Expr:
    """Return an expression of the kind that a field of an inner query has."""
    node = exp.column(exp.to_identifier(found.column.name, quoted=True))
    node.meta[KIND] = found.column.kind
    return node


KIND = "column kind"
"""Where the kind of a field that an inner query gives is noted."""


COLUMNS_OF_FILE = "columns of file"
"""Where the columns of a local file are noted, as a query that gives them."""


def note_file_columns(
    tree: exp.Expr, columns: Mapping[str, Iterable[tuple[str, ColumnKind | None]]]
) -> None:
    """Note the columns of each file in a tree, by the name of its table; None: another kind."""
    for node in tree.find_all(exp.Table):
        if is_file(node):
            node.meta[COLUMNS_OF_FILE] = exp.Select(
                expressions=[_column_of_kind(name, kind) for name, kind in columns[node.name]]
            )


def _column_of_kind(name: str, kind: ColumnKind | None) -> exp.Column:
    node = exp.column(exp.to_identifier(name, quoted=True))
    if kind is not None:
        node.meta[KIND] = kind
    return node


def _find_cte(table: exp.Table, select: exp.Select) -> exp.Query | None:
    node: exp.Expr | None = select
    while node is not None:
        with_ = node.args.get("with_")
        for cte in with_.expressions if isinstance(with_, exp.With) else ():
            named = cte.args.get("alias")
            has_columns = isinstance(named, exp.TableAlias) and bool(named.columns)
            if cte.alias.casefold() == table.name.casefold() and not has_columns:
                return cte.this if isinstance(cte.this, exp.Query) else None
        node = node.parent
    return None
