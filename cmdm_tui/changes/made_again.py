"""Finds the deleted records that an undo made again already, so that none is made twice; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from cmdm_tui.changes.change_set import ChangeKind
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.run_effect import RecordEffect

RecordKey = tuple[str, str]
"""The entity of a record, casefolded, and its id."""


class EarlierUndo(Protocol):
    """What is asked of a run that took the same run back, as `JournalRun` gives it."""

    id: int

    @property
    def entries(self) -> Iterable[JournalEntry]:
        """The changes and what became of them."""
        ...


@dataclass(frozen=True, slots=True)
class MadeAgain:
    """The run that made a record again; `new_id` is None where it may have, or still may."""

    run_id: int
    entity: str
    new_id: str | None

    @property
    def key(self) -> RecordKey:
        """The record that was made."""
        return self.entity.casefold(), self.new_id or ""


def key_of(effect: RecordEffect) -> RecordKey:
    """Return the record that a run has changed."""
    return effect.entity.casefold(), effect.external_id


def remade_origin(effect: RecordEffect) -> str:
    """Return the origin of the create that makes the record again; it tells that create apart."""
    return f"{effect.entity} {effect.external_id}"


def find_made_again(
    effects: Iterable[RecordEffect], earlier: Iterable[EarlierUndo]
) -> Mapping[RecordKey, MadeAgain]:
    """Return the deleted records among the effects that an earlier undo made, or may have made."""
    wanted = {remade_origin(effect): key_of(effect) for effect in effects}
    found: dict[RecordKey, MadeAgain] = {}
    for run in earlier:
        for entry in run.entries:
            change = entry.change
            key = wanted.get(change.origin)
            if key is None or change.kind is not ChangeKind.CREATE:
                continue
            if entry.state is EntryState.DONE and entry.result_id is not None:
                found[key] = MadeAgain(run.id, change.entity, entry.result_id)
            elif entry.state.is_open:
                found[key] = MadeAgain(run.id, change.entity, None)
    return found
