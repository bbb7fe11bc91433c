"""Checks that changes can be sent at all, whatever fields there are: shapes and references."""

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from cmdm_tui.changes.change_set import OWNED_ENTITIES, Change, ChangeKind
from cmdm_tui.text import one_line

_OWN_ENTITY = {ChangeKind.CONVERT: "lead", ChangeKind.CLOSE: "task"}
_KINDS_WITH_VALUES = frozenset({ChangeKind.CREATE, ChangeKind.UPDATE})


def find_unsound(changes: Sequence[Change]) -> Iterator[tuple[int, str]]:
    """Yield the position of each change of which no call can be made, with a clause that says why.

    References are followed: they must lead to creates, and not in a circle.
    """
    is_sound = True
    for position, change in enumerate(changes):
        fault = find_shape_fault(change)
        for target in list_references(change):
            fault = fault or _find_target_fault(position, target, changes)
        if fault is not None:
            is_sound = False
            yield position, fault
    if is_sound:
        yield from _find_circle(changes)


def list_references(change: Change) -> list[int]:
    """Return the positions of the changes whose records it needs."""
    others = (change.parent_reference, change.record_reference)
    return [*change.references.values(), *(at for at in others if at is not None)]


def find_shape_fault(change: Change) -> str | None:
    """Return why no call can be made of a change, a clause; None where one can."""
    kind, entity = change.kind, change.entity.casefold()
    has_id, updates_new = bool(change.external_id), change.record_reference is not None
    if updates_new and kind is not ChangeKind.UPDATE:
        return "only an update changes a record that another change creates"
    if updates_new and has_id:
        return "it names two records"
    if (kind is ChangeKind.CREATE) == (has_id or updates_new):
        return "a new record has no id yet" if has_id else "it names no record"
    own = _OWN_ENTITY.get(kind, entity)
    if own != entity:
        return f"{kind} is for a {own}, not for a {one_line(change.entity, 60)}"
    if kind is ChangeKind.UPDATE and not (change.properties or change.references):
        return "it changes no field"
    if kind not in _KINDS_WITH_VALUES and change.references:
        return f"a {kind} refers to no new record"
    if any(name in change.properties for name in change.references):
        return "a field has a value and refers to a new record"
    return _find_parent_fault(change)


def _find_parent_fault(change: Change) -> str | None:
    parents = (change.parent is not None) + (change.parent_reference is not None)
    is_owned = change.kind is ChangeKind.CREATE and change.entity.casefold() in OWNED_ENTITIES
    if parents and not is_owned:
        return "only a new task or opportunity belongs to a record"
    return "it names two records that it belongs to" if parents > 1 else None


def _find_target_fault(position: int, target: int, changes: Sequence[Change]) -> str | None:
    if not 0 <= target < len(changes) or target == position:
        return "it refers to a change that is not there"
    if changes[target].kind is not ChangeKind.CREATE:
        return "it refers to a change that creates no record"
    return None


def _find_circle(changes: Sequence[Change]) -> Iterator[tuple[int, str]]:
    targets = {at: list_references(change) for at, change in enumerate(changes)}
    try:
        TopologicalSorter({at: to for at, to in targets.items() if to}).prepare()
    except CycleError as error:
        circle: list[int] = error.args[1]
        yield circle[0], "it refers to a new record that refers to it, in a circle"
