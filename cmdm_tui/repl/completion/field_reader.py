"""Reads the fields of entities in the background, when completion first needs them."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from cmdm_tui.api import ApiError, QuotaFloorReached
from cmdm_tui.catalog import Account
from cmdm_tui.config import ConfigurationError

LONGEST_WAIT = 2.0
"""Seconds that a statement waits for a reading under way."""


class FieldReader:
    """Asks for the fields of one entity after the other, each at most once a day.

    A call for each 200 fields, or for a page of tasks. None is made where fewer calls are left than
    the profile's floor, for an entity that is not known, or after one has failed. `on_change` is
    called when a reading begins or ends. Everything but `want` belongs to the loop it was made in.
    """

    def __init__(self, account: Account, on_change: Callable[[], None]) -> None:
        self._account = account
        self._client = account.client.with_options(in_background=True)
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._wanted: dict[str, None] = {}
        self._asked: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._is_held = False
        self._has_failed = False
        self.entity: str | None = None
        """The entity whose fields are being read; None where none is."""

    def want(self, entities: Iterable[str]) -> None:
        """Have the fields of these entities read, from any thread; it waits for nothing."""
        names = tuple(entities)
        if names and not self._loop.is_closed():
            with suppress(RuntimeError):  # the loop was closed meanwhile
                self._loop.call_soon_threadsafe(self._add, names)

    async def hold(self) -> None:
        """Begin no reading any more until `release`, and wait for the one that is under way.

        A statement may need the fields that it brings. One that takes long is ended.
        """
        self._is_held = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=LONGEST_WAIT)
            await self._end()

    def release(self) -> None:
        """Go on with what is wanted."""
        self._is_held = False
        self._start()

    async def close(self) -> None:
        """End what is under way."""
        self._is_held = True
        await self._end()

    async def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _add(self, names: Iterable[str]) -> None:
        catalog = self._account.catalog
        for name in names:
            entity = catalog.resolve_name(name)
            is_known = bool(catalog.cached_fields(entity)) or catalog.describes_nothing(entity)
            if entity in catalog.entities and entity not in self._asked and not is_known:
                self._wanted[entity] = None
        self._start()

    def _start(self) -> None:
        if self._wanted and not self._is_held and self._task is None and self._may_call:
            self._task = self._loop.create_task(self._read_all())

    @property
    def _may_call(self) -> bool:
        left = self._account.known_quota.remaining
        return not self._has_failed and (left is None or left > self._account.profile.floor)

    async def _read_all(self) -> None:
        try:
            while self._wanted and not self._is_held and self._may_call:
                self.entity = next(iter(self._wanted))
                del self._wanted[self.entity]
                self._asked.add(self.entity)
                self._on_change()
                try:
                    await self._account.catalog.read_fields(self.entity, self._client)
                except QuotaFloorReached:
                    self._asked.discard(self.entity)
                    return
                except (ApiError, ConfigurationError):
                    # No one waits for it: a statement that needs the fields says what is wrong.
                    self._has_failed = True
        finally:
            self._task = None
            self.entity = None
            self._on_change()
