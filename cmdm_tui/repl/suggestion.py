"""Suggests the rest of what is typed from the history, but never a statement that could change."""

from collections.abc import Callable
from functools import lru_cache

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from cmdm_tui.text import visible

_MOST_JUDGED = 20
"""Statements of the history that are read for one suggestion."""


class HistorySuggestion(AutoSuggest):
    """Suggests the newest statement that begins as typed and that `is_safe` says only reads."""

    def __init__(self, is_safe: Callable[[str], bool]) -> None:
        self._is_safe = lru_cache(maxsize=2_000)(is_safe)

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """Return the rest of the statement; None where there is none to suggest."""
        text = document.text
        if not text.strip() or not document.is_cursor_at_the_end:
            return None
        judged = 0
        for statement in reversed(buffer.history.get_strings()):
            rest = statement[len(text) :]
            if not rest.strip() or not statement.startswith(text):
                continue
            if "\n" in rest or visible(rest) != rest:
                continue  # it could not be shown behind the cursor
            judged += 1
            if judged > _MOST_JUDGED:
                return None
            if self._is_safe(statement):
                return Suggestion(rest)
        return None
