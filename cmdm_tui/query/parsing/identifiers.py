"""Names in SQL: quotes them, checks that they can be written, and suggests similar ones."""

import difflib
from collections.abc import Iterable

from cmdm_tui.query.errors import SqlError

SCHEMA = "temp"
"""The schema of the entities' tables, so that no CTE's name can hide them."""


_MAX_SUGGESTIONS = 3


_MIN_SIMILARITY = 0.6


def nearest_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the names most similar to `name`, best first; case does not matter."""
    by_folded = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(name.casefold(), by_folded, _MAX_SUGGESTIONS, _MIN_SIMILARITY)
    begun = [one for one in by_folded if one.startswith(name.casefold()) and one not in found]
    return tuple(by_folded[one] for one in [*found, *begun][:_MAX_SUGGESTIONS])


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
