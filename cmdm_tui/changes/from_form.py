"""Makes the change set of records that a form or a command describes; pure."""

import time
from collections.abc import Sequence
from dataclasses import replace

from cmdm_tui.api.models import Field, Properties, Record
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet, Reject
from cmdm_tui.changes.unchanged import (
    CONVERTED,
    drop_unchanged,
    is_closed,
    is_converted,
    pick_values,
)
from cmdm_tui.changes.validate import check_changes
from cmdm_tui.text import count_noun, one_line

_NAMES_SHOWN = 6


def make_form_set(
    change: Change,
    *,
    address: str,
    username: str,
    record: Record | None = None,
    fields: Sequence[Field] | None = None,
) -> ChangeSet:
    """Return the change set of one change: empty where the record holds the values already.

    `record` is what was read of it before, None for nothing: then no old value is known, and an
    undo cannot put one back. With `fields`, those of its entity, values are checked before a call
    is spent; without them the service is the judge.
    """
    kept: Change | None = change if record is None else add_record(change, record, fields or ())
    changes, rejects = (() if kept is None else (kept,)), tuple[Reject, ...]()
    if fields is not None:
        changes, rejects = check_changes(changes, {change.entity: fields})
    return ChangeSet(
        tuple(changes),
        title=describe_change(change),
        address=address,
        username=username,
        made_at=time.time(),
        unchanged=int(kept is None),
        rejects=rejects,
    )


def make_same_set(
    change: Change,
    records: Sequence[Record],
    *,
    address: str,
    username: str,
    fields: Sequence[Field] | None = None,
) -> ChangeSet:
    """Return the change set of the same change to each of the records, which were read before.

    `change` names the entity and the new values, and no record. What a record holds already, and
    a task that is closed, are left out; a lead that is converted already is a reject. `fields` as
    in `make_form_set`.
    """
    kept: list[Change] = []
    rejects: list[Reject] = []
    unchanged = 0
    for record in records:
        one = add_record(replace(change, external_id=record.external_id), record, fields or ())
        if one is None or (one.kind is ChangeKind.CLOSE and is_closed(record.properties)):
            unchanged += 1
        elif one.kind is ChangeKind.CONVERT and is_converted(record.properties):
            rejects.append(Reject(CONVERTED, change=one))
        else:
            kept.append(one)
    changes, invalid = tuple(kept), tuple[Reject, ...]()
    if fields is not None:
        changes, invalid = check_changes(kept, {change.entity: fields})
    return ChangeSet(
        changes,
        title=_describe_same(change, records),
        address=address,
        username=username,
        made_at=time.time(),
        unchanged=unchanged,
        rejects=(*rejects, *invalid),
    )


def add_record(change: Change, record: Record, fields: Sequence[Field] = ()) -> Change | None:
    """Return the change with what was read of its record; None where nothing would change."""
    if change.kind is not ChangeKind.UPDATE:
        return replace(change, before=dict(record.properties))
    before: Properties = pick_values(record.properties, change.properties)
    return drop_unchanged(replace(change, before=before), fields)


def describe_change(change: Change) -> str:
    """Return what is changed, as in `Update City of lead ABC1D2E3`: names, and no value."""
    return _describe(change, one_line(f"{change.entity} {change.external_id or ''}".strip(), 100))


def _describe_same(change: Change, records: Sequence[Record]) -> str:
    if len(records) == 1:
        return describe_change(replace(change, external_id=records[0].external_id))
    return _describe(change, f"{count_noun(len(records), 'record')} of {one_line(change.entity)}")


def _describe(change: Change, record: str) -> str:
    if change.kind is not ChangeKind.UPDATE:
        return f"{change.kind.value.capitalize()} {record}"
    names = [one_line(name, 40) for name in change.properties]
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"Update {', '.join(names[:_NAMES_SHOWN])}{more} of {record}"
