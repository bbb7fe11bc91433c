"""Reads what takes a run back, before it is shown as changes."""

from dataclasses import dataclass
from typing import ClassVar, cast

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from cmdm_tui.api import ApiError
from cmdm_tui.changes.change_set import ChangeKind, ChangeSet
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.journal import JournalRun
from cmdm_tui.changes.journal_entry import EntryState
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.dialog_screen import BUTTON_KEYS, DialogScreen
from cmdm_tui.tui.messages import CallReturned
from cmdm_tui.tui.models.write_context import WriteContext
from cmdm_tui.tui.screens.dialogs.prompter import DialogPrompter
from cmdm_tui.tui.widgets.notice import Notice

FEW_READS = 10
"""Records that are read without a question."""


class UndoScreen(DialogScreen[ChangeSet | None]):
    """Reads the records that a run has changed; its answer is what puts them back."""

    CSS_PATH = "changes.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="undo.cancel", tooltip="Leave the run as it is"),
        *BUTTON_KEYS,
    ]

    @dataclass
    class Planned(CallReturned):
        """The records were read."""

        change_set: ChangeSet

    @dataclass
    class Failed(CallReturned):
        """What takes the run back cannot be known."""

        error: ChangeError | ApiError

    def __init__(self, context: WriteContext, run: JournalRun) -> None:
        super().__init__()
        self._writing = context
        self._run_id = run.id
        self._title = run.change_set.title
        done = [one for one in run.entries if one.state is EntryState.DONE]
        self._reads = sum(
            one.change.kind.can_be_undone and one.change.kind is not ChangeKind.DELETE
            for one in done
        )

    def compose(self) -> ComposeResult:
        """Lay out the sentence and the buttons."""
        with Vertical(id="changes-dialog", classes="-short") as dialog:
            dialog.border_title = Content(f"Undo run {self._run_id}")
            dialog.border_subtitle = Content("nothing is changed yet · esc cancel")
            yield Static(
                f"{one_line(self._title, 200)}\n\n"
                f"It reads {count_noun(self._reads, 'record')} first, with a call each, and shows "
                "what it would change.",
                markup=False,
            )
            yield Notice(id="undo-notice")
            with Horizontal(id="changes-buttons"):
                yield Button("Read", compact=True, variant="primary", id="read")
                yield Button("Cancel", compact=True, id="cancel")

    def on_mount(self) -> None:
        """Begin to read where that takes few calls."""
        if self._reads <= FEW_READS:
            self.read()

    @on(Button.Pressed, "#read")
    def read(self) -> None:
        """Read the records."""
        self.query_one("#read", Button).disabled = True
        self.query_one("#cancel", Button).focus()
        self.query_one(Notice).show_text("Reading …", alone=False)
        self.run_worker(self._plan, group="undo", exclusive=True)

    async def _plan(self) -> None:
        try:
            with self._writing.open_journal() as journal:
                operation = self._writing.make_operation(
                    journal, DialogPrompter(cast("App[None]", self.app))
                )
                made = await operation.plan_undo(journal.load(self._run_id))
        except (ChangeError, ApiError) as error:
            self.post_message(self.Failed(error))
        else:
            self.post_message(self.Planned(made))

    @on(Planned)
    def _close(self, message: Planned) -> None:
        self.dismiss(message.change_set)

    @on(Failed)
    def _show_error(self, message: Failed) -> None:
        self.query_one("#read", Button).disabled = False
        self.query_one(Notice).show_error(str(message.error), alone=False, hint="Read tries again")

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close without an answer; what is being read is left."""
        self.dismiss(None)
