"""Asks and informs in front of the explorer's screens for an operation."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from textual.app import App
from textual.screen import ModalScreen

from cmdm_tui.operations.prompter import CheckText
from cmdm_tui.text import one_line
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen

_NO, _YES = "No", "Yes"
_ANOTHER = "Another answer …"


class DialogPrompter:
    """A `Prompter` of the explorer: questions are dialogs, sentences are notifications."""

    def __init__(self, app: App[None]) -> None:
        self._app = app

    @property
    def can_ask(self) -> bool:
        """Whether someone is there to answer: always, in the explorer."""
        return True

    async def confirm(self, question: str) -> bool:
        """Ask a question to which Enter alone says no."""
        return await self.choose(question, (_NO, _YES)) == _YES

    async def enter_count(self, question: str, count: int) -> bool:
        """Ask for the number in a dialog; Enter alone does nothing, and Escape is a no."""

        def check(answer: str) -> str:
            return "" if answer.replace(",", "") == str(count) else f"That is not {count:,}."

        return await self._show(EntryScreen(question, check, keeps_draft=False)) is not None

    async def choose(self, question: str, choices: Sequence[str]) -> str | None:
        """Ask for one of the choices; return None where the dialog is closed without one."""
        return await self._show(ChoiceScreen(question, choices))

    async def enter_text(
        self, question: str, check: CheckText, *, suggestions: Sequence[str] = ()
    ) -> str | None:
        """Offer what is suggested, then a dialog that takes any text without a fault."""
        if suggestions:
            answer = await self.choose(question, (*suggestions, _ANOTHER))
            if answer != _ANOTHER:
                return answer
        return await self._show(EntryScreen(question, check))

    async def _show(self, screen: ModalScreen[str | None]) -> str | None:
        """Show a dialog, and return what it is closed with."""
        answered: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        def take(answer: str | None) -> None:
            if not answered.done():  # the operation may have been cancelled
                answered.set_result(answer)

        self._app.push_screen(screen, take)  # pyright: ignore[reportUnknownMemberType]
        return await answered

    def notify(self, message: str) -> None:
        """Show a sentence for a few seconds."""
        self._app.notify(one_line(message), markup=False)

    def show_progress(self, line: str) -> None:
        """Show nothing: the status line shows the calls that are left."""

    def progress(self, most_calls: int) -> AbstractContextManager[None]:  # noqa: ARG002 - not shown
        """Show nothing: the status line shows each page and the calls left."""
        return nullcontext()
