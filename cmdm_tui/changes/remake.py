"""Makes the create that brings a deleted record back; pure."""

from collections.abc import Mapping, Sequence

from cmdm_tui.api.models import Field, Parent, Properties
from cmdm_tui.api.value_match import is_empty
from cmdm_tui.changes.change_set import OWNED_ENTITIES, Change, ChangeKind
from cmdm_tui.changes.made_again import remade_origin
from cmdm_tui.changes.references import OWNER_ENTITY, OWNER_ID, NewIds
from cmdm_tui.changes.run_effect import RecordEffect
from cmdm_tui.changes.unchanged import find_value

SET_BY_SERVICE = frozenset(
    {"createddate", "modifieddate", "closeddate", "relatedentity", "relatedexternalid"}
)
"""Fields that no create can give (`api.md`), where the service does not say so itself."""

_NEVER_THE_SAME = frozenset({"createddate", "modifieddate"})


def remake(
    effect: RecordEffect, record: Properties, fields: Mapping[str, Field], new_ids: NewIds
) -> tuple[Change, Sequence[str]]:
    """Return the create that makes a deleted record again, and which values are lost.

    `record` is what it held, `fields` those of its entity by name, casefolded.
    """
    before_run = {**record, **effect.old}
    kept: dict[str, object] = {}
    lost: list[str] = []
    owner, owner_id = (find_value(record, name) for name in (OWNER_ENTITY, OWNER_ID))
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
