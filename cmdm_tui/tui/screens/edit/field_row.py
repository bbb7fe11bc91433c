"""One field of a form: its name and type, its input, and how long its value may be."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from cmdm_tui.formats.value_text import cell_text, format_counted
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.edit_form import EditForm, FormField, fits_one_line
from cmdm_tui.tui.widgets.safe_input import SafeInput

_EXAMPLES = {
    "Date": "2026-03-31, tomorrow or +2w",
    "DateTime": "2026-03-31T09:30:00Z or +1d",
    "Number": "12",
    "Currency": "1250.00",
    "Email": "ada@example.com",
    "URL": "https://example.com",
}
_FAULT, _DOUBT = "✗ ", "! "
"""Marks at the beginning of a row, which need no colour."""
_LABEL_WIDTH = 30


class ValueInput(SafeInput):
    """The input of a value: its keys are the form's before they are an input's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # By themselves these keys move to the end of an input, and delete in it.
        Binding("ctrl+e", "screen.edit_text", "Editor", show=False),
        Binding("ctrl+f", "screen.find", "Find", show=False),
    ]


class ValueSelect(Select[str]):
    """A choice whose list opens by Enter or Space: arrow keys go to the next field."""

    BINDING_GROUP_TITLE = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "show_overlay", "Choose", show=False)
    ]


class LongValue(Static, can_focus=True):
    """A text that one line cannot hold: its beginning, made safe. The editor changes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.edit_text", "Editor", show=False)
    ]


class FixedValue(Static):
    """A value that cannot be edited: it takes the focus where it was searched for, and no key."""

    def on_blur(self) -> None:
        """Be passed over by Tab again."""
        self.can_focus = False


class FieldRow(Horizontal):
    """Shows a field of the form, and reports what is typed into it."""

    DEFAULT_CSS = """
    FieldRow {
        height: 1;
        .label {
            width: 30;
            padding-right: 1;
            text-wrap: nowrap;
            text-overflow: ellipsis;
            color: $text-muted;
        }
        .value { width: 1fr; }
        .length { width: auto; padding-left: 1; color: $text-muted; }
        &.-changed .label { color: $text-accent; }
        &:focus-within .label { text-style: bold; color: $foreground; }
        &.-faulty .label { color: $text-error; }
        &.-doubtful .label { color: $text-warning; }
        LongValue, .fixed { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        LongValue { background: $boost; }
        LongValue:focus { background: $primary 30%; }
        .fixed { color: $text-muted; }
        .fixed:focus { background: $primary 20%; }
        ValueInput { background: $boost; }
        ValueInput:focus { background: $primary 20%; }
    }
    """

    @dataclass
    class Edited(Message):
        """Something was typed or chosen; None is null.

        It `is_cut` where one line cannot hold all of what was pasted.
        """

        row: "FieldRow"
        text: str | None
        is_cut: bool = False

    class ValueEntered(Message):
        """Enter was pressed in the input: after all that was typed was reported."""

    def __init__(self, form: EditForm, one: FormField) -> None:
        super().__init__()
        self._form = form
        self._field = one
        self._choices = one.choices
        self.is_empty_text = form.text(one.name) == ""
        """Whether an empty input stands for an empty text, not for null."""

    @property
    def field_name(self) -> str:
        """The name of the field."""
        return self._field.name

    @property
    def can_be_edited(self) -> bool:
        """Whether it takes another value."""
        return not self._field.why_fixed

    @property
    def editor(self) -> Widget:
        """What takes the value, and the focus."""
        return self.query_one(".value", Widget)

    def focus_editor(self) -> None:
        """Put the focus into the input, or on the value that cannot be edited."""
        editor = self.editor
        if isinstance(editor, FixedValue):
            editor.can_focus = True
        editor.focus()

    def compose(self) -> ComposeResult:
        """Lay out the name, the input, and the length where it is limited: a form has many rows."""
        yield Static(self._make_label(), markup=False, classes="label")
        yield self._make_editor()
        length = self._form.describe_length(self.field_name)
        if length:
            yield Static(length, markup=False, classes="length")

    def _make_label(self) -> Content:
        mark = _FAULT if self.has_class("-faulty") else _DOUBT * self.has_class("-doubtful")
        return Content.styled(mark, "bold") + self._make_name()

    def _make_name(self) -> Content:
        label = one_line(self._field.label, _LABEL_WIDTH)
        mark = (
            Content.styled(" *", "bold $text-warning") if self._field.is_required else Content("")
        )
        kind = self._field.type_name
        return Content(label) + mark + Content.styled(f" {kind}" if kind else "", "dim")

    def _make_editor(self) -> Widget:
        one, text = self._field, self._form.text(self.field_name)
        if one.why_fixed:
            shown = f"{cell_text(one.original)}  ({one.why_fixed})"
            return FixedValue(shown, markup=False, classes="value fixed")
        if self._choices:
            options = [
                (Content(one_line(choice, 60)), str(at)) for at, choice in enumerate(self._choices)
            ]
            value = str(self._choices.index(text)) if text in self._choices else Select.NULL
            return ValueSelect(
                options, prompt=self._describe_null(), value=value, compact=True, classes="value"
            )
        if not fits_one_line(text):
            return LongValue(self._make_summary(text or ""), markup=False, classes="value")
        return ValueInput(
            text or "", placeholder=self._describe_null(), compact=True, classes="value"
        )

    def _make_summary(self, text: str) -> Content:
        """Return the beginning of a long text, how long it is, and how it is changed."""
        size = format_counted(len(text), "character")
        return Content.styled(f"({size}: ctrl+e edits) ", "dim") + Content(one_line(text, 80))

    def _describe_null(self) -> str:
        if self._field.is_mixed and not self._form.is_touched(self.field_name):
            return "(they differ)"
        if self.is_empty_text:
            return "empty text"
        example = _EXAMPLES.get(self._field.field.type or "")
        if self._field.field.type == "Number" and "." in str(self._field.original or ""):
            example = "12.5"
        return f"null (for instance {example})" if example else "null"

    def show_state(self) -> None:
        """Bring the length and the marks of a fault and of a change up to date."""
        form, name = self._form, self.field_name
        is_touched = form.is_touched(name)
        is_judged = is_touched or self.has_class("-judged")
        is_faulty = is_judged and bool(form.find_fault(name) or form.find_refusal(name))
        is_doubtful = not is_faulty and bool(form.find_doubt(name))
        is_new = (is_faulty, is_doubtful) != (
            self.has_class("-faulty"),
            self.has_class("-doubtful"),
        )
        self.set_class(is_faulty, "-faulty")
        self.set_class(is_doubtful, "-doubtful")
        self.set_class(is_touched, "-changed")
        if is_new:
            self.query_one(".label", Static).update(self._make_label())
        for length in self.query(".length").results(Static):
            length.update(Content(form.describe_length(name)))

    def empty(self) -> None:
        """Empty the field: null first, then an empty text where it can hold one, and so on.

        Of records that differ in it, the third time leaves them as they are.
        """
        form, name, one = self._form, self.field_name, self._field
        is_null = form.text(name) is None and (form.is_touched(name) or not one.is_mixed)
        if is_null and one.can_be_empty_text:
            text: str | None = ""
        elif one.is_mixed and form.is_touched(name) and form.text(name) in {None, ""}:
            form.take_back(name)
            self._show_empty()
            self.show_state()
            return
        else:
            text = None
        form.enter(name, text)
        self.is_empty_text = text == ""
        self._show_empty()
        self.post_message(self.Edited(self, text))

    def _show_empty(self) -> None:
        editor = self.editor
        if isinstance(editor, ValueInput):
            editor.value = ""
            editor.placeholder = self._describe_null()
        elif isinstance(editor, ValueSelect):
            editor.clear()
            editor.prompt = self._describe_null()
        elif isinstance(editor, LongValue):
            self.run_worker(
                partial(self.show_text, self._form.text(self.field_name)), exclusive=True
            )

    async def show_text(self, text: str | None) -> None:
        """Show a value that the editor has made, in the input that can hold it."""
        self.is_empty_text = text == ""
        old = self.editor
        new = self._make_editor()
        had_focus = old.has_focus
        await self.mount(new, before=old)
        await old.remove()
        if had_focus:
            new.focus()
        self.show_state()

    @on(Input.Changed)
    def _take_text(self, event: Input.Changed) -> None:
        event.stop()
        if event.value:
            self.is_empty_text = False
        elif self._form.text(self.field_name) in {None, ""}:
            return  # it was empty before: null or an empty text, as it is
        text = event.value or ("" if self.is_empty_text else None)
        event.input.placeholder = self._describe_null()
        is_cut = isinstance(event.input, ValueInput) and event.input.has_left_out
        if is_cut or text != self._form.text(self.field_name):  # an input that is new says it too
            self.post_message(self.Edited(self, text, is_cut))

    @on(Input.Submitted)
    def _report_entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.ValueEntered())

    @on(Select.Changed)
    def _take_choice(self, event: Select.Changed) -> None:
        event.stop()
        is_none = not isinstance(event.value, str)
        text = None if is_none else self._choices[int(str(event.value))]
        if text != self._form.text(self.field_name):
            self.post_message(self.Edited(self, text))
