"""Arranges the tokens of SQL by their brackets, and finds the brackets that a place is in."""

from collections.abc import Iterable

from msgspec import Struct, field

from cmdm_tui.query.completion.tokens import SqlToken

MOST_NESTED = 40
"""Brackets deeper than this are read as if they stood side by side."""

_QUERY_WORDS = frozenset({"SELECT", "WITH", "FROM", "VALUES"})


class TokenGroup(Struct):
    """What is between two brackets, or all of a statement; `end` is behind the closing one."""

    start: int
    items: "list[SqlToken | TokenGroup]" = field(default_factory=list["SqlToken | TokenGroup"])
    end: int | None = None

    @property
    def is_query(self) -> bool:
        """Whether it is a query."""
        return bool(self.items) and keyword_of(self.items[0]) in _QUERY_WORDS

    def holds(self, place: int) -> bool:
        """Return whether a place is between the brackets."""
        return self.start < place and (self.end is None or place < self.end)


GroupItem = SqlToken | TokenGroup


def keyword_of(item: GroupItem | None) -> str:
    """Return an item's word in capitals; empty where it is none."""
    return item.keyword if isinstance(item, SqlToken) else ""


def mark_of(item: GroupItem | None) -> str:
    """Return an item's mark; empty where it is none."""
    return item.text if isinstance(item, SqlToken) and item.kind == "mark" else ""


def arrange_groups(tokens: Iterable[SqlToken]) -> TokenGroup:
    """Return the whole as one group; comments are left out."""
    whole = TokenGroup(-1)
    path = [whole]
    for token in tokens:
        if token.kind == "comment":
            continue
        if token.text == "(" and len(path) < MOST_NESTED:
            group = TokenGroup(token.start)
            path[-1].items.append(group)
            path.append(group)
        elif token.text == ")":
            if len(path) > 1:
                path.pop().end = token.end
        else:
            path[-1].items.append(token)
    return whole


def find_path(whole: TokenGroup, place: int) -> list[TokenGroup]:
    """Return the groups that a place is in, the outermost first."""
    path = [whole]
    while True:
        inner = [
            item for item in path[-1].items if isinstance(item, TokenGroup) and item.holds(place)
        ]
        if not inner:
            return path
        path.append(inner[0])
