"""Makes change sets of what a run did not do: what is left of it, and what has failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cmdm_tui.api.models import Parent
from cmdm_tui.changes.change_set import Change, ChangeSet
from cmdm_tui.changes.journal import JournalRun
from cmdm_tui.changes.journal_entry import JournalEntry


@dataclass(frozen=True, slots=True)
class RefusedChanges:
    """The changes that were refused, in conflict or skipped, and a reason for each."""

    change_set: ChangeSet
    reasons: tuple[str, ...]


def make_refused_set(run: JournalRun) -> RefusedChanges | None:
    """Return what was not done, ids of records that were created filled in; None for nothing.

    A change in conflict is still compared with what was read for the run, so it is in conflict
    again until that is read again. What is in doubt is left out: it may have been done. Save it
    with `save_change_set(path, refused.change_set, reasons=refused.reasons)`.
    """
    entries = run.entries
    failed = [entry for entry in entries if entry.state.is_failed]
    if not failed:
        return None
    change_set = _make_set(run, failed, f"What run {run.id} did not do: {run.change_set.title}")
    return RefusedChanges(change_set, tuple(f"{one.state}: {one.reason}" for one in failed))


def make_open_set(run: JournalRun) -> ChangeSet:
    """Return what a resume has to do, ids of records that were created filled in.

    What is in doubt is in it: it is looked for first, and may be sent again.
    """
    left = [entry for entry in run.entries if entry.state.is_open]
    return _make_set(run, left, f"What is left of run {run.id}: {run.change_set.title}")


def _make_set(run: JournalRun, chosen: Sequence[JournalEntry], title: str) -> ChangeSet:
    positions = {entry.number - 1: position for position, entry in enumerate(chosen)}
    return replace(
        run.change_set,
        changes=tuple(_fill_in(entry.change, run.entries, positions) for entry in chosen),
        title=title,
        unchanged=0,
        rejects=(),
        notes=(),
        calls_made=0,
    )


def _fill_in(
    change: Change, entries: tuple[JournalEntry, ...], positions: Mapping[int, int]
) -> Change:
    """Return the change with its references to records that exist now as their ids."""
    ids = {
        name: entries[at].result_id for name, at in change.references.items() if at not in positions
    }
    parent, at = change.parent, change.parent_reference
    record = change.record_reference
    if at is not None and at not in positions:
        parent = Parent(entries[at].change.entity, entries[at].result_id or "")
    return replace(
        change,
        properties={**change.properties, **ids},
        references={
            name: positions[at] for name, at in change.references.items() if at in positions
        },
        parent=parent,
        parent_reference=None if at is None else positions.get(at),
        record_reference=None if record is None else positions.get(record),
    )
