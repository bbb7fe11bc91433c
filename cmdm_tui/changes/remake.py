"""Makes the create that brings a deleted record back, and finds who pointed at it; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cmdm_tui.api.models import Field, Parent, Properties
from cmdm_tui.api.value_match import is_empty
from cmdm_tui.changes.change_set import OWNED_ENTITIES, Change, ChangeKind
from cmdm_tui.changes.run_effect import RecordEffect
from cmdm_tui.changes.unchanged import find_value

SET_BY_SERVICE = frozenset(
    {"createddate", "modifieddate", "closeddate", "relatedentity", "relatedexternalid"}
)
"""Fields that no create can give (`api.md`), where the service does not say so itself."""

_NEVER_THE_SAME = frozenset({"createddate", "modifieddate"})


@dataclass(frozen=True, slots=True)
class NewIds:
    """The records that an undo makes again: the position of each create by entity and old id."""

    positions: Mapping[tuple[str, str], int]

    def find(self, value: object, name: str, field: Field | None) -> int | None:
        """Return the position of the record that a field's value names; None for any other."""
        is_lookup = field.type == "Lookup" if field else name.casefold().endswith("externalid")
        if not is_lookup or not isinstance(value, str):
            return None
        target = field.lookup_entity if field else None
        if target:
            return self.positions.get((target.casefold(), value))
        found = [at for (_, old_id), at in self.positions.items() if old_id == value]
        return found[0] if len(found) == 1 else None

    def split(
        self, values: Properties, fields: Mapping[str, Field]
    ) -> tuple[Properties, Mapping[str, int]]:
        """Return values without the old ids among them, and the references that replace those."""
        found = {
            name: self.find(value, name, fields.get(name.casefold()))
            for name, value in values.items()
        }
        references = {name: at for name, at in found.items() if at is not None}
        return {name: one for name, one in values.items() if name not in references}, references


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
    is_owned = effect.entity.casefold() in OWNED_ENTITIES and bool(owner) and bool(owner_id)
    for name, value in before_run.items():
        field, folded = fields.get(name.casefold()), name.casefold()
        if is_empty(value) or folded in _NEVER_THE_SAME:
            continue
        if is_owned and folded in {"relatedentity", "relatedexternalid"}:
            continue
        if folded in SET_BY_SERVICE or (field is not None and field.read_only):
            lost.append(name)
        else:
            kept[name] = value
    properties, references = new_ids.split(kept, fields)
    at = new_ids.positions.get((str(owner).casefold(), str(owner_id))) if is_owned else None
    parent = Parent(str(owner), str(owner_id)) if is_owned and at is None else None
    change = Change(
        ChangeKind.CREATE,
        effect.entity,
        properties=properties,
        parent=parent,
        references=references,
        parent_reference=at,
        origin=f"{effect.entity} {effect.external_id}",
    )
    return change, lost
