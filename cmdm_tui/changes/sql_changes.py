"""Makes changes of the rows that were read for an UPDATE, a DELETE or a CALL; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdm_tui.api.models import Properties
from cmdm_tui.changes.change_set import Change, ChangeKind, Reject
from cmdm_tui.changes.entity_fields import kind_of
from cmdm_tui.changes.sql_reading import ReadColumns
from cmdm_tui.changes.unchanged import CONVERTED, is_closed, is_converted
from cmdm_tui.changes.wire_text import NoWireText, write_wire_text
from cmdm_tui.query.parsing.write_parts import CallStatement, Procedure
from cmdm_tui.text import one_line

_KINDS = {Procedure.CONVERT_LEAD: ChangeKind.CONVERT, Procedure.CLOSE_TASK: ChangeKind.CLOSE}


@dataclass(slots=True)
class RowChanges:
    """What the rows of a statement come to; `read` are the values read, by the records' ids."""

    changes: list[Change] = field(default_factory=list[Change])
    rejects: list[Reject] = field(default_factory=list[Reject])
    read: dict[str, Properties] = field(default_factory=dict[str, Properties])
    unchanged: int = 0


def build_updated(
    entity: str, columns: ReadColumns, rows: Iterable[Sequence[object]]
) -> RowChanges:
    """Return the updates, one for each record. Rows that differ on one record reject it."""
    made = RowChanges()
    found: dict[str, Change] = {}
    disputed = set[str]()
    for row in rows:
        external_id, old, rest = _split(row, columns)
        if not external_id:
            made.rejects.append(_without_id(entity))
            continue
        before = {one.name: old[one.name] for one in columns.new}
        change = Change(ChangeKind.UPDATE, entity, external_id, {}, before=before)
        values = _new_values(change, columns, rest)
        if isinstance(values, Reject):
            if external_id not in disputed:
                made.rejects.append(values)
            disputed.add(external_id)
            continue
        change = Change(ChangeKind.UPDATE, entity, external_id, values, before=before)
        if found.setdefault(external_id, change).properties != values:
            if external_id not in disputed:
                reason = "several rows match it, with different new values"
                made.rejects.append(Reject(reason, change=change))
            disputed.add(external_id)
        made.read[external_id] = old
    made.changes = [one for key, one in found.items() if key not in disputed]
    return made


def build_deleted(
    entity: str, columns: ReadColumns, rows: Iterable[Sequence[object]]
) -> RowChanges:
    """Return the deletions, one for each record, with the whole record before it."""
    made = RowChanges()
    for row in rows:
        external_id, old, _ = _split(row, columns)
        if not external_id:
            made.rejects.append(_without_id(entity))
        else:
            made.read.setdefault(external_id, old)
    made.changes = [
        Change(ChangeKind.DELETE, entity, external_id, before=old)
        for external_id, old in made.read.items()
    ]
    return made


def build_called(
    statement: CallStatement,
    entity: str,
    columns: ReadColumns,
    rows: Iterable[Sequence[object]],
) -> RowChanges:
    """Return the conversions or closings; an id of which there is no record is rejected.

    A task that is closed already is counted as unchanged, a converted lead is rejected.
    """
    read = build_deleted(entity, columns, rows)
    kind = _KINDS[statement.procedure]
    made = RowChanges(rejects=read.rejects)
    for external_id, old in _pick_named(statement.ids, read.read).items():
        change = Change(kind, entity, external_id, before=old)
        made.read[external_id] = old
        if kind is ChangeKind.CLOSE and is_closed(old):
            made.unchanged += 1
        elif kind is ChangeKind.CONVERT and is_converted(old):
            made.rejects.append(Reject(CONVERTED, change=change))
        else:
            made.changes.append(change)
    folded = {one.casefold() for one in made.read}
    for missing in (one for one in statement.ids if one.casefold() not in folded):
        change = Change(kind, entity, missing)
        made.rejects.append(Reject(describe_missing(entity, missing), change=change))
    return made


def describe_missing(entity: str, external_id: str) -> str:
    """Return the clause that there is no such record."""
    return f"there is no {one_line(entity, 60)} with the id {one_line(external_id, 60)}"


def _pick_named(ids: Sequence[str], read: Mapping[str, Properties]) -> Mapping[str, Properties]:
    """Return the records with exactly these ids; where one has another case alone, that one."""
    if not ids:
        return read
    exact = {one.casefold() for one in ids if one in read}
    return {
        external_id: old
        for external_id, old in read.items()
        if external_id in ids or external_id.casefold() not in exact
    }


def _split(
    row: Sequence[object], columns: ReadColumns
) -> tuple[str, dict[str, Any], Sequence[object]]:
    """Return the id of a row, the stored values by field, and what comes after them."""
    end = 1 + len(columns.old)
    names = (one.name for one in columns.old)
    old = dict(zip(names, row[1:end], strict=True))
    return str(row[0] or ""), old, row[end:]


def _new_values(
    change: Change, columns: ReadColumns, values: Sequence[object]
) -> dict[str, Any] | Reject:
    """Return the new values of a row as they go over the wire, or why one cannot."""
    count = len(columns.new)
    made: dict[str, Any] = {}
    for one, value, is_unread in zip(columns.new, values[:count], values[count:], strict=True):
        name = one_line(one.name, 60)
        if is_unread:
            reason = f"{name} is computed from a value that is not of its field's type"
            return Reject(reason, column=one.name, change=change)
        try:
            made[one.name] = write_wire_text(value, kind_of(one))
        except NoWireText as error:
            return Reject(f"{name} {error}", column=one.name, change=change)
    return made


def _without_id(entity: str) -> Reject:
    return Reject(f"a {entity} has no external id, so no call can name it")
