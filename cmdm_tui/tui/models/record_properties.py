"""The properties of one record as a person reads them: labels, types, whole values, local times."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from cmdm_tui.api import Field, Record
from cmdm_tui.formats.value_text import value_text
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.columns import EXTERNAL_ID
from cmdm_tui.tui.models.record_names import RecordNames
from cmdm_tui.tui.models.related_index import RecordLink, find_links

_LONGEST_WORD = 60
_OPTIONS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class RecordProperty:
    """One property: `name`, `label` and `text` are untrusted; `text` is the value whole.

    `hint` is safe, and says in words what the value itself does not: the local time of a moment,
    or what the record it names is called. `link` is the record that it names.
    """

    name: str
    label: str
    value: object
    text: str
    field: Field | None = None
    hint: str = ""
    link: RecordLink | None = None

    @property
    def description(self) -> str:
        """What is known of the field, on one safe line: its name, type and rules.

        A type that is the same word as the name is not said again.
        """
        parts = [one_line(self.name, _LONGEST_WORD)]
        if self.field is None:
            return parts[0]
        if self.field.type:
            kind = one_line(self.field.type, _LONGEST_WORD)
            is_same = kind.casefold() == parts[0].casefold()
            if self.field.inferred:
                parts.append("inferred" if is_same else f"{kind} (inferred)")
            elif not is_same:
                parts.append(kind)
        if self.field.lookup_entity:
            parts.append(f"of {one_line(self.field.lookup_entity, _LONGEST_WORD)}")
        if self.field.required:
            parts.append("required")
        if self.field.read_only:
            parts.append("read-only")
        if self.field.max_length is not None:
            parts.append(f"{len(self.text):,} of {self.field.max_length:,} characters")
        if self.field.options:
            shown = [one_line(option, 24) for option in self.field.options[:_OPTIONS_SHOWN]]
            more = " …" if len(self.field.options) > _OPTIONS_SHOWN else ""
            parts.append(f"one of {', '.join(shown)}{more}")
        return " · ".join(parts)

    def matches(self, words: str) -> bool:
        """Return whether the typed words are part of its label or name, whatever their case."""
        sought = words.casefold()
        return sought in self.label.casefold() or sought in self.name.casefold()


def list_properties(
    record: Record,
    fields: Sequence[Field] = (),
    names: RecordNames | None = None,
    zone: tzinfo | None = None,
) -> tuple[RecordProperty, ...]:
    """Return the record's external id and all of its properties, in the order they came.

    `fields` are those known of its entity. `names` says what the records it names are called.
    `zone` is the zone of local times, None for this machine's.
    """
    known = {field.name: field for field in fields}
    links = {link.field: link for link in find_links(record)}
    first = RecordProperty(EXTERNAL_ID, EXTERNAL_ID, record.external_id, record.external_id)
    return (
        first,
        *(
            _make_property(name, value, known.get(name), links.get(name), names, zone)
            for name, value in record.properties.items()
        ),
    )


def find_property(properties: Sequence[RecordProperty], words: str, start: int = 0) -> int | None:
    """Return the place of the first property that the words match, from `start` on and round."""
    places = [*range(start, len(properties)), *range(start)]
    return next((place for place in places if properties[place].matches(words)), None)


def describe_local_time(value: object, zone: tzinfo | None = None) -> str:
    """Return a moment in local time, such as `Thu 3 Sep 2026 10:15:00 BST`; empty for the rest.

    Only a time with an offset is a moment: any other is not known to be in a zone. One that has
    the local offset already is in local time as it is stored.
    """
    if not isinstance(value, str) or "T" not in value.upper():
        return ""
    try:
        moment = datetime.fromisoformat(value.strip())
        if moment.tzinfo is None:
            return ""
        local = moment.astimezone(zone)
        if local.utcoffset() == moment.utcoffset():
            return ""
        return f"{local:%a} {local.day} {local:%b %Y %H:%M:%S} {local.tzname()}"
    except (ValueError, OverflowError, OSError):  # no time, or beyond this machine's calendar
        return ""


def whole_text(value: object) -> str:
    """Return a value as text on as many lines as it takes: a list or an object is indented JSON."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return value_text(value)


def _make_property(
    name: str,
    value: object,
    field: Field | None,
    link: RecordLink | None,
    names: RecordNames | None,
    zone: tzinfo | None,
) -> RecordProperty:
    label = (field.label if field is not None else None) or name
    hint = describe_local_time(value, zone)
    if link is not None:
        called = names.find(link.entity, link.external_id) if names is not None else ""
        hint = f"→ {one_line(called, _LONGEST_WORD)}" if called else "→"
    return RecordProperty(name, label, value, whole_text(value), field, hint, link)
