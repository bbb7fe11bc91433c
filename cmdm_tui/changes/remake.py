"""Makes the create that brings a deleted record back, and finds who pointed at it; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cmdm_tui.api.models import Field, Parent, Properties
from cmdm_tui.api.value_match import is_empty
from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.made_again import RecordKey, remade_origin
from cmdm_tui.changes.run_effect import RecordEffect
from cmdm_tui.changes.unchanged import find_value

_SET_BY_SERVICE = frozenset(
    {"createddate", "modifieddate", "closeddate", "relatedentity", "relatedexternalid"}
)
"""Fields that no create can give (`api.md`), where the service does not say so itself."""

_NEVER_THE_SAME = frozenset({"createddate", "modifieddate"})
_OWNED = frozenset({"task", "opportunity"})


@dataclass(frozen=True, slots=True)
class NewIds:
    """The records that an undo makes again: the position of each create by entity and old id.

    `known` are the new ids of those that were made again before.
    """

    positions: Mapping[RecordKey, int]
    known: Mapping[RecordKey, str] = field(default_factory=dict[RecordKey, str])

    def look_up(self, key: RecordKey) -> int | str | None:
        """Return the position of the create, or the new id; None for a record that still stands."""
        return self.positions.get(key, self.known.get(key))

    def find(self, value: object, name: str, field: Field | None) -> int | str | None:
        """Return where the record is that a field's value names, as `look_up` does."""
        is_lookup = field.type == "Lookup" if field else name.casefold().endswith("externalid")
        if not is_lookup or not isinstance(value, str):
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


def remake(
    effect: RecordEffect, record: Properties, fields: Mapping[str, Field], new_ids: NewIds
) -> tuple[Change, Sequence[str]]:
    """Return the create that makes a deleted record again, and which values are lost.

    `record` is what it held, `fields` those of its entity by name, casefolded.
    """
    before_run = {**record, **effect.old}
    kept: dict[str, object] = {}
    lost: list[str] = []
    owner, owner_id = (find_value(record, name) for name in ("RelatedEntity", "RelatedExternalID"))
    is_owned = effect.entity.casefold() in _OWNED and bool(owner) and bool(owner_id)
    for name, value in before_run.items():
        field, folded = fields.get(name.casefold()), name.casefold()
        if is_empty(value) or folded in _NEVER_THE_SAME:
            continue
        if is_owned and folded in {"relatedentity", "relatedexternalid"}:
            continue
        if folded in _SET_BY_SERVICE or (field is not None and field.read_only):
            lost.append(name)
        else:
            kept[name] = value
    properties, references = new_ids.split(kept, fields)
    at = new_ids.look_up((str(owner).casefold(), str(owner_id))) if is_owned else None
    new_owner_id = at if isinstance(at, str) else str(owner_id)
    is_new = isinstance(at, int)
    parent = Parent(str(owner), new_owner_id) if is_owned and not is_new else None
    change = Change(
        ChangeKind.CREATE,
        effect.entity,
        properties=properties,
        parent=parent,
        references=references,
        parent_reference=at if isinstance(at, int) else None,
        origin=remade_origin(effect),
    )
    return change, lost
