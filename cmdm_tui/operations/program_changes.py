"""The changes of a program: collected, looked at, kept in a file, sent once, resumed, taken back.

A program's call to `apply` is the confirmation: no one is asked, whatever the profile's `confirm`
says, and `max_writes` binds.
"""

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from cmdm_tui.api.errors import ApiError
from cmdm_tui.api.models import Parent
from cmdm_tui.catalog import Account
from cmdm_tui.changes.apply_events import ApplyListener, ApplyOptions, ignore_apply_events
from cmdm_tui.changes.change_file import save_change_set
from cmdm_tui.changes.change_set import ChangeKind, ChangeSet, Reject
from cmdm_tui.changes.errors import ChangeError, InvalidChange
from cmdm_tui.changes.journal import Journal
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry, RunSummary
from cmdm_tui.changes.preview import ChangePreview, preview_changes
from cmdm_tui.operations.change_requests import (
    ChangeRequest,
    NewRecord,
    RecordRequest,
    StatementRequest,
)
from cmdm_tui.operations.change_texts import MOST_SHOWN, describe_rejects
from cmdm_tui.operations.confirmation import WritePolicy
from cmdm_tui.operations.lookups import LookupOperation
from cmdm_tui.operations.query import CallPolicy
from cmdm_tui.operations.write import WriteOperation, WriteOutcome, check_writable
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.parsing.parameters import Parameters
from cmdm_tui.query.parsing.write_statement import ReadStatement, read_statements
from cmdm_tui.text import count_noun, one_line

MakeChanges = Callable[[], Awaitable[ChangeSet]]


class RejectedChanges(ChangeError):
    """Some of what was asked for cannot be sent: `rejects` say what and why. Nothing was sent."""

    hint = "Nothing was sent. Correct them, or leave them out with skip_rejected=True"

    def __init__(self, rejects: tuple[Reject, ...]) -> None:
        _, *lines = describe_rejects(rejects)
        first = lines[0].strip().rstrip(".")
        super().__init__(f"{count_noun(len(rejects), 'change')} cannot be sent: {first}")
        self.rejects = rejects


class ChangesNotMade(ChangeError):
    """Not all changes were made: `applied` says what became of each."""

    def __init__(self, applied: "AppliedChanges") -> None:
        failed = [one for one in applied.entries if one.state.is_failed or one.state.is_open]
        named = [
            f"change {one.number} is {one.state}"
            + (f": {one_line(one.reason, 200)}" * bool(one.reason))
            for one in failed[:MOST_SHOWN]
        ]
        what = f"{count_noun(len(failed), 'change')} of run {applied.run_id} not made"
        super().__init__("; ".join([what, *named]))
        self.applied = applied


@dataclass(frozen=True, slots=True)
class AppliedChanges:
    """What became of changes that were sent.

    `run_id` is the run in the journal, None where there was nothing to send. `entries` say what
    became of each change, with the ids of new records; `counts` are by state, of the whole run.
    `rejects` were left out before, `unchanged` records held the wanted values already. `calls_made`
    are those of this apply. `stop_reason` is a clause that says why it ended with changes left to
    send, "" where it did not, and `error` what the service or the network said then.
    """

    run_id: int | None
    entries: tuple[JournalEntry, ...] = ()
    counts: Mapping[EntryState, int] = field(default_factory=dict[EntryState, int])
    rejects: tuple[Reject, ...] = ()
    unchanged: int = 0
    calls_made: int = 0
    stop_reason: str = ""
    error: ApiError | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to send or to find out."""
        return not any(one.state.is_open for one in self.entries)

    @property
    def has_failures(self) -> bool:
        """Whether a change was refused, in conflict or skipped."""
        return any(one.state.is_failed for one in self.entries)

    @property
    def created_ids(self) -> dict[int, str]:
        """The ids of the new records, by number of the change, from 1."""
        return {
            one.number: one.result_id
            for one in self.entries
            if one.change.kind is ChangeKind.CREATE and one.result_id is not None
        }

    def raise_for_failures(self) -> None:
        """Raise ChangesNotMade unless every change was made, or found to be as wanted."""
        if self.has_failures or not self.is_complete:
            raise ChangesNotMade(self)


class ProgramWriter:
    """Sends the changes of a program to one account; `journal` is the file that keeps them."""

    def __init__(self, account: Account, journal: Path) -> None:
        self._account = account
        self._journal = journal

    def start(self) -> None:
        """Begin the time of one operation, as the profile or the program bounds it."""
        self._account.client.start_command()

    def check_writable(self) -> None:
        """Raise ReadOnly where the profile allows no change."""
        check_writable(self._account)

    async def apply(
        self,
        change_set: ChangeSet,
        *,
        undo_of: int | None,
        max_writes: int | None,
        options: ApplyOptions,
        listener: ApplyListener,
        begun: Callable[[int], None],
    ) -> AppliedChanges:
        """Send the changes; `begun` gets the run's number, also where an error ends it.

        Raises what `WriteOperation.apply` does.
        """
        with self._open_operation(listener, options, max_writes) as (journal, operation):
            del journal
            try:
                outcome = await operation.apply(change_set, undo_of=undo_of)
            finally:
                if operation.run is not None:
                    begun(operation.run.id)
            return _describe(outcome)

    async def resume(self, run_id: int, listener: ApplyListener) -> AppliedChanges:
        """Go on with a run that was stopped or killed. Raises what `WriteOperation.resume` does."""
        with self._open_operation(listener) as (journal, operation):
            return _describe(await operation.resume(journal.load(run_id)))

    async def plan_undo(self, run_id: int) -> ChangeSet:
        """Return what takes the run back; it reads each record that it would change."""
        with self._open_operation(ignore_apply_events) as (journal, operation):
            return await operation.plan_undo(journal.load(run_id))

    async def check_lookups(self, change_set: ChangeSet, engine: Engine) -> ChangeSet:
        """Return the set without what names a record that does not exist, as rejects."""
        policy = CallPolicy("", is_allowed=True)
        checked = await LookupOperation(self._account, engine, _Nobody(), policy).check(change_set)
        return change_set if checked is None else checked

    def list_runs(self) -> list[RunSummary]:
        """Return the runs of this account, the newest first."""
        with Journal.open(self._journal) as journal:
            runs = journal.runs()
        account = self._account.client.address, self._account.profile.credentials.username
        return [one for one in runs if (one.address, one.username) == account]

    @contextmanager
    def _open_operation(
        self,
        listener: ApplyListener,
        options: ApplyOptions = ApplyOptions(),  # noqa: B008 — a frozen value
        max_writes: int | None = None,
    ) -> Generator[tuple[Journal, WriteOperation]]:
        policy = WritePolicy(
            "never",
            "",
            is_confirmed=True,
            max_writes=max_writes,
            how_to_raise="Allow more with max_writes",
            how_to_read_all="Nothing was sent. Allow more calls with max_calls, or try again",
        )
        with Journal.open(self._journal) as journal:
            yield (
                journal,
                WriteOperation(
                    self._account,
                    journal,
                    _Nobody(),
                    policy,
                    show=_show_no_one,
                    options=options,
                    listener=listener,
                ),
            )


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
        where they were applied before, and what `preview` does: then nothing was sent. JournalError
        may come later: `run_id` names the run then.
        """
        self._writer.check_writable()
        self._check_open()
        change_set = await self._prepare()
        if change_set.rejects and not skip_rejected:
            raise RejectedChanges(change_set.rejects)
        self._check_open()
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


class _Nobody:
    """The prompter of a program: no one is asked, and events tell it what others are told."""

    can_ask = False

    async def confirm(self, question: str) -> bool:  # noqa: ARG002
        return False

    async def enter_count(self, question: str, count: int) -> bool:  # noqa: ARG002
        return False

    async def choose(self, question: str, choices: Sequence[str]) -> str | None:  # noqa: ARG002
        return None

    def notify(self, message: str) -> None:
        """Tell no one."""

    def progress(self, most_calls: int) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()


def _show_no_one(_: ChangeSet, __: ChangePreview) -> None:
    """Show nothing: a program asks for the preview itself."""


def _describe(outcome: WriteOutcome) -> AppliedChanges:
    made, run, summary = outcome.change_set, outcome.run, outcome.summary
    if run is None:
        return AppliedChanges(None, rejects=made.rejects, unchanged=made.unchanged)
    return AppliedChanges(
        run.id,
        run.entries,
        dict(run.summary.counts),
        made.rejects,
        made.unchanged,
        calls_made=0 if summary is None else summary.calls_made,
        stop_reason="" if summary is None else summary.stop_reason,
        error=None if summary is None else summary.error,
    )
