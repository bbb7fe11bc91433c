"""Asks and informs in front of the explorer's screens for an operation."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from textual.app import App

from cmdm_tui.text import one_line
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen

_NO, _YES = "No", "Yes"


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
        """Ask for the choice that names the number: it is not the one that Enter alone takes."""
        choice = f"Yes, all {count:,}"
        return await self.choose(question, (_NO, choice)) == choice

    async def choose(self, question: str, choices: Sequence[str]) -> str | None:
        """Ask for one of the choices; return None where the dialog is closed without one."""
        answered: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        def take(answer: str | None) -> None:
            if not answered.done():  # the operation may have been cancelled
                answered.set_result(answer)

        self._app.push_screen(ChoiceScreen(question, choices), take)  # pyright: ignore[reportUnknownMemberType]
        return await answered

    def notify(self, message: str) -> None:
        """Show a sentence for a few seconds."""
        self._app.notify(one_line(message), markup=False)

    def show_progress(self, line: str) -> None:
        """Show nothing: the status line shows the calls that are left."""

    def progress(self, most_calls: int) -> AbstractContextManager[None]:  # noqa: ARG002 - not shown
        """Show nothing: the status line shows each page and the calls left."""
        return nullcontext()
