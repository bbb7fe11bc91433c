"""A dialog that asks for one of several choices."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from cmdm_tui.text import one_line, visible
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.widgets.safe_option_list import SafeOptionList


class ChoiceScreen(DialogScreen[str | None]):
    """Shows a question and its choices; the answer is the choice taken, None for none of them."""

    CSS_PATH = "ask.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="choice.cancel", tooltip="Take none of them")
    ]

    def __init__(self, question: str, choices: Sequence[str]) -> None:
        super().__init__()
        self._question = question
        self.choices = choices
        """The choices, in order."""

    @property
    def enter_label(self) -> str:
        """What Enter does in it."""
        return "Take it"

    def compose(self) -> ComposeResult:
        """Lay out the question above the choices; the cursor is on the first."""
        with Vertical(id="dialogue"):
            yield Label(visible(self._question, keep_lines=True), markup=False)
            options = [Option(Content(one_line(choice))) for choice in self.choices]
            yield SafeOptionList(*options, markup=False, compact=True, id="choices")

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.choices[event.option_index])

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
