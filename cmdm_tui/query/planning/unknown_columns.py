"""Finds out which column a query names that there is not, and which one was probably meant."""

from sqlglot import exp

from cmdm_tui.query.errors import FaultyWord, SqlError, UnknownName
from cmdm_tui.query.parsing.identifiers import nearest_names
from cmdm_tui.query.parsing.unquoted_text import advise_compared_text
from cmdm_tui.query.planning.bound_query import BoundQuery
from cmdm_tui.text import one_line


def suggest_columns(error: SqlError, query: BoundQuery) -> SqlError:
    """Turn DuckDB's error about an unknown column into one that suggests similar names."""
    if isinstance(error, UnknownName) and error.kind == "column":
        name = error.name.casefold()
        places = (one for one in query.tree.find_all(exp.Column) if one.name.casefold() == name)
        node, name = next(places, None), error.name
    elif (node := _unknown_of_subquery(error, query)) is not None:
        name = node.name
    else:
        return error
    known = [column.field for table in query.tables.values() for column in table.columns]
    for file in () if query.files is None else query.files.files:
        known += [column for column, _ in file.columns]
    near = nearest_names(name, dict.fromkeys(known))
    if name.casefold() in {one.casefold() for one in known}:
        return UnknownName(
            "column",
            name,
            at=None if node is None else node.this,
            message=f"There is no column {one_line(name, 60)!r} at this place",
            word=FaultyWord(name, "name"),
        )
    return UnknownName(
        "column",
        name,
        near,
        at=None if node is None else node.this,
        advice=None if node is None else advise_compared_text(node),
        word=FaultyWord(name, "name"),
    )


def entities_named(query: BoundQuery, name: str) -> list[str]:
    """Return the entities of which a column of this name may be."""
    named = (one for one in query.tree.find_all(exp.Column) if one.name == name)
    qualifiers = {one.table.casefold() for one in named}
    sources = (one for one in query.sources if not qualifiers.isdisjoint({"", one.alias}))
    return list(dict.fromkeys(one.entity for one in sources))


def _unknown_of_subquery(error: SqlError, query: BoundQuery) -> exp.Column | None:
    """Return the unknown column where DuckDB names its table: in a subquery it looks outside."""
    if not isinstance(error, UnknownName) or error.kind != "table":
        return None
    alias = error.name.casefold()
    tables = [query.tables[one.entity] for one in query.sources if one.alias == alias]
    if not tables:
        return None
    named = (one for one in query.tree.find_all(exp.Column) if one.table.casefold() == alias)
    return next((one for one in named if all(t.column(one.name) is None for t in tables)), None)
