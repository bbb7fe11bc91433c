"""Variants of the order of records: sorted in memory, again for each page.

This is for trying clients on some thousand records; the sandbox's own order needs none of it.
"""

import random
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from cmdm_tui.sandbox.schema import ENTITIES, EXTERNAL_ID, WireType
from cmdm_tui.sandbox.storage.store import (
    RecordOrder,
    RecordPage,
    RecordStore,
    RecordStream,
    StoredRecord,
    Transaction,
    decode_properties,
)
from cmdm_tui.sandbox.variants.behaviour import Behaviour, Choices
from cmdm_tui.sandbox.wire_types import sort_key

BEHAVIOURS = (
    Behaviour("order", "order without `sort_by`", ("creation", "newest-first", "unstable")),
    Behaviour("ties", "ties under `sort_by`", ("creation", "unstable")),
    Behaviour("collation", "collation", ("casefold", "binary", "locale", "numeric-as-text")),
    Behaviour("nulls", "collation", ("first", "last", "always-last")),
)

_SORT_BEHAVIOURS = ("collation", "nulls", "ties")
_DECIMAL_TYPES = frozenset({WireType.NUMBER, WireType.CURRENCY})


class VariantRecordStore:
    """A `RecordStore` whose lists have the order that the behaviours choose."""

    def __init__(self, store: RecordStore, choices: Choices) -> None:
        self._store = store
        self._choices = choices
        self._random = random.Random(1)  # noqa: S311 (an order, not a secret)

    async def get(self, entity: str, external_id: str) -> StoredRecord | None:
        """Return one record, None without one."""
        return await self._store.get(entity, external_id)

    async def page(self, entity: str, order: RecordOrder, offset: int, limit: int) -> RecordPage:
        """Return `limit` records from `offset` on, fewer at the end, none past it."""
        if not self._is_reordered(order):
            return await self._store.page(entity, order, offset, limit)
        records = await self._read_in_order(entity, order)
        return RecordPage(len(records), records[offset : offset + limit])

    @asynccontextmanager
    async def stream(self, entity: str, order: RecordOrder) -> AsyncGenerator[RecordStream]:
        """Open all records of an entity."""
        if self._is_reordered(order):
            yield _LoadedRecords(await self._read_in_order(entity, order))
        else:
            async with self._store.stream(entity, order) as snapshot:
                yield snapshot

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin changes."""
        return self._store.transaction()

    def _is_reordered(self, order: RecordOrder) -> bool:
        return self._choices.changes_any(("order",) if order.field is None else _SORT_BEHAVIOURS)

    async def _read_in_order(self, entity: str, order: RecordOrder) -> list[StoredRecord]:
        records: list[StoredRecord] = []
        async with self._store.stream(entity, RecordOrder()) as snapshot:
            async for batch in snapshot.batches():
                records += batch
        if order.field is not None:
            return self._sort(records, entity, order.field, order.descending)
        if self._choices["order"] == "unstable":
            self._random.shuffle(records)
            return records
        is_newest_first = (self._choices["order"] == "newest-first") != order.descending
        return records[::-1] if is_newest_first else records

    def _sort(
        self, records: list[StoredRecord], entity: str, field: str, descending: bool
    ) -> list[StoredRecord]:
        if self._choices["ties"] == "unstable":
            self._random.shuffle(records)
        key = _sort_key(entity, field, self._choices["collation"])
        values = [(_get_value(record, field), record) for record in records]
        nulls = [record for value, record in values if value is None]
        others = [(key(value), record) for value, record in values if value is not None]
        others.sort(key=lambda one: one[0], reverse=descending)
        filled = [record for _, record in others]
        # What comes first in `asc` comes last in `desc`, but for the nulls that are always last.
        choice = self._choices["nulls"]
        is_nulls_first = choice != "always-last" and (choice == "first") != descending
        return nulls + filled if is_nulls_first else filled + nulls


class _LoadedRecords:
    """All records of an entity, read and put in order."""

    def __init__(self, records: list[StoredRecord]) -> None:
        self._records = records

    @property
    def total(self) -> int:
        """How many records there are."""
        return len(self._records)

    async def batches(self) -> AsyncIterator[list[StoredRecord]]:
        """Iterate over all records."""
        yield self._records


def _get_value(record: StoredRecord, field: str) -> str | None:
    if field == EXTERNAL_ID:
        return record.external_id.decode()
    return decode_properties(record.properties)[field]


def _sort_key(entity: str, field: str, collation: str) -> Callable[[str], Any]:
    kind = WireType.TEXT if field == EXTERNAL_ID else ENTITIES[entity].by_name[field].type
    if collation == "numeric-as-text":
        return str.casefold
    if kind in _DECIMAL_TYPES or collation == "casefold":
        return lambda text: sort_key(kind, text)
    return str if collation == "binary" else _locale_key


def _locale_key(text: str) -> tuple[str, str, str]:
    """Return a key much like a locale's: letters and digits first, then accents, then case."""
    plain = unicodedata.normalize("NFD", text).casefold()
    letters = "".join(character for character in plain if character.isalnum())
    return letters, plain, text.swapcase()
