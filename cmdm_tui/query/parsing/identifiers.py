"""Names in SQL: quotes them, checks that they can be written, and suggests similar ones."""

from collections.abc import Iterable

from cmdm_tui.query.errors import SqlError
from cmdm_tui.text import find_similar_names

SCHEMA = "temp"
"""The schema of the entities' tables, so that no CTE's name can hide them."""


_MAX_SUGGESTIONS = 3


def nearest_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the names most similar to `name`, best first; case does not matter."""
    known = list(dict.fromkeys(known))
    found = find_similar_names(name, known, _MAX_SUGGESTIONS)
    folded = name.casefold()
    begun = [one for one in known if one.casefold().startswith(folded) and one not in found]
    return (*found, *begun)[:_MAX_SUGGESTIONS]


def can_be_named(name: str) -> bool:
    """Return whether SQL can write the name; not if it is empty or holds a null or a surrogate."""
    return bool(name) and "\0" not in name and not any("\ud800" <= one <= "\udfff" for one in name)


def quote_identifier(name: str) -> str:
    """Return the name as an SQL identifier. Raises SqlError for one that cannot be written."""
    if not can_be_named(name):
        raise SqlError(f"{name!r} cannot be the name of a table or column")
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Return the text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
