"""Sends one change: reads its record again, writes the journal, sends it, sees what came of it.

The journal says `sending` before a call that changes something, and what came of it after. So a
program that is killed at any point leaves one of two things: a change that was certainly not sent,
or one that must be looked for.
"""

import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from cmdm_tui.api import Client
from cmdm_tui.api.errors import (
    ApiError,
    AuthenticationFailed,
    HourLimitReached,
    InsecureAddress,
    InvalidCall,
    MonthLimitReached,
    NetworkError,
    NotFound,
    OutcomeUnknown,
    QuotaFloorReached,
    ReadOnly,
    ServerError,
    StatusError,
)
from cmdm_tui.api.models import Parent, PendingWrite, Properties, Record
from cmdm_tui.changes.apply_events import ApplyOptions, LookingForChange
from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.journal import JournalRun
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry, name_needed
from cmdm_tui.changes.outcome import GONE, Outcome, build_doubt, find_creation, find_outcome
from cmdm_tui.changes.preview import RECHECKED_KINDS
from cmdm_tui.changes.record_check import (
    ExpectedValues,
    RecordState,
    compare_update,
    compare_whole,
)
from cmdm_tui.changes.soundness import list_references
from cmdm_tui.changes.unchanged import pick_values
from cmdm_tui.text import one_line

_ROUNDS = 4
"""How often one change is sent, where it is certain each time that it was not done."""

RUN_ENDING = (
    HourLimitReached,
    QuotaFloorReached,
    MonthLimitReached,
    AuthenticationFailed,
    InsecureAddress,
    NetworkError,
    ReadOnly,
)
"""Failures that are not the change's: the next change would fail like it."""

ONCE_KINDS = frozenset({ChangeKind.CREATE, ChangeKind.CONVERT})


@dataclass(slots=True)
class ChangeSender:
    """Brings changes of a run to their state, one at a time or several at once.

    Raises what is in RUN_ENDING; the change is then as it was, or in doubt, in the journal too.
    """

    client: Client
    run: JournalRun
    options: ApplyOptions
    notify: Callable[[LookingForChange], None]
    list_earlier: Callable[[int], Sequence[int]]
    """Returns the numbers of the earlier changes of the same record."""

    async def apply(self, number: int) -> JournalEntry:
        """Bring a change from where it is to its state: send it, or find out what came of it."""
        entry = self.run.entry(number)
        reason = self._find_missing_reference(entry.change)
        if reason is not None and entry.state is EntryState.PENDING:
            return self.run.set_state(number, EntryState.SKIPPED, reason=reason)
        async with self._hold_record(entry.change):
            return await self._apply_held(entry)

    async def _apply_held(self, entry: JournalEntry) -> JournalEntry:
        doubt: OutcomeUnknown | None = None
        failure: ApiError | None = None
        for _ in range(_ROUNDS):
            record: Record | None = None
            if entry.state is not EntryState.PENDING:
                entry, record = await self._settle(entry, doubt)
                if entry.state is not EntryState.PENDING:
                    return entry
            entry, failure = await self._send(entry, record)
            if failure is None:
                return entry
            doubt = failure if isinstance(failure, OutcomeUnknown) else None
        entry, _ = await self._settle(entry, doubt)
        if entry.state is not EntryState.PENDING or failure is None:
            return entry
        return self._give_up(entry, failure)

    async def _settle(
        self, entry: JournalEntry, doubt: OutcomeUnknown | None
    ) -> tuple[JournalEntry, Record | None]:
        """Find out what became of a change that may have been sent, and write it down."""
        self.notify(LookingForChange(entry.number, entry))
        try:
            outcome = await self._find_outcome(entry, doubt)
        except RUN_ENDING:
            raise
        except ApiError as error:
            reason = f"it may have been done, and cannot be looked for: {self._explain(error)}"
            outcome = Outcome(EntryState.UNKNOWN, reason)
        is_once = entry.change.kind in ONCE_KINDS
        was_unknown = entry.state is EntryState.UNKNOWN
        state, reason = outcome.state, outcome.reason
        if is_once and was_unknown and state is EntryState.PENDING:
            may_resend = self.options.resends_unknown and doubt is None
            state = EntryState.PENDING if may_resend else EntryState.UNKNOWN
        settled = self.run.set_state(
            entry.number,
            state,
            reason="" if state in {EntryState.DONE, EntryState.PENDING} else reason,
            result_id=outcome.result_id,
        )
        return settled, outcome.record

    async def _find_outcome(self, entry: JournalEntry, doubt: OutcomeUnknown | None) -> Outcome:
        if entry.change.kind not in ONCE_KINDS:
            return await find_outcome(entry, self.client, self._list_earlier(entry))
        if doubt is None:
            if entry.write is None:
                return Outcome(EntryState.PENDING)
            doubt = build_doubt(entry, entry.write, self.client, self._list_other_ids())
        return await find_creation(doubt, self.client, self.options.settling_time)

    async def _send(
        self, entry: JournalEntry, record: Record | None
    ) -> tuple[JournalEntry, ApiError | None]:
        """Send a change that is pending; return the failure where it is not certain what it did.

        `record` is what was read of it a moment ago, None for nothing.
        """
        change = entry.change
        is_checked = record is not None
        if self.options.rechecks and not is_checked and change.kind in RECHECKED_KINDS:
            try:
                record = await self.client.record(change.entity, change.external_id or "")
            except NotFound:
                return self._report_gone(entry), None
            except RUN_ENDING:
                raise
            except ApiError as error:
                return self._refuse(entry, f"it cannot be read again: {self._explain(error)}"), None
        try:
            write = self._prepare(change)
        except RUN_ENDING:
            raise
        except ApiError as error:
            return self._refuse(entry, self._explain(error)), None
        # What was read before an earlier sending is what an undo puts back.
        observed = entry.observed if is_checked else None
        if record is not None and change.kind in RECHECKED_KINDS:
            if not is_checked:
                held = self._check_record(entry, write.properties, record)
                if held is not None:
                    return held, None
            observed = observed or self._pick_observed(change, write.properties, record)
        entry = self.run.mark_sending(entry.number, write=write, observed=observed)
        # What was looked for a moment ago was sent before, and may be done late.
        return await self._call(entry, write, was_sent_before=is_checked)

    async def _call(
        self, entry: JournalEntry, write: PendingWrite, *, was_sent_before: bool
    ) -> tuple[JournalEntry, ApiError | None]:
        try:
            result_id = await self._make_call(entry.change, write)
        except OutcomeUnknown as doubt:
            if not (doubt.may_settle or doubt.has_ended):
                # Should the program end now, this must not be taken for one that was only sent.
                reason = self._explain(doubt)
                entry = self.run.set_state(entry.number, EntryState.UNKNOWN, reason=reason)
            return entry, doubt
        except RUN_ENDING as error:
            is_unsent = entry.change.kind in ONCE_KINDS or isinstance(
                error, ReadOnly | InsecureAddress
            )
            if is_unsent or (is_held_back(error) and not was_sent_before):
                # It was not sent, or refused as a whole; no earlier attempt may have done it.
                self.run.set_state(entry.number, EntryState.PENDING)
                raise
            if isinstance(error, NetworkError):
                return entry, error
            raise
        except ApiError as error:
            if is_refusal(error):
                return self._refuse(entry, self._explain(error)), None
            return entry, error
        return self.run.set_state(entry.number, EntryState.DONE, result_id=result_id), None

    async def _make_call(self, change: Change, write: PendingWrite) -> str | None:
        """Make the one call that changes the record; return the id of what it makes."""
        entity, external_id = change.entity, change.external_id or ""
        match change.kind:
            case ChangeKind.CREATE:
                return (await self.client.send_create(write)).external_id
            case ChangeKind.UPDATE:
                await self.client.update(entity, external_id, write.properties)
            case ChangeKind.DELETE:
                await self.client.delete(entity, external_id)
            case ChangeKind.CONVERT:
                converted = await self.client.convert_lead(external_id, write.properties)
                return converted.account_external_id
            case ChangeKind.CLOSE:
                await self.client.close_task(external_id, write.properties)
        return None

    def _give_up(self, entry: JournalEntry, failure: ApiError) -> JournalEntry:
        """Return a change that was not done, however often it was sent."""
        reason = self._explain(failure)
        cause = failure.cause if isinstance(failure, OutcomeUnknown) else failure
        if entry.change.kind in ONCE_KINDS or isinstance(cause, StatusError):
            return self._refuse(entry, f"sent {_ROUNDS} times without success: {reason}")
        reason = f"it was not done so far, and may be done later: {reason}"
        return self.run.set_state(entry.number, EntryState.UNKNOWN, reason=reason)

    def _check_record(
        self, entry: JournalEntry, wanted: Properties, record: Record
    ) -> JournalEntry | None:
        """Return the entry with its state where nothing is to be written; None where it is."""
        expected = ExpectedValues.of(entry.change.before, self._list_earlier(entry))
        if entry.change.kind is ChangeKind.UPDATE:
            found = compare_update(wanted, expected, record.properties)
        else:
            found = compare_whole(expected, record.properties)
        if found.state is RecordState.MOVED:
            return self.run.set_state(entry.number, EntryState.CONFLICT, reason=found.reason)
        if found.state is RecordState.AS_WANTED:
            return self.run.set_state(entry.number, EntryState.UNCHANGED)
        return None

    def _report_gone(self, entry: JournalEntry) -> JournalEntry:
        if entry.change.kind is ChangeKind.DELETE:
            return self.run.set_state(entry.number, EntryState.UNCHANGED, reason=GONE)
        return self.run.set_state(entry.number, EntryState.CONFLICT, reason=GONE)

    def _prepare(self, change: Change) -> PendingWrite:
        """Return what is sent: with the ids of new records, and with a mark for a new one."""
        ids = {name: self._find_new_id(at) for name, at in change.references.items()}
        properties = {**change.properties, **ids}
        if change.kind is ChangeKind.CREATE:
            parent = change.parent
            if change.parent_reference is not None:
                owner = self.run.entry(change.parent_reference + 1).change.entity
                parent = Parent(owner, self._find_new_id(change.parent_reference))
            return self.client.prepare_create(change.entity, properties, parent=parent)
        lead_id = change.external_id if change.kind is ChangeKind.CONVERT else None
        return PendingWrite(change.entity, properties, lead_id=lead_id)

    def _pick_observed(self, change: Change, sent: Properties, record: Record) -> Properties:
        if change.kind is ChangeKind.UPDATE:
            return pick_values(record.properties, sent)
        return dict(record.properties)

    def _find_missing_reference(self, change: Change) -> str | None:
        for position in list_references(change):
            needed = self.run.entry(position + 1)
            if needed.state is not EntryState.DONE or needed.result_id is None:
                return f"it needs {name_needed(needed)}, which was not created"
        return None

    def _find_new_id(self, position: int) -> str:
        return self.run.entry(position + 1).result_id or ""

    def _list_earlier(self, entry: JournalEntry) -> list[JournalEntry]:
        return [self.run.entry(number) for number in self.list_earlier(entry.number)]

    def _list_other_ids(self) -> frozenset[str]:
        """Return the records that no create of the run in doubt can have made."""
        ids = (entry.result_id for entry in self.run.entries if entry.state is EntryState.DONE)
        known = (entry.change.external_id for entry in self.run.entries)
        return frozenset(one for one in (*ids, *known) if one is not None)

    def _refuse(self, entry: JournalEntry, reason: str) -> JournalEntry:
        return self.run.set_state(entry.number, EntryState.REFUSED, reason=reason)

    def _explain(self, error: ApiError) -> str:
        status = "" if error.status is None else f" (status {error.status})"
        return one_line(self.client.redact(error.message).rstrip("."), 400) + status

    @contextlib.asynccontextmanager
    async def _hold_record(self, change: Change) -> AsyncGenerator[None]:
        if not self.options.rechecks or change.external_id is None:
            yield
            return
        locks = self.run.record_locks
        async with locks.hold(self.client.address, change.entity, change.external_id):
            yield


def is_held_back(error: ApiError) -> bool:
    """Return whether the quota alone kept a call, in all its attempts, from being done.

    The client kept it back, or the service answered 429. Of a limit that a sign-in met, which may
    have come after an attempt at the call, that is not known.
    """
    if isinstance(error, QuotaFloorReached):
        return not error.is_repeated
    if not isinstance(error, HourLimitReached | MonthLimitReached) or error.is_repeated:
        return False
    # The client's own has no status; that of a sign-in has one, and the call was not sent.
    return error.was_sent or error.status is None


def is_refusal(error: ApiError) -> bool:
    """Return whether it is certain that the service did not do it, and will not."""
    if not isinstance(error, StatusError):
        # What cannot be sent at all; any other has an answer that cannot be read.
        return isinstance(error, InvalidCall)
    return not isinstance(error, ServerError) and not error.is_repeated
