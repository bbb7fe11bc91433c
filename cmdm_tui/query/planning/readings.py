"""Lets a query read text as numbers, dates, times and booleans, and typed fields as stored text.

A field whose type no one declared is text. Where a query compares it or computes with something of
another kind, the tree gets a *reading* in its place: another column of the same field, under a name
that only the engine has, whose values are read as that kind; what cannot be read is null and
counted. Likewise `CAST(Amount AS VARCHAR)` gets the text that is stored. `*` leaves readings out.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from cmdm_tui.query.database.python_values import DIGITS
from cmdm_tui.query.model import Column, ColumnKind, Table
from cmdm_tui.query.parsing.file_sources import is_file
from cmdm_tui.query.parsing.references import Source, star_covers
from cmdm_tui.query.planning import products
from cmdm_tui.query.planning.name_scopes import EntityColumn, NameScopes
from cmdm_tui.query.planning.operand_reader import OperandReader, list_branches
from cmdm_tui.query.planning.stored_text import (
    MARK,
    ShownColumn,
    StoredText,
    column_node,
    combines_rows,
)
from cmdm_tui.query.planning.value_kinds import ValueKinds


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
        has_columns = not shows_readings(tree, sources, tables)
        reader = OperandReader(
            kinds, texts, self.column_for, self._counted_column_for, has_columns=has_columns
        )
        for node in list(tree.walk()):
            reader.visit(node)
        self.messages = (products.MESSAGE,) if products.widen_products(tree, kinds) else ()
        self._add_digits(tree, sources, kinds, texts)
        self._exclude_from_stars(tree, sources, texts)

    def column_for(self, found: EntityColumn, kind: ColumnKind) -> Column:
        """Return the reading of a column as a kind, the same for the same."""
        return self._add_column(found, kind, f"{MARK}{kind.value} {found.column.name}")

    def _counted_column_for(self, found: EntityColumn, kind: ColumnKind) -> Column:
        """Return a reading that no view shows: its values are counted, and read in the query."""
        name = f"{MARK}counted {kind.value} {found.column.name}"
        return self._add_column(found, kind, name, is_hidden=True)

    def _add_column(
        self, found: EntityColumn, kind: ColumnKind, name: str, *, is_hidden: bool = False
    ) -> Column:
        column = found.column
        read = Column(
            name,
            kind,
            column.type,
            column.is_inferred,
            reads=column,
            of_field=column.field,
            is_hidden=is_hidden,
        )
        return self._columns.setdefault(found.table.entity, {}).setdefault(name, read)

    def _add_digits(
        self, tree: exp.Expr, sources: Sequence[Source], kinds: ValueKinds, texts: StoredText
    ) -> None:
        """Add the stored digits of each number that a query gives as it is; see `DIGITS`.

        A DECIMAL has one number of decimal places for all values: 12.50 would come as 12.5.
        """
        branches = list(list_branches(tree)) if _keeps_rows(tree) else []
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
                for name, column in self._columns.get(source.entity, {}).items()
                if not column.is_hidden
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
