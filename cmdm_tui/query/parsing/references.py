"""Finds which entities and columns a query refers to; upper and lower case do not matter.

Columns are found generously: a name that several entities could mean counts for each of them, as
one more column costs no call. DuckDB resolves them exactly once the tables are there.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.model import Column, Table
from cmdm_tui.query.parsing.file_sources import is_file
from cmdm_tui.query.parsing.identifiers import SCHEMA


class Source(Struct, frozen=True):
    """One place where the query names an entity: the node, the entity, and its alias."""

    node: exp.Table
    entity: str

    @property
    def alias(self) -> str:
        """The casefolded name that qualifies its columns."""
        return self.node.alias_or_name.casefold()


def find_tables(tree: exp.Expr) -> tuple[exp.Table, ...]:
    """Return the nodes that name entities: no common table expressions and no files, in order."""
    return tuple(_walk_tables(tree, frozenset()))


def _walk_tables(node: exp.Expr, known: frozenset[str]) -> Iterator[exp.Table]:
    with_ = node.args.get("with_")
    if isinstance(with_, exp.With):
        for cte in with_.expressions:
            name = cte.alias.casefold()
            inner = known | {name} if with_.args.get("recursive") else known
            yield from _walk_tables(cte.this, inner)
            known |= {name}
    is_named = isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier)
    is_named = is_named and not is_file(node)
    if isinstance(node, exp.Table) and is_named and node.name.casefold() not in known:
        yield node
    for child in node.iter_expressions():
        if child is not with_:
            yield from _walk_tables(child, known)


def used_columns(
    tree: exp.Expr, sources: Iterable[Source], tables: Mapping[str, Table]
) -> dict[str, tuple[Column, ...]]:
    """Return the columns of each entity that the query uses, in the entity's own order."""
    sources = tuple(sources)
    wanted: dict[str, set[str]] = {source.entity: set() for source in sources}
    for node in tree.walk():
        for source in sources:
            table = tables[source.entity]
            if _takes_all(node, source, table):
                wanted[source.entity] |= {column.name for column in table.columns}
            else:
                wanted[source.entity] |= _columns_named(node, source, table)
    return {
        entity: tuple(column for column in tables[entity].columns if column.name in names)
        for entity, names in wanted.items()
    }


def _takes_all(node: exp.Expr, source: Source, table: Table) -> bool:
    if isinstance(node, exp.Star):
        return star_covers(node, source)
    if isinstance(node, exp.Columns | exp.Pivot):
        return True
    if isinstance(node, exp.Join):
        return node.method == "NATURAL"
    if isinstance(node, exp.Column) and not node.table:
        names_the_row = node.name.casefold() == source.alias
        return names_the_row and table.column(node.name) is None
    return node is source.node and bool(node.alias_column_names)


def star_covers(star: exp.Star, source: Source) -> bool:
    """Return whether a star means the columns of a source, too."""
    parent = star.parent
    if isinstance(parent, exp.Count):
        return False
    if isinstance(parent, exp.Column):
        return parent.table.casefold() == source.alias
    select = star.find_ancestor(exp.Select)
    if select is not None and isinstance(select.parent, exp.Exists):
        return False
    return select is None or source.node.find_ancestor(exp.Select) is select


def _columns_named(node: exp.Expr, source: Source, table: Table) -> set[str]:
    if isinstance(node, exp.Column):
        parts = [part.name for part in node.parts]
        first = parts[0].casefold()
        if len(parts) > 1 and first != source.alias and table.column(parts[0]) is None:
            return set()
    elif isinstance(node, exp.Identifier) and not isinstance(
        node.parent, exp.Column | exp.Alias | exp.TableAlias | exp.Table
    ):
        parts = [node.name]
    else:
        return set()
    found = (table.column(part) for part in parts)
    return {column.name for column in found if column is not None}


def spell_columns(tree: exp.Expr, sources: Iterable[Source], tables: Mapping[str, Table]) -> None:
    """Write columns as their tables name them where DuckDB would not find them.

    It folds ASCII only, and takes names that differ by case alone for one.
    """
    sources = tuple(sources)
    has_marks = any(one.name != one.field for table in tables.values() for one in table.columns)
    for node in tree.find_all(exp.Column):
        if isinstance(node.this, exp.Star) or (node.name.isascii() and not has_marks):
            continue
        named = [one for one in sources if one.alias == node.table.casefold()] or sources
        candidates = (tables[source.entity].column(node.name) for source in named)
        found = next((one for one in candidates if one is not None), None)
        if found is not None and found.name != node.name:
            identifier = node.this
            identifier.set("this", found.name)
            identifier.set("quoted", True)


def qualify_sources(sources: Iterable[Source]) -> None:
    """Qualify every source with the schema of the entities' tables."""
    for source in sources:
        source.node.set("this", exp.to_identifier(source.entity, quoted=True))
        source.node.set("db", exp.to_identifier(SCHEMA, quoted=True))
