"""The protocol through which an operation asks and informs the person at a face."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

CheckText = Callable[[str], str]
"""Returns a sentence that says what is wrong with a text; empty for one that can be taken."""


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

    async def enter_text(
        self, question: str, check: CheckText, *, suggestions: Sequence[str] = ()
    ) -> str | None:
        """Ask for a text, until `check` finds no fault in it; return None where none is given.

        A fault is said before the question is asked again. `suggestions` are likely answers. The
        end of the input is not an answer.
        """
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


def list_suggestions(question: str, suggestions: Sequence[str]) -> str:
    """Return a question with its likely answers, for a line in which any can be typed."""
    return f"{question} [{', '.join(suggestions)}, or another]" if suggestions else question
