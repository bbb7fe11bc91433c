"""Asks for the secrets of a profile that keeps none."""

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Label

from cmdm_tui.config import MissingSecrets
from cmdm_tui.text import one_line
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.widgets.ordered_input import OrderedInput


class SecretsScreen(DialogScreen[Mapping[str, str] | None]):
    """Asks for what is missing, and gives it back by name; it is kept nowhere."""

    CSS_PATH = "ask.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="secrets.cancel", tooltip="Choose another account")
    ]

    def __init__(self, missing: MissingSecrets) -> None:
        super().__init__()
        self._profile = missing.profile
        self._missing = missing.missing

    @property
    def never_kept(self) -> tuple[str, ...]:
        """That secrets were typed."""
        is_typed = any(field.value for field in self.query(Input))
        return ("The secrets that were typed are kept nowhere.",) if is_typed else ()

    @property
    def losses(self) -> tuple[str, ...]:
        """The same, as they would have to be typed again."""
        return self.never_kept

    def compose(self) -> ComposeResult:
        """Lay out one masked input for each secret."""
        with Vertical(id="dialogue") as dialogue:
            dialogue.border_title = Content(f"Secrets of the profile {one_line(self._profile, 40)}")
            dialogue.border_subtitle = Content("enter sign in · esc switch account")
            for name in self._missing:
                yield Label(name.replace("_", " ").capitalize(), markup=False)
                yield OrderedInput(password=True, id=name)

    @on(Input.Submitted)
    def _submit(self) -> None:
        inputs = list(self.query(Input))
        empty = [field for field in inputs if not field.value]
        if empty:
            empty[0].focus()
        else:
            self.dismiss({field.id or "": field.value for field in inputs})

    def action_cancel(self) -> None:
        """Close without secrets."""
        self.dismiss(None)
