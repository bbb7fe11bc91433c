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

FIELDS_LAST = 24 * 3600.0
"""Seconds for which an entity's fields are believed."""
TOTAL_LASTS = 3600.0
"""Seconds for which the count of an entity's records is believed when a query is planned."""


class _Entity(msgspec.Struct):
    """One entity: what was told and the Unix time at which it was."""

    fields: tuple[Field, ...] = ()
    fields_told: float = 0.0
    total: int | None = None
    total_told: float = 0.0


class _File(msgspec.Struct):
    """The file of the facts."""

    server: str = ""
    entities: dict[str, _Entity] = {}
    longest_page: int = 0


class Facts:
    """The facts of the server at the address `server`; `file` keeps them, None for this run only.

    What was learnt is written by `keep`, not before: a query learns of every page it reads.
    """

    def __init__(
        self, file: Path | None, server: str, *, now: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self._server = server
        self._now = now
        self._kept: _File | None = None
        self._is_new = False

    def fields(self, entity: str) -> tuple[Field, ...]:
        """Return the entity's fields, none where they are not known or were told long ago."""
        known = self._entities.get(entity)
        return known.fields if known and self._lasts(known.fields_told, FIELDS_LAST) else ()

    def total(self, entity: str) -> int | None:
        """Return how many records the entity had a while ago, None where that is not known."""
        known = self._entities.get(entity)
        return known.total if known and self._lasts(known.total_told, TOTAL_LASTS) else None

    def learn_fields(self, entity: str, fields: tuple[Field, ...]) -> None:
        """Take in an entity's fields."""
        known = self._entities.setdefault(entity, _Entity())
        known.fields, known.fields_told = fields, self._now()
        self._is_new = True

    def learn_total(self, entity: str, total: int) -> None:
        """Take in how many records an entity has."""
        known = self._entities.setdefault(entity, _Entity())
        known.total, known.total_told = total, self._now()
        self._is_new = True

    @property
    def longest_page(self) -> int:
        """The most records that came in one page: a server is known to grant as many."""
        return self._content.longest_page

    def learn_page(self, records: int) -> None:
        """Take in how many records came in one page."""
        if records > self.longest_page:
            self._content.longest_page = records
            self._is_new = True

    def forget(self, entity: str) -> None:
        """Forget all of an entity."""
        self._is_new = self._entities.pop(entity, None) is not None or self._is_new

    def keep(self) -> None:
        """Write what is new to the file."""
        if not self._is_new or self._file is None:
            return
        self._is_new = False
        # What cannot be kept is asked for again: no reason to fail what the user waits for.
        with contextlib.suppress(ConfigurationError):
            replace_file(self._file, msgspec.json.encode(self._content))

    @property
    def _entities(self) -> dict[str, _Entity]:
        return self._content.entities

    @property
    def _content(self) -> _File:
        if self._kept is None:
            self._kept = self._read()
        return self._kept

    def _read(self) -> _File:
        if self._file is None:
            return _File(self._server)
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=_File)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _File(self._server)
        return kept if kept.server == self._server else _File(self._server)

    def _lasts(self, told: float, seconds: float) -> bool:
        return 0 <= self._now() - told < seconds


def facts_file(catalog: Path) -> Path:
    """Return where the facts are kept: beside the catalog's file."""
    return catalog.with_name(f"{catalog.name.removesuffix('.json')}.facts.json")
