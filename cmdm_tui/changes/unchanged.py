"""Compares values as they were read with those wanted, and leaves out what is not changed.

The same service writes a value that has not changed in the same letters each time. So two texts are
the same only to the letter: `+44…` and `44…`, or `007` and `7`, are equal as numbers, and two
values of a phone or a code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cmdm_tui.api.models import Field, Properties
from cmdm_tui.api.value_match import is_empty, is_same_value
from cmdm_tui.changes.change_set import Change, ChangeKind

CONVERTED = "it is converted already"
"""Why a lead cannot be converted."""

_TYPED = frozenset({"Number", "Currency", "Date", "DateTime", "Boolean"})


def is_unmoved(stored: object, read: object) -> bool:
    """Return whether a stored value is still the one that was read."""
    if isinstance(stored, str) and isinstance(read, str):
        return stored == read
    return is_same_value(stored, read)


def find_value(properties: Properties, name: str) -> object:
    """Return the value of a field, whatever the case of its name; None where it has none."""
    if name in properties:
        return properties[name]
    folded = name.casefold()
    return next((value for key, value in properties.items() if key.casefold() == folded), None)


def drop_unchanged(change: Change, fields: Sequence[Field] = ()) -> Change | None:
    """Return an update with only the fields whose value differs from `before`; None for none.

    Any other change, and an update whose record was not read, is returned as it is. Values count
    as the same where they are equal to the letter, or empty both; with the entity's `fields`,
    numbers, dates and yes or no are the same in any form (`5` and `5.00`). A phone is text: `+44…`
    and `44…` differ.
    """
    if change.kind is not ChangeKind.UPDATE or change.before is None:
        return change
    types = {field.name.casefold(): field.type for field in fields}
    before = change.before
    properties = {
        name: value
        for name, value in change.properties.items()
        if not _is_same(find_value(before, name), value, types.get(name.casefold()))
    }
    if not properties and not change.references:
        return None
    names = {name.casefold() for name in (*properties, *change.references)}
    kept = {name: value for name, value in before.items() if name.casefold() in names}
    return replace(change, properties=properties, before=kept)


def pick_values(properties: Properties, names: Mapping[str, object]) -> Properties:
    """Return the values of these fields, None where there is none."""
    return {name: find_value(properties, name) for name in names}


def _is_same(read: object, wanted: object, type_name: str | None) -> bool:
    if type_name in _TYPED:
        return is_same_value(read, wanted)
    if is_empty(read) and is_empty(wanted):
        return True
    return is_unmoved(read, wanted)


def is_closed(task: Properties) -> bool:
    """Return whether a task is closed, so that closing it changes nothing."""
    return _has_status(task, "closed") and bool(find_value(task, "ClosedDate"))


def is_converted(lead: Properties) -> bool:
    """Return whether a lead is converted, so that it cannot be once more."""
    return _has_status(lead, "converted") and bool(find_value(lead, "AccountExternalID"))


def _has_status(record: Properties, status: str) -> bool:
    return str(find_value(record, "Status") or "").casefold() == status
