"""What the sandbox needs of a database: records by entity in a stable order, tokens and counts.

`SqliteStore` and `PostgresStore` are the implementations. Everything is asynchronous, because
PostgreSQL is a server; nothing here knows SQL, HTTP or what an entity means.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
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

    Text is ordered by casefold, then code point; numbers by value; nulls come first when ascending,
    last when descending; ties are in the order of creation either way (api.md).
    """

    field: str | None = None
    descending: bool = False


class StoredRecord(msgspec.Struct, frozen=True, gc=False):
    """A record as it is stored: its id, and its properties as JSON that need not be decoded.

    Hundreds are made for a page, so making one must be cheap.
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


def do_nothing() -> None:
    """Do nothing, when a snapshot has begun."""


class RecordStream(Protocol):
    """All records of an entity as they were at one moment, read in batches."""

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
        """Remove a record; return whether there was one."""
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
        """Open all records of an entity, as they are now, to be read in batches."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin changes; they are on disk when the block ends, undone when it raises."""
        ...


class AccessStore(Protocol):
    """Where tokens and counts of calls are kept."""

    async def add_token(self, digest: str, ends: int, now: float) -> None:
        """Store a token's digest until `ends` (Unix time); drop those that ended before `now`."""
        ...

    async def get_token_end(self, digest: str) -> int | None:
        """Return when the token ends, None for one that was never issued or is forgotten."""
        ...

    async def count_call(self, now: float) -> CallCounts:
        """Count one call made at `now` and return the counts."""
        ...


class SnapshotStore(Protocol):
    """What can save and restore records, for the control plane.

    Snapshots belong to this process and end with it. Raises `SettingError`, whose message is
    one sentence, where the database does not save or restore.
    """

    @property
    def snapshot_names(self) -> list[str]:
        """The names of what was saved, the oldest first."""
        ...

    async def save_snapshot(self, name: str, on_begun: Callable[[], None] = do_nothing) -> None:
        """Save all records under `name`, in place of what was saved under it.

        They are saved as they are when `on_begun` is called; other calls are answered meanwhile.
        """
        ...

    async def restore_snapshot(self, name: str) -> None:
        """Restore what was saved under `name`. Tokens and counts of calls stay.

        Reads are answered meanwhile, with what was there; writes wait.
        """
        ...

    async def reset_call_counts(self) -> None:
        """Count from zero."""
        ...


class Store(RecordStore, AccessStore, SnapshotStore, Protocol):
    """Records, tokens, counts and snapshots in one database."""

    def open(self) -> AbstractAsyncContextManager[None]:
        """Serve the running event loop while the block runs; then close the database."""
        ...


SeedRow = tuple[str, bytes]
"""An external id, and properties as JSON."""

Seed = Mapping[str, Iterable[SeedRow]]
"""The first records of entities, by name, in the order of creation."""
