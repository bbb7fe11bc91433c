"""What the sandbox asks of a database: records by entity in a stable order, and who may call.

`SqliteStore` and `PostgresStore` are the implementations. Everything is asynchronous, as the latter
talks to a server; nothing here knows SQL, HTTP or which entity means what.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import msgspec

Properties = dict[str, str | None]

STREAM_BATCH = 500
"""How many records are read at a time where all of an entity are."""


@dataclass(frozen=True, slots=True)
class RecordOrder:
    """An order of an entity's records. `field` None is the order of creation.

    Text stands by casefold, then code point; numbers by value; nulls come first when ascending,
    last when descending; ties stand in the order of creation either way (api.md).
    """

    field: str | None = None
    descending: bool = False


class StoredRecord(msgspec.Struct, frozen=True, gc=False):
    """A record as it is kept: its id, and its properties as JSON that needs no decoding.

    Hundreds are made for a page, so making one must cost nothing.
    """

    external_id: bytes
    properties: bytes


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some records of an entity, and how many there are in all."""

    total: int
    records: list[StoredRecord]


class CallCounts(msgspec.Struct, frozen=True):
    """How many calls were counted in the current hour and month, this one included."""

    hour: int
    month: int


def decode_properties(encoded: bytes) -> Properties:
    """Return the properties of a record that is kept as JSON."""
    return msgspec.json.decode(encoded, type=Properties)


class RecordStream(Protocol):
    """An entity as it was at one moment, however long the reading takes."""

    @property
    def total(self) -> int:
        """How many records there are."""
        ...

    def batches(self) -> AsyncIterator[list[StoredRecord]]:
        """Iterate over all records, some hundreds at a time."""
        ...


class Transaction(Protocol):
    """Changes that happen together or not at all."""

    async def get(self, entity: str, external_id: str) -> Properties | None:
        """Return a record's properties, held against other writers; None without one."""
        ...

    async def insert(self, entity: str, properties: Mapping[str, str | None]) -> str:
        """Store a new record and return the external id it was given."""
        ...

    async def replace(
        self, entity: str, external_id: str, properties: Mapping[str, str | None]
    ) -> None:
        """Store `properties` as the whole of an existing record."""
        ...

    async def delete(self, entity: str, external_id: str) -> bool:
        """Remove a record; say whether there was one."""
        ...


class RecordStore(Protocol):
    """Where records are kept."""

    async def get(self, entity: str, external_id: str) -> StoredRecord | None:
        """Return one record, None without one."""
        ...

    async def page(self, entity: str, order: RecordOrder, offset: int, limit: int) -> RecordPage:
        """Return `limit` records from `offset` on, fewer at the end, none past it."""
        ...

    def stream(self, entity: str, order: RecordOrder) -> AbstractAsyncContextManager[RecordStream]:
        """Open all records of an entity, as they are now, for reading in pieces."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin changes; they are on disk when the block ends, undone when it raises."""
        ...


class AccessStore(Protocol):
    """Where tokens and counts of calls are kept."""

    async def add_token(self, digest: str, ends: int, now: float) -> None:
        """Keep a token's digest until `ends` (Unix time); forget those that ended before `now`."""
        ...

    async def get_token_end(self, digest: str) -> int | None:
        """Return when the token ends, None for one that was never issued or is forgotten."""
        ...

    async def count_call(self, now: float) -> CallCounts:
        """Count one call made at `now` and return the counts."""
        ...


class SnapshotStore(Protocol):
    """What can go back, as the control plane asks.

    What is saved is this process's own, and gone with it. Raises `SettingError`, whose message is
    one sentence, where the database does not save or restore.
    """

    @property
    def snapshot_names(self) -> list[str]:
        """The names of what was saved, the oldest first."""
        ...

    async def save_snapshot(self, name: str) -> None:
        """Keep all records as they are now under `name`, in place of what was kept under it."""
        ...

    async def restore_snapshot(self, name: str) -> None:
        """Go back to what was saved under `name`. Tokens and counts of calls stay."""
        ...

    async def reset_call_counts(self) -> None:
        """Count from zero."""
        ...


class Store(RecordStore, AccessStore, SnapshotStore, Protocol):
    """Records, access, and what was saved, in one database."""

    def open(self) -> AbstractAsyncContextManager[None]:
        """Serve the running event loop while the block runs; then let go of the database."""
        ...


SeedRow = tuple[str, bytes]
"""An external id, and properties as JSON."""

Seed = Mapping[str, Iterable[SeedRow]]
"""The first records of entities, by name, in the order of creation."""
