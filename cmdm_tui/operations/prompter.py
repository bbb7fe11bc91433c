"""The protocol through which an operation asks and informs the person at a face."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol


class Prompter(Protocol):
    """What a face does for an operation; each face has its own.

    Questions are plain sentences: a face adds how they are answered, such as `[y/N]`.
    """

    @property
    def can_ask(self) -> bool:
        """Whether someone is there to answer; an operation asks nothing where this is false."""
        ...

    async def confirm(self, question: str) -> bool:
        """Ask a question that is answered with yes or no; anything but yes is a no."""
        ...

    async def enter_count(self, question: str, count: int) -> bool:
        """Ask for a number to be entered; return whether it is `count`. Anything else is a no."""
        ...

    async def choose(self, question: str, choices: Sequence[str]) -> str | None:
        """Ask for one of the choices; return None where none is taken."""
        ...

    def notify(self, message: str) -> None:
        """Show a sentence that is not part of a result."""
        ...

    def show_progress(self, line: str) -> None:
        """Show how far something has come in place of the last such line; none for empty text."""
        ...

    def progress(self, most_calls: int) -> AbstractContextManager[None]:
        """Show, while the block runs, how many of at most `most_calls` calls have been made."""
        ...
