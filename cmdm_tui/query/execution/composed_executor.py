"""Runs the reads of a composed plan: each place's records, by its condition or by keys."""

from collections.abc import Sequence

from msgspec.structs import replace

from cmdm_tui.api import Record
from cmdm_tui.query import seek
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.database.duckdb_session import DuckDBSession
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.execution.seek_executor import SeekExecutor, SeekStopped
from cmdm_tui.query.fetching.fetcher import Fetcher
from cmdm_tui.query.fetching.page_cache import can_be_fetched
from cmdm_tui.query.model import EXTERNAL_ID, Table
from cmdm_tui.query.planning.bound_query import BoundQuery, executable_sql
from cmdm_tui.query.planning.key_search import (
    accepts_values,
    condition_of_values,
    likely_pages,
)
from cmdm_tui.query.planning.plan import (
    Access,
    ComposedReads,
    GetRecords,
    ReadAny,
    ReadByKeys,
    ReadWhole,
    SeekFirst,
    SeekRecords,
)
from cmdm_tui.query.planning.scan_plans import first_page_of_scan

_MORE_RECORDS = 4
"""How many times more first records are read where those that were read give too few rows."""


class _NeedsAll(Exception):
    """Reading every page takes fewer calls, or nothing else is possible."""


class ComposedExecutor:
    """Runs a composed plan. With a `budget`, it stops before a scan that this cannot pay."""

    def __init__(
        self,
        bound: BoundQuery,
        fetcher: Fetcher,
        seeks: SeekExecutor,
        session: DuckDBSession,
        budget: CallBudget | None,
    ) -> None:
        self._bound = bound
        self._fetcher = fetcher
        self._report = fetcher.report
        self._seeks = seeks
        self._session = session
        self._budget = budget
        self._found: dict[str, dict[str, Record]] = {}
        """The records of each entity that is not read whole, by id: of all its places."""
        self._whole: set[str] = set()

    async def run(self, step: ComposedReads) -> None:
        """Read and load what each place needs; stopped, what was read until then."""
        await self._run_reads(step)
        first = step.reads[0]
        while (
            isinstance(first.access, SeekFirst)
            and first.access.table.entity not in self._whole
            and not self._report.stop_reason
            and await self._count_rows() < step.wanted_rows
        ):
            more = replace(first.access, count=_MORE_RECORDS * first.access.count)
            if more.count > (more.table.total or 0) / 2:
                if self._stops_before(more.table, "the first rows need more than half of them."):
                    break
                await self._read_whole(more.table)
            first = replace(first, access=more)
            step = replace(step, reads=(first, *step.reads[1:]))
            await self._run_reads(step)

    async def _count_rows(self) -> int:
        """Return how many rows the query has on what is loaded, before LIMIT and OFFSET."""
        tree = self._bound.tree.copy()
        for part in ("order", "limit", "offset"):
            tree.set(part, None)
        sql = executable_sql(replace(self._bound, tree=tree))
        rows = await self._session.run(self._session.execute, f"SELECT count(*) FROM ({sql})")
        return int(rows[0][0])

    async def _run_reads(self, step: ComposedReads) -> None:
        for read in step.reads:
            if self._report.stop_reason:
                break
            if read.access.table.entity not in self._whole:
                await self._read(read.access)
        for table in self._bound.tables.values():
            if table.entity not in self._whole and table.entity not in self._found:
                await self._load(table, ())

    async def _read(self, access: Access) -> None:
        """Load the records of an access, or all where that is better, or nothing else works."""
        table, was_unsure = access.table, self._report.is_unsure
        try:
            await self._load(table, await self._find(access))
        except SeekStopped:
            return
        except _NeedsAll:
            if not self._stops_before(table, "a search would take as many calls."):
                await self._read_whole(table)
        except seek.SeekFailed as failure:
            # What an earlier search has taken for granted still holds; this one found nothing.
            self._report.is_unsure = was_unsure
            if not self._stops_before(table, str(failure)):
                self._report.add_messages(f"Every page was read instead of a search: {failure}")
                await self._read_whole(table)

    async def _find(self, access: Access) -> Sequence[Record]:
        """Return the records of an access. Raises _NeedsAll, SeekFailed, SeekStopped."""
        match access:
            case GetRecords():
                return await self._fetcher.find_records(access.table, access.ids)
            case SeekRecords() | SeekFirst():
                return await self._seeks.find_records(access)
            case ReadByKeys():
                return await self._find_by_keys(access)
            case ReadAny():
                found: list[Record] = []
                for one in access.accesses:
                    found += await self._find(one)
                return found
            case ReadWhole():
                raise _NeedsAll

    async def _find_by_keys(self, access: ReadByKeys) -> Sequence[Record]:
        values = await self._values_of(access)
        pages = access.table.pages or 1
        if not values:
            return []
        if access.orders is None:
            if len(values) >= pages or not all(map(can_be_fetched, values)):
                raise _NeedsAll
            return await self._fetcher.find_records(access.table, values)
        if likely_pages(len(values), pages) >= pages:
            raise _NeedsAll
        key = access.key
        found = seek.extract_predicates(condition_of_values(key, values), {key.name: key})
        if not found:
            raise _NeedsAll
        step = SeekRecords(access.table, access.columns, found[0], access.orders)
        return await self._seeks.find_records(step)

    async def _values_of(self, access: ReadByKeys) -> list[str]:
        """Return the distinct values of the keys, without null, which is equal to nothing."""
        session = self._session
        try:
            ((_, kind), *others) = await session.run(session.describe, access.sql)
            if others or not accepts_values(access.key, kind):
                raise _NeedsAll
            rows = await session.run(session.execute, access.sql)
        except SqlError:
            # It may name a place around: then its values are known only there.
            raise _NeedsAll from None
        is_id = access.key.name == EXTERNAL_ID
        return [row[0] for row in rows if row[0] is not None and not (is_id and row[0] == "")]

    async def _load(self, table: Table, records: Sequence[Record]) -> None:
        """Load an entity again, with the records that were found for another place of it."""
        kept = self._found.setdefault(table.entity, {})
        kept.update((one.external_id, one) for one in records)
        columns = self._bound.columns_to_load(table)
        loader = await self._fetcher.create_loader(table, columns)
        await self._fetcher.load_records(loader, list(kept.values()), columns)
        await self._fetcher.show_loaded(loader)

    async def _read_whole(self, table: Table) -> None:
        self._whole.add(table.entity)
        first = first_page_of_scan(self._bound, table)
        await self._fetcher.fetch_entity(table, self._bound.columns_to_load(table), first)

    def _stops_before(self, table: Table, why: str) -> bool:
        """Return whether the run stops as it may not pay for every page; that is said then."""
        left = None if self._budget is None else self._budget.left
        is_too_dear = left is not None and (table.pages is None or left < table.pages)
        if is_too_dear:
            self._report.stop_reason = f"It stopped before every page was read: {why}"
            self._report.is_out_of_calls = True
        return is_too_dear
