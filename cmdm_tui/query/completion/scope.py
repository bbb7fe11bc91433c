"""Finds which tables a place in a query can name, and which columns each has.

A table is an entity, a subquery or a common table expression; of the last two, the columns are what
their SELECT lists, as far as that can be read.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cmdm_tui.api import Field
from cmdm_tui.query.completion.groups import GroupItem, TokenGroup, keyword_of, mark_of
from cmdm_tui.query.completion.offers import CompletionCatalog
from cmdm_tui.query.completion.tokens import SqlToken, unquote_name
from cmdm_tui.query.completion.words import CLAUSES, RESERVED, SET_OPERATORS, TABLE_CLAUSES
from cmdm_tui.query.model import EXTERNAL_ID

_FROM_LIST = frozenset({"FROM", "USING", "JOIN", "INTO", "UPDATE", *TABLE_CLAUSES})


class ScopeColumn(Struct, frozen=True):
    """A column; `field` is that of the entity that it comes from, None where it is computed."""

    name: str
    field: Field | None = None


class ScopeTable(Struct, frozen=True):
    """A table that can be named; `alias` is how, `entity` is empty for one that is computed."""

    alias: str
    columns: tuple[ScopeColumn, ...]
    entity: str = ""
    is_outer: bool = False
    """Whether it belongs to a query around the one with the cursor."""


Expressions = dict[str, tuple[ScopeColumn, ...]]
"""The columns of the common table expressions, by their names in small letters."""


class ScopeReader:
    """Reads the tables of the queries around a place; `known` says the fields of an entity."""

    def __init__(self, known: CompletionCatalog) -> None:
        self._known = known
        self._by_name = {name.casefold(): name for name in known.entities}

    def find_entity(self, name: str) -> str | None:
        """Return the entity that a word of SQL names, None where none is known of that name."""
        return self._by_name.get(unquote_name(name).casefold())

    def list_expressions(self, path: Sequence[TokenGroup], place: int) -> Expressions:
        """Return the common table expressions that can be named at a place."""
        found: Expressions = {}
        for group in path:
            self._add_expressions(group, found, before=place)
        return found

    def list_tables(self, path: Sequence[TokenGroup], place: int) -> list[ScopeTable]:
        """Return the tables that can be named at a place, those of the innermost query first."""
        expressions = self.list_expressions(path, place)
        tables: list[ScopeTable] = []
        is_outer = False
        for group in reversed(path):
            if group is not path[0] and not group.is_query:
                continue
            branch = find_branch(group, place)
            tables += self._tables_of(branch, expressions, is_outer=is_outer)
            is_outer = True
        # Before FROM is typed, what WITH has named is likely to be queried.
        named = (ScopeTable(name, columns) for name, columns in expressions.items() if columns)
        return tables or list(named)

    def _columns_of_entity(self, entity: str) -> tuple[ScopeColumn, ...]:
        known = (ScopeColumn(field.name, field) for field in self._known.fields(entity))
        own = Field(EXTERNAL_ID, type="id", read_only=True)
        return (ScopeColumn(EXTERNAL_ID, own), *known)

    def _add_expressions(
        self, group: TokenGroup, found: Expressions, before: int | None = None
    ) -> None:
        """Add the common table expressions that a query begins with."""
        items = group.items
        at = 1 if keyword_of(items[0] if items else None) == "EXPLAIN" else 0
        if at >= len(items) or keyword_of(items[at]) != "WITH":
            return
        at += 1 + (keyword_of(_item(items, at + 1)) == "RECURSIVE")
        while at < len(items):
            name, at = items[at], at + 1
            if not isinstance(name, SqlToken) or not name.is_name:
                return
            names: list[str] = []
            listed = _item(items, at)
            if isinstance(listed, TokenGroup):
                names, at = _list_names(listed), at + 1
            while keyword_of(_item(items, at)) in {"AS", "NOT", "MATERIALIZED"}:
                at += 1
            body = _item(items, at)
            if not isinstance(body, TokenGroup):
                return
            if before is None or not body.holds(before):
                found[unquote_name(name.text).casefold()] = self._rename(
                    self._output_of(body, found), names
                )
            if mark_of(_item(items, at + 1)) != ",":
                return
            at += 2

    def _tables_of(
        self, items: Sequence[GroupItem], expressions: Expressions, *, is_outer: bool = False
    ) -> Iterator[ScopeTable]:
        at, is_joined = 0, False
        while at < len(items):
            word = keyword_of(items[at])
            if is_joined and mark_of(items[at]) == ",":
                word = "FROM"  # behind the condition of a join, its list goes on
            if word in CLAUSES:
                is_joined = word == "JOIN" or (is_joined and word in {"ON", "USING"})
            at += 1
            if word not in _FROM_LIST:
                continue
            while at < len(items):
                table, at = self._read_table(items, at, expressions, word, is_outer=is_outer)
                if table is not None:
                    yield table
                if word not in {"FROM", "USING"} or mark_of(_item(items, at)) != ",":
                    break
                at += 1

    def _read_table(
        self,
        items: Sequence[GroupItem],
        at: int,
        expressions: Expressions,
        word: str,
        *,
        is_outer: bool,
    ) -> tuple[ScopeTable | None, int]:
        """Read what a table is and its alias; return it and where the next item is."""
        if keyword_of(_item(items, at)) == "LATERAL":
            at += 1
        item = _item(items, at)
        entity, shown = "", ""
        columns: tuple[ScopeColumn, ...] = ()
        if isinstance(item, TokenGroup):
            if word in {"USING", "INTO"} or not item.is_query:
                return None, at + 1
            columns = self._output_of(item, dict(expressions))
        elif item is None or not item.is_name or item.keyword in RESERVED:
            return None, at
        else:
            shown = unquote_name(item.text)
            if isinstance(_item(items, at + 1), TokenGroup) and word != "INTO":
                at += 1  # a function that gives rows
            elif shown.casefold() in expressions:
                columns = expressions[shown.casefold()]
            elif (found := self.find_entity(item.text)) is not None:
                entity, columns = found, self._columns_of_entity(found)
        at += 1
        alias, names, at = _read_alias(items, at, word)
        if not alias and not shown:
            return (ScopeTable("", columns, is_outer=is_outer) if columns else None), at
        renamed = self._rename(columns, names)
        return ScopeTable(alias or shown, renamed, entity, is_outer), at

    def _output_of(self, group: TokenGroup, expressions: Expressions) -> tuple[ScopeColumn, ...]:
        """Return the columns of a query's rows."""
        self._add_expressions(group, expressions)
        branches = list(_split_branches(group))
        items = branches[0] if branches else []
        words = [keyword_of(item) for item in items]
        if "SELECT" not in words:
            if words[:1] != ["FROM"]:
                return ()
            return tuple(
                column for table in self._tables_of(items, expressions) for column in table.columns
            )
        # A FROM may come before its SELECT.
        begin = words.index("SELECT") + 1
        ends = (at for at in range(begin, len(words)) if words[at] in CLAUSES - {"ON"})
        end = next(ends, len(words))
        tables = list(self._tables_of(items, expressions))
        return tuple(_list_outputs(items[begin:end], tables))

    @staticmethod
    def _rename(columns: tuple[ScopeColumn, ...], names: Sequence[str]) -> tuple[ScopeColumn, ...]:
        if not names:
            return columns
        fields = [column.field for column in columns[: len(names)]]
        fields += [None] * (len(names) - len(fields))
        named = tuple(ScopeColumn(*pair) for pair in zip(names, fields, strict=True))
        return (*named, *columns[len(names) :])


def find_branch(group: TokenGroup, place: int) -> list[GroupItem]:
    """Return the part of a query that a place is in: UNION and similar words divide it."""
    found: list[GroupItem] = []
    for branch in _split_branches(group):
        if found and branch and branch[0].start >= place:
            break
        found = branch
    return found


def resolve_column(
    name: str, qualifier: str, tables: Sequence[ScopeTable]
) -> tuple[ScopeTable, ScopeColumn] | None:
    """Return the column that a name means, with its table; None where it is not known."""
    folded, wanted = unquote_name(name).casefold(), unquote_name(qualifier).casefold()
    for table in tables:
        if wanted and table.alias.casefold() != wanted:
            continue
        for column in table.columns:
            if column.name.casefold() == folded:
                return table, column
    return None


def read_name(items: Sequence[GroupItem], end: int) -> tuple[str, str] | None:
    """Return the name that ends before `end`, and its qualifier; None where none does."""
    last = _item(items, end - 1)
    if not isinstance(last, SqlToken) or not last.is_name or last.keyword in RESERVED:
        return None
    before = _item(items, end - 3)
    if mark_of(_item(items, end - 2)) == "." and isinstance(before, SqlToken) and before.is_name:
        return last.text, before.text
    return last.text, ""


def _split_branches(group: TokenGroup) -> Iterator[list[GroupItem]]:
    branch: list[GroupItem] = []
    for item in group.items:
        if keyword_of(item) in SET_OPERATORS:
            yield branch
            branch = []
        else:
            branch.append(item)
    yield branch


def _list_outputs(
    items: Sequence[GroupItem], tables: Sequence[ScopeTable]
) -> Iterator[ScopeColumn]:
    part: list[GroupItem] = []
    for item in (*items, None):
        if item is not None and mark_of(item) != ",":
            part.append(item)
            continue
        yield from _read_output(part, tables)
        part = []


def _read_output(part: list[GroupItem], tables: Sequence[ScopeTable]) -> Iterator[ScopeColumn]:
    while part and keyword_of(part[0]) in {"DISTINCT", "ALL", "ON"}:
        del part[0]
    if not part:
        return
    last = part[-1]
    star = next((at for at, item in enumerate(part) if mark_of(item) == "*"), None)
    if star in {0, 2} and (star == 0 or mark_of(part[1]) == "."):
        qualifier = part[0].text if star == 2 and isinstance(part[0], SqlToken) else ""
        for table in tables:
            if not qualifier or table.alias.casefold() == unquote_name(qualifier).casefold():
                yield from table.columns
    elif isinstance(last, SqlToken) and last.is_name and last.keyword not in RESERVED:
        # Without its alias, which may stand behind AS or alone.
        is_aliased = len(part) > 1 and mark_of(part[-2]) != "."
        value = part[: -1 - (keyword_of(part[-2]) == "AS")] if is_aliased else part
        named = read_name(value, len(value)) if len(value) in {1, 3} else None
        is_plain = named is not None and len(value) == (3 if named[1] else 1)
        found = resolve_column(*named, tables) if named is not None and is_plain else None
        name = unquote_name(last.text)
        yield ScopeColumn(name, None if found is None else found[1].field)


def _read_alias(items: Sequence[GroupItem], at: int, word: str) -> tuple[str, list[str], int]:
    has_as = keyword_of(_item(items, at)) == "AS"
    item = _item(items, at + has_as)
    if not isinstance(item, SqlToken) or not item.is_name or item.keyword in RESERVED:
        return "", [], at + has_as
    at += has_as + 1
    listed = _item(items, at)
    if isinstance(listed, TokenGroup) and word != "INTO":
        return unquote_name(item.text), _list_names(listed), at + 1
    return unquote_name(item.text), [], at


def _list_names(group: TokenGroup) -> list[str]:
    return [
        unquote_name(item.text)
        for item in group.items
        if isinstance(item, SqlToken) and item.is_name
    ]


def _item(items: Sequence[GroupItem], at: int) -> GroupItem | None:
    return items[at] if 0 <= at < len(items) else None
