"""What is known of each entity of one server, kept between runs: its fields and how many records.

Everything here was learnt from answers and can be learnt again, so a file that is broken, of
another server, or cannot be written costs a call and nothing else.
"""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from cmdm_tui.api import Field
from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.private_files import replace_file

FIELDS_MAX_AGE = 24 * 3600.0
"""Seconds for which an entity's fields are believed."""
TOTAL_MAX_AGE = 3600.0
"""Seconds for which the count of an entity's records is believed when a query is planned."""


class _CachedEntity(msgspec.Struct):
    """One entity: what the service said and the Unix time at which it was."""

    fields: tuple[Field, ...] = ()
    fields_told: float = 0.0
    total: int | None = None
    total_told: float = 0.0


class _CacheFile(msgspec.Struct):
    """The file of the facts."""

    server: str = ""
    entities: dict[str, _CachedEntity] = {}
    longest_page: int = 0


class CatalogCache:
    """The facts of the server at the address `server`; `file` keeps them, None for this run only.

    What was learnt is written by `keep`, not before: a query learns of every page it reads.
    """

    def __init__(
        self, file: Path | None, server: str, *, now: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self._server = server
        self._now = now
        self._loaded: _CacheFile | None = None
        self._is_changed = False

    def fields(self, entity: str) -> tuple[Field, ...]:
        """Return the entity's fields, none where they are not known or are old."""
        known = self._entities.get(entity)
        return known.fields if known and self._is_fresh(known.fields_told, FIELDS_MAX_AGE) else ()

    def total(self, entity: str) -> int | None:
        """Return how many records the entity had a while ago, None where that is not known."""
        known = self._entities.get(entity)
        return known.total if known and self._is_fresh(known.total_told, TOTAL_MAX_AGE) else None

    def store_fields(self, entity: str, fields: tuple[Field, ...]) -> None:
        """Take in an entity's fields."""
        known = self._entities.setdefault(entity, _CachedEntity())
        known.fields, known.fields_told = fields, self._now()
        self._is_changed = True

    def store_total(self, entity: str, total: int) -> None:
        """Take in how many records an entity has."""
        known = self._entities.setdefault(entity, _CachedEntity())
        known.total, known.total_told = total, self._now()
        self._is_changed = True

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
        with contextlib.suppress(ConfigurationError):
            replace_file(self._file, msgspec.json.encode(self._content))

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
            kept = msgspec.json.decode(self._file.read_bytes(), type=_CacheFile)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _CacheFile(self._server)
        return kept if kept.server == self._server else _CacheFile(self._server)

    def _is_fresh(self, told: float, seconds: float) -> bool:
        return 0 <= self._now() - told < seconds


def cache_file(catalog: Path) -> Path:
    """Return where the facts are kept: next to the catalog's file."""
    return catalog.with_name(f"{catalog.name.removesuffix('.json')}.facts.json")
