"""Counts how often each word was used in statements, so that what is used comes first."""

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r'"([^"\n]{1,80})"|\\?[^\W\d]\w{0,80}\+?')
_LONGEST = 10_000
"""Characters of a statement that are looked at."""


class UseCounter:
    """The words of the session and of the history. It may be read in another thread."""

    def __init__(self) -> None:
        self.counts = Counter[str]()
        """How often each word was used, in small letters."""

    def note(self, statement: str) -> None:
        """Count the words of a statement, each once."""
        self.counts.update(_list_words(statement))

    def note_all(self, statements: Iterable[str]) -> None:
        """Count the words of many statements, such as the history's."""
        # The whole is put in place at once: another thread may read it meanwhile.
        counts = Counter(self.counts)
        for statement in statements:
            counts.update(_list_words(statement))
        self.counts = counts


def _list_words(statement: str) -> set[str]:
    found = _WORD.finditer(statement[:_LONGEST])
    return {(word[1] or word[0]).casefold() for word in found}
