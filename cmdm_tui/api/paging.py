"""Goes through an entity's pages to the last, whatever size of page the service grants."""

import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace

from cmdm_tui.api.errors import NotFound
from cmdm_tui.api.models import Page


async def each_page(retrieve: Callable[[int], Awaitable[Page]]) -> AsyncGenerator[Page]:
    """Yield the pages that `retrieve` gives for 1, 2, …, each record once.

    It ends when as many records have come as the service counts; where it counts none, with the
    last page it names; and in any case with a page that brings nothing new or is not found, so it
    ends with a service that repeats its last page for ever.
    """
    seen: set[str] = set()
    for number in itertools.count(1):
        try:
            page = await retrieve(number)
        except NotFound:
            if number == 1:
                raise
            return
        new = {record.external_id: record for record in page.records}
        records = tuple(record for id_, record in new.items() if id_ not in seen)
        if not records:
            return
        seen.update(new)
        yield replace(page, records=records)
        if page.total_records is not None:
            if len(seen) >= page.total_records:
                return
        elif page.total_pages is not None and number >= page.total_pages:
            return
