"""Finds out what became of a create or a conversion whose answer was lost.

It looks, and never sends the call again: the newest records tell whether one of them is the one
that was to be made.
"""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from itertools import pairwise
from typing import Any, Literal, Protocol

from cmdm_tui.api.errors import BadRequest, InvalidCall, NotFound, OutcomeUnknown
from cmdm_tui.api.models import Page, Parent, Record

PER_PAGE = 100
MAX_PAGES = 5
"""Pages of the newest records that are looked through, and of the last ones."""

SECOND_LOOK_DELAY = 1.0
"""Seconds after which what was not found is looked for again: the service may have been at it."""

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
class PendingWrite:
    """What a call was to make: a record of `entity` with `properties`, or an account of a lead.

    `since` is the server's Unix time when the call was made, None where its clock is not known;
    `lead` the id of a lead to convert; `others` are records known to be something else.
    """

    entity: str
    properties: Mapping[str, Any]
    since: float | None
    parent: Parent | None = None
    lead_id: str | None = None
    excluded_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The verdict, the external id where something was found, and why in a sentence."""

    verdict: WriteVerdict
    external_id: str | None
    why: str


class RecordReader(Protocol):
    """The two calls that reconciling makes: a client's."""

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


async def reconcile(
    doubt: OutcomeUnknown, looking: RecordReader, *, pause: float = SECOND_LOOK_DELAY
) -> Reconciliation:
    """Say whether what is in doubt has been made.

    Raises InvalidCall for a doubt about something else than a create or a conversion, and ApiError
    where it cannot look.
    """
    sought = doubt.pending_write
    if sought is None:
        raise InvalidCall("It is not known what the call was to make", call=doubt.call)
    look = _check_conversion if sought.lead_id is not None else _check_creation
    found = await look(sought, looking)
    if found.verdict is WriteVerdict.NOT_FOUND:
        await asyncio.sleep(pause)
        found = await look(sought, looking)
    return found


async def _check_conversion(sought: PendingWrite, looking: RecordReader) -> Reconciliation:
    try:
        lead = await looking.record(sought.entity, sought.lead_id or "")
    except NotFound:
        why = f"The lead {sought.lead_id} is gone: it may have been converted, or deleted."
        return Reconciliation(WriteVerdict.CANNOT_TELL, None, why)
    account = lead.properties.get("AccountExternalID")
    if isinstance(account, str) and account:
        why = f"The lead {sought.lead_id} names the account {account}."
        return Reconciliation(WriteVerdict.FOUND, account, why)
    if str(lead.properties.get("Status")).casefold() == "converted":
        why = f"The lead {sought.lead_id} is converted, but does not name its account."
        return Reconciliation(WriteVerdict.CANNOT_TELL, None, why)
    why = f"The lead {sought.lead_id} is as it was."
    return Reconciliation(WriteVerdict.NOT_FOUND, None, why)


async def _check_creation(sought: PendingWrite, looking: RecordReader) -> Reconciliation:
    records, reaches_back = await _read_newest(sought, looking)
    candidates = [record for record in records if _is_match(record, sought)]
    is_dated = sought.since is not None and all(_read_created_time(record) for record in candidates)
    if candidates and not is_dated:
        return _build_undated_verdict(candidates)
    made = [record for record in candidates if not _is_older(record, sought)]
    if len(made) == 1:
        why = f"{made[0].external_id} was created since, with these values."
        return Reconciliation(WriteVerdict.FOUND, made[0].external_id, why)
    if made:
        ids = ", ".join(record.external_id for record in made[:5])
        why = f"{len(made)} records with these values were created since: {ids}."
        return Reconciliation(WriteVerdict.CANNOT_TELL, None, why)
    alike = [record for record in records if _is_similar(record, sought)]
    if alike := [record for record in alike if not _is_older(record, sought)]:
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
    why = f"Records hold these values, but nothing tells whether they are newer: {ids}."
    return Reconciliation(WriteVerdict.CANNOT_TELL, None, why)


async def _read_newest(sought: PendingWrite, looking: RecordReader) -> tuple[list[Record], bool]:
    """Return the newest records, and whether they reach back to before the call was made."""
    try:
        return await _read_newest_first(sought, looking)
    except BadRequest:  # The service does not sort by when records were created.
        return await _read_last_pages(sought.entity, looking)


async def _read_newest_first(
    sought: PendingWrite, looking: RecordReader
) -> tuple[list[Record], bool]:
    records: dict[str, Record] = {}
    for number in range(1, MAX_PAGES + 1):
        page = await looking.page(
            sought.entity, per_page=PER_PAGE, page=number, sort_by=_CREATED, sort_order="desc"
        )
        new = [record for record in page.records if record.external_id not in records]
        records.update({record.external_id: record for record in new})
        is_all = len(records) >= (page.total_records or math.inf) or not new
        if is_all or any(_is_older(record, sought) for record in new):
            return list(records.values()), is_all or _is_newest_first(records)
    return list(records.values()), False


async def _read_last_pages(entity: str, looking: RecordReader) -> tuple[list[Record], bool]:
    records: dict[str, Record] = {}
    first = await looking.page(entity, per_page=PER_PAGE, page=1)
    records.update({record.external_id: record for record in first.records})
    total, size = first.total_records, max(len(first.records), 1)
    if total is None:
        return list(records.values()), False
    last = max(-(-total // size), 1)
    for number in range(last, max(last - MAX_PAGES, 1), -1):
        page = await looking.page(entity, per_page=PER_PAGE, page=number)
        records.update({record.external_id: record for record in page.records})
    return list(records.values()), len(records) >= total


def _is_older(record: Record, sought: PendingWrite) -> bool:
    created = _read_created_time(record)
    return (
        created is not None
        and sought.since is not None
        and created < sought.since - _CLOCK_TOLERANCE
    )


def _is_newest_first(records: Mapping[str, Record]) -> bool:
    """Tell whether the records really came newest first; else older ones prove nothing."""
    times = [_read_created_time(record) for record in records.values()]
    known = [time for time in times if time is not None]
    return all(later >= earlier for later, earlier in pairwise(known))


def _is_match(record: Record, sought: PendingWrite) -> bool:
    return _is_candidate(record, sought) and all(
        _is_same_value(record.properties.get(name), value)
        for name, value in sought.properties.items()
    )


def _is_similar(record: Record, sought: PendingWrite) -> bool:
    """Tell whether it could be the record sought, by a service that drops or tidies values."""
    pairs = [
        (record.properties.get(name), value)
        for name, value in sought.properties.items()
        if not _is_empty(value)
    ]
    kept = [(stored, sent) for stored, sent in pairs if not _is_empty(stored)]
    return (
        _is_candidate(record, sought)
        and bool(kept)
        and all(_is_tidied_value(*pair) for pair in kept)
    )


def _is_candidate(record: Record, sought: PendingWrite) -> bool:
    if record.external_id in sought.excluded_ids:
        return False
    of = record.properties.get("RelatedExternalID")
    return sought.parent is None or of is None or of == sought.parent.external_id


def _is_tidied_value(stored: object, sent: object) -> bool:
    """Tell whether a stored value is the one sent but for case, punctuation, or a cut end."""
    left, right = _normalize(stored), _normalize(sent)
    is_cut = len(left) >= _LONG_TEXT and right.startswith(left)
    return _is_same_value(stored, sent) or is_cut or (left == right != "")


def _normalize(value: object) -> str:
    return "".join(filter(str.isalnum, str(value).casefold()))


def _is_same_value(stored: object, sent: object) -> bool:
    """Tell whether a stored value is the one sent, in whatever form the service keeps it."""
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
    """Return when it was created, None where that is not told: without a zone it could be any."""
    try:
        moment = datetime.fromisoformat(str(record.properties.get(_CREATED)))
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None
