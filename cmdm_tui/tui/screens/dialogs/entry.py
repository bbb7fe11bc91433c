"""A dialog that asks for one text or number, and stays until it can be taken."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Label

from cmdm_tui.operations.prompter import CheckText
from cmdm_tui.text import visible
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.models.drafts import EntryDraft
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.safe_input import SafeInput


class EntryScreen(DialogScreen[str | None]):
    """Shows a question above an input; the answer is what is typed, None where it is left.

    `check` returns what is wrong with a text, which is shown; Enter alone does nothing. Where
    `keeps_draft` is false, what is typed is worth nothing outside the dialog: a number to repeat.
    """

    CSS_PATH = "ask.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="entry.cancel", tooltip="Enter nothing")
    ]

    def __init__(self, question: str, check: CheckText, *, keeps_draft: bool = True) -> None:
        super().__init__()
        self._keeps_draft = keeps_draft
        self._question = question
        self._check = check

    @property
    def drafts(self) -> tuple[EntryDraft, ...]:
        """What is typed."""
        text = self.query_one(Input).value if self._keeps_draft else ""
        return (EntryDraft(self._question, text),) if text.strip() else ()

    @property
    def losses(self) -> tuple[str, ...]:
        """What is typed, which is kept nowhere else."""
        return tuple(one.loss for one in self.drafts)

    def compose(self) -> ComposeResult:
        """Lay out the question above the input, in which the cursor is."""
        with Vertical(id="dialogue") as dialogue:
            dialogue.border_subtitle = Content("enter take it · esc cancel")
            yield Label(visible(self._question, keep_lines=True), markup=False)
            yield SafeInput(id="entry")
            yield Notice(id="entry-notice")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if not text:
            return
        fault = self._check(text)
        if fault:
            self.query_one(Notice).show_error(fault, alone=False, hint="")
        else:
            self.dismiss(text)

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
