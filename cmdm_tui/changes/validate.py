"""Checks changes against the fields of their entities, before a call is spent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from cmdm_tui.api.models import Field
from cmdm_tui.api.value_match import is_empty
from cmdm_tui.changes.change_set import Change, ChangeKind, Reject
from cmdm_tui.changes.soundness import find_shape_fault, list_references
from cmdm_tui.changes.value_check import find_value_fault
from cmdm_tui.text import find_similar_names, one_line

_EXTERNAL_ID = "externalid"


def check_changes(
    changes: Iterable[Change], fields: Mapping[str, Sequence[Field]]
) -> tuple[tuple[Change, ...], tuple[Reject, ...]]:
    """Return the changes that can be sent, their fields named as the service does, and the rest.

    The keys of `fields` are names of entities, in any case. Of an entity without declared fields
    (those of tasks are inferred from records) only what is known is checked. References to a
    change that is rejected are rejected too; the others get the new positions.
    """
    known = {
        entity.casefold(): _FieldNames(entity, declared) for entity, declared in fields.items()
    }
    given = list(changes)
    return _keep_sound(given, [_check_change(change, known) for change in given])


def reject_changes(
    changes: Sequence[Change], faults: Mapping[int, Reject]
) -> tuple[tuple[Change, ...], tuple[Reject, ...]]:
    """Return the changes without those of the positions in `faults`, and all rejects.

    References to one that is rejected are rejected too; the others get the new positions.
    """
    return _keep_sound(changes, [faults.get(at, one) for at, one in enumerate(changes)])


def _keep_sound(
    given: Sequence[Change], checked: Sequence[Change | Reject]
) -> tuple[tuple[Change, ...], tuple[Reject, ...]]:
    outcomes = _reject_dependents(given, checked)
    positions: dict[int, int] = {}
    for position, outcome in enumerate(outcomes):
        if isinstance(outcome, Change):
            positions[position] = len(positions)
    kept = (renumber_references(one, positions) for one in outcomes if isinstance(one, Change))
    return tuple(kept), tuple(one for one in outcomes if isinstance(one, Reject))


class _FieldNames:
    """The fields of an entity, found by name in any case; `entity` is its name."""

    def __init__(self, entity: str, declared: Sequence[Field]) -> None:
        self.entity = entity
        self.declared = declared
        self.by_name = {field.name.casefold(): field for field in declared}
        self.exact = {field.name: field for field in declared}
        self.is_open = not declared or any(field.inferred for field in declared)
        """Whether it may have other fields."""

    def find(self, name: str) -> Field | None:
        """Return the field of this name, that in another case where there is none."""
        return self.exact.get(name) or self.by_name.get(name.casefold())

    def describe_unknown(self, name: str) -> str:
        """Return that there is no field of this name, with the nearest one."""
        near = find_similar_names(name, self.exact)
        hint = f"; the nearest is {near[0]}" if near else ""
        return f"{one_line(self.entity, 60)} has no such field{hint}"


def _check_change(change: Change, known: Mapping[str, _FieldNames]) -> Change | Reject:
    fault = find_shape_fault(change)
    if fault is not None:
        return Reject(fault, change.origin, change=change)
    # The object of a conversion names fields of the account that it makes.
    entity = "account" if change.kind is ChangeKind.CONVERT else change.entity.casefold()
    names = known.get(entity) or _FieldNames(change.entity, ())
    named = replace(
        change,
        properties={_name(names, name): value for name, value in change.properties.items()},
        references={_name(names, name): at for name, at in change.references.items()},
    )
    count = len(change.properties) + len(change.references)
    if len({*named.properties, *named.references}) < count:
        return Reject("a field is given twice", change.origin, change=change)
    faults = list(_find_faults(named, names))
    if faults:
        (column, first), *others = faults
        reason = "; ".join([first, *(_name_fault(*one) for one in others)])
        return Reject(reason, change.origin, column, change)
    return named


def _name_fault(column: str, reason: str) -> str:
    """Return a reason that names its column, as one of several does."""
    shown = one_line(column, 60)
    return reason if reason.startswith(f"{shown} ") else f"{shown}: {reason}"


def _name(names: _FieldNames, name: str) -> str:
    field = names.find(name)
    return name if field is None else field.name


def _find_faults(change: Change, names: _FieldNames) -> Iterator[tuple[str, str]]:
    """Yield the columns at fault, each with the reason."""
    for name in (*change.properties, *change.references):
        field = names.find(name)
        if name.casefold() == _EXTERNAL_ID:
            yield name, "the service gives ids itself"
        elif field is None and not names.is_open:
            yield name, names.describe_unknown(name)
        elif field is not None and field.read_only:
            yield name, f"{one_line(name, 60)} is read-only"
        elif field is not None and name in change.properties:
            fault = find_value_fault(field, change.properties[name])
            if fault is not None:
                yield name, f"{one_line(name, 60)} {fault}"
    if change.kind is ChangeKind.CREATE:
        for field in names.declared:
            is_given = field.name in change.references or not is_empty(
                change.properties.get(field.name)
            )
            if field.required and not field.read_only and not is_given:
                yield field.name, f"{one_line(field.name, 60)} is required"


def _reject_dependents(
    given: Sequence[Change], checked: Sequence[Change | Reject]
) -> list[Change | Reject]:
    """Return what was checked, with changes rejected that need a record which is not created."""
    outcomes = list(checked)
    is_settled = False
    while not is_settled:
        is_settled = True
        for position, outcome in enumerate(outcomes):
            if isinstance(outcome, Change):
                reason = _find_reference_fault(outcome, outcomes)
                if reason is not None:
                    outcomes[position] = Reject(reason, outcome.origin, change=given[position])
                    is_settled = False
    return outcomes


def _find_reference_fault(change: Change, outcomes: Sequence[Change | Reject]) -> str | None:
    for target in list_references(change):
        if not 0 <= target < len(outcomes):
            return "it refers to a change that is not there"
        wanted = outcomes[target]
        if isinstance(wanted, Reject):
            where = wanted.origin or f"change {target + 1}"
            return f"it needs the record of {where}, which is rejected"
        if wanted.kind is not ChangeKind.CREATE:
            return "it refers to a change that creates no record"
    return None


def renumber_references(change: Change, positions: Mapping[int, int]) -> Change:
    """Return the change with its references to other changes at their new positions."""
    if not list_references(change):
        return change
    parent, record = change.parent_reference, change.record_reference
    return replace(
        change,
        references={name: positions[at] for name, at in change.references.items()},
        parent_reference=None if parent is None else positions[parent],
        record_reference=None if record is None else positions[record],
    )
