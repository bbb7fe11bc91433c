"""Reads the newest records of an entity, and knows whether a record just made must be among them.

No clock is trusted to be right: not the service's `Date` or `CreatedDate`, not this machine's.
"""

import math
import time
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal, Protocol

from msgspec import Struct, field

from cmdm_tui.api.errors import BadRequest, NotFound
from cmdm_tui.api.models import Page, Record, WriteMark
from cmdm_tui.api.write_tracker import MARK

PER_PAGE = 100
MAX_PAGES = 5
"""Pages of the newest records that are looked through, and of the last ones."""

DOUBTFUL_SECONDS = 3 * 86_400.0
"""How far apart two clocks may be: a day where a date has no time, a local time, and more."""

_CREATED = "CreatedDate"
_MARKS_THAT_SHOW_AN_ORDER = 5


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


class NewestRecords(Struct):
    """The records read so far.

    `is_whole`: they are all that the entity has. `shows_newest`: a record made since would be among
    them, by an order that they show themselves.
    """

    by_id: dict[str, Record] = field(default_factory=dict[str, Record])
    is_whole: bool = False
    shows_newest: bool = False

    @property
    def records(self) -> list[Record]:
        """The records, in the order in which they came."""
        return list(self.by_id.values())

    def add(self, page: Page) -> bool:
        """Add a page; return whether it brought a record that is new."""
        before = len(self.by_id)
        for record in page.records:
            self.by_id.setdefault(record.external_id, record)
        return len(self.by_id) > before


async def read_newest(entity: str, reader: RecordReader, since: float | None) -> NewestRecords:
    """Return the newest records, as far as a few pages go.

    `since` is the server's Unix time when the record was to be made, None where that is unknown.
    """
    view = NewestRecords()
    try:
        await _read_newest_first(entity, reader, since, view)
    except BadRequest:  # The service does not sort by when records were created.
        if view.by_id:
            raise
        await _read_last_pages(entity, reader, view)
    return view


async def add_records_by_mark(
    entity: str, reader: RecordReader, mark: WriteMark, view: NewestRecords
) -> None:
    """Add the records whose marks sort last, down to where the mark has or would have its place."""
    marks: list[str] = []
    for number in range(1, 1 if view.is_whole else MAX_PAGES + 1):
        try:
            page = await reader.page(
                entity, per_page=PER_PAGE, page=number, sort_by=mark.field, sort_order="desc"
            )
        except (BadRequest, NotFound):
            return
        view.add(page)
        found = (MARK.match(read_text(record, mark.field)) for record in page.records)
        marks += [match.group() for match in found if match is not None]
        if mark.text in marks or not page.records:
            return
        if len(marks) >= _MARKS_THAT_SHOW_AN_ORDER and marks[-1] < mark.text:
            is_in_order = all(later > earlier for later, earlier in pairwise(marks))
            view.shows_newest = view.shows_newest or is_in_order
            return


def read_text(record: Record, name: str) -> str:
    """Return the value of a field as text, whatever the case of its name; empty for none."""
    value = record.properties.get(name)
    if value is None:
        names = (key for key in record.properties if key.casefold() == name.casefold())
        value = record.properties.get(next(names, name))
    return "" if value is None else str(value)


def is_surely_older(record: Record, since: float | None) -> bool:
    """Return whether it is older by more than any two clocks differ."""
    created = read_created_time(record)
    return created is not None and since is not None and created < since - DOUBTFUL_SECONDS


def read_created_time(record: Record) -> float | None:
    """Return when it was created, as it says; a time without a zone counts as UTC."""
    try:
        moment = datetime.fromisoformat(str(record.properties.get(_CREATED)))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


async def _read_newest_first(
    entity: str, reader: RecordReader, since: float | None, view: NewestRecords
) -> None:
    total: int | None = None
    first_size = 0
    for number in range(1, MAX_PAGES + 1):
        try:
            page = await reader.page(
                entity, per_page=PER_PAGE, page=number, sort_by=_CREATED, sort_order="desc"
            )
        except (BadRequest, NotFound):  # A page past the last may be refused.
            if number == 1:
                raise
            view.is_whole = len(view.by_id) == total
            return
        total = page.total_records
        is_new = view.add(page)
        view.is_whole = _is_last(page, view)
        first_size = len(page.records) if number == 1 else first_size
        if not view.is_whole and len(page.records) < first_size:
            # What was made meanwhile is on the first page, and has moved the rest on.
            page = await reader.page(
                entity, per_page=PER_PAGE, page=1, sort_by=_CREATED, sort_order="desc"
            )
            is_new = view.add(page) or is_new
            view.is_whole = len(view.by_id) >= (page.total_records or math.inf)
        if view.is_whole or not is_new:
            return
        if _reaches_back(view, since):
            break
    if _reaches_back(view, since):
        view.shows_newest = True
        # A service whose clock is far behind puts a new record at the other end.
        oldest = await reader.page(
            entity, per_page=PER_PAGE, page=1, sort_by=_CREATED, sort_order="asc"
        )
        view.add(oldest)


async def _read_last_pages(entity: str, reader: RecordReader, view: NewestRecords) -> None:
    first = await reader.page(entity, per_page=PER_PAGE, page=1)
    view.add(first)
    view.is_whole = _is_last(first, view)
    total, size = first.total_records, max(len(first.records), 1)
    if total is None or view.is_whole:
        return
    last = max(-(-total // size), 1)
    for number in range(last, max(last - MAX_PAGES, 1), -1):
        page = await reader.page(entity, per_page=PER_PAGE, page=number)
        view.add(page)
    view.is_whole = len(view.by_id) >= total


def _is_last(page: Page, view: NewestRecords) -> bool:
    """Return whether the page ends the entity, and nothing that is counted is missing.

    A full page may be followed by another, whatever the total says.
    """
    is_short = len(page.records) < PER_PAGE
    return is_short and len(view.by_id) >= (page.total_records or 0) and _has_end(page)


def _has_end(page: Page) -> bool:
    """Return whether something says that no page follows: a total, or a page without a record."""
    return page.total_records is not None or not page.records


def _reaches_back(view: NewestRecords, since: float | None) -> bool:
    """Return whether the records came newest first, and go back far beyond when it was made.

    Every one must have a date. None may lie so far ahead that a new record would come behind it.
    """
    times = [read_created_time(record) for record in view.records]
    known = [moment for moment in times if moment is not None]
    if not known or len(known) < len(times):
        return False
    now = min(time.time(), time.time() if since is None else since)
    is_in_order = all(later >= earlier for later, earlier in pairwise(known))
    is_sane = known[0] <= now + DOUBTFUL_SECONDS
    return is_in_order and is_sane and known[-1] < min(now, known[0]) - DOUBTFUL_SECONDS
