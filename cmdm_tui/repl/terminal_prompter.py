"""Asks and informs at the prompt for an operation; a script is asked nothing."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from cmdm_tui.operations.prompter import CheckText, list_suggestions
from cmdm_tui.repl.progress import StatementProgress
from cmdm_tui.repl.streams import ReplStreams

Ask = Callable[[str], Awaitable[str]]
"""Shows a question and returns what is typed; nothing where the question is left with Ctrl-C."""

HOW_TO_CONFIRM = r"Say cmdm repl --yes, or put \confirm off before it"
"""What the refusal of a script that changes something advises."""

_YES = {"y", "yes"}


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
        return (await self._answer(prompt)).strip().casefold() in _YES

    async def enter_count(self, question: str, count: int) -> bool:
        """Ask for a number; anything but `count` is a no."""
        return (await self._answer(f"{question}: ")).strip().replace(",", "") == str(count)

    async def choose(self, question: str, choices: Sequence[str]) -> str | None:
        """Ask for one of the choices; return None where anything else is typed."""
        answer = (await self._answer(f"{question} [{', '.join(choices)}] ")).strip()
        return answer if answer in choices else None

    async def enter_text(
        self, question: str, check: CheckText, *, suggestions: Sequence[str] = ()
    ) -> str | None:
        """Ask for a text until it can be taken; nothing typed, and Ctrl-C, give none."""
        words = list_suggestions(question, suggestions)
        while answer := (await self._answer(f"{words}: ")).strip():
            fault = check(answer)
            if not fault:
                return answer
            self.notify(fault)
        return None

    async def enter_secret(self, question: str) -> str:
        """Ask for a text that is not shown; return nothing where none is typed."""
        if self.ask_hidden is None:
            return ""
        return await self.ask_hidden(f"{question}: ")

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

    async def _answer(self, words: str) -> str:
        """Return what is typed to a question; nothing where no one can be asked."""
        if self.ask is None:
            return ""
        if self._progress_line is None:
            return await self.ask(words)
        with self._progress_line.paused():
            return await self.ask(words)
