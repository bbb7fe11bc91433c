"""Finds the text that is stored where a query names a field through subqueries and CTEs.

`CAST(q.Amount AS VARCHAR)` of `(SELECT Amount FROM lead) q` is the stored text too: each subquery
on the way gets one more column with it, under a name that only the engine has and that no `*`
shows.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlglot import exp

from cmdm_tui.query.database.python_values import DIGITS
from cmdm_tui.query.model import Column, ColumnKind, Table
from cmdm_tui.query.planning.name_scopes import EntityColumn, NameScopes, Origin

MARK = "\x01"
"""Begins the names of columns that only the engine has."""


class ShownColumn(NamedTuple):
    """What a query shows: a column or an expression, and where it comes from, if that is known."""

    node: exp.Expr
    origin: Origin


class StoredText:
    """The columns of stored text of one query; `read` gives an entity's column as text."""

    def __init__(
        self, tree: exp.Expr, scopes: NameScopes, read: Callable[[EntityColumn], Column]
    ) -> None:
        self._scopes = scopes
        self._read = read
        self._can_add = not _names_rows(tree)

    def column_for(self, node: exp.Column) -> str | None:
        """Return the name of the column with the stored text of what a column node means.

        None where that is computed, or is one row of several.
        """
        origin = self._scopes.find_origin(node)
        return None if origin is None else self.name_in(origin, node.name)

    def shown_columns(self, select: exp.Select, star: exp.Expr) -> list[ShownColumn] | None:
        """Return the columns that a star shows, in order; None where that is not certain."""
        inner = star.this if isinstance(star, exp.Column) else star
        if not isinstance(inner, exp.Star) or inner.args.get("replace"):
            return None
        if inner.args.get("rename"):
            return None
        table = star.table.casefold() if isinstance(star, exp.Column) else ""
        left_out = {one.name.casefold() for one in inner.args.get("except_") or ()}
        shown: list[ShownColumn] = []
        for alias, origin, hidden in self._origins_in_order(select):
            names = None if origin is None else self._names_of(origin)
            if names is None:
                return None
            if table and alias.name.casefold() != table:
                continue
            shown += [
                ShownColumn(column_node(name, alias), origin)
                for name in names
                if name.casefold() not in left_out and (table or name.casefold() not in hidden)
            ]
        return shown

    def hidden_columns(self, star: exp.Star) -> set[str]:
        """Return the columns of subqueries that a star must leave out."""
        select = star.find_ancestor(exp.Select)
        parent = star.parent
        table = parent.table.casefold() if isinstance(parent, exp.Column) else ""
        if select is None:
            return set()
        return {
            one.alias
            for alias, origin in self._scopes.origins(select)
            if isinstance(origin, exp.Query) and (not table or alias == table)
            for one in _first_select(origin).expressions
            if one.alias.startswith(MARK) and not one.alias.startswith(DIGITS)
        }

    def name_in(self, origin: Origin, name: str) -> str | None:
        """Return what `column_for` returns for a column of an origin."""
        if isinstance(origin, Table):
            column = self._scopes.column_of(origin, name)
            if column is None:
                return None
            if column.kind is ColumnKind.TEXT:
                return column.name
            return self._read(EntityColumn(origin, column)).name if column.reads is None else None
        return None if origin is None else self._name_in_query(origin, name)

    def _name_in_query(self, query: exp.Expr, name: str) -> str | None:
        while isinstance(query, exp.Subquery):
            query = query.this
        if not self._can_add or not isinstance(query, exp.Select) or combines_rows(query):
            return None
        hidden = f"{MARK}stored {name.casefold()}"
        if any(one.alias == hidden for one in query.expressions):
            return hidden
        found = self._projected(query, name)
        if found is None:
            return None
        query.append("expressions", exp.alias_(found, hidden, quoted=True))
        return hidden

    def _projected(self, select: exp.Select, name: str) -> exp.Column | None:
        """Return the stored text, within a SELECT, of the column that it gives by a name."""
        folded = name.casefold()
        for one in select.expressions:
            if one.is_star:
                shown = self.shown_columns(select, one)
                if shown is None:
                    return None
                named = [each for each in shown if each.node.name.casefold() == folded]
                if named:
                    return self._text_at(*named[0]) if len(named) == 1 else None
            elif one.alias_or_name.casefold() == folded:
                column = one.unalias()
                if not isinstance(column, exp.Column):
                    return None
                return self._text_at(column, self._scopes.find_origin(column))
        return None

    def _text_at(self, column: exp.Expr, origin: Origin) -> exp.Column | None:
        found = None if origin is None else self.name_in(origin, column.name)
        return None if found is None else column_node(found, column.args.get("table"))

    def _names_of(self, origin: Origin) -> list[str] | None:
        """Return the names of the columns that a FROM item gives; None where it is not certain."""
        if isinstance(origin, Table):
            return [one.name for one in origin.columns]
        query = origin
        while isinstance(query, exp.Subquery | exp.SetOperation):
            query = query.this
        if not isinstance(query, exp.Select):
            return None
        names: list[str] = []
        for one in query.expressions:
            if one.is_star:
                shown = self.shown_columns(query, one)
                if shown is None:
                    return None
                names += [each.node.name for each in shown]
            elif not isinstance(one, exp.Alias | exp.Column):
                return None
            elif not one.alias_or_name.startswith(MARK):
                names.append(one.alias_or_name)
        return names

    def _origins_in_order(
        self, select: exp.Select
    ) -> Iterator[tuple[exp.Identifier, Origin, frozenset[str]]]:
        """Yield each FROM item: its alias, where it comes from, and the columns merged by USING."""
        from_ = select.args.get("from_")
        joins: list[exp.Join] = select.args.get("joins") or []
        items: list[tuple[exp.Expr, frozenset[str]]] = []
        if isinstance(from_, exp.From):
            items.append((from_.this, frozenset()))
        for join in joins:
            if join.kind in {"SEMI", "ANTI"}:
                continue
            merged = frozenset(one.name.casefold() for one in join.args.get("using") or ())
            is_certain = not join.method and not (merged and join.side in {"RIGHT", "FULL"})
            items.append((join.this if is_certain else exp.Null(), merged))
        for item, merged in items:
            is_plain = isinstance(item, exp.Table | exp.Subquery) and not item.args.get("joins")
            origin = self._scopes.origin_of(item, select) if is_plain else None
            yield exp.to_identifier(item.alias_or_name, quoted=True), origin, merged


def column_node(name: str, table: object) -> exp.Column:
    """Return a node that names a column exactly, of the table that an identifier names."""
    identifier = exp.Identifier(this=name, quoted=True)
    if isinstance(table, exp.Identifier):
        return exp.Column(this=identifier, table=table.copy())
    return exp.Column(this=identifier)


def combines_rows(select: exp.Select) -> bool:
    """Return whether a row of the result is not one of the rows that FROM gives."""
    parts = ("group", "distinct", "having", "pivots")
    return any(select.args.get(part) for part in parts) or any(
        isinstance(node, exp.AggFunc | exp.Explode | exp.Unnest)
        and not isinstance(node.parent, exp.Window)
        for one in select.expressions
        if not isinstance(one.unalias(), exp.Column | exp.Star)
        for node in one.walk()
    )


def _first_select(query: exp.Expr) -> exp.Expr:
    while isinstance(query, exp.Subquery | exp.SetOperation):
        query = query.this
    return query


def _names_rows(tree: exp.Expr) -> bool:
    """Return whether a query takes a whole row of a subquery, with all of its columns."""
    subqueries = {one.alias_or_name.casefold() for one in tree.find_all(exp.Subquery, exp.CTE)}
    subqueries |= {one.alias_or_name.casefold() for one in tree.find_all(exp.Table)}
    return any(
        not one.table and one.name.casefold() in subqueries for one in tree.find_all(exp.Column)
    )
