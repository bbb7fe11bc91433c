"""The form of a record: its fields, what was typed into them, and the change that this comes to."""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from cmdm_tui.api import Field, Parent, Record
from cmdm_tui.catalog.fields import infer_fields
from cmdm_tui.changes.change_set import (
    Change,
    ChangeKind,
    ChangeSet,
    is_owner_field,
    is_service_field,
)
from cmdm_tui.changes.from_form import make_form_set, make_same_set
from cmdm_tui.changes.unchanged import drop_unchanged, find_value
from cmdm_tui.formats.value_text import value_text
from cmdm_tui.text import count_noun, one_line, visible
from cmdm_tui.tui.models.drafts import FormDraft
from cmdm_tui.tui.models.typed_value import (
    find_typed_doubt,
    find_typed_fault,
    has_empty_text,
    read_named_day,
    read_typed,
)

BOOLEANS = ("true", "false")
_LONGEST_LINE = 500
"""Characters from which a text is edited in an editor, not in one line."""


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the form. `original` is what the records hold, None for null, in any JSON type.

    Of several records that differ in it, it `is_mixed` and the original is None.
    """

    field: Field
    original: object = None
    is_mixed: bool = False

    @property
    def name(self) -> str:
        """The field's name, untrusted."""
        return self.field.name

    @property
    def label(self) -> str:
        """What it is called, untrusted."""
        return self.field.label or self.field.name

    @property
    def is_required(self) -> bool:
        """Whether a record must have a value in it."""
        return bool(self.field.required)

    @property
    def choices(self) -> tuple[str, ...]:
        """The values it can have, where these are few; what it holds is one of them."""
        if self.field.type == "Boolean":
            known = BOOLEANS
        elif self.field.type == "Picklist":
            known = self.field.options
        else:
            return ()
        held = self.original
        is_odd = bool(known) and isinstance(held, str) and held != "" and held not in known
        return (*known, str(held)) if is_odd else known

    @property
    def type_name(self) -> str:
        """Its type in a word, with `?` where it is guessed from values, and what a lookup names.

        It is empty where the label is the same word.
        """
        name = one_line(self.field.type or "Text", 20)
        if self.field.lookup_entity:
            return f"{name} {one_line(self.field.lookup_entity, 20)}"
        shown = "" if name.casefold() == self.label.casefold() else name
        return f"{shown}?" if self.field.inferred else shown

    @property
    def why_fixed(self) -> str:
        """Why it cannot be edited, in words; empty if it can."""
        if self.field.read_only:
            return "read-only"
        if isinstance(self.original, list | dict):
            return "holds a structure, which only JSON can write"
        return ""

    @property
    def can_be_empty_text(self) -> bool:
        """Whether an empty text is another value of it than null."""
        return not self.choices and has_empty_text(replace(self.field, required=False))


class EditForm:
    """The form of one record, of several that get the same values, or of a new one.

    `fields` are those of the entity; what else the records hold is text. Of several records only
    the fields that were typed into are set. `parent` is the record that a new task or opportunity
    belongs to.
    """

    def __init__(
        self,
        entity: str,
        fields: Sequence[Field],
        records: Sequence[Record] = (),
        *,
        parent: Parent | None = None,
    ) -> None:
        self.entity = entity
        self.records = tuple(records)
        self.parent = parent
        self._declared = tuple(fields)
        self._fields = {one.name: one for one in self._arrange()}
        self._typed: dict[str, str | None] = {}
        self._refused: dict[str, tuple[str | None, str]] = {}
        """Of fields that the service has named in a refusal the text then, and its words."""

    @property
    def is_new(self) -> bool:
        """Whether a record is created."""
        return not self.records

    @property
    def is_open(self) -> bool:
        """Whether a record may have fields that are not in the form."""
        return not self._declared or any(one.inferred for one in self._declared)

    @property
    def fields(self) -> tuple[FormField, ...]:
        """The fields: first those to edit, of a new record the required ones first of all."""
        return tuple(self._fields.values())

    @property
    def guess_words(self) -> str:
        """What the mark `?` of a guessed type means; empty where no type is guessed; safe."""
        guessed = [one.field.inferred for one in self.fields]
        if not any(guessed):
            return ""
        what = f"the fields of {one_line(self.entity, 30)}" if all(guessed) else "these fields"
        return f"types with ? are guessed: the service does not list {what}"

    @property
    def title(self) -> str:
        """What is edited, in words; safe."""
        entity = one_line(self.entity, 30)
        if self.is_new:
            owner = self.parent
            of = f" of {one_line(f'{owner.entity} {owner.external_id}', 60)}" if owner else ""
            return f"New {entity}{of}"
        if len(self.records) == 1:
            return f"Edit {entity} {one_line(self.records[0].external_id, 40)}"
        return f"Edit {len(self.records):,} records of {entity}"

    def load_records(self, records: Sequence[Record]) -> None:
        """Take in records as they were read again; what was typed stays."""
        found = {one.external_id: one for one in records}
        self.records = tuple(found.get(one.external_id, one) for one in self.records)
        fields = {one.name: one for one in self._arrange()}
        added = [one for name, one in self._fields.items() if name in self._typed]
        self._fields = {**fields, **{one.name: one for one in added if one.name not in fields}}
        for name, text in tuple(self._typed.items()):
            self.enter(name, text)

    def field(self, name: str) -> FormField:
        """Return the field of this name."""
        return self._fields[name]

    def add_field(self, name: str) -> FormField:
        """Add a field that only its name is known of; return it."""
        return self._fields.setdefault(
            name, FormField(Field(name=name, type="Text", inferred=True))
        )

    def find_names(self, typed: str) -> tuple[str, ...]:
        """Return the names of the fields whose name or label holds the text, in any case."""
        folded = typed.strip().casefold()
        return tuple(
            one.name
            for one in self.fields
            if folded in one.name.casefold() or folded in one.label.casefold()
        )

    def text(self, name: str) -> str | None:
        """Return what the field holds as text, as it was typed or read; None for null."""
        if name in self._typed:
            return self._typed[name]
        original = self._fields[name].original
        return None if original is None else value_text(original)

    def enter(self, name: str, text: str | None) -> None:
        """Take what was typed into a field; None is null. What it held before takes that back."""
        one = self._fields[name]
        held = None if one.original is None else value_text(one.original)
        if text == held and not one.is_mixed:
            self._typed.pop(name, None)
        else:
            self._typed[name] = text

    def is_touched(self, name: str) -> bool:
        """Return whether the field was typed into, so that it is not what it was."""
        return name in self._typed

    def take_back(self, name: str) -> None:
        """Take back what was typed into a field."""
        self._typed.pop(name, None)

    @property
    def touched(self) -> tuple[str, ...]:
        """The names of the fields that were typed into."""
        return tuple(self._typed)

    def find_fault(self, name: str) -> str:
        """Return a sentence on what is wrong with the field's value; empty if nothing is.

        What a record holds is not judged before it is changed.
        """
        one = self._fields[name]
        if name not in self._typed and not (self.is_new and one.is_required and not one.why_fixed):
            return ""
        return find_typed_fault(one.field, read_typed(one.field, self._typed.get(name)))

    def refuse(self, words: str) -> str | None:
        """Take in why the service has refused the values; return the field that it names first.

        Where it names several, or none, the first of those in the form is meant, or no field.
        """
        names = sorted(self._fields, key=len, reverse=True)
        pattern = "|".join(re.escape(name) for name in names)
        found = re.search(rf"(?<!\w)(?:{pattern})(?!\w)", words) if names else None
        if found is None:
            return None
        self._refused[found[0]] = self._typed.get(found[0]), words
        return found[0]

    def find_refusal(self, name: str) -> str:
        """Return why the service has refused what the field holds; empty once it was changed."""
        text, words = self._refused.get(name, (None, ""))
        return words if text == self._typed.get(name) else ""

    def find_doubt(self, name: str) -> str:
        """Return why a value may be refused by a service that describes no field; empty if not."""
        field, typed = self._fields[name].field, self._typed.get(name)
        return find_typed_doubt(field, read_typed(field, typed))

    def describe_day(self, name: str) -> str:
        """Return as what a day is sent that was named from today; empty for other texts."""
        one = self._fields[name]
        day = read_named_day(one.field, self._typed.get(name))
        return "" if day is None else f"{one_line(one.label, 60)} is sent as {day}."

    def describe_fixed(self, name: str) -> str:
        """Return a sentence on why nothing can be typed into a field; empty where it can be."""
        why = self._fields[name].why_fixed
        return f"{one_line(self._fields[name].label, 60)} takes no value: {why}." if why else ""

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why values may be refused, in the order of the form."""
        found = (self.find_doubt(one.name) for one in self.fields)
        return tuple(doubt for doubt in found if doubt)

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong, by the names of the fields, in the order of the form."""
        found = {one.name: self.find_fault(one.name) for one in self.fields}
        return {name: fault for name, fault in found.items() if fault}

    def describe_length(self, name: str) -> str:
        """Return how long the value is and may be, as in `12/40`; empty where nothing limits it."""
        most = self._fields[name].field.max_length
        return "" if most is None else f"{len(self.text(name) or ''):,}/{most:,}"

    @property
    def values(self) -> dict[str, Any]:
        """The new values as they go over the wire, by the names of the fields typed into."""
        read = {name: read_typed(self._fields[name].field, of) for name, of in self._typed.items()}
        return {name: value for name, value in read.items() if not (self.is_new and value is None)}

    def restore(self, values: Mapping[str, str | None]) -> tuple[str, ...]:
        """Take in what was typed before, by field; return the fields that take no value now.

        A field that the entity does not have any more is added, for a person to judge.
        """
        refused: list[str] = []
        for name, text in values.items():
            if self.add_field(name).why_fixed:
                refused.append(name)
            else:
                self.enter(name, text)
        return tuple(refused)

    @property
    def typed(self) -> dict[str, str | None]:
        """What was typed, by the names of the fields; None is null."""
        return dict(self._typed)

    @property
    def held(self) -> dict[str, str | None]:
        """What the fields typed into hold, where the records agree; nothing of a new record."""
        found = (self._fields[name] for name in self._typed)
        return {
            one.name: None if one.original is None else value_text(one.original)
            for one in found
            if self.records and not one.is_mixed
        }

    def make_change_set(self, *, address: str, username: str) -> ChangeSet:
        """Return what the form comes to; it is empty where nothing differs."""
        kind = ChangeKind.CREATE if self.is_new else ChangeKind.UPDATE
        change = Change(kind, self.entity, properties=self.values, parent=self.parent)
        if self.is_new:
            made = make_form_set(change, address=address, username=username, fields=self._declared)
        else:
            made = make_same_set(
                change, self.records, address=address, username=username, fields=self._declared
            )
        doubts = [f"{doubt} Its type is guessed: it may be refused." for doubt in self.doubts]
        return dataclasses.replace(made, notes=(*made.notes, *doubts))

    def _list_changed(self, record: Record) -> Iterable[str]:
        values = self.values
        before = {name: find_value(record.properties, name) for name in values}
        change = Change(ChangeKind.UPDATE, self.entity, record.external_id, values, before)
        kept = drop_unchanged(change, self._declared)
        return () if kept is None else kept.properties

    def _arrange(self) -> list[FormField]:
        """Return the fields in the form's order, each with what the records hold."""
        declared = {one.name: one for one in self._declared}
        for shown in infer_fields(self.records):
            if shown.name not in declared:
                declared[shown.name] = replace(shown, type="Text")
        fields = [
            self._make_field(one)
            for one in declared.values()
            if not (self.is_new and self._is_left_out(one))
        ]
        return sorted(fields, key=self._rank)

    def _is_left_out(self, field: Field) -> bool:
        """Return whether a new record gets no value of a field that is typed."""
        if field.read_only or (self.parent is not None and is_owner_field(field.name)):
            return True
        return bool(field.inferred) and is_service_field(self.entity, field.name)

    def _rank(self, one: FormField) -> int:
        if one.why_fixed:
            return 2
        return 0 if self.is_new and one.is_required else 1

    def _make_field(self, field: Field) -> FormField:
        values = [find_value(record.properties, field.name) for record in self.records]
        if not values:
            return FormField(field)
        is_mixed = any(value != values[0] for value in values)
        return FormField(field, None if is_mixed else values[0], is_mixed)


def fits_one_line(text: str | None) -> bool:
    """Return whether a text can be edited in one line, as all of it can be shown there."""
    return text is None or (len(text) <= _LONGEST_LINE and visible(text) == text)


def describe_restored(draft: FormDraft, form: EditForm, refused: Sequence[str]) -> str:
    """Return sentences, safe, on a form into which a draft was put.

    They say which fields hold another value than when it was typed, and which take none now.
    """
    words = ["These values were typed before and not sent: nothing is sent before you apply it."]
    held = form.held
    moved = [
        f"{one_line(name, 30)} held {_quote(draft.before[name])}, now {_quote(now)}"
        for name, now in held.items()
        if name in draft.before and draft.before[name] != now
    ]
    if moved:
        more = f" and {count_noun(len(moved) - 2, 'field')} more" if len(moved) > 2 else ""
        words.append(f"Changed meanwhile: {'; '.join(moved[:2])}{more}.")
    done = [one_line(name, 30) for name in draft.values if name not in {*form.touched, *refused}]
    if done:
        words.append(f"Already so by now: {', '.join(done[:3])}.")
    if refused:
        names = ", ".join(one_line(name, 30) for name in refused[:3])
        words.append(f"No value can be put into {names} any more: the draft stays.")
    return " ".join(words)


def _quote(value: str | None) -> str:
    return "null" if value is None else f"“{one_line(value, 30)}”"
