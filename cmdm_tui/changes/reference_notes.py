"""Tells in sentences who points at records that are deleted, or were and are made again; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.made_again import RecordKey
from cmdm_tui.changes.references import FoundReferences, Reference
from cmdm_tui.text import count_noun, one_line

_IDS_SHOWN = 5


def note_references(change_set: ChangeSet, found: FoundReferences) -> ChangeSet:
    """Return changes that delete records, with notes on the records that point at those.

    Records that the changes delete too are left out.
    """
    deleted = list_deleted(change_set)
    left = [
        one for one in found.references if (one.entity.casefold(), one.external_id) not in deleted
    ]
    notes = [
        f"{_count(group)} {'points' if len(group) == 1 else 'point'} at a record that is deleted, "
        f"by {_join_names(group)}, and will point at nothing: {_join_ids(group)}."
        for group in group_references(left)
    ]
    if not left:
        notes.append("No other record was found that points at one that is deleted.")
    return replace(
        change_set,
        notes=(*change_set.notes, *notes, *describe_search(found)),
        calls_made=change_set.calls_made + found.calls_made,
    )


def list_deleted(change_set: ChangeSet) -> set[RecordKey]:
    """Return the records that the changes delete."""
    deletes = (one for one in change_set.changes if one.kind is ChangeKind.DELETE)
    return {(one.entity.casefold(), one.external_id or "") for one in deletes}


def describe_kept(changes: Sequence[Change], kept: Sequence[Reference]) -> list[str]:
    """Return what is known, without a call, of references to the records of an undo.

    `changes` are those of the undo, which point at new ids where they pointed at old ones; `kept`
    is who pointed at an old id when the run read it, and is not part of the undo.
    """
    notes: list[str] = []
    pointing = [one for one in changes if one.references or one.parent_reference is not None]
    if pointing:
        names = join_few([_name_change(one) for one in pointing])
        notes.append(f"What pointed at an old id in this run will point at the new one: {names}.")
    for group in group_references(kept):
        verb = "points" if len(group) == 1 else "point"
        notes.append(
            f"{_count(group)} of this run {verb} at an old id by {_join_names(group)}, unless that "
            f"has changed since: {_join_ids(group)}."
        )
    return notes


def describe_found(found: FoundReferences) -> list[str]:
    """Return a sentence for each group of records that point at an old id of an undo."""
    notes: list[str] = []
    for group in group_references(found.references):
        verb = "points" if len(group) == 1 else "point"
        what = f"{_count(group)} {verb} at an old id by {_join_names(group)}"
        if group[0].is_settable:
            notes.append(f"{what}, and will point at the new one: {_join_ids(group)}.")
        else:
            notes.append(f"{what}, which the API does not let change: {_join_ids(group)}.")
    if not found.references:
        notes.append("No record outside of this run was found that points at an old id.")
    return [*notes, *describe_search(found)]


def describe_search(found: FoundReferences) -> list[str]:
    """Return which entities were searched, and which were not."""
    notes: list[str] = []
    if found.searched:
        notes.append(f"References were looked for in {', '.join(found.searched)}.")
    if found.skipped:
        notes.append(
            f"They were not looked for to the end in {', '.join(found.skipped)}: there may be more."
        )
    return notes


def group_references(found: Iterable[Reference]) -> list[list[Reference]]:
    """Return the references by entity and by whether they can be set, in order."""
    groups: dict[tuple[str, bool], list[Reference]] = {}
    for one in found:
        groups.setdefault((one.entity, one.is_settable), []).append(one)
    return list(groups.values())


def _name_change(change: Change) -> str:
    where = change.origin or f"{change.entity} {change.external_id or ''}"
    return f"{where} ({', '.join(change.references) or 'what it belongs to'})"


def _count(group: Sequence[Reference]) -> str:
    records = len({one.external_id for one in group})
    return f"{count_noun(records, 'record')} of {one_line(group[0].entity, 60)}"


def _join_names(group: Sequence[Reference]) -> str:
    return " and ".join(dict.fromkeys(one_line(one.name, 60) for one in group))


def _join_ids(group: Sequence[Reference]) -> str:
    return join_few(list(dict.fromkeys(one.external_id for one in group)))


def join_few(names: Sequence[str]) -> str:
    """Return the first of the names for a sentence, and how many more there are."""
    more = f" and {len(names) - _IDS_SHOWN:,} more" if len(names) > _IDS_SHOWN else ""
    return ", ".join(one_line(name, 60) for name in names[:_IDS_SHOWN]) + more
