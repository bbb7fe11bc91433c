"""Finds which fields name other records, and which records point at an id that is gone; pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cmdm_tui.api.models import Field, Properties
from cmdm_tui.changes.change_set import OWNED_ENTITIES, Change, ChangeKind
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.made_again import MadeAgain, RecordKey, key_of
from cmdm_tui.changes.run_effect import RecordEffect
from cmdm_tui.changes.schedule import record_key

OWNER_ENTITY, OWNER_ID = "RelatedEntity", "RelatedExternalID"
"""The fields that name the record which a task or an opportunity belongs to (`api.md`)."""


@dataclass(frozen=True, slots=True)
class ReferenceField:
    """A field whose values are ids of records: of `target`, None where that is not declared.

    For the id of the record that a task or an opportunity belongs to, `owner_entity` is the field
    that says of which entity that is. One that is not settable goes on naming what it names.
    """

    name: str
    target: str | None = None
    is_settable: bool = True
    owner_entity: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A record that points at another: `target` is what its field `name` holds the id of."""

    entity: str
    external_id: str
    name: str
    target: RecordKey
    is_settable: bool = True


@dataclass(frozen=True, slots=True)
class FoundReferences:
    """What a search for references has found: `searched` are the entities whose records it read.

    `skipped` are entities that it did not read, or not to the end; `calls_made` is what the queries
    took.
    """

    references: tuple[Reference, ...]
    searched: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    calls_made: int = 0


@dataclass(frozen=True, slots=True)
class NewIds:
    """The records that an undo makes again: the position of each create by entity and old id.

    `known` are the new ids of those that were made again before.
    """

    positions: Mapping[RecordKey, int]
    known: Mapping[RecordKey, str] = field(default_factory=dict[RecordKey, str])

    @classmethod
    def of(
        cls, effects: Iterable[RecordEffect], made_again: Mapping[RecordKey, MadeAgain]
    ) -> "NewIds":
        """Return them for an undo, whose first changes are the creates, in the effects' order."""
        remade = [key for key in list_remade(effects) if key not in made_again]
        known = {key: one.new_id for key, one in made_again.items() if one.new_id is not None}
        return cls({key: at for at, key in enumerate(remade)}, known)

    def look_up(self, key: RecordKey) -> int | str | None:
        """Return the position of the create, or the new id; None for any other record."""
        return self.positions.get(key, self.known.get(key))

    def find(self, value: object, name: str, field: Field | None) -> int | str | None:
        """Return where the record is that a field's value names, as `look_up` does."""
        if not is_reference(name, field) or not isinstance(value, str):
            return None
        target = field.lookup_entity if field else None
        if target:
            return self.look_up((target.casefold(), value))
        found = [key for key in (*self.positions, *self.known) if key[1] == value]
        return self.look_up(found[0]) if len(found) == 1 else None

    def split(
        self, values: Properties, fields: Mapping[str, Field]
    ) -> tuple[Properties, Mapping[str, int]]:
        """Return values with new ids for old ones, and references for those not known yet."""
        found = {
            name: self.find(value, name, fields.get(name.casefold()))
            for name, value in values.items()
        }
        references = {name: at for name, at in found.items() if isinstance(at, int)}
        new_ids = {name: one for name, one in found.items() if isinstance(one, str)}
        kept = {name: one for name, one in values.items() if name not in references}
        return {**kept, **new_ids}, references


def list_remade(effects: Iterable[RecordEffect]) -> list[RecordKey]:
    """Return the records that an undo makes again, unless it has before."""
    return [key_of(one) for one in effects if one.is_remade]


def is_reference(name: str, field: Field | None) -> bool:
    """Return whether the values of a field are ids of records: its name says so if nothing else."""
    if field is None or field.inferred:
        return name.casefold().endswith("externalid") and name.casefold() != "externalid"
    return field.type == "Lookup"


def list_reference_fields(
    entity: str, fields: Iterable[Field], targets: Collection[str]
) -> list[ReferenceField]:
    """Return the fields of an entity that may name a record of one of the entities `targets`.

    Of an entity whose fields are not described, these are the fields that are named like an id.
    """
    wanted = {one.casefold() for one in targets}
    fields = tuple(fields)
    owners = (one.name for one in fields if one.name.casefold() == OWNER_ENTITY.casefold())
    owner_entity = next(owners, None)
    found: list[ReferenceField] = []
    for one in fields:
        target = one.lookup_entity
        if entity.casefold() in OWNED_ENTITIES and one.name.casefold() == OWNER_ID.casefold():
            found.append(ReferenceField(one.name, is_settable=False, owner_entity=owner_entity))
        elif is_reference(one.name, one) and (target is None or target.casefold() in wanted):
            found.append(ReferenceField(one.name, target, is_settable=not one.read_only))
    return found


def drop_changed(
    found: FoundReferences, changes: Iterable[Change], new_ids: NewIds
) -> FoundReferences:
    """Return what was found without the records that the changes delete, or point elsewhere.

    Those that point at a record of which it is not known whether it was made again are left out
    too.
    """
    by_record = {_key(one): one for one in changes if one.external_id is not None}

    def is_open(one: Reference) -> bool:
        change = by_record.get((one.entity.casefold(), one.external_id))
        if new_ids.look_up(one.target) is None:
            return False
        return change is None or (
            change.kind is not ChangeKind.DELETE and not _sets(change, one.name)
        )

    return replace(found, references=tuple(filter(is_open, found.references)))


def add_references(
    changes: Sequence[Change], found: Iterable[Reference], new_ids: NewIds
) -> tuple[Change, ...]:
    """Return the changes of an undo, with those that point what was found at the new ids.

    A record that the undo changes anyway gets the reference with the same call. What is found is
    what `drop_changed` leaves.
    """
    made = list(changes)
    places = {_key(one): at for at, one in enumerate(made) if one.external_id is not None}
    for one in found:
        new = new_ids.look_up(one.target)
        if new is None or not one.is_settable:
            continue
        at = places.get((one.entity.casefold(), one.external_id))
        if at is None:
            at = places[one.entity.casefold(), one.external_id] = len(made)
            made.append(Change(ChangeKind.UPDATE, one.entity, one.external_id, before={}))
        changed = made[at]
        made[at] = replace(
            changed,
            before={**(changed.before or {}), one.name: one.target[1]},
            properties={**changed.properties, **({one.name: new} if isinstance(new, str) else {})},
            references={**changed.references, **({one.name: new} if isinstance(new, int) else {})},
        )
    return tuple(made)


def list_known_references(
    entries: Iterable[JournalEntry],
    new_ids: NewIds,
    fields: Mapping[str, Mapping[str, Field]],
) -> list[Reference]:
    """Return who pointed at an old id when the run read it, of the records that it left in place.

    They are those of changes that were not done, of conversions and of closings. `fields` are those
    of each entity, both by casefolded name. It takes no call, and knows of no other record.
    """
    keys = {new_ids.look_up(key): key for key in (*new_ids.positions, *new_ids.known)}
    found: dict[tuple[RecordKey, str], Reference] = {}
    for entry in entries:
        change, key = entry.change, record_key(entry.change)
        read = change.before if entry.observed is None else entry.observed
        if key is None or key in new_ids.positions or read is None or not _is_left(entry):
            continue
        known = fields.get(key[0], {})
        for name, value in read.items():
            field = known.get(name.casefold())
            position = new_ids.find(value, name, field)
            if position is not None and (key, name) not in found:
                is_owner = key[0] in OWNED_ENTITIES and name.casefold() == OWNER_ID.casefold()
                is_settable = not is_owner and not (field is not None and field.read_only)
                one = Reference(change.entity, key[1], name, keys[position], is_settable)
                found[key, name] = one
    return list(found.values())


def _is_left(entry: JournalEntry) -> bool:
    if entry.state is EntryState.DONE:
        return not entry.change.kind.can_be_undone
    return entry.state is not EntryState.UNCHANGED


def _sets(change: Change, name: str) -> bool:
    return any(
        name.casefold() == one.casefold() for one in (*change.properties, *change.references)
    )


def _key(change: Change) -> RecordKey:
    return change.entity.casefold(), change.external_id or ""
