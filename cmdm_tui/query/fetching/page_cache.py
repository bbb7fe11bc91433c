"""The pages of one entity: each call is counted before it is made, no page is fetched twice."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from cmdm_tui.api import BadRequest, Client, NotFound, Page, Record, Response, SortOrder
from cmdm_tui.api.events import EventListener, ignore_events
from cmdm_tui.api.paging import PageWalk, is_capped
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.fetching.checkpoint import Checkpoint, CheckpointPage, CheckpointRecord
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import CREATED_DATE, EXTERNAL_ID, Column, FirstPage, Table

PAGES_AHEAD = 8
"""The most pages that are requested at once."""

_SMALLER_SIZES = (500, 200, 100, 50, 25, 10, 1)
"""The page sizes to try where a service refuses the requested one."""

_LONGEST_FIELDS = 4_000
"""Characters of the `fields` parameter: servers take addresses of 8,000, and some of less."""

_PageKey = tuple[int, str | None, str | None, int]
_NO_RESPONSE = Response(0, "GET", "", 200, {}, b"", 0.0)
"""The response of a page from a checkpoint: only its records are kept."""


class _CachedPage(Struct, frozen=True):
    page: Page
    fields: frozenset[str] | None

    def holds(self, fields: Sequence[str] | None) -> bool:
        """Return whether the page was read with all of the fields."""
        return self.fields is None or (fields is not None and self.fields >= set(fields))


class _PageRequest(Struct, frozen=True):
    number: int
    sort_by: str | None
    sort_order: str | None
    fields: Sequence[str] | None
    per_page: int


def can_be_fetched(external_id: str) -> bool:
    """Return whether a record can be fetched by its id.

    `fields` instead of an id requests the fields (`api.md`), and no path can hold the others.
    """
    return external_id.casefold() not in {"", ".", "..", "fields"}


def fields_to_request(table: Table, columns: Sequence[Column]) -> tuple[str, ...] | None:
    """Return the `fields` parameter for these columns; None for all fields.

    The time at which records were created is among them wherever the entity has it: it costs no
    call, and shows what others create meanwhile. ExternalID comes whatever `fields` says
    (`api.md`), so one field is requested where it is the only column. A name with a comma cannot be
    in a comma-separated list, and a list that is very long would make an address that a service
    refuses.
    """
    every = [column.field for column in table.columns if column.name != EXTERNAL_ID]
    wanted = [column.field for column in columns] + [one for one in every if one == CREATED_DATE]
    names = [name for name in dict.fromkeys(wanted) if name != EXTERNAL_ID]
    if not every or len(names) == len(every) or any("," in name for name in names):
        return None
    if not names:
        return None if "," in every[0] else (every[0],)
    is_long = sum(len(quote(name)) + 1 for name in names) > _LONGEST_FIELDS
    return None if is_long else tuple(names)


class PageCache:
    """Reads one entity's pages within a budget, and keeps those that may be needed again.

    `budget` can be replaced: the run finds here what planning has read. With `keeps_all`, pages of
    a scan stay too, so that a run that its budget stopped can be resumed.
    """

    def __init__(
        self,
        client: Client,
        entity: str,
        budget: CallBudget,
        learner: TraitLearner,
    ) -> None:
        self._client = client
        self._learner = learner
        self._pages: dict[_PageKey, _CachedPage] = {}
        self._records: dict[str, Record | None] = {}
        self._first_request: datetime | None = None
        self._versions: dict[_PageKey, list[_CachedPage]] = {}
        """The versions of each page, one for each time it was read, for a run that is resumed."""
        self._turns: dict[_PageKey, int] = {}
        """The number of versions that the run has used, by page."""
        self.entity = entity
        self.budget = budget
        self.keeps_all = False
        self.needs_created = True
        """Whether the query uses CreatedDate: else a service that refuses the field is asked
        without it."""
        self._is_created_refused = False

    def export(self) -> tuple[list[CheckpointPage], list[CheckpointRecord]]:
        """Return the cached pages and records in the form of a checkpoint."""
        pages = [
            CheckpointPage(
                self.entity,
                *key,
                None if one.fields is None else sorted(one.fields),
                one.page.total_records,
                one.page.total_pages,
                [(record.external_id, dict(record.properties)) for record in one.page.records],
            )
            for key, last in self._pages.items()
            for one in self._versions.get(key, [last])
        ]
        records = [
            CheckpointRecord(self.entity, name, None if one is None else dict(one.properties))
            for name, one in self._records.items()
        ]
        return pages, records

    def restore(self, reading: Checkpoint) -> None:
        """Add the pages and records of a checkpoint."""
        for one in reading.pages:
            if one.entity == self.entity:
                records = tuple(Record(one.entity, *values) for values in one.records)
                page = Page(
                    one.entity, records, one.total_records, one.total_pages, one.per_page,
                    one.number, _NO_RESPONSE,
                )  # fmt: skip
                key = (one.number, one.sort_by, one.sort_order, one.per_page)
                cached = _CachedPage(page, None if one.fields is None else frozenset(one.fields))
                self._versions.setdefault(key, []).append(cached)
                self._pages[key] = cached
        for one in reading.records:
            if one.entity == self.entity:
                record = None
                if one.properties is not None:
                    record = Record(one.entity, one.external_id, one.properties)
                self._records[one.external_id] = record

    async def page(
        self,
        number: int,
        *,
        sort_by: str | None,
        sort_order: SortOrder | None,
        fields: Sequence[str] | None,
        per_page: int,
        fresh: bool = False,
    ) -> Page:
        """Return a page from the cache unless `fresh`; otherwise fetch and cache it, for one call.

        A resumed run sees the same versions of pages as the stopped one, including pages read
        again.
        """
        key = (number, sort_by, sort_order, per_page)
        read = self._versions.get(key) or ([self._pages[key]] if key in self._pages else [])
        turn = self._turns.get(key, 0)
        at = turn if fresh else max(turn - 1, 0)
        if at >= len(read) or not read[at].holds(fields):
            page = await self._fetch(number, sort_by, sort_order, fields, per_page)
            self._pages[key] = _CachedPage(page, None if fields is None else frozenset(fields))
            read = self._versions[key] = [*read[:at], self._pages[key]]
        self._turns[key] = at + 1
        return read[at].page

    @property
    def server_time(self) -> datetime:
        """The time in UTC, by the service's clock as far as its answers have shown it."""
        return datetime.now(UTC) + timedelta(seconds=self._client.clock_offset)

    @property
    def read_since(self) -> datetime:
        """The time by the service's clock at which the first page was requested; now before."""
        if self._first_request is None:
            return self.server_time
        return self._first_request + timedelta(seconds=self._client.clock_offset)

    def store_fields(self, names: Iterable[str]) -> None:
        """Store fields that records have and that were not known."""
        self._learner.observe_fields(self.entity, names)

    def start_run(self, budget: CallBudget, *, keeps_all: bool, needs_created: bool) -> None:
        """Start a run with the pages cached so far."""
        self.budget, self.keeps_all, self.needs_created = budget, keeps_all, needs_created
        self._turns = {}

    async def first_page(
        self,
        *,
        sort_by: str | None,
        sort_order: SortOrder | None,
        fields: Sequence[str] | None,
        per_page: int,
    ) -> Page:
        """Return the first page, which shows the page size that the service grants.

        The page is cached under the size that was granted. Raises BadRequest where the service
        refuses every size.
        """
        refusal: BadRequest | None = None
        smaller = [one for one in _SMALLER_SIZES if one < per_page]
        for size in (per_page, *smaller):
            try:
                page = await self.page(
                    1, sort_by=sort_by, sort_order=sort_order, fields=fields, per_page=size
                )
            except BadRequest as error:
                refusal = refusal or error
                continue
            if refusal is not None:
                self._learner.learn("largest_page", size, str(refusal))
            self._cache_as_granted(page, sort_by, sort_order, fields, size)
            return page
        raise refusal or AssertionError

    def has_first_page(self, first: FirstPage) -> bool:
        """Return whether a plan's first page is cached."""
        cached = self._pages.get((1, first.sort_by, first.sort_order, first.per_page))
        return cached is not None and cached.holds(first.fields)

    def count_cached(self, like: FirstPage | None = None) -> int:
        """Return the number of cached pages and records, or of pages like the given first page."""
        if like is None:
            return len(self._pages) + len(self._records)
        order = (like.sort_by, like.sort_order, like.per_page)
        return sum(key[1:] == order and one.holds(like.fields) for key, one in self._pages.items())

    async def record_or_none(self, external_id: str) -> Record | None:
        """Return one record, None where there is none: one call unless it is cached."""
        if external_id in self._records:
            return self._records[external_id]
        try:
            with self.budget.call() as on_send:
                client = self._client.with_options(on_send=on_send)
                record = await client.record(self.entity, external_id)
        except (NotFound, BadRequest):
            record = None
        self._records[external_id] = record
        return record

    def has_record(self, external_id: str) -> bool:
        """Return whether the record of that id was requested before."""
        return external_id in self._records

    async def total(self) -> int | None:
        """Return the current number of records: one call unless a cached page states it."""
        for cached in self._pages.values():
            return cached.page.total_records
        page = await self._fetch(1, None, None, None, 1)
        return page.total_records

    def walk(
        self,
        fields: Sequence[str] | None,
        *,
        per_page: int,
        sort_by: str | None,
        sort_order: SortOrder | None,
        max_records: int | None = None,
        notify: EventListener = ignore_events,
    ) -> AsyncGenerator[Page]:
        """Yield every page once, each record once, in batches of 1, 2, 4 and 8 pages.

        Cached pages are dropped as they are used, unless all are kept. `notify` gets what the walk
        reports, such as records that never came.
        """

        async def retrieve(number: int, size: int, by_id: bool) -> Page:
            field, order = (EXTERNAL_ID, "asc") if by_id else (sort_by, sort_order)
            key = (number, field, order, size)
            cached = self._pages.get(key) if self.keeps_all else self._pages.pop(key, None)
            if cached is not None and cached.holds(fields):
                return cached.page
            page = await self._fetch(number, field, order, fields, size)
            if self.keeps_all:
                self._pages[key] = _CachedPage(page, None if fields is None else frozenset(fields))
                self._versions.pop(key, None)
            return page

        walk = PageWalk(self.entity, per_page, most=max_records, is_by_id=sort_by == EXTERNAL_ID)
        return self._learn_from(walk, walk.run(retrieve, ahead=PAGES_AHEAD, notify=notify))

    async def _learn_from(
        self, walk: PageWalk, pages: AsyncGenerator[Page]
    ) -> AsyncGenerator[Page]:
        try:
            async with aclosing(pages):
                async for page in pages:
                    yield page
        finally:
            self._learner.observe_overlap(walk.overlap)

    async def _fetch(
        self,
        number: int,
        sort_by: str | None,
        sort_order: str | None,
        fields: Sequence[str] | None,
        per_page: int,
    ) -> Page:
        self._first_request = self._first_request or datetime.now(UTC)
        asked = _PageRequest(number, sort_by, sort_order, self._without_refused(fields), per_page)
        try:
            page = await self._send(asked)
        except BadRequest as refusal:
            if not self._refuses_created(asked, refusal):
                raise
            self._is_created_refused = True
            asked = replace(asked, fields=self._without_refused(fields))
            page = await self._send(asked, is_again=True)
        self._learner.observe_page(page, per_page)
        return page

    async def _send(self, asked: _PageRequest, *, is_again: bool = False) -> Page:
        order: SortOrder | None = "asc" if asked.sort_by else None
        if asked.sort_order == "desc":
            order = "desc"
        with self.budget.call() as on_send:

            def count(times_sent: int) -> None:
                on_send(times_sent + is_again)

            return await self._client.with_options(on_send=count).page(
                self.entity,
                fields=asked.fields,
                per_page=asked.per_page,
                page=asked.number,
                sort_by=asked.sort_by,
                sort_order=order,
            )

    def _refuses_created(self, asked: _PageRequest, refusal: BadRequest) -> bool:
        """Return whether a refusal names CreatedDate, which was requested only to show changes."""
        if self.needs_created or asked.sort_by == CREATED_DATE or asked.fields is None:
            return False
        return CREATED_DATE in asked.fields and CREATED_DATE.casefold() in str(refusal).casefold()

    def _without_refused(self, fields: Sequence[str] | None) -> Sequence[str] | None:
        if fields is None or not self._is_created_refused:
            return fields
        return tuple(name for name in fields if name != CREATED_DATE) or None

    def _cache_as_granted(
        self,
        page: Page,
        sort_by: str | None,
        sort_order: SortOrder | None,
        fields: Sequence[str] | None,
        size: int,
    ) -> None:
        if is_capped(page, size):
            cached = _CachedPage(page, None if fields is None else frozenset(fields))
            self._pages[1, sort_by, sort_order, page.row_count] = cached
