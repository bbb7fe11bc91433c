"""Counts what a change set does, prices it in calls, and lists old next to new; makes no call."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from cmdm_tui.api.models import Properties
from cmdm_tui.api.value_match import is_empty
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet, Reject
from cmdm_tui.changes.unchanged import find_value
from cmdm_tui.text import one_line

RECHECKED_KINDS = frozenset({ChangeKind.UPDATE, ChangeKind.DELETE, ChangeKind.CONVERT})
"""The changes that could overwrite or lose what another has written: their record is read again.

Closing a task overwrites nothing but its status, and creating nothing at all.
"""


class PreviewRow(NamedTuple):
    """A field that changes, old value next to new: one row of the preview.

    `field` is None for a change without fields, and `belongs to` for the record that a new one
    belongs to. A record that is deleted, converted or closed is named by one of its fields; `new`
    is None where it is deleted. Of a value that another change of the set gives, `new` says so
    (`new account #3 (Acme Ltd)`).
    """

    change: str
    entity: str
    external_id: str | None
    field: str | None
    old: object
    new: object
    origin: str | None


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change set does, for a person to decide.

    `counts` are records by kind and entity; `fields` by entity and field how many updates change
    it. The calls are those of a service that answers: each call that is sent again after a failure
    comes on top. `calls_low` is what it takes where every record that is read again has moved or
    holds the values already, and so is not written. `not_undoable` counts conversions and closings;
    `new_ids` deletes, which an undo makes again under another id. `every_of` is as in `ChangeSet`.
    """

    title: str
    counts: Mapping[tuple[ChangeKind, str], int]
    fields: Mapping[tuple[str, str], int]
    calls_low: int
    calls_high: int
    unchanged: int
    rejects: tuple[Reject, ...]
    not_undoable: int
    new_ids: int
    samples: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    is_partial: bool = False
    changes: tuple[Change, ...] = ()
    """All of the changes, in the order in which they are sent."""
    every_of: str = ""

    @property
    def change_count(self) -> int:
        """Records that are changed."""
        return sum(self.counts.values())

    @property
    def destructive_count(self) -> int:
        """Records that are deleted or converted."""
        return sum(count for (kind, _), count in self.counts.items() if kind.is_destructive)

    def rows(self) -> Iterator[PreviewRow]:
        """Yield a row for each field that changes."""
        for change in self.changes:
            yield from list_rows(change, self.changes)


@dataclass(frozen=True, slots=True)
class PreviewColumn:
    """A column of the preview, for the writers of `formats`."""

    name: str
    type: str = "VARCHAR"


_NAMES = ("Name", "LastName", "Subject")
"""Fields by which a person knows a record."""

_COLUMNS = tuple(
    map(PreviewColumn, ("change", "entity", "ExternalID", "field", "old", "new", "origin"))
)


def preview_changes(
    change_set: ChangeSet, *, rechecks: bool = True, samples: int = 3
) -> ChangePreview:
    """Return the preview; `rechecks` as in `ApplyOptions`; `samples` changes of each group."""
    counts, fields = Counter[tuple[ChangeKind, str]](), Counter[tuple[str, str]]()
    shown: list[Change] = []
    low = high = 0
    for change in change_set.changes:
        group = change.kind, change.entity
        counts[group] += 1
        if counts[group] <= samples:
            shown.append(change)
        if change.kind is ChangeKind.UPDATE:
            fields.update((change.entity, name) for name in _list_names(change))
        calls = count_calls(change, rechecks=rechecks)
        low, high = low + calls[0], high + calls[1]
    return ChangePreview(
        title=change_set.title,
        counts=dict(counts),
        fields=dict(fields),
        calls_low=low,
        calls_high=high,
        unchanged=change_set.unchanged,
        rejects=change_set.rejects,
        not_undoable=sum(not change.kind.can_be_undone for change in change_set.changes),
        new_ids=change_set.count(ChangeKind.DELETE),
        samples=tuple(shown),
        notes=change_set.notes,
        is_partial=change_set.is_partial,
        changes=change_set.changes,
        every_of=change_set.every_of,
    )


def count_calls(change: Change, *, rechecks: bool = True) -> tuple[int, int]:
    """Return the calls that a change takes, at least and at most; `rechecks` as in `ApplyOptions`.

    One whose record is read again takes that call, and one more where it is written.
    """
    return 1, 1 + (rechecks and change.kind in RECHECKED_KINDS)


def preview_columns() -> tuple[PreviewColumn, ...]:
    """Return the columns of the preview: change, entity, ExternalID, field, old, new, origin."""
    return _COLUMNS


def preview_rows(change_set: ChangeSet, *, limit: int | None = None) -> Iterator[PreviewRow]:
    """Yield a row for each field that changes, of the first `limit` changes or of all."""
    for change in islice(change_set.changes, limit):
        yield from list_rows(change, change_set.changes)


def count_rows(change: Change) -> int:
    """Return how many rows `list_rows` yields for a change."""
    belongs = change.parent is not None or change.parent_reference is not None
    return len(_list_names(change)) + belongs or 1


def list_rows(change: Change, changes: Sequence[Change]) -> Iterator[PreviewRow]:
    """Yield the rows of one change; `changes` are those of its set."""
    record = change.external_id
    if change.record_reference is not None:
        record = name_new_record(changes, change.record_reference)
    head = change.kind.value, change.entity, record
    has_fields = False
    for name in _list_names(change):
        has_fields = True
        old = None
        if change.kind is ChangeKind.UPDATE and change.before is not None:
            old = find_value(change.before, name)
        at = change.references.get(name)
        new = change.properties.get(name) if at is None else name_new_record(changes, at)
        yield PreviewRow(*head, name, old, new, change.origin or None)
    parent = change.parent and f"{change.parent.entity} {change.parent.external_id}"
    if change.parent_reference is not None:
        parent = name_new_record(changes, change.parent_reference)
    if parent is not None:
        yield PreviewRow(*head, "belongs to", None, parent, change.origin or None)
    elif not has_fields:
        name, value = _find_name(change.before or {})
        left = None if change.kind is ChangeKind.DELETE else value
        yield PreviewRow(*head, name, value, left, change.origin or None)


def _find_name(record: Properties) -> tuple[str | None, object]:
    """Return the field by which a person knows the record, and its value; None for neither."""
    filled = {name: value for name, value in record.items() if not is_empty(value)}
    usual = [(name, find_value(filled, name)) for name in _NAMES]
    return next((one for one in (*usual, *filled.items()) if one[1] is not None), (None, None))


def _list_names(change: Change) -> list[str]:
    return list(dict.fromkeys((*change.properties, *change.references)))


def name_new_record(changes: Sequence[Change], position: int) -> str:
    """Return words for the record that a change is to create, as in `new account #3 (Acme Ltd)`."""
    made = changes[position]
    title = one_line(str(_find_name(made.properties)[1] or ""), 60)
    number = f"new {one_line(made.entity, 60)} #{position + 1}"
    return f"{number} ({title})" if title else number
