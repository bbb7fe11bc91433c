"""Fetches an entity's records for one run: every call is counted before it is made."""

from collections.abc import AsyncGenerator, Sequence

from cmdm_tui.api import BadRequest, Client, Page, Record, SortOrder
from cmdm_tui.api.events import Tell, nobody
from cmdm_tui.api.paging import Reading, each_page
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.model import EXTERNAL_ID, Column, Table

AHEAD = 8
"""Pages under way at once at most."""


def fields_of(table: Table, columns: Sequence[Column]) -> tuple[str, ...] | None:
    """Return what to put into `fields` to get these columns; None for all of them.

    ExternalID comes whatever `fields` says (`api.md`), so one field is asked for where it is the
    only column. A name with a comma has no place in a comma-separated list.
    """
    names = [column.name for column in columns if column.name != EXTERNAL_ID]
    every = [column.name for column in table.columns if column.name != EXTERNAL_ID]
    if not every or len(names) == len(every) or any("," in name for name in names):
        return None
    if not names:
        return None if "," in every[0] else (every[0],)
    return tuple(names)


class Fetcher:
    """Reads one entity for one run, within the run's budget."""

    def __init__(
        self, client: Client, budget: CallBudget, table: Table, *, tell: Tell = nobody
    ) -> None:
        self._client = client
        self._budget = budget
        self._tell = tell
        self.table = table

    async def page(
        self,
        number: int,
        *,
        fields: Sequence[str] | None,
        per_page: int,
        sort_by: str | None = None,
        sort_order: SortOrder | None = None,
    ) -> Page:
        """Fetch one page: one call."""
        self._budget.spend()
        return await self._client.page(
            self.table.entity,
            fields=fields,
            per_page=per_page,
            page=number,
            sort_by=sort_by,
            sort_order=sort_order,
        )

    async def record(self, external_id: str) -> Record:
        """Fetch one record: one call. Raises NotFound."""
        self._budget.spend()
        return await self._client.record(self.table.entity, external_id)

    def scan(
        self,
        columns: Sequence[Column],
        *,
        sort_by: str | None = None,
        sort_order: SortOrder | None = None,
        most: int | None = None,
    ) -> AsyncGenerator[Page]:
        """Yield every page once, each record once, in batches of 1, 2, 4 and 8 pages."""
        fields = fields_of(self.table, columns)

        async def retrieve(number: int, size: int, by_id: bool) -> Page:
            try:
                return await self.page(
                    number,
                    fields=fields,
                    per_page=size,
                    sort_by=EXTERNAL_ID if by_id else sort_by,
                    sort_order="asc" if by_id else sort_order,
                )
            except BadRequest:
                raise

        reading = Reading(self.table.entity, self.table.largest_page, ahead=AHEAD, most=most)
        return each_page(retrieve, reading, self._tell)
