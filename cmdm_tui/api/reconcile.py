"""Finds out what became of a create or a conversion whose answer was lost.

It never sends the call again. It looks whether one of the newest records is the one that was to be
made. Equal values are not identity: only a mark shows that a record comes from this call. *Not
found* is said only where no record that was read can be the one, none was left out, and the service
is no longer at it: it answered that it failed, or the connection ended `SETTLING_TIME` ago.
"""

import time
from collections.abc import Awaitable, Callable
from enum import Enum

from msgspec import Struct

from cmdm_tui.api.errors import InvalidCall, NotFound, OutcomeUnknown
from cmdm_tui.api.models import PendingWrite, Record, WriteMark
from cmdm_tui.api.newest_records import (
    NewestRecords,
    RecordReader,
    add_records_by_mark,
    is_surely_older,
    read_newest,
    read_text,
)
from cmdm_tui.api.value_match import is_empty, is_same_value, may_be_changed_value
from cmdm_tui.api.write_tracker import MARK

SETTLING_TIME = 20.0
"""Seconds after which a service that broke off its answer is taken to work on the call no more.

So long a service may be silent on an open connection, too (`pool`). Before, what is not found may
still be made.
"""

_LOOK_DELAYS = (1.0, 5.0)
"""Seconds after the loss at which it is looked for again before the last time."""


class WriteVerdict(Enum):
    """What became of the call."""

    FOUND = "found"
    NOT_FOUND = "not found"
    CANNOT_TELL = "cannot tell"


class Reconciliation(Struct, frozen=True):
    """The verdict, the external id where something was found, and why in a sentence.

    `may_come_later`: nothing that was there can be it, and the service may still make it.
    """

    verdict: WriteVerdict
    external_id: str | None
    why: str
    may_come_later: bool = False


async def reconcile(
    doubt: OutcomeUnknown,
    reader: RecordReader,
    wait: Callable[[float], Awaitable[bool]],
    *,
    pause: float = SETTLING_TIME,
    settling_time: float = SETTLING_TIME,
) -> Reconciliation:
    """Return whether what is in doubt has been made, and why.

    It waits at most `pause` seconds to look again for what is not found, and not at all where that
    would not do: a service that broke off its answer may work on the call for `settling_time`
    seconds after that. `wait` takes the seconds, and returns False where the wait was left: then it
    cannot tell. Raises InvalidCall for a doubt about anything but a create or a conversion, and
    ApiError where it cannot look.
    """
    write = doubt.pending_write
    if write is None:
        raise InvalidCall("It is not known what the call was to make", call=doubt.call)
    look = _check_conversion if write.lead_id is not None else _check_creation
    found, began = await look(write, reader), time.monotonic()
    for moment in _plan_looks(doubt, pause, settling_time):
        if found.verdict is not WriteVerdict.NOT_FOUND:
            return found
        if not await wait(max(moment - time.monotonic(), 0.0)):
            return _expect_later(f"{found.why} But it was not looked for again")
        began = time.monotonic()
        found = await look(write, reader)
    if found.verdict is not WriteVerdict.NOT_FOUND:
        return found
    return _judge_absence(doubt, found.why, is_settled=began - doubt.lost_at >= settling_time)


def _plan_looks(doubt: OutcomeUnknown, pause: float, settling_time: float) -> list[float]:
    """Return the monotonic times, at least one, at which to look again for what is not found."""
    now = time.monotonic()
    if not doubt.may_settle:
        return [now + min(_LOOK_DELAYS[0], pause)]
    delays = [*(delay for delay in _LOOK_DELAYS if delay < settling_time), settling_time]
    moments = [doubt.lost_at + delay for delay in delays]
    within = [moment for moment in moments if now < moment <= now + pause]
    return within or [now + min(_LOOK_DELAYS[0], pause)]


def _judge_absence(doubt: OutcomeUnknown, why: str, *, is_settled: bool) -> Reconciliation:
    """Return what it means that nothing there can be it; `why` says so."""
    if doubt.is_acknowledged:
        return _expect_later(f"{why} But the service answered {doubt.status}, created")
    if doubt.has_ended:
        return Reconciliation(WriteVerdict.NOT_FOUND, None, why)
    if doubt.may_be_under_way or not is_settled:
        return _expect_later(f"{why} But the service may still be working on it")
    seconds = time.monotonic() - doubt.lost_at
    why = f"{why} It was looked for until {seconds:.0f} s after the answer was lost."
    return Reconciliation(WriteVerdict.NOT_FOUND, None, why)


def _expect_later(why: str) -> Reconciliation:
    why = f"{why}, so it may still be done later."
    return Reconciliation(WriteVerdict.CANNOT_TELL, None, why, may_come_later=True)


async def _check_conversion(write: PendingWrite, reader: RecordReader) -> Reconciliation:
    lead_id = write.lead_id or ""
    try:
        lead = await reader.record(write.entity, lead_id)
    except NotFound:
        why = f"The lead {lead_id} is gone: it may have been converted, or deleted."
        return _leave_open(why)
    account, status = lead.properties.get("AccountExternalID"), lead.properties.get("Status")
    is_converted = str(status).casefold() == "converted"
    if is_converted and isinstance(account, str) and account:
        return await _check_account(write, account, reader)
    if is_converted:
        return _leave_open(f"The lead {lead_id} is converted, but does not name its account.")
    if not is_empty(account):
        why = f"The lead {lead_id} names the account {account}, but is not marked as converted."
        return _leave_open(why)
    if is_empty(status) and "AccountExternalID" not in lead.properties:
        return _leave_open(f"The lead {lead_id} does not show whether it is converted.")
    return Reconciliation(WriteVerdict.NOT_FOUND, None, f"The lead {lead_id} is as it was.")


async def _check_account(
    write: PendingWrite, account_id: str, reader: RecordReader
) -> Reconciliation:
    """Return that the lead is converted; open where the account does not have the values sent."""
    if write.properties:
        account = await reader.record("account", account_id)
        other = [
            name
            for name, sent in write.properties.items()
            if not may_be_changed_value(account.properties.get(name), sent)
        ]
        if other:
            return _leave_open(
                f"The lead {write.lead_id} is converted, but its account {account_id} has other "
                f"values ({', '.join(other[:5])}): another may have converted it."
            )
    why = f"The lead {write.lead_id} is converted and names the account {account_id}."
    return Reconciliation(WriteVerdict.FOUND, account_id, why)


async def _check_creation(write: PendingWrite, reader: RecordReader) -> Reconciliation:
    view = await read_newest(write.entity, reader, write.since)
    if write.mark is not None:
        if not _find_marked(view, write.mark):
            await add_records_by_mark(write.entity, reader, write.mark, view)
        if marked := _find_marked(view, write.mark):
            return _judge_marked(marked)
    others = [record for record in view.records if not _is_another(record, write, view)]
    if equal := [record.external_id for record in others if _is_match(record, write)]:
        return _leave_open(
            f"{_join_ids(equal)} {'has' if len(equal) == 1 else 'have'} these values, and may come "
            "from this call or from another."
        )
    if alike := [record.external_id for record in others if _may_be_changed(record, write)]:
        return _leave_open(
            f"What is there may be it, with values changed or dropped: {_join_ids(alike)}."
        )
    if not view.is_whole and not view.shows_newest:
        number = len(view.by_id)
        return _leave_open(f"It is not among the {number} records looked through; there are more.")
    why = "No record with these values was created since."
    if write.mark is not None:
        why = "No record carries the mark of this call."
    return Reconciliation(WriteVerdict.NOT_FOUND, None, why)


def _judge_marked(marked: list[str]) -> Reconciliation:
    if len(marked) > 1:
        ids = _join_ids(marked)
        return _leave_open(f"It was done more than once: {ids} carry the mark of this call.")
    why = f"{marked[0]} carries the mark of this call."
    return Reconciliation(WriteVerdict.FOUND, marked[0], why)


def _leave_open(why: str) -> Reconciliation:
    return Reconciliation(WriteVerdict.CANNOT_TELL, None, why)


def _join_ids(ids: list[str]) -> str:
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    return ", ".join(ids[:5]) + more


def _find_marked(view: NewestRecords, mark: WriteMark) -> list[str]:
    wanted = mark.text.casefold()
    return [
        record.external_id
        for record in view.records
        if wanted in read_text(record, mark.field).casefold()
    ]


def _is_another(record: Record, write: PendingWrite, view: NewestRecords) -> bool:
    """Return whether it is known that another call made the record."""
    if record.external_id in write.excluded_ids:
        return True
    parent = record.properties.get("RelatedExternalID")
    if write.parent is not None and parent is not None and parent != write.parent.external_id:
        return True
    return write.mark is not None and _lacks_mark(record, write.mark, view)


def _lacks_mark(record: Record, mark: WriteMark, view: NewestRecords) -> bool:
    """Return whether it would carry the mark, were it the one.

    A service may drop the field, unless its records show that it keeps it, or cut the mark's end.
    """
    text = read_text(record, mark.field).casefold()
    if text:
        return not mark.text.casefold().startswith(text)
    return any(MARK.search(read_text(other, mark.field)) for other in view.records)


def _is_match(record: Record, write: PendingWrite) -> bool:
    return all(
        is_same_value(record.properties.get(name), value)
        for name, value in write.properties.items()
        if write.mark is None or name != write.mark.field
    )


def _may_be_changed(record: Record, write: PendingWrite) -> bool:
    """Return whether it could be the one to be made, by a service that drops or tidies values."""
    pairs = [
        (record.properties.get(name), value)
        for name, value in write.properties.items()
        if not is_empty(value)
    ]
    kept = [(stored, sent) for stored, sent in pairs if not is_empty(stored)]
    return (
        not is_surely_older(record, write.since)
        and bool(kept)
        and all(may_be_changed_value(*pair) for pair in kept)
    )
