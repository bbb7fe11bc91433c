"""What a run has done to each record in all: the old values, those written, and what remains."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from cmdm_tui.api.models import Properties
from cmdm_tui.changes.change_set import ChangeKind
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.unchanged import find_value


@dataclass(slots=True)
class RecordEffect:
    """What became of one record: `last` is the number of the last change of it.

    Of a record that the run has created it is the number of that creation: what was created first
    is taken back last, as others point at it.

    `old` has the values of before the run, of the fields it has updated; a field that is not in it
    was not read. `written` has what the run wrote last. `deleted` is the record as it was deleted;
    `is_lost` is true where it was deleted and not read.
    """

    entity: str
    external_id: str
    origin: str
    last: int
    is_created: bool = False
    old: dict[str, object] = field(default_factory=dict[str, object])
    written: dict[str, object] = field(default_factory=dict[str, object])
    deleted: Properties | None = None
    is_lost: bool = False
    pointers: set[str] = field(default_factory=set[str])
    """The fields that the run has given the id of a new record."""

    @property
    def is_remade(self) -> bool:
        """Whether an undo makes it again, under a new id."""
        return self.deleted is not None and not self.is_created

    def add(self, entry: JournalEntry) -> None:
        """Add a change of the record that was done, in order."""
        change = entry.change
        if not self.is_created:
            self.last = entry.number
        read = change.before if entry.observed is None else entry.observed
        if change.kind is ChangeKind.DELETE:
            self.deleted = read
            self.is_lost = read is None
        elif change.kind in {ChangeKind.CREATE, ChangeKind.UPDATE}:
            self.is_created = self.is_created or change.kind is ChangeKind.CREATE
            self.pointers.update(change.references)
            sent = change.properties if entry.write is None else entry.write.properties
            for name, value in sent.items():
                if read is not None and name not in self.written and name not in self.old:
                    self.old[name] = find_value(read, name)
                self.written[name] = value


def collect_effects(entries: Iterable[JournalEntry]) -> list[RecordEffect]:
    """Return the effect on each record that can be taken back, the last one first."""
    effects: dict[tuple[str, str], RecordEffect] = {}
    for entry in entries:
        change = entry.change
        if entry.state is not EntryState.DONE or not change.kind.can_be_undone:
            continue
        external_id = change.external_id or entry.result_id or ""
        key = change.entity.casefold(), external_id
        if key not in effects:
            effects[key] = RecordEffect(change.entity, external_id, change.origin, entry.number)
        effects[key].add(entry)
    return sorted(effects.values(), key=lambda effect: -effect.last)
