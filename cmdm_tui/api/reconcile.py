"""Finds out what became of a create or a conversion whose answer was lost.

It never sends the call again. It looks whether one of the newest records is the one that was to be
made.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from itertools import pairwise
from typing import Literal, Protocol

from cmdm_tui.api.errors import BadRequest, InvalidCall, NotFound, OutcomeUnknown
from cmdm_tui.api.models import Page, PendingWrite, Record
from cmdm_tui.api.quota import ServerClock

PER_PAGE = 100
MAX_PAGES = 5
"""Pages of the newest records that are looked through, and of the last ones."""

SECOND_LOOK_DELAY = 1.0
"""Seconds after which what was not found is looked for again: the service may have been at it."""

_MAX_CREATED = 10_000
_CREATED = "CreatedDate"
_CLOCK_TOLERANCE = 2.0
_LONG_TEXT = 32
"""Letters from which a text may be another that was cut to what its field holds."""


class WriteVerdict(Enum):
    """What became of the call."""

    FOUND = "found"
    NOT_FOUND = "not found"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The verdict, the external id where something was found, and why in a sentence."""

    verdict: WriteVerdict
    external_id: str | None
    why: str


class RecordReader(Protocol):
    """The two calls of a client that reconciling makes."""

    async def page(
        self,
        entity: str,
        *,
        per_page: int | None = None,
        page: int | None = None,
        sort_by: str | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
    ) -> Page:
        """Retrieve one page."""
        ...

    async def record(self, entity: str, external_id: str) -> Record:
        """Retrieve one record."""
        ...


class WriteTracker:
    """Describes what a client's writes are to make; what it is known to have made is none of it."""

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self._created: deque[str] = deque(maxlen=_MAX_CREATED)

    def add_created(self, external_id: str) -> None:
        """Note that a create has made this record, so that no other can have."""
        self._created.append(external_id)

    def track(self, write: PendingWrite) -> Callable[[], PendingWrite]:
        """Return what describes a write that begins now, should its answer be lost."""
        started = time.monotonic()

        def describe() -> PendingWrite:
            since = None
            if self._clock.is_known:
                since = self._clock.now() - (time.monotonic() - started)
            return replace(write, since=since, excluded_ids=frozenset(self._created))

        return describe


async def reconcile(
    doubt: OutcomeUnknown, reader: RecordReader, *, pause: float = SECOND_LOOK_DELAY
) -> Reconciliation:
    """Return whether what is in doubt has been made, and why.

    Raises InvalidCall for a doubt about anything but a create or a conversion, and ApiError where
    it cannot look.
    """
    write = doubt.pending_write
    if write is None:
        raise InvalidCall("It is not known what the call was to make", call=doubt.call)
    look = _check_conversion if write.lead_id is not None else _check_creation
    found = await look(write, reader)
    if found.verdict is WriteVerdict.NOT_FOUND:
        await asyncio.sleep(pause)
        found = await look(write, reader)
    return found


async def _check_conversion(write: PendingWrite, reader: RecordReader) -> Reconciliation:
    try:
        lead = await reader.record(write.entity, write.lead_id or "")
    except NotFound:
        why = f"The lead {write.lead_id} is gone: it may have been converted, or deleted."
        return Reconciliation(WriteVerdict.CANNOT_TELL, None, why)
    account = lead.properties.get("AccountExternalID")
    if isinstance(account, str) and account:
        why = f"The lead {write.lead_id} names the account {account}."
        return Reconciliation(WriteVerdict.FOUND, account, why)
    if str(lead.properties.get("Status")).casefold() == "converted":
        why = f"The lead {write.lead_id} is converted, but does not name its account."
        return Reconciliation(WriteVerdict.CANNOT_TELL, None, why)
    why = f"The lead {write.lead_id} is as it was."
    return Reconciliation(WriteVerdict.NOT_FOUND, None, why)


async def _check_creation(write: PendingWrite, reader: RecordReader) -> Reconciliation:
    records, reaches_back = await _read_newest(write, reader)
    candidates = [record for record in records if _is_match(record, write)]
    is_dated = write.since is not None and all(_read_created_time(record) for record in candidates)
    if candidates and not is_dated:
        return _build_undated_verdict(candidates)
    made = [record for record in candidates if not _is_older(record, write)]
    if len(made) == 1:
        why = f"{made[0].external_id} was created since, with these values."
        return Reconciliation(WriteVerdict.FOUND, made[0].external_id, why)
    if made:
        ids = ", ".join(record.external_id for record in made[:5])
        why = f"{len(made)} records with these values were created since: {ids}."
        return Reconciliation(WriteVerdict.CANNOT_TELL, None, why)
    alike = [record for record in records if _is_similar(record, write)]
    if alike := [record for record in alike if not _is_older(record, write)]:
        ids = ", ".join(record.external_id for record in alike[:5])
        why = f"What was created since may be it, with values changed or dropped: {ids}."
        return Reconciliation(WriteVerdict.CANNOT_TELL, None, why)
    if reaches_back:
        why = "No record with these values was created since."
        return Reconciliation(WriteVerdict.NOT_FOUND, None, why)
    why = f"More than {len(records)} records were created since, so not all were looked through."
    return Reconciliation(WriteVerdict.CANNOT_TELL, None, why)


def _build_undated_verdict(candidates: list[Record]) -> Reconciliation:
    ids = ", ".join(record.external_id for record in candidates[:5])
    why = f"Records hold these values, but it is not known whether they are newer: {ids}."
    return Reconciliation(WriteVerdict.CANNOT_TELL, None, why)


async def _read_newest(write: PendingWrite, reader: RecordReader) -> tuple[list[Record], bool]:
    """Return the newest records, and whether they reach back to before the call was made."""
    try:
        return await _read_newest_first(write, reader)
    except BadRequest:  # The service does not sort by when records were created.
        return await _read_last_pages(write.entity, reader)


async def _read_newest_first(
    write: PendingWrite, reader: RecordReader
) -> tuple[list[Record], bool]:
    records: dict[str, Record] = {}
    for number in range(1, MAX_PAGES + 1):
        page = await reader.page(
            write.entity, per_page=PER_PAGE, page=number, sort_by=_CREATED, sort_order="desc"
        )
        new = [record for record in page.records if record.external_id not in records]
        records.update({record.external_id: record for record in new})
        is_all = len(records) >= (page.total_records or math.inf) or not new
        if is_all or any(_is_older(record, write) for record in new):
            return list(records.values()), is_all or _is_newest_first(records)
    return list(records.values()), False


async def _read_last_pages(entity: str, reader: RecordReader) -> tuple[list[Record], bool]:
    records: dict[str, Record] = {}
    first = await reader.page(entity, per_page=PER_PAGE, page=1)
    records.update({record.external_id: record for record in first.records})
    total, size = first.total_records, max(len(first.records), 1)
    if total is None:
        return list(records.values()), False
    last = max(-(-total // size), 1)
    for number in range(last, max(last - MAX_PAGES, 1), -1):
        page = await reader.page(entity, per_page=PER_PAGE, page=number)
        records.update({record.external_id: record for record in page.records})
    return list(records.values()), len(records) >= total


def _is_older(record: Record, write: PendingWrite) -> bool:
    created = _read_created_time(record)
    return (
        created is not None and write.since is not None and created < write.since - _CLOCK_TOLERANCE
    )


def _is_newest_first(records: Mapping[str, Record]) -> bool:
    """Return whether the records really came newest first; else older ones prove nothing."""
    times = [_read_created_time(record) for record in records.values()]
    known = [moment for moment in times if moment is not None]
    return all(later >= earlier for later, earlier in pairwise(known))


def _is_match(record: Record, write: PendingWrite) -> bool:
    return _is_candidate(record, write) and all(
        _is_same_value(record.properties.get(name), value)
        for name, value in write.properties.items()
    )


def _is_similar(record: Record, write: PendingWrite) -> bool:
    """Return whether it could be the one to be made, by a service that drops or tidies values."""
    pairs = [
        (record.properties.get(name), value)
        for name, value in write.properties.items()
        if not _is_empty(value)
    ]
    kept = [(stored, sent) for stored, sent in pairs if not _is_empty(stored)]
    return (
        _is_candidate(record, write)
        and bool(kept)
        and all(_is_tidied_value(*pair) for pair in kept)
    )


def _is_candidate(record: Record, write: PendingWrite) -> bool:
    if record.external_id in write.excluded_ids:
        return False
    of = record.properties.get("RelatedExternalID")
    return write.parent is None or of is None or of == write.parent.external_id


def _is_tidied_value(stored: object, sent: object) -> bool:
    """Return whether a stored value is the one sent except for case, punctuation, or a cut end."""
    left, right = _normalize(stored), _normalize(sent)
    is_cut = len(left) >= _LONG_TEXT and right.startswith(left)
    return _is_same_value(stored, sent) or is_cut or (left == right != "")


def _normalize(value: object) -> str:
    return "".join(filter(str.isalnum, str(value).casefold()))


def _is_same_value(stored: object, sent: object) -> bool:
    """Return whether a stored value is the one sent, in whatever form the service keeps it."""
    if stored == sent or (_is_empty(stored) and _is_empty(sent)):
        return True
    if isinstance(stored, bool) or isinstance(sent, bool):
        return str(stored).casefold() == str(sent).casefold()
    try:
        return Decimal(str(stored)) == Decimal(str(sent))
    except InvalidOperation:
        pass
    try:
        return datetime.fromisoformat(str(stored)) == datetime.fromisoformat(str(sent))
    except (ValueError, TypeError):
        return str(stored).strip() == str(sent).strip()


def _is_empty(value: object) -> bool:
    return value is None or value == ""


def _read_created_time(record: Record) -> float | None:
    """Return when it was created, None where that is unknown: as without a time zone."""
    try:
        moment = datetime.fromisoformat(str(record.properties.get(_CREATED)))
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None
