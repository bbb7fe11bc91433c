"""The typed client for tests without await: each method waits for its answer."""

import asyncio
import threading
import warnings
from collections.abc import Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from cmdm_tui.api import (
    Client,
    Converted,
    Created,
    Done,
    Field,
    Page,
    Parent,
    Quota,
    Record,
    Response,
    SortOrder,
)

Result = TypeVar("Result")


class BlockingClient:
    """Does what `client` does, on its own event loop, inside and outside of other loops.

    Its calls count against the sandbox's hourly limit like any other's. Every method raises an
    `ApiError`.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cmdm", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wait_for(self._client.close_connections())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def quota(self) -> Quota:
        """The calls left this hour, as the last answer said."""
        return self._client.quota

    def record(self, entity: str, external_id: str) -> Record:
        """Retrieve one record."""
        return self._wait_for(self._client.record(entity, external_id))

    def page(
        self,
        entity: str,
        *,
        fields: Sequence[str] | None = None,
        per_page: int | None = None,
        page: int | None = None,
        sort_by: str | None = None,
        sort_order: SortOrder | None = None,
    ) -> Page:
        """Retrieve one page of records; without `per_page` and `page`, what the service sends."""
        return self._wait_for(
            self._client.page(
                entity,
                fields=fields,
                per_page=per_page,
                page=page,
                sort_by=sort_by,
                sort_order=sort_order,
            )
        )

    def records(self, entity: str) -> tuple[Record, ...]:
        """Retrieve all records of an entity, page by page.

        Warns where fewer have come than the service counts.
        """
        return self._wait_for(self._read_all(entity))

    def fields(self, entity: str) -> tuple[Field, ...]:
        """Retrieve all fields of an entity, page by page."""
        return self._wait_for(self._client.all_fields(entity))

    def create(
        self, entity: str, properties: Mapping[str, Any], *, parent: Parent | None = None
    ) -> Created:
        """Create a record; with `parent`, a task or opportunity of that record."""
        return self._wait_for(self._client.create(entity, properties, parent=parent))

    def update(self, entity: str, external_id: str, properties: Mapping[str, Any]) -> Done:
        """Update the record's given fields."""
        return self._wait_for(self._client.update(entity, external_id, properties))

    def convert_lead(
        self, external_id: str, properties: Mapping[str, Any] | None = None
    ) -> Converted:
        """Convert a lead into an account."""
        return self._wait_for(self._client.convert_lead(external_id, properties))

    def close_task(self, external_id: str, properties: Mapping[str, Any] | None = None) -> Done:
        """Close a task."""
        return self._wait_for(self._client.close_task(external_id, properties))

    def delete(self, entity: str, external_id: str) -> Done:
        """Delete a record."""
        return self._wait_for(self._client.delete(entity, external_id))

    def request(self, method: str, path: str) -> Response:
        """Make any call; `path` follows `/api/v1/`."""
        return self._wait_for(self._client.request(method, path))

    async def _read_all(self, entity: str) -> tuple[Record, ...]:
        records: list[Record] = []
        total = 0
        async for page in self._client.pages(entity):
            records += page.records
            total = page.total_records or 0
        if total > len(records):
            message = f"{entity}: {len(records):,} of the {total:,} records counted have come"
            warnings.warn(message, stacklevel=2)
        return tuple(records)

    def _wait_for(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
