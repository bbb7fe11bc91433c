"""Says of a place in a statement what is around it: the part of SQL, its tables, what is compared.

The word that is being typed there is taken out first.
"""

from collections.abc import Sequence
from functools import cached_property

from cmdm_tui.query.completion.groups import (
    GroupItem,
    TokenGroup,
    arrange_groups,
    find_path,
    keyword_of,
    mark_of,
)
from cmdm_tui.query.completion.offers import CompletionCatalog, CompletionFacts, NotedCatalog
from cmdm_tui.query.completion.scope import (
    ScopeColumn,
    ScopeReader,
    ScopeTable,
    find_branch,
    read_name,
    resolve_column,
)
from cmdm_tui.query.completion.tokens import SqlToken, tokenize
from cmdm_tui.query.completion.words import (
    CLAUSES,
    COMPARISONS,
    OPERANDS,
    RESERVED,
    TABLE_CLAUSES,
)

_CALLED = frozenset({"CAST", "TRY_CAST", "EXTRACT"})


class SqlPlace:
    """A place in one statement: `before` and `behind` are what is around it.

    `word` is the name or word that is being typed, with an opening quote. In a text, it is the text
    from its quote on, and `is_in_text` is true.
    """

    def __init__(
        self, before: str, behind: str, known: CompletionCatalog, facts: CompletionFacts
    ) -> None:
        tokens = list(tokenize(before))
        last = tokens[-1] if tokens else None
        self.known = known
        self.noted = NotedCatalog(known)
        self.facts = facts
        self.is_in_comment = last is not None and last.kind == "comment" and last.is_open
        self.is_in_text = last is not None and last.kind == "text" and last.is_open
        self.word = ""
        if last is not None and last.end == len(before) and _is_begun(last):
            self.word = last.text
            tokens.pop()
        self.begin = len(before)
        rest = list(tokenize(behind, self.begin))
        touches = bool(rest) and rest[0].start == self.begin
        if self.is_in_text:
            self.closes_text = touches and rest[0].kind == "text"
            rest = rest[1:] if self.closes_text else rest
        else:
            self.closes_text = False
            if self.word and touches and rest[0].kind == "word":
                rest = rest[1:]
        self.reader = ScopeReader(self.noted)
        closing = _close_list(tokens, rest, self.begin)
        self._whole = arrange_groups([*tokens, *closing, *rest])

    @cached_property
    def path(self) -> list[TokenGroup]:
        """The groups that the place is in, the outermost first."""
        return find_path(self._whole, self.begin)

    @cached_property
    def before(self) -> list[GroupItem]:
        """What is before the place in its own brackets, from the last UNION on."""
        group = self.path[-1]
        items = find_branch(group, self.begin)
        return [item for item in items if item.start < self.begin]

    @cached_property
    def outside(self) -> list[GroupItem]:
        """What is before the brackets that the place is in; nothing where it is in none."""
        if len(self.path) < 2:
            return []
        start = self.path[-1].start
        return [item for item in find_branch(self.path[-2], start + 1) if item.start < start]

    @cached_property
    def query_before(self) -> list[GroupItem]:
        """What is before the place in the query that it is in."""
        group = next((one for one in reversed(self.path) if one.is_query), self.path[0])
        return [item for item in find_branch(group, self.begin) if item.start < self.begin]

    @cached_property
    def clause(self) -> str:
        """The word that begins the part of the query with the place; empty before the first."""
        words = [keyword_of(item) for item in self.query_before]
        for at in range(len(words) - 1, -1, -1):
            if words[at] == "BY" and at and words[at - 1] in {"GROUP", "ORDER", "PARTITION"}:
                return words[at - 1]
            if words[at] in CLAUSES and not (words[at] == "GROUP" or words[at] == "ORDER"):
                is_deleted = words[at] == "FROM" and at and words[at - 1] == "DELETE"
                return "DELETE" if is_deleted else words[at]
        return ""

    @property
    def previous(self) -> GroupItem | None:
        """What is right before the place."""
        return self.before[-1] if self.before else None

    @property
    def previous_word(self) -> str:
        """The word in capitals that is right before the place; empty where none does."""
        return keyword_of(self.previous)

    @property
    def is_in_brackets(self) -> bool:
        """Whether the place is in brackets that hold no query: of a function, or a list."""
        return len(self.path) > 1 and not self.path[-1].is_query

    @cached_property
    def tables(self) -> list[ScopeTable]:
        """The tables that can be named here, those of the innermost query first."""
        return self.reader.list_tables(self.path, self.begin)

    @cached_property
    def expressions(self) -> tuple[str, ...]:
        """The names of the common table expressions, in small letters."""
        return tuple(self.reader.list_expressions(self.path, self.begin))

    @cached_property
    def is_for_table(self) -> bool:
        """Whether the name of an entity comes next."""
        words = [keyword_of(item) for item in self.before]
        word = words[-1] if words else ""
        if word in {"DESC", "DESCRIBE", "SUMMARIZE"}:
            return len(words) == 1 or words[:-1] == ["EXPLAIN"]
        if self.is_in_brackets and self._is_called:
            return False
        if word in TABLE_CLAUSES - {"SUMMARIZE"}:
            return True
        if mark_of(self.previous) == "," and self._lists_tables:
            return not self.is_in_brackets
        return word == "USING" and self.clause == "USING" and words[:1] == ["DELETE"]

    @property
    def _lists_tables(self) -> bool:
        """Whether a comma here comes between tables: in FROM, and behind a JOIN of it."""
        words = [word for item in self.query_before if (word := keyword_of(item)) in CLAUSES]
        is_condition = self.clause in {"ON", "USING"} and words[-2:-1] == ["JOIN"]
        return self.clause in {"FROM", "DELETE", "JOIN"} or is_condition

    @cached_property
    def is_behind_value(self) -> bool:
        """Whether a value, or the name of one, is right before the place."""
        item = self.previous
        if item is None:
            return False
        if isinstance(item, TokenGroup):
            return True
        if item.kind == "mark":
            return item.text == "*" and self._is_star(len(self.before) - 1)
        if item.kind == "word" and item.keyword in RESERVED:
            return item.keyword in OPERANDS
        return item.keyword not in {"EXPLAIN", "ANALYZE", "INTERVAL", "WITH", "RECURSIVE"}

    @cached_property
    def compared(self) -> tuple[ScopeTable, ScopeColumn] | None:
        """The column that the value here is compared with, or is for; None where none is."""
        items = self.before
        written = self._listed_column if self.is_in_brackets else None
        if written is None:
            end = len(items)
            if self.previous_word == "WHEN":
                words = [keyword_of(item) for item in items]
                end = len(words) - words[::-1].index("CASE") + 1 if "CASE" in words else 0
            elif self._compares(self.previous):
                end -= 1 + (keyword_of(items[end - 2] if end > 1 else None) == "NOT")
            else:
                return None
            written = read_name(items, end)
        return None if written is None else resolve_column(*written, self.tables)

    @property
    def qualifier(self) -> str:
        """The name before the dot that the place is behind; empty where there is none."""
        found = read_name([*self.before, SqlToken("word", "x", 0)], len(self.before) + 1)
        return found[1] if found is not None and mark_of(self.previous) == "." else ""

    @property
    def is_behind_table(self) -> bool:
        """Whether the name of a table, or its alias, is right before the place."""
        if self.clause not in {*TABLE_CLAUSES, "DELETE", "USING"} or self.is_for_table:
            return False
        return self.is_behind_value and mark_of(self.previous) != "."

    @cached_property
    def set_names(self) -> list[str] | None:
        """The names before the place that a statement sets; None where none comes next."""
        if self.is_in_brackets:
            words = [keyword_of(item) for item in self.outside]
            if words[-2:-1] != ["INTO"] or not _is_list_place(self.before):
                return None
            return [item.text for item in self.before if isinstance(item, SqlToken)]
        if self.clause != "SET":
            return None
        words = [keyword_of(item) for item in self.before]
        given = self.before[len(words) - words[::-1].index("SET") :]
        if given and mark_of(given[-1]) != ",":
            return None
        begins = [0, *(at + 1 for at, item in enumerate(given) if mark_of(item) == ",")]
        firsts = [given[at] for at in begins if at < len(given)]
        return [item.text for item in firsts if isinstance(item, SqlToken)]

    @property
    def changed_entity(self) -> str | None:
        """The entity that the statement changes; None where none is known of that name."""
        for group in self.path:
            words = [keyword_of(item) for item in group.items]
            for word in ("INTO", "UPDATE"):
                at = words.index(word) + 1 if word in words else len(words)
                item = group.items[at] if at < len(words) else None
                if isinstance(item, SqlToken) and item.is_name:
                    return self.reader.find_entity(item.text)
        return None

    @property
    def _listed_column(self) -> tuple[str, str] | None:
        """The column that a list in brackets is for: behind IN, or of the rows of VALUES."""
        outside = self.outside
        words = [keyword_of(item) for item in outside]
        if mark_of(self.previous) not in {"", ","} or (self.before and not mark_of(self.previous)):
            return None
        if words[-1:] == ["IN"]:
            return read_name(outside, len(words) - 1 - (words[-2:-1] == ["NOT"]))
        if "VALUES" not in words or "INTO" not in words:
            return None
        into = words.index("INTO")
        names = outside[into + 2] if len(outside) > into + 2 else None
        if not isinstance(names, TokenGroup):
            return None
        columns = [item for item in names.items if mark_of(item) != ","]
        at = sum(mark_of(item) == "," for item in self.before)
        column = columns[at] if at < len(columns) else None
        return (column.text, "") if isinstance(column, SqlToken) else None

    @property
    def _is_called(self) -> bool:
        item = self.outside[-1] if self.outside else None
        if not isinstance(item, SqlToken) or not item.is_name:
            return False
        return item.keyword not in RESERVED or item.keyword in _CALLED

    def _is_star(self, at: int) -> bool:
        item = self.before[at - 1] if at else None
        return item is None or mark_of(item) in {",", "."} or keyword_of(item) in RESERVED

    @staticmethod
    def _compares(item: GroupItem | None) -> bool:
        return (keyword_of(item) or mark_of(item)) in COMPARISONS


def _close_list(tokens: Sequence[SqlToken], rest: Sequence[SqlToken], place: int) -> list[SqlToken]:
    """Return brackets that close what is open at a place and holds no query.

    What is typed behind an open `count(` goes on with the query around it.
    """
    balance = 0
    for token in rest:
        balance += (token.text == "(") - (token.text == ")")
        if balance < 0:
            return []
    path = find_path(arrange_groups(tokens), place)
    closed: list[SqlToken] = []
    while len(path) > 1 and not path.pop().is_query:
        closed.append(SqlToken("mark", ")", place))
    return closed


def _is_begun(token: SqlToken) -> bool:
    return token.kind == "word" or (token.kind in {"text", "name"} and token.is_open)


def _is_list_place(items: list[GroupItem]) -> bool:
    return not items or mark_of(items[-1]) == ","
