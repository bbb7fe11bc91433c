"""The form of a record, of several that get the same values, of a new one, or of one field."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, cast

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from cmdm_tui.api import ApiError, Field, Parent, Record
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.outcome import GONE
from cmdm_tui.text import count_noun, end_sentence, one_line, visible
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.messages import CallReturned
from cmdm_tui.tui.models.drafts import FormDraft
from cmdm_tui.tui.models.edit_form import EditForm, describe_restored
from cmdm_tui.tui.models.write_context import WriteContext
from cmdm_tui.tui.screens.changes.apply_screen import ApplyResult, is_all_refused
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.edit.conflict_screen import ConflictScreen
from cmdm_tui.tui.screens.edit.external_editor import EditorFailed, edit_text
from cmdm_tui.tui.screens.edit.field_row import FieldRow, LongValue, ValueInput
from cmdm_tui.tui.screens.edit.form_rows import FormRows
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.safe_input import SafeInput

_KEEP, _DISCARD = "Keep editing", "Discard what was typed"
_KEYS = "ctrl+s preview · ctrl+f find · ctrl+n null · ctrl+e editor · esc cancel"
_CELL_KEYS = "enter preview · ctrl+e editor · ctrl+n null · esc leave"


@dataclass(frozen=True, slots=True)
class FormSubject:
    """What a form is of: records of the entity that were read, or a new one where there are none.

    `parent` is the record that a new task or opportunity belongs to. With `only`, the form is one
    line for the field of this name. `draft` is what was typed into it before and not sent.
    """

    entity: str
    records: tuple[Record, ...] = ()
    parent: Parent | None = None
    only: str | None = None
    draft: FormDraft | None = None


class FormScreen(DialogScreen[ApplyResult | None]):
    """Takes new values for records; its answer is what became of them, None if nothing was sent.

    The fields of the entity are asked for where they are not known yet: one call, or a few.
    `take_record` is called with each record that was read again, `restored` once the values of the
    subject's draft are in the form.
    """

    CSS_PATH = "edit.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s", "preview", "Preview", id="form.preview", tooltip="Show what would change"
        ),
        Binding("ctrl+e", "edit_text", "Editor", id="form.editor", tooltip="Edit in $EDITOR"),
        Binding("ctrl+n", "empty", "Null", id="form.empty", tooltip="Empty the field: null"),
        Binding("ctrl+f", "find", "Find", id="form.find", tooltip="Find a field by its name"),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("escape", "leave", "Leave", id="form.leave", tooltip="Leave things as they are"),
    ]

    @dataclass
    class FieldsArrived(CallReturned):
        """The fields of the entity are known."""

        fields: tuple[Field, ...]

    @dataclass
    class FieldsFailed(CallReturned):
        """The fields of the entity could not be read."""

        error: ApiError

    def __init__(
        self,
        writing: WriteContext,
        subject: FormSubject,
        take_record: Callable[[Record], None] = lambda _: None,
        restored: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._restored = restored
        self._take_record = take_record
        self._writing = writing
        self._subject = subject
        self._form: EditForm | None = None
        self._is_field_told = False
        """Whether the notice is about the field that has the focus."""

    @property
    def form(self) -> EditForm | None:
        """What was typed so far; None while the fields are asked for."""
        return self._form

    @property
    def losses(self) -> tuple[str, ...]:
        """What was typed, which is kept nowhere else."""
        is_typed = self._form is not None and bool(self._form.touched)
        return ("What was typed into the form was not sent: it is lost.",) if is_typed else ()

    @property
    def drafts(self) -> tuple[FormDraft, ...]:
        """What was typed, with what the fields held then."""
        form, subject = self._form, self._subject
        if form is None or not form.touched:
            return ()
        ids = tuple(one.external_id for one in form.records)
        parent = subject.parent and (subject.parent.entity, subject.parent.external_id)
        return (FormDraft(subject.entity, form.typed, ids, parent, subject.only, form.held),)

    @property
    def rows(self) -> list[FieldRow]:
        """The rows of the fields, in order."""
        return self._form_rows.rows

    @property
    def _form_rows(self) -> FormRows:
        return self.query_one(FormRows)

    def compose(self) -> ComposeResult:
        """Lay out the search for a field, the rows, and the line on what was typed."""
        is_cell = self._subject.only is not None
        self.set_class(is_cell, "-cell")
        with Vertical(id="form") as form:
            form.border_subtitle = Content(_CELL_KEYS if is_cell else _KEYS)
            yield SafeInput(placeholder="Find a field by its name", compact=True, id="find")
            yield FormRows(id="form-rows")
            yield Notice(id="form-notice")
            yield Static(markup=False, id="form-state")

    async def on_mount(self) -> None:
        """Show the fields that are known, or ask for them."""
        known = self._writing.account.catalog.cached_fields(self._subject.entity)
        if known:
            await self._fill(known)
        else:
            name = one_line(self._subject.entity, 60)
            self._notice.show_text(f"Reading the fields of {name} …", alone=False)
            self.run_worker(self._read_fields, group="fields", exclusive=True)

    @property
    def _notice(self) -> Notice:
        return self.query_one(Notice)

    async def _read_fields(self) -> None:
        try:
            fields = await self._writing.account.catalog.load_fields(self._subject.entity)
        except ApiError as error:
            self.post_message(self.FieldsFailed(error))
        else:
            self.post_message(self.FieldsArrived(fields))

    @on(FieldsArrived)
    async def _take_fields(self, event: FieldsArrived) -> None:
        self._notice.hide()
        await self._fill(event.fields)

    @on(FieldsFailed)
    def _show_failure(self, event: FieldsFailed) -> None:
        self._notice.show_error(event.error, alone=False, hint="esc leaves")

    async def _fill(self, fields: tuple[Field, ...]) -> None:
        subject = self._subject
        form = EditForm(subject.entity, fields, subject.records, parent=subject.parent)
        if subject.only is not None:
            form.add_field(subject.only)
        refused = () if subject.draft is None else form.restore(subject.draft.values)
        await self._show_form(form)
        if subject.draft is not None:
            await self._mount_named(form.touched)
            self._show_restored(subject.draft, form, refused)
            self._show_state()

    def _show_restored(self, draft: FormDraft, form: EditForm, refused: Sequence[str]) -> None:
        """Say that the values were typed before, and what has changed since."""
        words = describe_restored(draft, form, refused)
        self._notice.show_text(words, alone=False)
        if not refused:
            self._restored()

    async def _show_form(self, form: EditForm) -> None:
        subject = self._subject
        self._form = form
        self.query_one("#form").border_title = Content(visible(form.title))
        await self._form_rows.show_form(form, only=subject.only)
        self._focus_first()
        self._show_state()

    async def _mount_named(self, names: Iterable[str]) -> None:
        """Mount rows of these fields."""
        await self._form_rows.mount_named(names)

    async def on_descendant_focus(self) -> None:
        """Say what is wrong with the field; mount more rows where the last one is reached."""
        row, waiting = self._row, self._form_rows.waiting
        if row is not None:
            self._tell_field(row)
            if waiting and row is self.rows[-1]:
                await self._form_rows.mount_more()
                self._show_state()

    def _focus_first(self) -> None:
        if not self._form_rows.focus_first() and self._subject.only is None:
            self.query_one("#find").focus()

    @property
    def _row(self) -> FieldRow | None:
        """The row that has the focus."""
        return self._form_rows.row

    @on(FieldRow.Edited)
    def _take_value(self, event: FieldRow.Edited) -> None:
        if self._form is not None:
            self._form.enter(event.row.field_name, event.text)
            event.row.show_state()
            self._notice.hide()
            self._tell_field(event.row)
            if event.is_cut and not self._form.find_fault(event.row.field_name):
                words = "Characters that one line cannot show were left out; ctrl+e takes them."
                self._notice.show_text(words, alone=False)
            self._show_state()

    def _tell_field(self, row: FieldRow) -> None:
        """Say what is wrong with a field, what may be, as what it is sent, or why it is fixed."""
        form, name = self._form, row.field_name
        if form is None:
            return
        was_told, self._is_field_told = self._is_field_told, True
        if row.has_class("-faulty"):
            more = sum(other != name for other in form.faults) if self._form_rows.is_judged else 0
            goes_on = f" And {count_noun(more, 'fault')} more: tab goes on." if more else ""
            fault = form.find_fault(name) or end_sentence(form.find_refusal(name))
            self._notice.show_error(f"{fault}{goes_on}", alone=False, hint="")
        elif doubt := form.find_doubt(name):
            words = f"{doubt} Its type is guessed: you can send it, and it may be refused."
            self._notice.show_text(words, alone=False)
        elif words := form.describe_day(name) or form.describe_fixed(name):
            self._notice.show_text(words, alone=False)
        else:
            self._is_field_told = False
            if was_told:
                self._notice.hide()

    def _show_state(self) -> None:
        form = self._form
        if form is None:
            return
        touched = len(form.touched)
        parts = [f"{count_noun(touched, 'field')} changed" if touched else "nothing changed yet"]
        if len(form.records) > 1:
            parts.append(f"{len(form.records):,} records get what is typed, the rest stays")
        waiting = len(self._form_rows.waiting)
        if waiting:
            parts.append(f"{count_noun(waiting, 'field')} more below")
        if form.is_new and any(one.field.required for one in form.fields):
            parts.append("* is required")
        faults = sum(row.has_class("-faulty") for row in self.rows)
        if faults:
            parts.append(count_noun(faults, "fault"))
        if form.guess_words:
            parts.append(form.guess_words)
        self.query_one("#form-state", Static).update(Content(" · ".join(parts)))

    @on(Input.Changed, "#find")
    async def _show_found(self, event: Input.Changed) -> None:
        """Show the fields whose name holds what was typed."""
        if self._form is None:
            return
        found = self._form.find_names(event.value)
        more = await self._form_rows.show_found(found)
        name = event.value.strip()
        if name and more:
            words = f"{count_noun(more, 'field')} more have that in their name: type more of it."
            self._notice.show_text(words, alone=False)
        elif found or not name:
            self._notice.hide()
        elif self._form.is_open:
            words = f"No field is called so here. Enter adds the field {one_line(name, 60)}."
            self._notice.show_text(words, alone=False)
        else:
            self._notice.show_text("No field is called so.", alone=False)

    @on(Input.Submitted, "#find")
    async def _go_to_found(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        form = self._form
        if form is None:
            return
        if name and form.is_open and not form.find_names(name):
            self._clear_search()
            await self._form_rows.add_field(name)
            return
        found = form.find_names(name)
        if name and not found:
            return  # the notice says so
        await self._mount_named(found[:1])
        row = next((row for row in self.rows if row.field_name in found), None)
        self._clear_search()
        if row is None or not name:
            self._focus_first()
            return
        row.focus_editor()

    def _clear_search(self) -> None:
        """Show all fields again."""
        find = self.query_one("#find", Input)
        with find.prevent(Input.Changed):
            find.value = ""
        self._form_rows.show_all()

    @on(FieldRow.ValueEntered)
    async def _go_on(self) -> None:
        if self._subject.only is not None:
            await self.action_preview()
        else:
            self.focus_next()

    def action_find(self) -> None:
        """Go to the search for a field."""
        if self._subject.only is None:
            self.query_one("#find", Input).focus()

    def action_empty(self) -> None:
        """Empty the field that has the focus."""
        row = self._row
        if row is not None and row.can_be_edited:
            row.empty()
        elif row is not None:
            self._tell_field(row)

    async def action_edit_text(self) -> None:
        """Open the user's editor on the field that has the focus."""
        row, form = self._row, self._form
        if row is None or form is None or not isinstance(row.editor, ValueInput | LongValue):
            return
        before = form.text(row.field_name)
        try:
            text = edit_text(cast("App[None]", self.app), before or "")
        except EditorFailed as error:
            self._notice.show_error(str(error), alone=False, hint="")
            return
        if text == (before or ""):
            return
        made = text or None
        form.enter(row.field_name, made)
        await row.show_text(made)
        self._notice.hide()
        self._show_state()

    async def action_preview(self) -> None:
        """Show what would be sent, or what is wrong."""
        form = self._form
        if form is None:
            return
        faults = form.faults
        self._clear_search()
        self._form_rows.judge()
        if faults:
            await self._mount_named(faults)
            self._go_to_field(next(iter(faults)))
            return
        client, profile = self._writing.account.client, self._writing.account.profile
        made = form.make_change_set(address=client.address, username=profile.credentials.username)
        if not made.changes and not made.rejects:
            self._notice.show_text("Nothing differs from what the records hold.", alone=False)
            return
        screen = PreviewScreen(self._writing, made, is_doubtful=bool(form.doubts))
        self.app.push_screen(screen, lambda _: self._end(screen.result))  # pyright: ignore[reportUnknownMemberType]

    def _go_to_field(self, name: str) -> None:
        """Put the focus on a field that is mounted, and say what is wrong with it."""
        row = self._form_rows.find(name)
        row.focus_editor()
        self._tell_field(row)
        self._show_state()

    def _end(self, result: ApplyResult | None) -> None:
        """Close once something was made, or may have been; what was not is left as typed."""
        if result is None:
            return
        if result.run is None:
            self._notice.show_error(result.words, alone=False, hint="esc leaves")
            return
        entries = result.run.entries
        if not is_all_refused(result.run):
            self.dismiss(result)
            return
        self._notice.show_error(result.words, alone=False, hint="esc leaves")
        moved = (one for one in entries if one.state is EntryState.CONFLICT and one.reason != GONE)
        ids = [one.change.external_id for one in moved if one.change.external_id is not None]
        if ids:
            screen = ConflictScreen(self._writing.account, self._subject.entity, ids)
            self.app.push_screen(screen, self._load)  # pyright: ignore[reportUnknownMemberType]
        else:
            self.run_worker(partial(self._go_to_refused, entries), group="refused")

    async def _go_to_refused(self, entries: Sequence[JournalEntry]) -> None:
        """Go to the field that the service has named, if it has."""
        reasons = [one.reason for one in entries if one.state is EntryState.REFUSED]
        name = self._form.refuse(reasons[0]) if self._form is not None and reasons else None
        if name is not None:
            await self._mount_named([name])
            for row in self.rows:
                row.show_state()
            self._go_to_field(name)

    async def _load(self, records: tuple[Record, ...] | None) -> None:
        """Show what the records hold now, with what was typed."""
        form = self._form
        if records is None or form is None:
            return
        form.load_records(records)
        for record in records:
            self._take_record(record)
        await self._show_form(form)
        self._notice.show_text("The new values are loaded; what you typed is kept.", alone=False)

    def action_leave(self) -> None:
        """Close; ask first where something was typed."""
        form = self._form
        if form is None or not form.touched:
            self.dismiss(None)
            return

        def answered(answer: str | None) -> None:
            if answer == _DISCARD:
                self.dismiss(None)

        question = f"{count_noun(len(form.touched), 'field')} changed, and nothing was sent."
        self.app.push_screen(ChoiceScreen(question, (_KEEP, _DISCARD)), answered)  # pyright: ignore[reportUnknownMemberType]
