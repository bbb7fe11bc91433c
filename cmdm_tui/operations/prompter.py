"""The protocol through which an operation asks and informs the person at a face."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from cmdm_tui.text import one_line

YES = frozenset({"y", "yes"})
NO = frozenset({"n", "no"})
"""What is typed for a yes and for a no, in any case."""

_DIGITS = 4
_SHOWN = 100

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
        self,
        question: str,
        check: CheckText,
        *,
        suggestions: Sequence[str] = (),
        default: str = "",
    ) -> str | None:
        """Ask for a text, until `check` finds no fault in it; return None at the end of the input.

        A fault is said before the question is asked again. `suggestions` are likely answers;
        Enter alone gives the one that is the `default`, where there is one, and no gives None.
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


class TextAnswer(Struct, frozen=True):
    """What a typed answer means: `text`, None for none; or the `fault` that it is refused for."""

    text: str | None
    fault: str = ""


def list_suggestions(question: str, suggestions: Sequence[str], default: str = "") -> str:
    """Return a question with its likely answers, for a line in which any can be typed."""
    others = [one_line(one, _SHOWN) for one in suggestions if one != default]
    if default:
        others += [f"Enter: {_bare(default)}", "n: stop"]
    return f"{question} [{', '.join(others)}, or another]" if others else question


def read_text_answer(
    typed: str, check: CheckText, suggestions: Sequence[str], default: str = ""
) -> TextAnswer:
    """Return what is meant by a line typed to `list_suggestions`.

    Nothing gives the `default`, and so does yes where no other answer is suggested; no gives None.
    What can be taken as it is, such as a field that is called `No`, is meant first.
    """
    answer = typed.strip()
    if not answer:
        return TextAnswer(default or None)
    suggested = _find_suggested(answer, suggestions)
    if suggested is not None:
        return TextAnswer(suggested)
    fault = check(answer)
    if not fault:
        return TextAnswer(answer)
    if default and answer.casefold() in NO:
        return TextAnswer(None)
    if default and answer.casefold() in YES:
        if all(one == default for one in suggestions):
            return TextAnswer(default)
        return TextAnswer(None, f"Type what is meant, or Enter alone: {_bare(default)}.")
    return TextAnswer(None, fault)


def list_choices(question: str, choices: Sequence[str]) -> str:
    """Return a question with its choices, one a line, numbered from 1."""
    lines = [f"  {number}  {one_line(_bare(one), _SHOWN)}" for number, one in enumerate(choices, 1)]
    return "\n".join([question, *lines, "Type one of them, or its number"])


def find_choice(typed: str, choices: Sequence[str]) -> str | None:
    """Return the choice that is typed: as it is, in any case, or by its number; None for none."""
    answer = typed.strip()
    suggested = _find_suggested(answer, choices)
    if suggested is not None:
        return suggested
    is_number = answer.isascii() and answer.isdecimal() and len(answer) <= _DIGITS
    place = int(answer) if is_number else 0
    return choices[place - 1] if 0 < place <= len(choices) else None


def _find_suggested(answer: str, suggestions: Sequence[str]) -> str | None:
    if answer in suggestions:
        return answer
    folded = _bare(answer).casefold()
    alike = [one for one in suggestions if _bare(one).casefold() == folded]
    return alike[0] if len(alike) == 1 else None


def _bare(answer: str) -> str:
    """Return an answer without the round brackets that tell it from a name."""
    is_bracketed = answer.startswith("(") and answer.endswith(")")
    return answer[1:-1] if is_bracketed else answer
