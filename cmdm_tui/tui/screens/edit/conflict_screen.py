"""Offers to read records again that have changed since the form was opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from cmdm_tui.api import ApiError, Record
from cmdm_tui.catalog import Account
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.messages import CallReturned
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.safe_option_list import SafeOptionList


class ConflictScreen(DialogScreen[tuple[Record, ...] | None]):
    """Reads the records of these ids when that is chosen; they are the answer.

    It is None where they were not read. What was typed is the form's, and is not touched.
    """

    CSS_PATH = "../dialogs/ask.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="conflict.cancel", tooltip="Read nothing")
    ]

    @dataclass
    class RecordsRead(CallReturned):
        """The records were read."""

        records: tuple[Record, ...]

    @dataclass
    class ReadFailed(CallReturned):
        """A record could not be read."""

        error: ApiError

    def __init__(self, account: Account, entity: str, ids: Sequence[str]) -> None:
        super().__init__()
        self._account = account
        self._entity = entity
        self._ids = tuple(ids)

    @property
    def enter_label(self) -> str:
        """What Enter does in it."""
        return "Take it"

    def compose(self) -> ComposeResult:
        """Lay out what has happened above the choices."""
        count = len(self._ids)
        name = one_line(f"{self._entity} {self._ids[0]}", 60)
        what = name if count == 1 else f"{count:,} records of {one_line(self._entity, 30)}"
        have = "has" if count == 1 else "have"
        with Vertical(id="dialogue") as dialogue:
            dialogue.border_subtitle = Content("enter take it · esc leave the form as it is")
            words = f"{what} {have} changed since the form was opened, so nothing was overwritten."
            yield Label(f"{words} What you typed is kept.", markup=False)
            load = f"Load the new values ({count_noun(count, 'call')})"
            options = [Option(Content(one)) for one in (load, "Leave the form as it is")]
            yield SafeOptionList(*options, markup=False, compact=True, id="choices")
            yield Notice(id="conflict-notice")

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        if event.option_index:
            self.dismiss(None)
            return
        self.query_one(Notice).show_text("Reading …", alone=False)
        self.run_worker(self._read, group="conflict", exclusive=True)

    async def _read(self) -> None:
        client = self._account.client
        try:
            records = [await client.record(self._entity, one) for one in self._ids]
        except ApiError as error:
            self.post_message(self.ReadFailed(error))
        else:
            self.post_message(self.RecordsRead(tuple(records)))

    @on(RecordsRead)
    def _close(self, event: RecordsRead) -> None:
        self.dismiss(event.records)

    @on(ReadFailed)
    def _show_failure(self, event: ReadFailed) -> None:
        self.query_one(Notice).show_error(event.error, alone=False, hint="enter tries again")

    def action_cancel(self) -> None:
        """Close; what is being read is left."""
        self.dismiss(None)
