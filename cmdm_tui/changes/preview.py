"""Counts what a change set does, prices it in calls, and lists old beside new; makes no call."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet, Reject


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change set does, for a person to decide.

    `counts` are records by kind and entity; `fields` by entity and field how many updates change
    it. The calls are those of a service that answers: each call that is sent again after a failure
    comes on top. `calls_low` is what it takes where every record that is read again has moved or
    holds the values already, and so is not written. `not_undoable` counts conversions and closings;
    `new_ids` deletes, which an undo makes again under another id.
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

    @property
    def change_count(self) -> int:
        """Records that are changed."""
        return sum(self.counts.values())

    @property
    def destructive_count(self) -> int:
        """Records that are deleted or converted."""
        return sum(n for (kind, _), n in self.counts.items() if kind.is_destructive)


@dataclass(frozen=True, slots=True)
class PreviewColumn:
    """A column of the preview, for the writers of `formats`."""

    name: str
    type: str = "VARCHAR"


def preview_changes(
    change_set: ChangeSet, *, rechecks: bool = True, samples: int = 3
) -> ChangePreview:
    """Return the preview; `rechecks` as in `ApplyOptions`; `samples` changes of each group."""
    raise NotImplementedError


def preview_columns() -> tuple[PreviewColumn, ...]:
    """Return the columns of the preview: kind, entity, ExternalID, field, old, new, origin."""
    raise NotImplementedError


def preview_rows(change_set: ChangeSet, *, limit: int | None = None) -> Iterator[Sequence[object]]:
    """Yield a row for each field that changes, of the first `limit` changes or of all.

    A delete or a closing is one row without a field; of a value that another change of the set
    gives, `new` says so (`id of change 3`).
    """
    raise NotImplementedError
