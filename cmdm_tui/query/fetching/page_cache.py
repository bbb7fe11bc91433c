"""The pages of one entity, for one run: each call is counted before it is made, none made twice."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from cmdm_tui.api import BadRequest, Client, NotFound, Page, Record, Response, SortOrder
from cmdm_tui.api.events import EventListener, ignore_events
from cmdm_tui.api.paging import PageWalk, is_capped
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.fetching.checkpoint import Checkpoint, CheckpointPage, CheckpointRecord
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.model import EXTERNAL_ID, Column, FirstPage, Table

PAGES_AHEAD = 8
"""Pages under way at once at most."""

_SMALLER_SIZES = (500, 200, 100, 50, 25, 10, 1)
"""What is asked for in turn where a server refuses a page of the size asked for."""

_PageKey = tuple[int, str | None, str | None, int]
_NO_RESPONSE = Response(0, "GET", "", 200, {}, b"", 0.0)
"""The answer of a page that another process has read: of that, only the records are kept."""


@dataclass(frozen=True, slots=True)
class _CachedPage:
    page: Page
    fields: frozenset[str] | None

    def holds(self, fields: Sequence[str] | None) -> bool:
        """Tell whether the page was read with all of the fields."""
        return self.fields is None or (fields is not None and self.fields >= set(fields))


def can_be_fetched(external_id: str) -> bool:
    """Tell whether a record can be asked for by its id.

    `fields` in the place of an id asks for the fields (`api.md`), and no path carries the others.
    """
    return external_id.casefold() not in {"", ".", "..", "fields"}


def fields_to_request(table: Table, columns: Sequence[Column]) -> tuple[str, ...] | None:
    """Return what to put into `fields` to get these columns; None for all of them.

    ExternalID comes whatever `fields` says (`api.md`), so one field is asked for where it is the
    only column. A name with a comma has no place in a comma-separated list.
    """
    named = dict.fromkeys(column.name for column in columns)
    names = [name for name in named if name != EXTERNAL_ID]
    every = [column.name for column in table.columns if column.name != EXTERNAL_ID]
    if not every or len(names) == len(every) or any("," in name for name in names):
        return None
    if not names:
        return None if "," in every[0] else (every[0],)
    return tuple(names)


class PageCache:
    """Reads one entity's pages within a budget; those that were read to be kept are kept.

    `budget` may be exchanged: what planning has read, the run finds here. With `keeps_all`, what a
    scan has read stays, so that a run that its budget ended can be taken up again.
    """

    def __init__(
        self,
        client: Client,
        entity: str,
        budget: CallBudget,
        learner: TraitLearner,
        *,
        tell: EventListener = ignore_events,
    ) -> None:
        self._client = client
        self._learner = learner
        self._tell = tell
        self._pages: dict[_PageKey, _CachedPage] = {}
        self._records: dict[str, Record | None] = {}
        self._versions: dict[_PageKey, list[_CachedPage]] = {}
        """Each page as it was each time that it was read, for a run that goes on from there."""
        self._turns: dict[_PageKey, int] = {}
        """How many of those times the run has come to."""
        self.entity = entity
        self.budget = budget
        self.keeps_all = False

    def export(self) -> tuple[list[CheckpointPage], list[CheckpointRecord]]:
        """Return the pages and records that are kept, as another process can have them."""
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
        """Keep what a run has read in another process."""
        for one in reading.pages:
            if one.entity == self.entity:
                records = tuple(Record(one.entity, *values) for values in one.records)
                page = Page(
                    one.entity, records, one.total_records, one.total_pages, one.per_page,
                    one.number, _NO_RESPONSE,
                )  # fmt: skip
                key = (one.number, one.sort_by, one.sort_order, one.per_page)
                kept = _CachedPage(page, None if one.fields is None else frozenset(one.fields))
                self._versions.setdefault(key, []).append(kept)
                self._pages[key] = kept
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
        """Return a page, from those kept unless `fresh`; else one call, and it is kept.

        A run that goes on from another comes to the same pages, anew ones included, as that did.
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

    def start_run(self, budget: CallBudget, *, keeps_all: bool) -> None:
        """Begin a run with what was read till now."""
        self.budget, self.keeps_all = budget, keeps_all
        self._turns = {}

    async def first_page(
        self,
        *,
        sort_by: str | None,
        sort_order: SortOrder | None,
        fields: Sequence[str] | None,
        per_page: int,
        at_any_size: bool = True,
    ) -> Page:
        """Return the first page, which shows what the server grants: it may refuse the size.

        The page is kept under the size that it was granted under. Raises BadRequest where the
        server refuses every size, or the size asked for where it is not to be `at_any_size`.
        """
        refusal: BadRequest | None = None
        smaller = [one for one in _SMALLER_SIZES if one < per_page] if at_any_size else []
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
        """Tell whether a plan's first page is kept."""
        kept = self._pages.get((1, first.sort_by, first.sort_order, first.per_page))
        return kept is not None and kept.holds(first.fields)

    def count_cached(self, like: FirstPage | None = None) -> int:
        """Return how many pages and records are kept, or how many pages `like` this first one."""
        if like is None:
            return len(self._pages) + len(self._records)
        order = (like.sort_by, like.sort_order, like.per_page)
        return sum(key[1:] == order and one.holds(like.fields) for key, one in self._pages.items())

    async def record_or_none(self, external_id: str) -> Record | None:
        """Return one record, None where there is none of that id: one call, unless it is kept."""
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
        """Tell whether the record of that id was asked for already."""
        return external_id in self._records

    async def total(self) -> int | None:
        """Return how many records there are now: one call, unless a page has just told it."""
        for kept in self._pages.values():
            return kept.page.total_records
        page = await self._fetch(1, None, None, None, 1)
        return page.total_records

    def walk(
        self,
        fields: Sequence[str] | None,
        *,
        per_page: int,
        sort_by: str | None,
        sort_order: SortOrder | None,
        most: int | None = None,
    ) -> AsyncGenerator[Page]:
        """Yield every page once, each record once, in batches of 1, 2, 4 and 8 pages.

        Pages kept are let go of as they are used, unless all are to stay.
        """

        async def retrieve(number: int, size: int, by_id: bool) -> Page:
            field, order = (EXTERNAL_ID, "asc") if by_id else (sort_by, sort_order)
            key = (number, field, order, size)
            kept = self._pages.get(key) if self.keeps_all else self._pages.pop(key, None)
            if kept is not None and kept.holds(fields):
                return kept.page
            page = await self._fetch(number, field, order, fields, size)
            if self.keeps_all:
                self._pages[key] = _CachedPage(page, None if fields is None else frozenset(fields))
                self._versions.pop(key, None)
            return page

        walk = PageWalk(self.entity, per_page, most=most)
        return walk.run(retrieve, ahead=PAGES_AHEAD, notify=self._tell)

    async def _fetch(
        self,
        number: int,
        sort_by: str | None,
        sort_order: str | None,
        fields: Sequence[str] | None,
        per_page: int,
    ) -> Page:
        with self.budget.call() as on_send:
            page = await self._client.with_options(on_send=on_send).page(
                self.entity,
                fields=fields,
                per_page=per_page,
                page=number,
                sort_by=sort_by,
                sort_order="desc" if sort_order == "desc" else "asc" if sort_by else None,
            )
        self._learner.observe_page(page, per_page)
        return page

    def _cache_as_granted(
        self,
        page: Page,
        sort_by: str | None,
        sort_order: SortOrder | None,
        fields: Sequence[str] | None,
        size: int,
    ) -> None:
        if is_capped(page, size):
            kept = _CachedPage(page, None if fields is None else frozenset(fields))
            self._pages[1, sort_by, sort_order, len(page.records)] = kept
