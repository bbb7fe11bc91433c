"""Which tasks and opportunities belong to a record: read whole once, as the API cannot filter."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from cmdm_tui.api import Client, PageSizes, Record
from cmdm_tui.tui.models.page_reader import PageReader
from cmdm_tui.tui.models.record_names import make_owner_key, name_record

RELATED_ENTITIES = ("task", "opportunity")
"""The entities whose records belong to another record (`api.md`, calls)."""

PER_PAGE = 1_000
"""The largest page that `api.md` allows: the fewest calls."""

_LINK_FIELD = re.compile(r"(\w+)ExternalID")
_STATES = ("Status", "Stage")
_DATES = ("DueDate", "CloseDate", "Date")


@dataclass(frozen=True, slots=True)
class RelatedRecord:
    """A task or opportunity as it is listed with the record it belongs to."""

    record: Record
    title: str
    state: object
    date: object


class RelatedIndex:
    """All tasks and opportunities by the record they belong to, as far as they were read."""

    def __init__(self) -> None:
        self.windows = {name: PageReader(name, per_page=PER_PAGE) for name in RELATED_ENTITIES}
        self._records_by_owner: dict[tuple[str, str], list[RelatedRecord]] = {}
        self.owned_count = 0
        """Records read so far that name the record they belong to."""

    @property
    def is_complete(self) -> bool:
        """True once every page was read."""
        return all(window.is_complete for window in self.windows.values())

    @property
    def is_started(self) -> bool:
        """True once any page was read."""
        return any(window.is_started for window in self.windows.values())

    @property
    def calls_made(self) -> int:
        """How many calls reading it has cost."""
        return sum(window.next_page - 1 for window in self.windows.values())

    @property
    def records_read(self) -> int:
        """How many records were read so far."""
        return sum(len(window.records) for window in self.windows.values())

    @property
    def missing_count(self) -> int:
        """How many records the service counts and no page brought, of the entities read whole."""
        return sum(window.missing_count for window in self.windows.values())

    def find(self, record: Record) -> tuple[RelatedRecord, ...]:
        """Return what belongs to the record, as far as it was read: no call."""
        owners = (make_owner_key(record.entity, record.external_id), ("", record.external_id))
        return tuple(found for owner in owners for found in self._records_by_owner.get(owner, ()))

    def count_calls_left(self, counts: Mapping[str, int | None], sizes: PageSizes) -> int | None:
        """Return how many calls reading the rest costs, None where a count is not known.

        `sizes` say how many records a page holds.
        """
        calls = 0
        for name, window in self.windows.items():
            if window.is_complete:
                continue
            total = window.total if window.is_started else counts.get(name)
            if total is None:
                return None
            pages = window.total_pages if window.is_started else None
            pages = pages or max(-(-total // sizes.limit(window.per_page)), 1)
            calls += max(pages - window.next_page + 1, 1)
        return calls

    async def read(self, client: Client) -> AsyncIterator[PageReader]:
        """Read on to the end, page by page, and yield the window after each call.

        Where it stops by an error, what was read stays, and another `read` continues from there.
        """
        for window in self.windows.values():
            while not window.is_complete:
                for record in window.add_page(await window.fetch_page(client)):
                    self._add(record)
                yield window

    def _add(self, record: Record) -> None:
        owner = find_owner(record)
        if owner is None:
            return
        self.owned_count += 1
        entry = RelatedRecord(
            record,
            title=name_record(record) or record.external_id,
            state=_first_value(record, _STATES),
            date=_first_value(record, _DATES),
        )
        self._records_by_owner.setdefault(make_owner_key(*owner), []).append(entry)


@dataclass(frozen=True, slots=True)
class RecordLink:
    """A record that another one names: its entity and external id, and the field that holds it."""

    field: str
    entity: str
    external_id: str


def find_links(record: Record) -> tuple[RecordLink, ...]:
    """Return the records that this one names: what it belongs to, and lookups such as an account.

    A lookup is known by its field's name, an entity's followed by `ExternalID`.
    """
    owner = find_owner(record)
    links = [RecordLink("RelatedExternalID", *owner)] if owner and owner[0] else []
    for name, value in record.properties.items():
        found = _LINK_FIELD.fullmatch(name)
        if found and found[1] != "Related" and isinstance(value, str) and value:
            links.append(RecordLink(name, found[1].lower(), value))
    return tuple(links)


def find_owner(record: Record) -> tuple[str, str] | None:
    """Return the entity and external id of the record that this one belongs to, if it names one."""
    external_id = record.properties.get("RelatedExternalID")
    entity = record.properties.get("RelatedEntity")
    if not isinstance(external_id, str) or not external_id:
        return None
    return (entity if isinstance(entity, str) else "", external_id)


def _first_value(record: Record, names: tuple[str, ...]) -> object:
    values = (record.properties.get(name) for name in names)
    return next((value for value in values if value is not None and value != ""), None)
