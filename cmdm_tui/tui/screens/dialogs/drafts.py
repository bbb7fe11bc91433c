"""Offers what was typed in earlier runs and not sent: to go on with, to copy, or to discard."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from cmdm_tui.api import ApiError, NotFound, Record
from cmdm_tui.catalog import Account
from cmdm_tui.config import ConfigurationError
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.messages import CallReturned
from cmdm_tui.tui.models.draft_store import KeptDraft
from cmdm_tui.tui.models.drafts import EntryDraft, FormDraft, describe_draft
from cmdm_tui.tui.models.read_only import describe_read_only
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.safe_option_list import SafeOptionList

_NO, _YES = "Keep it", "Discard it"


@dataclass(frozen=True, slots=True)
class TakenDraft:
    """A draft to go on with, and its records as they were read now; `gone` are no more."""

    kept: KeptDraft
    records: tuple[Record, ...] = ()
    gone: int = 0


class DraftsScreen(DialogScreen[TakenDraft | None]):
    """Lists drafts; the answer is the one to go on with, None where they are left for later.

    Nothing is sent: of a form, the records are read, with a call each. `remove` is called with a
    draft that is discarded, once that was confirmed; it raises ConfigurationError.
    """

    CSS_PATH = "ask.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Later", id="drafts.later", tooltip="Leave them for later"),
        Binding("y", "copy", "Copy", id="drafts.copy", tooltip="Copy what was typed"),
        Binding("ctrl+d", "discard", "Discard", id="drafts.discard", tooltip="Discard this one"),
    ]

    @dataclass
    class RecordsRead(CallReturned):
        """The records of a draft were read."""

        taken: TakenDraft

    @dataclass
    class ReadFailed(CallReturned):
        """A record could not be read."""

        error: ApiError

    def __init__(
        self, account: Account, drafts: Sequence[KeptDraft], remove: Callable[[KeptDraft], None]
    ) -> None:
        super().__init__()
        self._account = account
        self._drafts = list(drafts)
        self._remove = remove

    def compose(self) -> ComposeResult:
        """Lay out the list below what it is."""
        with Vertical(id="dialogue") as dialogue:
            dialogue.border_title = Content("Typed and not sent")
            dialogue.border_subtitle = Content("enter go on · y copy · ctrl+d discard · esc later")
            words = (
                "An earlier run ended before this was sent. Nothing is sent by going on with it."
            )
            yield Label(words, markup=False)
            options = [Option(self._describe(one)) for one in self._drafts]
            yield SafeOptionList(*options, markup=False, compact=True, id="drafts")
            yield Notice(id="drafts-notice")

    def _describe(self, kept: KeptDraft) -> Content:
        draft, moment = kept.draft, kept.saved.astimezone().strftime("%d %b %H:%M")
        calls = f" · {count_noun(draft.call_count, 'call')}" if draft.call_count else ""
        name = f"{draft.name[0].upper()}{draft.name[1:]}"
        what = Content(f"\n  {describe_draft(draft)}")
        return Content(name) + Content.styled(f" · {moment}{calls}", "dim") + what

    @property
    def _notice(self) -> Notice:
        return self.query_one(Notice)

    @property
    def _kept(self) -> KeptDraft | None:
        """The draft under the cursor."""
        place = self.query_one(OptionList).highlighted
        return None if place is None else self._drafts[place]

    @on(OptionList.OptionSelected)
    def _take(self) -> None:
        kept = self._kept
        if kept is None:
            return
        if isinstance(kept.draft, EntryDraft):
            self.action_copy()  # what has asked for it may not be there
            return
        if not isinstance(kept.draft, FormDraft):
            self.dismiss(TakenDraft(kept))
            return
        needed = describe_read_only(self._account.profile)
        if needed:
            self._notice.show_error(f"This needs {needed}.", alone=False, hint="y copies it")
        elif not kept.draft.ids:
            self.dismiss(TakenDraft(kept))
        else:
            self._notice.show_text(f"Reading {kept.draft.name} …", alone=False, hint="esc leaves")
            work = partial(self._read, kept, kept.draft)
            self.run_worker(work, group="drafts", exclusive=True)

    async def _read(self, kept: KeptDraft, draft: FormDraft) -> None:
        records: list[Record] = []
        gone = 0
        try:
            for one in draft.ids:
                try:
                    records.append(await self._account.client.record(draft.entity, one))
                except NotFound:
                    gone += 1
        except ApiError as error:
            self.post_message(self.ReadFailed(error))
        else:
            self.post_message(self.RecordsRead(TakenDraft(kept, tuple(records), gone)))

    @on(RecordsRead)
    def _end_reading(self, event: RecordsRead) -> None:
        if event.taken.records:
            self.dismiss(event.taken)
            return
        name = event.taken.kept.draft.name
        words = f"{name[0].upper()}{name[1:]}: no such record any more."
        self._notice.show_error(words, alone=False, hint="y copies it · ctrl+d discards it")

    @on(ReadFailed)
    def _show_failure(self, event: ReadFailed) -> None:
        self._notice.show_error(event.error, alone=False, hint="enter tries again")

    def action_copy(self) -> None:
        """Copy what was typed."""
        kept = self._kept
        if kept is not None:
            self.app.copy_to_clipboard(kept.draft.plain_text)  # pyright: ignore[reportUnknownMemberType]
            self._notice.show_text(
                "Copied. It stays in this list: ctrl+d discards it.", alone=False
            )

    def action_discard(self) -> None:
        """Ask, and offer the draft under the cursor no more."""
        kept = self._kept
        if kept is None:
            return

        def answered(answer: str | None) -> None:
            if answer == _YES:
                self._discard(kept)

        question = f"Discard what was typed for {kept.draft.name}?\n\n{describe_draft(kept.draft)}"
        self.app.push_screen(ChoiceScreen(question, (_NO, _YES)), answered)  # pyright: ignore[reportUnknownMemberType]

    def _discard(self, kept: KeptDraft) -> None:
        try:
            self._remove(kept)
        except ConfigurationError as error:
            self._notice.show_error(one_line(str(error)), alone=False, hint="")
            return
        place = self._drafts.index(kept)
        del self._drafts[place]
        self.query_one(OptionList).remove_option_at_index(place)
        if not self._drafts:
            self.dismiss(None)

    def action_cancel(self) -> None:
        """Close; the drafts stay, and are offered at the next start."""
        self.dismiss(None)
