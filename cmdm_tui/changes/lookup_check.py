"""Finds, on request, the changes whose lookups or parents name a record that does not exist; pure.

The caller reads the records that `list_lookups` names.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from cmdm_tui.api.models import Field
from cmdm_tui.changes.change_set import Change, Reject
from cmdm_tui.changes.validate import reject_changes
from cmdm_tui.text import one_line

LookupTarget = tuple[str, str]
"""An entity and the external id of one of its records."""


def list_lookups(
    changes: Iterable[Change], fields: Mapping[str, Sequence[Field]]
) -> tuple[LookupTarget, ...]:
    """Return the records that the changes' lookups and parents name, each once."""
    known = _index(fields)
    found = (target for change in changes for _, target in _find_targets(change, known))
    return tuple(dict.fromkeys(found))


def reject_missing(
    changes: Sequence[Change],
    fields: Mapping[str, Sequence[Field]],
    missing: Collection[LookupTarget],
) -> tuple[tuple[Change, ...], tuple[Reject, ...]]:
    """Return the changes that name none of the missing records, and the rest, as rejects."""
    known = _index(fields)
    faults: dict[int, Reject] = {}
    for position, change in enumerate(changes):
        for column, (entity, external_id) in _find_targets(change, known):
            if (entity, external_id) in missing:
                reason = f"there is no {one_line(entity, 60)} {one_line(external_id, 60)}"
                faults[position] = Reject(reason, change.origin, column, change)
                break
    return reject_changes(changes, faults)


def _index(fields: Mapping[str, Sequence[Field]]) -> Mapping[str, Mapping[str, Field]]:
    return {
        entity.casefold(): {one.name.casefold(): one for one in declared}
        for entity, declared in fields.items()
    }


def _find_targets(
    change: Change, known: Mapping[str, Mapping[str, Field]]
) -> Iterable[tuple[str | None, LookupTarget]]:
    """Yield the columns of a change that name a record, with the record."""
    names = known.get(change.entity.casefold(), {})
    for name, value in change.properties.items():
        field = names.get(name.casefold())
        target = field.lookup_entity if field is not None and field.type == "Lookup" else None
        if target and isinstance(value, str) and value:
            yield name, (target, value)
    if change.parent is not None:
        yield None, (change.parent.entity, change.parent.external_id)
