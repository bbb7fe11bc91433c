"""A dialog that asks for a file and writes rows to it; it stays until they are written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label

from cmdm_tui.text import one_line, visible
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.models.drafts import EntryDraft
from cmdm_tui.tui.models.exported_rows import ExportFailed, RowExport, check_file
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.safe_input import SafeInput

_KEEP, _REPLACE = "Keep the file", "Replace it"
_ENDINGS = "The ending of the file says how: .csv .tsv .json .jsonl .md .txt .parquet .xlsx"


class ExportScreen(DialogScreen[str | None]):
    """Asks for a file's name and writes the rows; the answer says what was written, in words.

    Writing is cancelled where the dialog is left meanwhile. A file that is there is replaced when
    that is confirmed; it is whole, or as it was. The answer is None where nothing was written.
    """

    CSS_PATH = "ask.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="export.cancel", tooltip="Write nothing")
    ]

    @dataclass
    class Written(Message):
        """The rows were written."""

        words: str

    @dataclass
    class Refused(Message):
        """Nothing was written."""

        words: str

    def __init__(self, rows: RowExport) -> None:
        super().__init__()
        self._rows = rows
        self._is_writing = False

    @property
    def drafts(self) -> tuple[EntryDraft, ...]:
        """The name that is typed, where it is not the one that was offered."""
        name = self.query_one(Input).value
        is_typed = bool(name.strip()) and name != self._rows.file_name
        return (EntryDraft("Export what is shown to which file?", name),) if is_typed else ()

    @property
    def losses(self) -> tuple[str, ...]:
        """What is written while the dialog is open, and the name that was typed."""
        if self._is_writing:
            return ("A file is being written: it will not be there, or as it was.",)
        return tuple(one.loss for one in self.drafts)

    def compose(self) -> ComposeResult:
        """Lay out what is written above the file's name."""
        with Vertical(id="dialogue") as dialogue:
            dialogue.border_title = Content("Export what is shown")
            dialogue.border_subtitle = Content("enter write it, no call · esc cancel")
            words = f"Write {self._rows.description}. {self._rows.advice}".rstrip()
            yield Label(visible(f"{words}\n\n{_ENDINGS}", keep_lines=True), markup=False)
            yield SafeInput(self._rows.file_name, select_on_focus=False, id="export-file")
            yield Notice(id="export-notice")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        if not name or self._is_writing:
            return
        fault = check_file(name)
        if fault:
            self._show_fault(fault)
        elif Path(name).expanduser().exists():
            self._confirm(name, lambda: self._write(name))
        else:
            self._write(name)

    def _confirm(self, name: str, confirmed: Callable[[], None]) -> None:
        def take(answer: str | None) -> None:
            if answer == _REPLACE:
                confirmed()

        question = f"{one_line(name, 120)} is there already."
        self.app.push_screen(ChoiceScreen(question, (_KEEP, _REPLACE)), take)  # pyright: ignore[reportUnknownMemberType]

    def _write(self, name: str) -> None:
        self._is_writing = True
        self.query_one(Notice).show_text("Writing …", alone=False, hint="esc stops")
        self.run_worker(self._write_file(name), group="export", exclusive=True)

    async def _write_file(self, name: str) -> None:
        try:
            form = await self._rows.write(name)
        except ExportFailed as error:
            self.post_message(self.Refused(str(error)))
        else:
            words = f"{self._rows.description}, written to {one_line(name, 120)} as {form}."
            self.post_message(self.Written(words[0].upper() + words[1:]))

    @on(Written)
    def _close(self, event: Written) -> None:
        self.dismiss(event.words)

    @on(Refused)
    def _refuse(self, event: Refused) -> None:
        self._is_writing = False
        self._show_fault(event.words)

    def _show_fault(self, words: str) -> None:
        self.query_one(Notice).show_error(words, alone=False, hint="")

    def action_cancel(self) -> None:
        """Close, and write nothing; what is being written is stopped."""
        self.dismiss(None)
