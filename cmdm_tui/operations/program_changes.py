"""The changes of a program: collected, looked at, kept in a file, and sent once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from cmdm_tui.api.models import Parent
from cmdm_tui.changes.apply_events import ApplyListener, ApplyOptions, ignore_apply_events
from cmdm_tui.changes.change_file import save_change_set
from cmdm_tui.changes.change_set import ChangeKind, ChangeSet
from cmdm_tui.changes.errors import InvalidChange
from cmdm_tui.changes.preview import ChangePreview, preview_changes
from cmdm_tui.operations.applied_changes import AppliedChanges, RejectedChanges
from cmdm_tui.operations.change_requests import (
    ChangeRequest,
    NewRecord,
    RecordRequest,
    StatementRequest,
)
from cmdm_tui.operations.program_writer import ProgramWriter
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.parsing.parameters import Parameters
from cmdm_tui.query.parsing.write_statement import ReadStatement, read_statements
from cmdm_tui.text import count_noun

MakeChanges = Callable[[], Awaitable[ChangeSet]]


class PendingChanges:
    """Changes that wait to be sent: look at them, keep them in a file, or apply them, once.

    They are read and checked when one of that is first asked for, and are the same from then on.
    """

    def __init__(
        self, writer: ProgramWriter, make: MakeChanges, *, undo_of: int | None = None
    ) -> None:
        self._writer = writer
        self._make = make
        self._undo_of = undo_of
        self._made: ChangeSet | None = None
        self._run_id: int | None = None
        self._preparing, self._applying = asyncio.Lock(), asyncio.Lock()

    @property
    def run_id(self) -> int | None:
        """The number of the run that applies them, once it has begun; also where it then failed."""
        return self._run_id

    async def preview(self, *, recheck: bool = True) -> ChangePreview:
        """Return what they do, old values next to new ones, and their cost in calls; send nothing.

        `recheck` is as for `apply`. Raises QueryError, ChangeError or ApiError.
        """
        return preview_changes(await self._prepare(), rechecks=recheck)

    async def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Keep them in a file, for `Connection.load_changes` or `cmdm apply`; send nothing.

        Raises ChangeFileError where the file cannot be written or is there already, and what
        `preview` does.
        """
        save_change_set(Path(path), await self._prepare(), overwrite=overwrite)

    async def apply(
        self,
        *,
        max_writes: int | None = None,
        skip_rejected: bool = False,
        recheck: bool = True,
        stop_on_error: bool = False,
        wait_for_reset: bool = True,
        on_event: ApplyListener = ignore_apply_events,
    ) -> AppliedChanges:
        """Send them, and return what became of each; the journal keeps it.

        This call is the confirmation: no one is asked, also where the profile says
        `confirm = "always"`. More than `max_writes` changes are refused. What cannot be sent, such
        as a value that its field does not hold, refuses them all, unless `skip_rejected`.

        Each record is read again just before it is updated, deleted or converted, and stays as it
        is where it has changed since; `recheck=False` saves these calls, and overwrites. With
        `stop_on_error` it ends at the first change that is not made. Where the hour's calls are
        used up it waits for the reset, or ends there with `wait_for_reset=False`. `on_event` gets
        what happens meanwhile: ChangeApplied, WaitingForReset, ResetReached, LookingForChange.

        A change that fails raises nothing: see `AppliedChanges.raise_for_failures`. Raises
        ChangesNotConfirmed, RejectedChanges, PartialChanges, OtherAccount, ReadOnly, InvalidChange
        where they were applied before, ChangesSentBefore where another object or program has done
        that, and what `preview` does: then nothing was sent. JournalError may come later: `run_id`
        names the run then.
        """
        self._writer.check_writable()
        async with self._applying:
            self._check_open()
            change_set = await self._prepare()
            if change_set.rejects and not skip_rejected:
                raise RejectedChanges(change_set.rejects)
            self._writer.start()
            return await self._writer.apply(
                change_set,
                undo_of=self._undo_of,
                max_writes=max_writes,
                options=ApplyOptions(
                    rechecks=recheck, stops_on_error=stop_on_error, waits_for_reset=wait_for_reset
                ),
                listener=on_event,
                begun=self._note_run,
            )

    async def _prepare(self) -> ChangeSet:
        async with self._preparing:
            if self._made is None:
                self._writer.start()
                self._made = await self._make()
            return self._made

    def _check_open(self) -> None:
        if self._run_id is not None:
            raise InvalidChange(
                f"These changes were applied already, as run {self._run_id}",
                hint=f"resume_run({self._run_id}) goes on with what is left of them",
            )

    def _note_run(self, run_id: int) -> None:
        self._run_id = run_id


class ChangeBuilder(PendingChanges):
    """Collects changes, to be looked at and applied as one change set.

    Values are Python's: text, numbers, booleans, dates, times (without a zone they are in UTC), or
    None, which empties a field. Nothing is read or sent before `preview`, `save` or `apply`.
    """

    def __init__(
        self,
        writer: ProgramWriter,
        make: Callable[[tuple[ChangeRequest, ...]], Awaitable[ChangeSet]],
    ) -> None:
        super().__init__(writer, self._make_requested)
        self._make_set = make
        self._requests: list[ChangeRequest] = []
        self._created: list[NewRecord] = []

    def create(
        self,
        entity: str,
        values: Mapping[str, object],
        *,
        parent: tuple[str, str] | NewRecord | None = None,
    ) -> NewRecord:
        """Create a record; what is returned may be the value of a later record's lookup.

        `parent` is the record that a task or opportunity belongs to: its entity and external id, or
        a new one.
        """
        owner = Parent(*parent) if isinstance(parent, tuple) else parent
        number = self._add(RecordRequest(ChangeKind.CREATE, entity, None, dict(values), owner))
        new = NewRecord(entity, number)
        self._created.append(new)
        return new

    def update(self, entity: str, external_id: str, values: Mapping[str, object]) -> None:
        """Set fields of a record. What holds the wanted value already is left out."""
        self._add(RecordRequest(ChangeKind.UPDATE, entity, external_id, dict(values)))

    def delete(self, entity: str, external_id: str) -> None:
        """Delete a record."""
        self._add(RecordRequest(ChangeKind.DELETE, entity, external_id))

    def convert(self, lead_id: str, values: Mapping[str, object] | None = None) -> None:
        """Convert a lead; `values` are fields of the account that it becomes."""
        self._add(RecordRequest(ChangeKind.CONVERT, "lead", lead_id, dict(values or {})))

    def close(self, task_id: str) -> None:
        """Close a task; one that is closed already is left out."""
        self._add(RecordRequest(ChangeKind.CLOSE, "task", task_id))

    def sql(
        self,
        statement: str,
        *,
        parameters: Parameters | None = None,
        max_calls: int | None = None,
    ) -> None:
        """Add what an INSERT, UPDATE, DELETE or CALL changes.

        `parameters` are as for `Connection.query`. `max_calls` is the most calls that reading may
        make; where that is too few, the changes are partial, and are refused. The statement sees
        the records as they are before any change of this set. Raises SqlError or QueryRefused for
        SQL that is not one such statement.
        """
        made = read_statements(statement, parameters or {}, allows_files=True)
        if len(made) != 1:
            raise SqlError(f"{count_noun(len(made), 'statement')}", hint="Add them one by one")
        (one,) = made
        if isinstance(one, ReadStatement):
            raise SqlError("The statement changes nothing", hint="Use query() to read")
        self._add(StatementRequest(one, max_calls))

    def _add(self, request: ChangeRequest) -> int:
        """Keep a request and return its number, from 1."""
        if self._made is not None:
            raise InvalidChange(
                "These changes were read and checked already, so nothing can be added",
                hint="Begin another set with changes()",
            )
        if isinstance(request, RecordRequest):
            for one in (*request.values.values(), request.parent):
                if isinstance(one, NewRecord) and not any(one is new for new in self._created):
                    raise InvalidChange("A new record of another change set cannot be referred to")
        self._requests.append(request)
        return len(self._requests)

    async def _make_requested(self) -> ChangeSet:
        return await self._make_set(tuple(self._requests))
