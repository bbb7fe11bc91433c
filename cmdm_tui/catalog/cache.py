"""The cache of one server's entities, kept between runs: their fields and record counts.

Everything here came with answers and can be asked for again, so a file that is broken, of another
server, or cannot be written costs a call and nothing else.
"""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from cmdm_tui.api import Field
from cmdm_tui.api.decode_fields import named_fields
from cmdm_tui.config.bounded_files import LARGEST_CACHE, read_bounded
from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.private_files import replace_file

FIELDS_MAX_AGE = 24 * 3600.0
"""Seconds for which an entity's fields are believed."""
TOTAL_MAX_AGE = 3600.0
"""Seconds for which the count of an entity's records is believed when a query is planned."""


class RecordCount(Struct, frozen=True):
    """How many records an entity had, and how many seconds ago an answer said so.

    `change` is how many more there are by what was made here since, or fewer.
    """

    total: int
    age: float
    change: int = 0

    @property
    def is_recent(self) -> bool:
        """Whether the count is recent enough to plan a query with."""
        return self.age < TOTAL_MAX_AGE


class _CachedEntity(msgspec.Struct):
    """One entity: what answers said, each with its Unix time."""

    fields: tuple[Field, ...] = ()
    fields_told: float = 0.0
    total: int | None = None
    total_told: float = 0.0
    deciding_places: dict[str, tuple[int, ...]] = {}
    fields_looked_at: tuple[str, ...] = ()


class _CacheFile(msgspec.Struct):
    """The content of the cache's file."""

    server: str = ""
    entities: dict[str, _CachedEntity] = {}
    longest_page: int = 0


class CatalogCache:
    """The cache of the server at the address `server`; `file` keeps it, None for this run only.

    Only `save` writes the file: a query stores something for every page it reads.
    """

    def __init__(
        self, file: Path | None, server: str, *, now: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self._server = server
        self._now = now
        self._loaded: _CacheFile | None = None
        self._is_changed = False
        self._outdated: dict[str, tuple[int, float, int]] = {}
        """Totals that were changed here since: each with its Unix time, and by how many."""
        self.error: ConfigurationError | None = None
        """Why the file could not be written; None where it could."""

    def fields(self, entity: str) -> tuple[Field, ...]:
        """Return the entity's fields, none where they are unknown or older than a day."""
        known = self._fresh_fields(entity)
        return named_fields(known) if known else ()

    def describes_nothing(self, entity: str) -> bool:
        """Return whether the service has described no field of the entity within the last day."""
        return self._fresh_fields(entity) == ()

    def _fresh_fields(self, entity: str) -> tuple[Field, ...] | None:
        known = self._entities.get(entity)
        is_fresh = known is not None and 0 <= self._now() - known.fields_told < FIELDS_MAX_AGE
        return known.fields if known is not None and is_fresh else None

    def count(self, entity: str) -> RecordCount | None:
        """Return how many records the entity had when an answer last said, None if unknown."""
        known = self._entities.get(entity)
        age = self._now() - known.total_told if known else 0.0  # below 0: the clock was set back
        if known is None or known.total is None or age < 0:
            return None
        return RecordCount(known.total, age)

    def total(self, entity: str) -> int | None:
        """Return how many records the entity had within the last hour, None if unknown."""
        count = self.count(entity)
        return count.total if count is not None and count.is_recent else None

    def store_fields(self, entity: str, fields: tuple[Field, ...]) -> None:
        """Take in an entity's fields."""
        known = self._entities.setdefault(entity, _CachedEntity())
        known.fields, known.fields_told = fields, self._now()
        self._is_changed = True

    def store_total(self, entity: str, total: int) -> None:
        """Take in how many records an entity has."""
        known = self._entities.setdefault(entity, _CachedEntity())
        known.total, known.total_told = total, self._now()
        self._outdated.pop(entity, None)
        self._is_changed = True

    def deciding_places(self, entity: str, field: str, direction: str) -> tuple[int, ...]:
        """Return where in the order of a field its first values were found; nothing if unknown."""
        known = self._entities.get(entity)
        return () if known is None else known.deciding_places.get(f"{field} {direction}", ())

    def store_deciding_places(
        self, entity: str, field: str, direction: str, places: tuple[int, ...]
    ) -> None:
        """Take in where in the order of a field its first values were found."""
        known = self._entities.setdefault(entity, _CachedEntity())
        if known.deciding_places.get(f"{field} {direction}", ()) != places:
            known.deciding_places[f"{field} {direction}"] = places
            self._is_changed = True

    def fields_looked_at(self, entity: str) -> tuple[str, ...]:
        """Return the fields whose pages have shown what they can of how text is sorted."""
        known = self._entities.get(entity)
        return () if known is None else known.fields_looked_at

    def store_field_looked_at(self, entity: str, field: str) -> None:
        """Take in a field whose pages have shown what they can of how text is sorted."""
        known = self._entities.setdefault(entity, _CachedEntity())
        if field not in known.fields_looked_at:
            known.fields_looked_at = (*known.fields_looked_at, field)
            self._is_changed = True

    @property
    def has_totals(self) -> bool:
        """Whether the number of records of some entity is known, however old that is."""
        return any(known.total is not None for known in self._entities.values())

    def forget_total(self, entity: str) -> None:
        """Forget how many records an entity has."""
        self._outdated.pop(entity, None)
        known = self._entities.get(entity)
        if known is not None and known.total is not None:
            known.total, self._is_changed = None, True

    def change_total(self, entity: str, by: int, *, since: float) -> None:
        """Take in by how many changes sent `since`, a Unix time, have changed an entity's records.

        The total of before is no longer believed when a query is planned: `last_count` has it. One
        that came since may count them already, so it is forgotten.
        """
        known, last = self._entities.get(entity), self._outdated.get(entity)
        if known is not None and known.total is not None:
            is_before = known.total_told < since
            last = (known.total, known.total_told, 0) if is_before else None
        self.forget_total(entity)
        if last is not None:
            self._outdated[entity] = (*last[:2], last[2] + by)

    def last_count(self, entity: str) -> RecordCount | None:
        """Return the count known, or the one of before changes that were made in this run."""
        outdated = self._outdated.get(entity)
        if outdated is None:
            return self.count(entity)
        total, told, change = outdated
        return RecordCount(total, max(self._now() - told, 0.0), change)

    def forget_totals(self) -> None:
        """Forget how many records the entities have: a change was made."""
        for entity in self._entities:
            self.forget_total(entity)

    @property
    def largest_page(self) -> int:
        """The most records that came in one page: a server is known to grant as many."""
        return self._content.longest_page

    def store_page_size(self, records: int) -> None:
        """Take in how many records came in one page."""
        if records > self.largest_page:
            self._content.longest_page = records
            self._is_changed = True

    def forget_entity(self, entity: str) -> None:
        """Forget all of an entity."""
        self._is_changed = self._entities.pop(entity, None) is not None or self._is_changed

    def save(self) -> None:
        """Write what is new to the file."""
        if not self._is_changed or self._file is None:
            return
        self._is_changed = False
        # What cannot be kept is asked for again: no reason to fail what the user waits for.
        try:
            replace_file(self._file, _encode(self._content))
        except ConfigurationError as error:
            self.error = error

    @property
    def _entities(self) -> dict[str, _CachedEntity]:
        return self._content.entities

    @property
    def _content(self) -> _CacheFile:
        if self._loaded is None:
            self._loaded = self._read_file()
        return self._loaded

    def _read_file(self) -> _CacheFile:
        if self._file is None:
            return _CacheFile(self._server)
        try:
            kept = msgspec.json.decode(read_bounded(self._file, LARGEST_CACHE), type=_CacheFile)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _CacheFile(self._server)
        return kept if kept.server == self._server else _CacheFile(self._server)


def cache_file(catalog: Path) -> Path:
    """Return the cache's file, next to the catalog's."""
    return catalog.with_name(f"{catalog.name.removesuffix('.json')}.facts.json")


def _encode(content: _CacheFile) -> bytes:
    """Return the file's bytes, without the entities that hold half a surrogate pair.

    A service can name a field so; UTF-8 has no form for it.
    """
    try:
        return msgspec.json.encode(content)
    except UnicodeEncodeError:
        whole = {name: one for name, one in content.entities.items() if _is_writable((name, one))}
        return msgspec.json.encode(msgspec.structs.replace(content, entities=whole))


def _is_writable(content: object) -> bool:
    try:
        msgspec.json.encode(content)
    except UnicodeEncodeError:
        return False
    return True
