"""Asks and informs at the prompt for an operation; a script is asked nothing."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from cmdm_tui.operations.prompter import (
    YES,
    CheckText,
    find_choice,
    list_choices,
    list_suggestions,
    read_text_answer,
)
from cmdm_tui.repl.progress import StatementProgress
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.text import one_line

Ask = Callable[[str], Awaitable[str | None]]
"""Shows a question and returns what is typed; None where the question is left with Ctrl-C."""

HOW_TO_CONFIRM = r"Say cmdm repl --yes, or put \confirm off before it"
"""What the refusal of a script that changes something advises."""


class ReplPrompter:
    """A `Prompter` of the prompt. `ask` is set while a person is there to answer.

    `progress_line` says how far a statement has come; None where nothing is to say it.
    """

    def __init__(
        self,
        streams: ReplStreams,
        ask: Ask | None = None,
        progress_line: StatementProgress | None = None,
    ) -> None:
        self._streams = streams
        self._progress_line = progress_line
        self.ask = ask
        self.ask_hidden: Ask | None = None
        """Asks for what the terminal must not show; None where no one can be asked that way."""
        self.runs_script = False
        """Whether statements come from a script, which is not to go on as if all had been done."""

    @property
    def can_ask(self) -> bool:
        """Whether a person is at the prompt."""
        return self.ask is not None

    @property
    def is_at_prompt(self) -> bool:
        """Whether a person typed the statement, and reads what becomes of it."""
        return self.can_ask and not self.runs_script

    async def confirm(self, question: str) -> bool:
        """Ask a question that is answered with yes or no; anything but yes is a no."""
        return await self.ask_yes_no(f"{question} [y/N] ")

    async def ask_yes_no(self, prompt: str) -> bool:
        """Show `prompt`, which says how to answer, and return whether the answer is yes."""
        return (await self._answer(prompt) or "").strip().casefold() in YES

    async def enter_count(self, question: str, count: int) -> bool:
        """Ask for a number; anything but `count` is a no."""
        typed = await self._answer(f"{question}: ") or ""
        return typed.strip().replace(",", "") == str(count)

    async def choose(self, question: str, choices: Sequence[str]) -> str | None:
        """Ask for one of the choices until one is given; nothing typed, and Ctrl-C, give none."""
        while typed := (await self._answer(f"{list_choices(question, choices)}: ") or "").strip():
            chosen = find_choice(typed, choices)
            if chosen is not None:
                return chosen
            self.notify(f"{one_line(typed, 60)} is none of them.")
        return None

    async def enter_text(
        self,
        question: str,
        check: CheckText,
        *,
        suggestions: Sequence[str] = (),
        default: str = "",
    ) -> str | None:
        """Ask for a text until it can be taken; Ctrl-C gives none, Enter alone the default."""
        words = list_suggestions(question, suggestions, default)
        while (typed := await self._answer(f"{words}: ")) is not None:
            answer = read_text_answer(typed, check, suggestions, default)
            if not answer.fault:
                return answer.text
            self.notify(answer.fault)
        return None

    async def enter_secret(self, question: str) -> str:
        """Ask for a text that is not shown; return nothing where none is typed."""
        if self.ask_hidden is None:
            return ""
        return await self.ask_hidden(f"{question}: ") or ""

    def notify(self, message: str) -> None:
        """Write a sentence next to the results."""
        self._streams.write_note(message)

    def show_progress(self, line: str) -> None:
        """Draw the line on a terminal, where a person is there to see it."""
        if self.can_ask and self._progress_line is not None:
            self._progress_line.draw_other(line)

    def progress(self, most_calls: int) -> AbstractContextManager[None]:
        """Show on a terminal how many of at most `most_calls` calls have been made."""
        return self._show_running(most_calls=most_calls)

    def show_running(self, what: str) -> AbstractContextManager[None]:
        """Show on a terminal, while the block runs, what is waited for."""
        return self._show_running(what)

    def _show_running(
        self, what: str = "", *, most_calls: int | None = None
    ) -> AbstractContextManager[None]:
        if self._progress_line is None:
            return nullcontext()
        return self._progress_line.show(what, most_calls=most_calls)

    async def _answer(self, words: str) -> str | None:
        """Return what is typed to a question; None for Ctrl-C and where no one can be asked."""
        if self.ask is None:
            return None
        if self._progress_line is None:
            return await self.ask(words)
        with self._progress_line.paused():
            return await self.ask(words)
