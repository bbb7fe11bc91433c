"""Finds out what a column's name means where it is: a field of an entity, or an expression."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cmdm_tui.query.model import Column, Table
from cmdm_tui.query.parsing.references import Source


@dataclass(frozen=True, slots=True)
class EntityColumn:
    """A column of an entity."""

    table: Table
    column: Column


Meaning = EntityColumn | exp.Expr
"""What a name means: a field, or the expression of a subquery that gives the column."""

_Origin = Table | exp.Query | None
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
        scope = node.find_ancestor(exp.Select)
        while scope is not None:
            found = list(self._meanings(scope, node))
            if found:
                return found[0] if len(found) == 1 else None
            scope = scope.find_ancestor(exp.Select)
        return None

    def _meanings(self, select: exp.Select, node: exp.Column) -> Iterator[Meaning | None]:
        for alias, origin in self._origins(select):
            if node.table and alias != node.table.casefold():
                continue
            if origin is None:
                # It may be one of its columns, which no one knows.
                yield None
                continue
            meaning = self._meaning_in(origin, node.name)
            if meaning is not None:
                yield meaning
            elif node.table:
                yield None

    def _meaning_in(self, origin: Table | exp.Query, name: str) -> Meaning | None:
        if isinstance(origin, Table):
            column = self._readings.get(origin.entity, {}).get(name) or origin.column(name)
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
        for _, origin in self._origins(query):
            found = None if origin is None else self._meaning_in(origin, name)
            if isinstance(found, EntityColumn):
                # A field of an inner query has no column here that only the engine names.
                return _field_of(found)
            if found is not None:
                return found
        return None

    def _origins(self, select: exp.Select) -> Iterator[tuple[str, _Origin]]:
        from_ = select.args.get("from_")
        items = [from_.this] if isinstance(from_, exp.From) else []
        items += [join.this for join in select.args.get("joins") or ()]
        while items:
            item = items.pop(0)
            items += [join.this for join in item.args.get("joins") or ()]
            if isinstance(item, exp.Paren):
                items.append(item.this)
                continue
            yield item.alias_or_name.casefold(), self._origin_of(item, select)

    def _origin_of(self, item: exp.Expr, select: exp.Select) -> _Origin:
        if id(item) in self._entities:
            return self.tables[self._entities[id(item)]]
        if item.args.get("pivots") or (item.alias_column_names if item.alias else ()):
            return None
        if isinstance(item, exp.Subquery):
            return item.this if isinstance(item.this, exp.Query) else None
        if isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier):
            return _find_cte(item, select)
        return None


def _field_of(found: EntityColumn) -> exp.Expr:
    """Return an expression of the kind that a field of an inner query has."""
    node = exp.column(exp.to_identifier(found.column.name, quoted=True))
    node.meta[KIND] = found.column.kind
    return node


KIND = "column kind"
"""Where the kind of a field that an inner query gives is noted."""


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
