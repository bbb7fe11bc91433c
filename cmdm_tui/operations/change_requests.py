"""Makes one change set of what a program asks for: new records, records by their ids, and SQL."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cmdm_tui.api.models import Parent, Properties
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet, Reject
from cmdm_tui.changes.entity_fields import EntityFields, kind_of, load_entity
from cmdm_tui.changes.errors import InvalidChange
from cmdm_tui.changes.from_sql import MadeChanges, SqlChange, prepare_sql_change, read_changes
from cmdm_tui.changes.sql_changes import describe_missing
from cmdm_tui.changes.unchanged import CONVERTED, drop_unchanged, is_closed, is_converted
from cmdm_tui.changes.validate import check_changes, reject_changes, renumber_references
from cmdm_tui.changes.wire_text import NoWireText, write_wire_text
from cmdm_tui.operations.record_lookup import RecordLookup
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.parsing.identifiers import can_be_named
from cmdm_tui.query.parsing.write_parts import WrittenName
from cmdm_tui.query.parsing.write_statement import WriteStatement
from cmdm_tui.text import one_line

RecordKey = tuple[str, str]
"""An entity, folded, and the external id of one of its records."""

_UNCHANGED = "it holds the wanted values already"
"""Marks, among the rejects, a change that is left out as there is nothing to do."""


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record that a change set creates: what a later change of the set may refer to.

    Give it as the value of a lookup, or as the parent of a task or opportunity. `number` is the
    place of its creation in what was asked for, from 1.
    """

    entity: str
    number: int


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """One record to change: `values` are Python's own, or a `NewRecord`; None empties a field."""

    kind: ChangeKind
    entity: str
    external_id: str | None = None
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    parent: Parent | NewRecord | None = None


@dataclass(frozen=True, slots=True)
class StatementRequest:
    """An SQL statement; `max_calls` is the most that reading its records may make."""

    statement: WriteStatement
    max_calls: int | None = None


ChangeRequest = RecordRequest | StatementRequest


async def make_requested_set(
    requests: Sequence[ChangeRequest], title: str, account: Account, engine: Engine
) -> ChangeSet:
    """Return the change set of the requests, in their order.

    Values are checked before a record is read; then each record that is to be changed is read, for
    its old values, as any query reads it. Statements see the records as they are now, and not as
    the requests before them make them: InvalidChange where two would change one record. Raises
    QueryError for a name that there is not, and ApiError where a call fails.
    """
    statements = {
        at: (await prepare_sql_change(one.statement, account), one.max_calls)
        for at, one in enumerate(requests, 1)
        if isinstance(one, StatementRequest)
    }
    records = {at: one for at, one in enumerate(requests, 1) if isinstance(one, RecordRequest)}
    known = await _load_entities(records.values(), account)
    draft = _Draft(records, known)
    draft.check()
    await draft.read(RecordLookup(engine))
    made: dict[int, MadeChanges] = {}
    for at, (statement, max_calls) in statements.items():
        made[at] = await read_changes(statement, engine, max_calls=max_calls)
    _refuse_overlaps(draft, {at: (statements[at][0], one) for at, one in made.items()})
    return _join(requests, title, account, draft, made)


async def _load_entities(
    requests: Iterable[RecordRequest], account: Account
) -> dict[str, EntityFields]:
    """Return the entities that are named, with their fields, by the names as they are given."""
    wanted: dict[str, None] = {}
    for one in requests:
        wanted[one.entity] = None
        if one.kind is ChangeKind.CONVERT and one.values:
            wanted["account"] = None
    return {name: await load_entity(account, WrittenName.of(name)) for name in wanted}


class _Draft:
    """The records that a program names, on their way to changes.

    `changes` are those that can be sent, `rejects` the others; each has its request's number in its
    `origin`, which `numbers` gives back.
    """

    def __init__(
        self, requests: Mapping[int, RecordRequest], known: Mapping[str, EntityFields]
    ) -> None:
        self._requests = requests
        self._known = known
        self._places = {at: place for place, at in enumerate(requests)}
        self.numbers = {name_request(at): at for at in requests}
        self.changes: tuple[Change, ...] = ()
        self.rejects: tuple[Reject, ...] = ()
        self.unchanged = 0
        self.calls_made = 0
        self.is_partial = False
        self.notes: tuple[str, ...] = ()

    def check(self) -> None:
        """Make the changes, and reject those whose values their fields cannot hold."""
        faults: dict[int, Reject] = {}
        changes: list[Change] = []
        for place, (at, request) in enumerate(self._requests.items()):
            change, reason, column = self._make_change(at, request)
            changes.append(change)
            if reason:
                faults[place] = Reject(reason, change.origin, column, change)
        kept, unwritten = reject_changes(changes, faults)
        checks = {one.entity: one.fields for one in self._known.values()}
        self.changes, invalid = check_changes(kept, {"account": (), **checks})
        self.rejects = (*unwritten, *invalid)

    async def read(self, lookup: RecordLookup) -> None:
        """Read each record that is to be changed, and leave out what there is nothing to do for."""
        wanted: dict[str, dict[str, None]] = {}
        for change in self.changes:
            if change.external_id is not None:
                wanted.setdefault(change.entity, {})[change.external_id] = None
        found: dict[RecordKey, tuple[str, Properties]] = {}
        by_entity = {one.entity: one for one in self._known.values()}
        for entity, ids in wanted.items():
            names = self._list_fields(by_entity[entity])
            records = await lookup.read(entity, tuple(ids), names)
            found |= {(entity, external_id): one for external_id, one in records.items()}
        self._compare(found, by_entity)
        self.calls_made, self.is_partial = lookup.calls_made, lookup.is_partial
        self.notes = lookup.notes

    def _make_change(self, at: int, request: RecordRequest) -> tuple[Change, str, str | None]:
        """Return the change, with a clause that says why it cannot be, and the field at fault."""
        entity = self._known[request.entity]
        of = self._known["account"] if self._is_valued_conversion(request) else entity
        values: dict[str, Any] = {}
        references: dict[str, int] = {}
        reason, column = "", None
        for name, value in request.values.items():
            if isinstance(value, NewRecord):
                references[name] = self._places[value.number]
                continue
            try:
                values[name] = write_wire_text(value, _kind_of(of, name))
            except NoWireText as error:
                reason, column = f"{one_line(name, 60)} {error}", name
            if request.kind is ChangeKind.UPDATE and not can_be_named(name):
                reason, column = f"{one_line(name, 60)} is not a name that SQL can spell", name
        parent = request.parent
        is_new = isinstance(parent, NewRecord)
        change = Change(
            request.kind,
            entity.entity,
            request.external_id,
            values,
            parent=None if isinstance(parent, NewRecord) else parent,
            references=references,
            parent_reference=self._places[parent.number] if is_new else None,
            origin=name_request(at),
        )
        return change, reason, column

    @staticmethod
    def _is_valued_conversion(request: RecordRequest) -> bool:
        return request.kind is ChangeKind.CONVERT and bool(request.values)

    def _list_fields(self, entity: EntityFields) -> tuple[str, ...]:
        """Return the fields to read: those that updates set, or all where a record may be lost."""
        names: dict[str, None] = {}
        for change in self.changes:
            if change.entity != entity.entity or change.external_id is None:
                continue
            if change.kind is ChangeKind.UPDATE:
                names |= dict.fromkeys((*change.properties, *change.references))
            else:
                names |= dict.fromkeys(one.name for one in entity.readable)
        return tuple(names)

    def _compare(
        self,
        found: Mapping[RecordKey, tuple[str, Properties]],
        by_entity: Mapping[str, EntityFields],
    ) -> None:
        """Put the old values into the changes, and reject those without a record."""
        faults: dict[int, Reject] = {}
        compared: list[Change] = []
        seen = set[RecordKey]()
        for place, change in enumerate(self.changes):
            outcome: Change | str = change
            if change.external_id is not None:
                record = found.get((change.entity, change.external_id))
                outcome = describe_missing(change.entity, change.external_id)
                if record is not None:
                    external_id, before = record
                    key = change.entity.casefold(), external_id
                    # What an earlier request makes of the record is not what was read.
                    fields = by_entity[change.entity] if key not in seen else None
                    outcome = _compare(replace(change, external_id=external_id), before, fields)
                    seen.add(key)
            compared.append(outcome if isinstance(outcome, Change) else change)
            if isinstance(outcome, str):
                faults[place] = Reject(outcome, change.origin, None, change)
        self.changes, rejects = reject_changes(compared, faults)
        missing = tuple(one for one in rejects if one.reason != _UNCHANGED)
        self.unchanged = len(rejects) - len(missing)
        self.rejects += missing


def name_request(number: int) -> str:
    """Return the origin of a change that a program asks for, by its number from 1."""
    return f"item {number:,}"


def _kind_of(entity: EntityFields, name: str) -> ColumnKind:
    folded = name.casefold()
    field = next((one for one in entity.fields if one.name.casefold() == folded), None)
    return ColumnKind.TEXT if field is None else kind_of(field)


def _compare(change: Change, before: Properties, entity: EntityFields | None) -> Change | str:
    """Return the change with what was read, or why it is left out.

    Without the `entity` nothing is left out as done already.
    """
    match change.kind:
        case ChangeKind.UPDATE:
            names = (*change.properties, *change.references)
            old = {name: before.get(name) for name in names}
            with_old = replace(change, before=old)
            kept = with_old if entity is None else drop_unchanged(with_old, entity.fields)
            return _UNCHANGED if kept is None else kept
        case ChangeKind.CLOSE if entity is not None and is_closed(before):
            return _UNCHANGED
        case ChangeKind.CONVERT if entity is not None and is_converted(before):
            return CONVERTED
        case _:
            return replace(change, before=before)


def _refuse_overlaps(draft: _Draft, made: Mapping[int, tuple[SqlChange, MadeChanges]]) -> None:
    """Raise InvalidChange where a statement and another request would change one record."""
    owners: dict[RecordKey, int] = {}
    for change in draft.changes:
        if change.external_id is not None:
            key = change.entity.casefold(), change.external_id
            owners.setdefault(key, draft.numbers[change.origin])
    for at, (statement, one) in made.items():
        entity = statement.known.entity
        for external_id in one.read:
            other = owners.setdefault((entity.casefold(), external_id), at)
            if other != at:
                first, second = sorted((other, at))
                record = f"{one_line(entity, 60)} {one_line(external_id, 60)}"
                raise InvalidChange(
                    f"{name_request(first).capitalize()} and {name_request(second)} would change "
                    f"the same record, {record}, and a statement reads it as it was before",
                    hint="Put them into two change sets, and apply one after the other",
                )


def _join(
    requests: Sequence[ChangeRequest],
    title: str,
    account: Account,
    draft: _Draft,
    made: Mapping[int, MadeChanges],
) -> ChangeSet:
    """Return one change set of all that was made, in the order of the requests."""
    named = {draft.numbers[change.origin]: place for place, change in enumerate(draft.changes)}
    changes: list[Change] = []
    positions: dict[int, int] = {}
    for at in range(1, len(requests) + 1):
        if at in named:
            positions[named[at]] = len(changes)
            changes.append(draft.changes[named[at]])
        elif at in made:
            changes += [_name_origin(one, at) for one in made[at].change_set.changes]
    is_named = set(positions.values())
    sets = [one.change_set for one in made.values()]
    return ChangeSet(
        tuple(
            renumber_references(one, positions) if place in is_named else one
            for place, one in enumerate(changes)
        ),
        title,
        account.service_name,
        account.profile.credentials.username,
        time.time(),
        unchanged=draft.unchanged + sum(one.unchanged for one in sets),
        rejects=(*draft.rejects, *(one for of in sets for one in of.rejects)),
        notes=(*draft.notes, *(note for of in sets for note in of.notes)),
        calls_made=draft.calls_made + sum(one.calls_made for one in sets),
        is_partial=draft.is_partial or any(one.is_partial for one in sets),
    )


def _name_origin(change: Change, at: int) -> Change:
    where = name_request(at)
    return replace(change, origin=f"{where}, {change.origin}" if change.origin else where)
