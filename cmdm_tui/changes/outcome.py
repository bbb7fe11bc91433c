"""Finds out what became of a change that was, or may have been, sent and was not answered."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from cmdm_tui.api import Client
from cmdm_tui.api.errors import BadRequest, CallInfo, NetworkError, NotFound, OutcomeUnknown
from cmdm_tui.api.models import PendingWrite, Record
from cmdm_tui.api.reconcile import WriteVerdict
from cmdm_tui.changes.change_set import ChangeKind
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.record_check import (
    ExpectedValues,
    RecordState,
    compare_after_sending,
    compare_whole,
)

GONE = "the record is gone"

_LONGEST_CALL = 600.0
"""Seconds after which no program still waits for the answer to a call."""

_STATES = {
    RecordState.AS_WANTED: EntryState.DONE,
    RecordState.AS_READ: EntryState.PENDING,
    RecordState.MOVED: EntryState.CONFLICT,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change: DONE, CONFLICT or UNKNOWN; PENDING where it was not done.

    `record` is what was read to find out: what is sent again need not read it once more.
    """

    state: EntryState
    reason: str = ""
    result_id: str | None = None
    record: Record | None = None


async def find_outcome(
    entry: JournalEntry, client: Client, earlier: Iterable[JournalEntry]
) -> Outcome:
    """Return what became of an update, a delete or a closing: one call reads the record.

    `earlier` are the run's changes of the same record that come before. Raises ApiError where the
    record cannot be read.
    """
    change = entry.change
    try:
        record = await client.record(change.entity, change.external_id or "")
    except (NotFound, BadRequest) as error:
        if change.kind is ChangeKind.DELETE:
            return Outcome(EntryState.DONE)
        if isinstance(error, BadRequest):
            raise
        return Outcome(EntryState.CONFLICT, f"{GONE}, and the change may have been done before")
    stored = record.properties
    if change.kind is ChangeKind.CLOSE:
        is_closed = str(stored.get("Status")).casefold() == "closed"
        return Outcome(EntryState.DONE if is_closed else EntryState.PENDING, record=record)
    # What was read just before it was sent holds what the run wrote before.
    has_read = entry.observed is not None
    before = entry.observed if has_read else change.before
    expected = ExpectedValues.of(before, () if has_read else earlier)
    if change.kind is ChangeKind.DELETE:
        found = compare_whole(expected, stored)
    else:
        sent = change.properties if entry.write is None else entry.write.properties
        found = compare_after_sending(sent, expected, stored)
    return Outcome(_STATES[found.state], found.reason, record=record)


async def find_creation(doubt: OutcomeUnknown, client: Client, settling_time: float) -> Outcome:
    """Return what became of a create or a conversion; it looks among the newest records.

    Raises ApiError where it cannot look.
    """
    found = await client.reconcile(doubt, pause=settling_time, settling_time=settling_time)
    states = {WriteVerdict.FOUND: EntryState.DONE, WriteVerdict.NOT_FOUND: EntryState.PENDING}
    state = states.get(found.verdict, EntryState.UNKNOWN)
    return Outcome(state, found.why.rstrip("."), found.external_id)


def build_doubt(
    entry: JournalEntry, write: PendingWrite, client: Client, others: frozenset[str]
) -> OutcomeUnknown:
    """Return the doubt about a create or a conversion whose program ended before its answer.

    `others` are records known to be something else. When the program ended is not known: until now,
    unless the call is older than any call can be.
    """
    method = "POST" if write.lead_id is None else "PUT"
    call = CallInfo(0, method, f"/{write.entity}", client.redact)
    cause = NetworkError("The program ended before the answer came", call=call)
    age = time.time() - (entry.sent_at or 0.0) - _LONGEST_CALL
    return OutcomeUnknown(
        "The program ended before the answer came. It may have been done",
        call=call,
        cause=cause,
        pending_write=replace(write, excluded_ids=others),
        lost_at=time.monotonic() - max(age, 0.0),
    )
