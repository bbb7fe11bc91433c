"""Makes a change set of one SQL statement, in two steps: what is to be read, and what comes of it.

    change = await prepare_sql_change(statement, account)    # refuses what cannot be, sends little
    if change.read_sql is not None:                           # run by the engine, as any query is
        prepared = await engine.prepare(change.read_sql)      # its cost can be shown and asked for
        … rows …
    made = change.build(rows, notes=…, calls_made=…, is_partial=…)

`prepare_sql_change` looks up the entity and its fields, which the catalog keeps for a day. An
UPDATE, a DELETE and a CALL always read; an INSERT does where it has a query or computes a value.
Rows may come in several batches: give `build` all of them, with typed values as the engine has
them. Errors of `engine.prepare` name places in `read_sql`, not in the statement.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cmdm_tui.api.models import Field, Properties
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import Change, ChangeSet
from cmdm_tui.changes.entity_fields import EntityFields, load_entity, refuse_repeats
from cmdm_tui.changes.errors import PartialChanges
from cmdm_tui.changes.sql_changes import RowChanges, build_called, build_deleted, build_updated
from cmdm_tui.changes.sql_inserts import build_inserted
from cmdm_tui.changes.sql_reading import (
    ReadColumns,
    can_be_partial,
    select_called,
    select_changed,
    select_inserted,
)
from cmdm_tui.changes.unchanged import drop_unchanged
from cmdm_tui.changes.validate import check_changes
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.parsing.error_places import move_error
from cmdm_tui.query.parsing.write_parts import (
    CallStatement,
    DeleteStatement,
    InsertStatement,
    Procedure,
    ReturnedColumn,
    UpdateStatement,
    WrittenName,
)
from cmdm_tui.query.parsing.write_statement import WriteStatement

SqlRows = Iterable[Sequence[object]]


@dataclass(frozen=True, slots=True)
class MadeChanges:
    """The change set of a statement, and what was read of each record, by its id, for RETURNING."""

    change_set: ChangeSet
    read: Mapping[str, Properties] = field(default_factory=dict[str, Properties])


@dataclass(frozen=True, slots=True)
class SqlChange:
    """A statement whose names are known: `read_sql` is the query of what it needs, if anything."""

    statement: WriteStatement
    known: EntityFields
    read_sql: str | None
    columns: ReadColumns
    address: str
    username: str
    checks: Mapping[str, tuple[Field, ...]] = field(default_factory=dict[str, tuple[Field, ...]])
    """The fields by entity against which values are checked."""

    def build(
        self,
        rows: SqlRows,
        *,
        notes: Sequence[str] = (),
        calls_made: int = 0,
        is_partial: bool = False,
        made_at: float | None = None,
    ) -> MadeChanges:
        """Return the change set of the rows that `read_sql` has given; none where it is None.

        `notes` are sentences on these rows. Raises SqlError where a row is not as wide as the
        INSERT, and PartialChanges where rows that are not all would lead to other changes than all
        of them, not to fewer.
        """
        if is_partial and not can_be_partial(self.statement, self.read_sql or ""):
            raise PartialChanges(
                "Not every record was read, and what the statement changes rests on all of them",
                hint="Nothing was sent. Allow more calls, or ask for less",
            )
        made = self._change_rows(rows)
        kept, unchanged = self._drop_unchanged(made.changes)
        changes, rejects = check_changes(kept, self.checks)
        change_set = ChangeSet(
            changes,
            self.statement.script.sql,
            self.address,
            self.username,
            time.time() if made_at is None else made_at,
            unchanged=unchanged + made.unchanged,
            rejects=(*made.rejects, *rejects),
            notes=tuple(notes),
            calls_made=calls_made,
            is_partial=is_partial,
            every_of=self.known.entity if self._is_of_all else "",
        )
        return MadeChanges(change_set, made.read)

    @property
    def _is_of_all(self) -> bool:
        one = self.statement
        return isinstance(one, UpdateStatement | DeleteStatement) and one.is_of_all

    def _change_rows(self, rows: SqlRows) -> RowChanges:
        match self.statement:
            case InsertStatement():
                return build_inserted(self.statement, self.known.entity, self.columns.new, rows)
            case UpdateStatement():
                return build_updated(self.known.entity, self.columns, rows)
            case DeleteStatement():
                return build_deleted(self.known.entity, self.columns, rows)
            case CallStatement():
                return build_called(self.statement, self.known.entity, self.columns, rows)

    def _drop_unchanged(self, changes: Sequence[Change]) -> tuple[list[Change], int]:
        kept = [drop_unchanged(one, self.known.fields) for one in changes]
        left = [one for one in kept if one is not None]
        return left, len(kept) - len(left)


async def prepare_sql_change(statement: WriteStatement, account: Account) -> SqlChange:
    """Look up what a statement names, and return what it takes to make its changes.

    Raises SqlError for an entity or a field that there is not or that cannot be set, ApiError where
    a call fails.
    """
    known = await load_entity(account, _entity_of(statement))
    _check_returned(statement.returning, known)
    sql, columns = _plan_reading(statement, known)
    checks = {known.entity: known.fields}
    if isinstance(statement, CallStatement) and statement.procedure is Procedure.CONVERT_LEAD:
        checks["account"] = ()
    username = account.profile.credentials.username
    return SqlChange(statement, known, sql, columns, account.service_name, username, checks)


async def make_change_set(
    statement: WriteStatement, account: Account, engine: Engine, *, max_calls: int | None = None
) -> ChangeSet:
    """Return the change set of a statement, reading what it takes at once, without asking.

    It is partial where `max_calls` ended the reading, or where the rows are not certain. Raises
    QueryError or ApiError.
    """
    change = await prepare_sql_change(statement, account)
    return (await read_changes(change, engine, max_calls=max_calls)).change_set


async def read_changes(
    change: SqlChange, engine: Engine, *, max_calls: int | None = None
) -> MadeChanges:
    """Return the changes of a statement whose names are known, as `make_change_set` does."""
    if change.read_sql is None:
        return change.build(())
    try:
        prepared = await engine.prepare(change.read_sql, max_calls=max_calls)
    except SqlError as error:
        # Its place is one in the query, and not in the statement.
        statement = change.statement.script.padded
        raise move_error(error, change.read_sql, statement) from error.__cause__
    with await engine.run(prepared, max_calls=max_calls) as result:
        return change.build(
            result,
            notes=result.notes.sentences,
            calls_made=result.stats.calls_used,
            is_partial=result.partial or result.unsure,
        )


def _entity_of(statement: WriteStatement) -> WrittenName:
    if isinstance(statement, CallStatement):
        return WrittenName.of(statement.procedure.entity)
    return statement.target.entity


def _plan_reading(statement: WriteStatement, known: EntityFields) -> tuple[str | None, ReadColumns]:
    match statement:
        case InsertStatement():
            new = tuple(known.find_settable(one, is_new=True) for one in statement.fields)
            refuse_repeats(new, statement.fields)
            return select_inserted(statement), ReadColumns((), new)
        case UpdateStatement():
            names = [one.field for one in statement.assignments]
            new = tuple(known.find_settable(one) for one in names)
            refuse_repeats(new, names)
            returned = _returned_fields(statement.returning, known)
            old = tuple({one.name: one for one in (*new, *returned)}.values())
            columns = ReadColumns(old, new)
            return select_changed(statement, known, columns), columns
        case DeleteStatement():
            columns = ReadColumns(known.readable)
            return select_changed(statement, known, columns), columns
        case CallStatement():
            columns = ReadColumns(known.readable)
            return select_called(statement, known, columns), columns


def _returned_fields(returning: Sequence[ReturnedColumn], known: EntityFields) -> tuple[Field, ...]:
    if any(one.field is None for one in returning):
        return known.readable
    named = (one.field for one in returning if one.field is not None)
    return tuple(known.find(one) for one in named if one.name.casefold() != "externalid")


def _check_returned(returning: Sequence[ReturnedColumn], known: EntityFields) -> None:
    _returned_fields(returning, known)
