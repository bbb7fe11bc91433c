"""Makes the change set that takes a run back."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cmdm_tui.api import Client
from cmdm_tui.api.errors import BadRequest, NotFound
from cmdm_tui.api.models import Field, Record
from cmdm_tui.api.value_match import may_be_changed_value
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet, Reject
from cmdm_tui.changes.journal import JournalRun
from cmdm_tui.changes.journal_entry import EntryState
from cmdm_tui.changes.made_again import MadeAgain, RecordKey, find_made_again, key_of
from cmdm_tui.changes.record_check import show_value
from cmdm_tui.changes.reference_notes import describe_found, describe_kept, join_few
from cmdm_tui.changes.references import (
    FoundReferences,
    NewIds,
    add_references,
    drop_changed,
    list_known_references,
)
from cmdm_tui.changes.remake import remake
from cmdm_tui.changes.run_effect import RecordEffect, collect_effects
from cmdm_tui.changes.unchanged import find_value, is_unmoved
from cmdm_tui.text import count_noun, one_line

_CONCURRENCY = 4
_HOW_TO_FIND = (
    "were not looked for, and go on pointing at it: cmdm journal undo {run} --find-references "
    "searches for them, and points them at the new one."
)


async def make_undo(
    run: JournalRun,
    client: Client,
    *,
    fields: Mapping[str, Sequence[Field]] | None = None,
    references: FoundReferences | None = None,
    earlier: Sequence[JournalRun] = (),
) -> ChangeSet:
    """Return what takes back what the run has done; it reads each record that it would change.

    Updates are put back only where the value is still the one that was written, else they are
    rejects. Created records are deleted, unless another has changed them, or one that is kept
    points at them. Deleted records are made again, under a new id: without what is read-only by
    `fields`, which are looked up where they are not given. One that an `earlier` undo of the run
    made again, and that is still there, is left as it is. Notes name the conversions and closings,
    which stay, and who points at an old id, as far as the run shows it. `references` are those that
    were searched for: notes name them, and they are pointed at the new ids. Apply it with
    `journal.begin(undo, …, undo_of=run.id)`. Raises ApiError where it cannot read.
    """
    effects = collect_effects(run.entries)
    reader = _RecordSource(client)
    made_again = await _find_standing(effects, earlier, reader)
    records = await reader.read_all(key_of(one) for one in effects if not _is_deleted(one))
    known = {} if fields is None else {name.casefold(): list(of) for name, of in fields.items()}
    for effect in effects:
        entity = effect.entity.casefold()
        if _is_deleted(effect) and entity not in known:
            known[entity] = await reader.read_fields(effect.entity)
    new_ids = NewIds.of(effects, made_again)
    undo = _UndoBuilder(
        {entity: {one.name.casefold(): one for one in of} for entity, of in known.items()},
        made_again,
        new_ids,
    )
    undo.add_all(effects, records)
    changes = tuple(undo.changes)
    if references is not None:
        references = drop_changed(references, changes, new_ids)
        changes = add_references(changes, references.references, new_ids)
    return ChangeSet(
        changes,
        title=f"Undo of run {run.id}: {run.change_set.title}",
        address=run.change_set.address,
        username=run.change_set.username,
        made_at=time.time(),
        unchanged=undo.unchanged,
        rejects=tuple(undo.rejects),
        notes=(
            *_describe_what_stays(run),
            *undo.notes,
            *_describe_references(run, undo, new_ids, references),
        ),
        calls_made=reader.calls_made + (0 if references is None else references.calls_made),
    )


def _describe_references(
    run: JournalRun, undo: "_UndoBuilder", new_ids: NewIds, found: FoundReferences | None
) -> list[str]:
    """Return who points at the old ids of what is made again; nothing where nothing is."""
    if not (new_ids.positions or new_ids.known):
        return []
    kept = list_known_references(run.entries, new_ids, undo.fields) if found is None else []
    notes = describe_kept(undo.changes, kept)
    if found is not None:
        return [*notes, *describe_found(found)]
    return [*notes, f"Others that point at an old id {_HOW_TO_FIND.format(run=run.id)}"]


async def _find_standing(
    effects: Sequence[RecordEffect], earlier: Sequence[JournalRun], reader: "_RecordSource"
) -> Mapping[RecordKey, MadeAgain]:
    """Return the deleted records that were made again and are still there, or may be made yet."""
    found = find_made_again(filter(_is_deleted, effects), earlier)
    new = await reader.read_all({one.key for one in found.values() if one.new_id is not None})
    return {
        key: one for key, one in found.items() if one.new_id is None or new[one.key] is not None
    }


@dataclass(slots=True)
class _RecordSource:
    """Reads what an undo must know, a few records at a time."""

    client: Client
    calls_made: int = 0

    def __post_init__(self) -> None:
        self.client = self.client.with_options(on_send=self._count)

    async def read_all(self, keys: Iterable[RecordKey]) -> Mapping[RecordKey, Record | None]:
        """Return the records; None for one that is gone."""
        slots = asyncio.Semaphore(_CONCURRENCY)

        async def read(key: RecordKey) -> tuple[RecordKey, Record | None]:
            async with slots:
                try:
                    return key, await self.client.record(*key)
                except NotFound:
                    return key, None

        tasks = [asyncio.create_task(read(key)) for key in keys]
        try:
            return dict(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()

    async def read_fields(self, entity: str) -> list[Field]:
        """Return the fields as the service describes them; none where it does not."""
        try:
            return list(await self.client.all_fields(entity))
        except (NotFound, BadRequest):
            return []

    def _count(self, _: int) -> None:
        self.calls_made += 1


@dataclass(slots=True)
class _UndoBuilder:
    """Collects what takes the effects back."""

    fields: Mapping[str, Mapping[str, Field]]
    made_again: Mapping[RecordKey, MadeAgain]
    new_ids: NewIds
    changes: list[Change] = field(default_factory=list[Change])
    rejects: list[Reject] = field(default_factory=list[Reject])
    notes: list[str] = field(default_factory=list[str])
    unchanged: int = 0
    kept: dict[str, str] = field(default_factory=dict[str, str])
    """What created records point at that are not deleted, each id with the record that does."""

    def add_all(
        self,
        effects: Sequence[RecordEffect],
        records: Mapping[RecordKey, Record | None],
    ) -> None:
        """Add what takes the effects back: first what is made again, as others refer to it."""
        deleted = [one for one in effects if one.is_remade]
        remade = [one for one in deleted if key_of(one) not in self.made_again]
        new_ids = self.new_ids
        self._add_made_again([one for one in deleted if key_of(one) in self.made_again])
        lost: dict[str, set[str]] = {}
        for effect in remade:
            if effect.deleted is not None:
                fields = self.fields.get(effect.entity.casefold(), {})
                change, names = remake(effect, effect.deleted, fields, new_ids)
                self.changes.append(change)
                lost.setdefault(effect.entity, set()).update(names)
        self._note_remade(remade, lost)
        for effect in effects:
            record = records.get(key_of(effect))
            if effect.is_lost and not effect.is_created:
                reason = "it was deleted and not read before, so it cannot be made again"
                self._reject(effect, reason)
            elif _is_deleted(effect):
                continue
            elif record is None:
                self._add_gone(effect)
            elif effect.is_created:
                self._add_delete(effect, record)
            else:
                self._add_update(effect, record, new_ids)

    def _add_made_again(self, effects: Sequence[RecordEffect]) -> None:
        by_run: dict[int, list[str]] = {}
        for effect in effects:
            made = self.made_again[key_of(effect)]
            if made.new_id is None:
                reason = f"run {made.run_id} may have made it again"
                self._reject(effect, f"{reason}: cmdm journal resume {made.run_id} finds out")
            else:
                self.unchanged += 1
                by_run.setdefault(made.run_id, []).append(f"{made.entity} {made.new_id}")
        for run_id, names in by_run.items():
            count = count_noun(len(names), "deleted record")
            self.notes.append(f"Run {run_id} made {count} again already: {join_few(names)}.")

    def _add_gone(self, effect: RecordEffect) -> None:
        if effect.is_created:
            self.unchanged += 1
        else:
            self._reject(effect, "the record is gone")

    def _add_delete(self, effect: RecordEffect, record: Record) -> None:
        stored = record.properties
        moved = [
            name
            for name, value in effect.written.items()
            if not may_be_changed_value(find_value(stored, name), value)
        ]
        if moved:
            self._keep(effect, stored)
            self._reject(effect, _describe_move(effect, moved[0], stored), moved[0])
            return
        if effect.external_id in self.kept:
            self._keep(effect, stored)
            self._reject(effect, f"{self.kept[effect.external_id]} points at it and is kept")
            return
        change = Change(
            ChangeKind.DELETE,
            effect.entity,
            effect.external_id,
            before=stored,
            origin=effect.origin,
        )
        self.changes.append(change)

    def _keep(self, effect: RecordEffect, stored: Mapping[str, object]) -> None:
        """Note that a created record is not deleted: nor is then what it points at."""
        name = f"{one_line(effect.entity, 60)} {one_line(effect.external_id, 60)}"
        for column, value in stored.items():
            is_pointer = column in effect.pointers or column.casefold().endswith("externalid")
            if is_pointer and isinstance(value, str):
                self.kept[value] = name

    def _add_update(self, effect: RecordEffect, record: Record, new_ids: NewIds) -> None:
        stored = record.properties
        back: dict[str, object] = {}
        for name, written in effect.written.items():
            value = find_value(stored, name)
            if name not in effect.old:
                self._reject(effect, "its old value was not read", name)
            elif is_unmoved(value, effect.old[name]):
                continue
            elif not may_be_changed_value(value, written):
                self._reject(effect, _describe_move(effect, name, stored), name)
            else:
                back[name] = effect.old[name]
        if not back:
            self.unchanged += 1
            return
        fields = self.fields.get(effect.entity.casefold(), {})
        properties, references = new_ids.split(back, fields)
        change = Change(
            ChangeKind.UPDATE,
            effect.entity,
            effect.external_id,
            properties,
            before={name: find_value(stored, name) for name in back},
            references=references,
            origin=effect.origin,
        )
        self.changes.append(change)

    def _note_remade(self, remade: Sequence[RecordEffect], lost: Mapping[str, set[str]]) -> None:
        if not remade:
            return
        ids = [f"{one.entity} {one.external_id}" for one in remade]
        self.notes.append(
            f"{count_noun(len(ids), 'deleted record')} will have a new id, and new dates: "
            f"{join_few(ids)}."
        )
        for entity, names in lost.items():
            if names:
                shown = join_few(sorted(names))
                self.notes.append(f"The service sets {shown} of {entity} itself: that is lost.")

    def _reject(self, effect: RecordEffect, reason: str, column: str | None = None) -> None:
        origin = effect.origin or f"{effect.entity} {effect.external_id}"
        change = Change(ChangeKind.UPDATE, effect.entity, effect.external_id)
        self.rejects.append(Reject(reason, origin, column, change))


def _is_deleted(effect: RecordEffect) -> bool:
    return effect.deleted is not None or effect.is_lost


def _describe_move(effect: RecordEffect, name: str, stored: Mapping[str, object]) -> str:
    written, value = effect.written[name], find_value(stored, name)
    what = f"{one_line(name, 60)} was written as {show_value(written)}"
    return f"{what} and is {show_value(value)} now: another has changed it"


def _describe_what_stays(run: JournalRun) -> list[str]:
    """Return a sentence for each kind of change that stays as it is."""
    notes: list[str] = []
    done = [entry for entry in run.entries if entry.state is EntryState.DONE]
    for kind, noun in ((ChangeKind.CONVERT, "conversion"), (ChangeKind.CLOSE, "closing")):
        ids = [entry.change.external_id or "" for entry in done if entry.change.kind is kind]
        if ids:
            notes.append(f"{count_noun(len(ids), noun)} cannot be taken back: {join_few(ids)}.")
    doubts = sum(entry.state.is_in_doubt for entry in run.entries)
    if doubts:
        notes.append(f"In doubt, and not taken back: {count_noun(doubts, 'change')}.")
    if not run.summary.is_complete:
        notes.append("The run is not complete: what is still pending is not part of this.")
    return notes
