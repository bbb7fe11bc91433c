"""Gives prompt-toolkit the history of what was typed; nothing that holds a secret gets into it."""

from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit.history import History

from cmdm_tui.operations.statement_history import StatementHistory

NOT_KEPT = "Not kept in the history: it holds a secret, or a value that is named like one."


def open_history(
    path: Path | None,
    notify: Callable[[str], None],
    redact: Callable[[str], str] = lambda text: text,
) -> "PromptHistory":
    """Return the history kept in `path`; `notify` gets the reason where it cannot be kept.

    `redact` takes the secrets that are known out of a text; a statement with one is not kept.
    """
    return PromptHistory(path, notify, redact)


class PromptHistory(History):
    """The history as prompt-toolkit reads and extends it."""

    def __init__(
        self, path: Path | None, notify: Callable[[str], None], redact: Callable[[str], str]
    ) -> None:
        super().__init__()
        self._redact = redact
        self._held: list[str] | None = None
        """What is to be added once the secrets are known; None where they are."""
        self._history = StatementHistory.open(path, notify, self._take_secrets_out)

    def _take_secrets_out(self, text: str) -> str:
        return self._redact(text)

    def hold(self) -> None:
        """Add nothing until `release`: the secrets are not known yet."""
        self._held = []

    def release(self, redact: Callable[[str], str]) -> None:
        """Add what was held, and from now on what is typed, except for what `redact` changes."""
        self._redact = redact
        held, self._held = self._held or (), None
        for statement in held:
            self.append_string(statement)

    def is_secret(self, statement: str) -> bool:
        """Return whether a statement holds a secret, and so is not added."""
        return self._history.is_secret(statement)

    def load_history_strings(self) -> Iterable[str]:
        """Return the statements, the newest first, each once."""
        return self._history.load()

    def append_string(self, string: str) -> None:
        """Add what was typed, unless it holds a secret or is the last one again."""
        if self._held is not None:
            self._held.append(string)
        elif not self.is_secret(string) and self.get_strings()[-1:] != [string]:
            super().append_string(string)

    def store_string(self, string: str) -> None:
        """Keep what was typed for the next run."""
        self._history.append(string)
