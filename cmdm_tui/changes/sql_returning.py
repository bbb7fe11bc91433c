"""Makes the rows of RETURNING from what became of each change; pure, and makes no call."""

from collections.abc import Iterable, Mapping, Sequence

from cmdm_tui.api.models import Properties
from cmdm_tui.changes.change_set import ChangeKind
from cmdm_tui.changes.entity_fields import OWNER_FIELDS, EntityFields
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.unchanged import find_value
from cmdm_tui.query.model import EXTERNAL_ID
from cmdm_tui.query.parsing.write_parts import ReturnedColumn

_RETURNED = frozenset({EntryState.DONE, EntryState.UNCHANGED})


def returned_columns(
    returning: Sequence[ReturnedColumn], known: EntityFields
) -> tuple[tuple[str, str], ...]:
    """Return the columns: the title of each, and the field that it shows."""
    columns: list[tuple[str, str]] = []
    for one in returning:
        if one.field is None:
            columns.append((EXTERNAL_ID, EXTERNAL_ID))
            columns += [(field.name, field.name) for field in known.readable]
        elif one.field.name.casefold() == EXTERNAL_ID.casefold():
            columns.append((one.title, EXTERNAL_ID))
        else:
            columns.append((one.title, known.find(one.field).name))
    return tuple(columns)


def returned_rows(
    columns: Sequence[tuple[str, str]],
    entries: Iterable[JournalEntry],
    read: Mapping[str, Properties] | None = None,
) -> list[tuple[object, ...]]:
    """Return a row for each change that was done, or was found as wanted.

    Of a new record the fields that were given are known, of any other what was read of it (`read`,
    by id, see `from_sql.MadeChanges`) with the values written; the rest is None. A deleted record
    shows what it was.
    """
    return [
        tuple(find_value(values, name) for _, name in columns)
        for entry in entries
        if entry.state in _RETURNED
        for values in (_values_of(entry, read or {}),)
    ]


def _values_of(entry: JournalEntry, read: Mapping[str, Properties]) -> Properties:
    change = entry.change
    is_new = change.kind is ChangeKind.CREATE
    external_id = entry.result_id if is_new else change.external_id
    known: dict[str, object] = {}
    if change.external_id is not None:
        known |= read.get(change.external_id, {})
    known |= change.before or {}
    known |= entry.observed or {}
    if change.kind in {ChangeKind.CREATE, ChangeKind.UPDATE}:
        known |= change.properties
    if change.parent is not None:
        known |= dict(
            zip(OWNER_FIELDS, (change.parent.entity, change.parent.external_id), strict=True)
        )
    if change.kind is ChangeKind.CONVERT and entry.result_id:
        known["AccountExternalID"] = entry.result_id
    return {**known, EXTERNAL_ID: external_id}
