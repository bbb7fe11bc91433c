"""What the journal holds: the state of each change of a run, and runs in brief; frozen values."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cmdm_tui.api.models import PendingWrite, Properties
from cmdm_tui.changes.change_set import Change
from cmdm_tui.text import one_line


class EntryState(enum.StrEnum):
    """How far a change has come. Only PENDING and SENDING, and UNKNOWN, are still open."""

    PENDING = "pending"
    """It was not sent."""
    SENDING = "sending"
    """It is about to be sent, or was: only reading the record shows whether it was done."""
    DONE = "done"
    UNCHANGED = "unchanged"
    """The record was found as wanted, so nothing was sent."""
    REFUSED = "refused"
    """The service did not do it, or it could not be sent; `reason` says why."""
    CONFLICT = "conflict"
    """The record has changed since it was read, so nothing was overwritten."""
    UNKNOWN = "unknown"
    """It may have been done, or not; it is not sent again, and looked for again by a resume."""
    SKIPPED = "skipped"
    """It needs a record that another change was to create, and that was not created."""

    @property
    def is_open(self) -> bool:
        """Whether a resume has something to do for it."""
        return self in {EntryState.PENDING, EntryState.SENDING, EntryState.UNKNOWN}

    @property
    def is_in_doubt(self) -> bool:
        """Whether it may have been done."""
        return self in {EntryState.SENDING, EntryState.UNKNOWN}

    @property
    def is_failed(self) -> bool:
        """Whether it was not done, and will not be without a new change set."""
        return self in {EntryState.REFUSED, EntryState.CONFLICT, EntryState.SKIPPED}


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One change of a run, and what became of it.

    `number` counts from 1, as people do: the change is `change_set.changes[number - 1]`.
    `result_id` is the record that a create made, or the account of a conversion. `observed` is what
    was read just before it was sent: of an update the old values of its fields, else the record.
    `write` is what was sent, its mark and the ids of references included; `sent_at` a Unix time.
    """

    number: int
    change: Change
    state: EntryState = EntryState.PENDING
    result_id: str | None = None
    reason: str = ""
    observed: Properties | None = None
    write: PendingWrite | None = None
    sent_at: float | None = None


def name_needed(entry: JournalEntry) -> str:
    """Return words for the record that a create is to make, as in `the account of change 3`."""
    where = f" ({one_line(entry.change.origin, 80)})" if entry.change.origin else ""
    return f"the {one_line(entry.change.entity, 60)} of change {entry.number}{where}"


def fill_record(entry: JournalEntry, entries: Sequence[JournalEntry]) -> JournalEntry:
    """Return the entry of an update of a new record with its id, once the record was created."""
    at = entry.change.record_reference
    made = None if at is None else entries[at].result_id
    if made is None:
        return entry
    return replace(entry, change=replace(entry.change, external_id=made, record_reference=None))


def fill_records(entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    """Return the entries of a run with the ids of the new records that they update."""
    return [fill_record(entry, entries) for entry in entries]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in brief: `title` is what asked for it, times are Unix times.

    `ended_at` is None while it is applied, and after it was killed. `undo_of` is the run that it
    takes back, if it is an undo.
    """

    id: int
    profile: str
    title: str
    address: str
    username: str
    began_at: float
    ended_at: float | None
    counts: Mapping[EntryState, int]
    undo_of: int | None = None

    @property
    def change_count(self) -> int:
        """Changes of the run."""
        return sum(self.counts.values())

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to send or to find out."""
        return not any(count for state, count in self.counts.items() if state.is_open)
