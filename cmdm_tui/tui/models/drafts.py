"""Unsent drafts: what was typed and not sent, as it is kept between runs."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from msgspec import Struct, field

from cmdm_tui.redaction.redactor import names_secret
from cmdm_tui.text import count_noun, one_line

MOST_DRAFTS = 50
"""Drafts that one run keeps."""
MOST_CHARACTERS = 1 << 20
"""Characters of all drafts of one run, as much as the longest text that an editor may write."""

_NAMED = 3
"""Drafts that a sentence names."""
_LONGEST_NAME = 60


class FormDraft(Struct, frozen=True, tag="form", forbid_unknown_fields=True):
    """What was typed into a form: of these records of an entity, else of a new one.

    `values` are by field, None for null. `before` is what the fields held then, where the records
    agreed. `parent` is the entity and id of the record that a new one belongs to; with `only`, the
    form is of that field alone. All text is untrusted.
    """

    entity: str
    values: dict[str, str | None]
    ids: tuple[str, ...] = ()
    parent: tuple[str, str] | None = None
    only: str | None = None
    before: dict[str, str | None] = field(default_factory=dict[str, str | None])

    @property
    def name(self) -> str:
        """What it is a draft of, in safe words."""
        entity = one_line(self.entity, 30)
        count = len(self.ids)
        if count == 0:
            of = one_line(" ".join(self.parent), _LONGEST_NAME) if self.parent else ""
            return f"a new {entity} of {of}" if of else f"a new {entity}"
        if count > 1:
            return f"{count:,} records of {entity}"
        return f"{entity} {one_line(next(iter(self.ids)), 40)}"

    @property
    def call_count(self) -> int:
        """The calls that read its records."""
        return len(self.ids)

    @property
    def plain_text(self) -> str:
        """What was typed, a field a line; untrusted."""
        return "\n".join(f"{name}: {_write(value)}" for name, value in self.values.items())


class SqlDraft(Struct, frozen=True, tag="sql", forbid_unknown_fields=True):
    """SQL that was typed into a tab, was not run since, and is in no file."""

    text: str

    name = "the SQL of a tab"
    call_count = 0

    @property
    def plain_text(self) -> str:
        """The SQL; untrusted."""
        return self.text


class FilterDraft(Struct, frozen=True, tag="filter", forbid_unknown_fields=True):
    """A condition on the records of an entity that was typed and not applied."""

    entity: str
    text: str

    call_count = 0

    @property
    def name(self) -> str:
        """What it is a draft of, in safe words."""
        return f"the filter on {one_line(self.entity, 30)}"

    @property
    def plain_text(self) -> str:
        """The condition; untrusted."""
        return self.text


class EntryDraft(Struct, frozen=True, tag="entry", forbid_unknown_fields=True):
    """One line that was typed into a dialog: `question` is what the dialog asked."""

    question: str
    text: str

    call_count = 0

    @property
    def name(self) -> str:
        """What it is a draft of, in safe words."""
        return f"the answer to “{one_line(self.question, _LONGEST_NAME)}”"

    @property
    def plain_text(self) -> str:
        """The line; untrusted."""
        return self.text

    @property
    def loss(self) -> str:
        """What is lost where the dialog is left, in a safe sentence."""
        return f"“{one_line(self.text.strip(), 60)}” was typed and not used: it is lost."


Draft = FormDraft | SqlDraft | FilterDraft | EntryDraft


def _write(value: str | None) -> str:
    return "null" if value is None else value


@dataclass(frozen=True, slots=True)
class DraftSelection:
    """The drafts of a run that may be kept, and safe sentences on what of them is left out."""

    drafts: tuple[Draft, ...] = ()
    left_out: tuple[str, ...] = ()


def select_drafts(drafts: Iterable[Draft], redact: Callable[[str], str]) -> DraftSelection:
    """Return what may be kept: no secret, nothing that is named like one, and no more than bounds.

    `redact` takes the secrets that are known out of a text.
    """

    def is_secret(text: str) -> bool:
        return names_secret(text) or redact(text) != text

    kept: list[Draft] = []
    left_out: list[str] = []
    characters = 0
    for one in drafts:
        draft = _without_secrets(one, is_secret, left_out)
        if draft is None:
            continue
        size = _count_characters(draft)
        if len(kept) >= MOST_DRAFTS or characters + size > MOST_CHARACTERS:
            left_out.append(f"What was typed for {draft.name} is too much to be kept: it is lost.")
            continue
        characters += size
        kept.append(draft)
    return DraftSelection(tuple(kept), tuple(left_out))


def _without_secrets(
    draft: Draft, is_secret: Callable[[str], bool], left_out: list[str]
) -> Draft | None:
    """Return a draft without values that are secrets, None where nothing is left of it."""
    if not isinstance(draft, FormDraft):
        if not is_secret(draft.plain_text):
            return draft
        left_out.append(f"What was typed for {draft.name} may hold a secret: it is not kept.")
        return None
    shown = json.dumps
    secret = [
        name
        for name, value in draft.values.items()
        if value is not None and (is_secret(value) or is_secret(shown({name: value})))
    ]
    if not secret:
        return _without_old_secrets(draft, is_secret)
    names = ", ".join(one_line(name, 30) for name in secret[:_NAMED])
    rest = f" and {len(secret) - _NAMED:,} more" if len(secret) > _NAMED else ""
    words = f"What was typed for {draft.name} into {names}{rest} may hold a secret: it is not kept."
    left_out.append(words)
    values = {name: value for name, value in draft.values.items() if name not in secret}
    if not values:
        return None
    return _without_old_secrets(_with_values(draft, values), is_secret)


def _with_values(draft: FormDraft, values: Mapping[str, str | None]) -> FormDraft:
    before = {name: value for name, value in draft.before.items() if name in values}
    return FormDraft(draft.entity, dict(values), draft.ids, draft.parent, draft.only, before)


def _without_old_secrets(draft: FormDraft, is_secret: Callable[[str], bool]) -> FormDraft:
    before = {
        name: value
        for name, value in draft.before.items()
        if value is None or not (is_secret(value) or is_secret(json.dumps({name: value})))
    }
    if before == draft.before:
        return draft
    return FormDraft(draft.entity, draft.values, draft.ids, draft.parent, draft.only, before)


def _count_characters(draft: Draft) -> int:
    if not isinstance(draft, FormDraft):
        return len(draft.plain_text)
    texts = (*draft.values.values(), *draft.before.values(), *draft.ids, *draft.values)
    return reduce(lambda size, text: size + len(text or ""), texts, 0)


def describe_kept(drafts: Sequence[Draft]) -> str:
    """Return a sentence on drafts that are kept for the next start; empty for none."""
    if not drafts:
        return ""
    names = ", ".join(one.name for one in drafts[:_NAMED])
    rest = f" and {len(drafts) - _NAMED:,} more" if len(drafts) > _NAMED else ""
    return (
        f"What was typed and not sent is kept ({names}{rest}): the next start of the explorer "
        "offers it."
    )


def describe_draft(draft: Draft) -> str:
    """Return what was typed in a line, safe: the fields with their values, or the text."""
    if not isinstance(draft, FormDraft):
        return one_line(" ".join(draft.plain_text.split()), 200)
    parts = [
        f"{one_line(name, 30)} = {one_line(_write(value), 40)}"
        for name, value in list(draft.values.items())[:_NAMED]
    ]
    more = len(draft.values) - len(parts)
    rest = f", and {count_noun(more, 'field')} more" if more else ""
    return f"{', '.join(parts)}{rest}"
