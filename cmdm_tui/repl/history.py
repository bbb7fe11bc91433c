"""Gives prompt-toolkit the history of what was typed."""

from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit.history import History, InMemoryHistory

from cmdm_tui.operations.statement_history import StatementHistory


def open_history(path: Path | None, notify: Callable[[str], None]) -> History:
    """Return the history kept in `path`; `notify` gets the reason where it cannot be kept."""
    history = StatementHistory.open(path, notify)
    return PromptHistory(history) if history.is_kept else InMemoryHistory()


class PromptHistory(History):
    """The history as prompt-toolkit reads and extends it."""

    def __init__(self, history: StatementHistory) -> None:
        super().__init__()
        self._history = history

    def load_history_strings(self) -> Iterable[str]:
        """Return the statements, the newest first."""
        return self._history.load()

    def store_string(self, string: str) -> None:
        """Add what was typed."""
        self._history.append(string)
