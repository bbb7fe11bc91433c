"""A dialogue that asks for one text, and stays until the service has accepted it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Label

from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.messages import USER_ERRORS, CallReturned, UserError
from cmdm_tui.tui.models.drafts import EntryDraft
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.safe_input import SafeInput

Answer = TypeVar("Answer")


class AskScreen(DialogScreen[Answer | None], Generic[Answer]):
    """Asks for a text and hands it to `check`; its answer is the dialogue's, its error is shown.

    `title` and `name` are safe texts.
    """

    CSS_PATH = "ask.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="ask.cancel", tooltip="Leave things as they are")
    ]

    class Accepted(CallReturned):
        """The check gave an answer."""

        def __init__(self, answer: object) -> None:
            super().__init__()
            self.answer = answer

    class Refused(CallReturned):
        """The check failed."""

        def __init__(self, trouble: UserError) -> None:
            super().__init__()
            self.trouble = trouble

    def __init__(
        self, title: str, what: str, check: Callable[[str], Awaitable[Answer]], *, cost: str
    ) -> None:
        super().__init__()
        self._title = title
        self._what = what
        self._check = check
        self._cost = cost

    @property
    def drafts(self) -> tuple[EntryDraft, ...]:
        """What is typed."""
        text = self.query_one(Input).value
        return (EntryDraft(f"{self._title}: {self._what}", text),) if text.strip() else ()

    @property
    def losses(self) -> tuple[str, ...]:
        """What is typed, which is kept nowhere else."""
        return tuple(one.loss for one in self.drafts)

    def compose(self) -> ComposeResult:
        """Lay out the dialogue."""
        with Vertical(id="dialogue") as dialogue:
            dialogue.border_title = Content(self._title)
            dialogue.border_subtitle = Content(f"enter ask the service, {self._cost} · esc cancel")
            yield Label(self._what, markup=False)
            yield SafeInput(id="text")
            yield Notice(id="ask-notice")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if text:
            self.query_one(Notice).show_text("Asking the service …", alone=False)
            self.run_worker(partial(self._ask, text), group="ask", exclusive=True)

    async def _ask(self, text: str) -> None:
        try:
            answer = await self._check(text)
        except USER_ERRORS as trouble:
            self.post_message(self.Refused(trouble))
        else:
            self.post_message(self.Accepted(answer))

    @on(Accepted)
    def _accept(self, event: Accepted) -> None:
        self.dismiss(event.answer)  # pyright: ignore[reportArgumentType]

    @on(Refused)
    def _refuse(self, event: Refused) -> None:
        self.query_one(Notice).show_error(event.trouble, alone=False, hint="")

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
