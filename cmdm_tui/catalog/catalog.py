"""The catalog of one server: the entities known, their fields and counts, kept between runs."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

import msgspec

from cmdm_tui.api import BadRequest, Client, Field, NotFound, Record
from cmdm_tui.api.decode_fields import named_fields
from cmdm_tui.api.page_sizes import fetch_at_granted_size
from cmdm_tui.catalog.cache import CatalogCache, RecordCount, cache_file
from cmdm_tui.catalog.fields import discover_fields, infer_fields
from cmdm_tui.catalog.traits import Traits, read_traits, traits_file, write_traits
from cmdm_tui.config.bounded_files import LARGEST_CACHE, read_bounded
from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.private_files import replace_file

DEFAULT_ENTITIES = ("account", "lead", "contact", "task", "opportunity")
"""The entities every server has (`api.md`, addresses)."""

UNDESCRIBED_ENTITY = "task"
"""The entity whose fields no call describes (`api.md`, calls)."""

SAMPLE_SIZE = 100
"""Records that fields are inferred from where a service describes none."""


class _CatalogFile(msgspec.Struct):
    """The file of a catalog."""

    entities: list[str] = []


class Catalog:
    """What is known of one server. The API lists no entities, so custom ones are added by name.

    `file` keeps the custom entities between runs, and files next to it keep fields, counts and
    traits; None keeps them for this run only. A file that cannot be read counts as empty: all of
    it can be asked for again.
    """

    def __init__(self, client: Client, *, file: Path | None, custom: Iterable[str] = ()) -> None:
        self._client = client
        self._file = file
        self._traits_file = None if file is None else traits_file(file)
        self._custom_entities = list(dict.fromkeys([*custom, *self._read_file().entities]))
        self._cache = CatalogCache(None if file is None else cache_file(file), client.address)
        self._traits: Traits | None = None
        self._error: ConfigurationError | None = None

    @property
    def error(self) -> ConfigurationError | None:
        """Why something that was learnt is not kept for the next run; None where all is.

        It fails nothing: what is not kept is asked for again.
        """
        return self._error or self._cache.error

    @property
    def traits(self) -> Traits:
        """What a probe has found of this server, read from disk once: no call."""
        if self._traits is None:
            self._traits = read_traits(self._traits_file, self._client.address)
        return self._traits

    def store_traits(self, traits: Traits) -> None:
        """Keep what a probe or a query has found; `error` says why it lasts for this run only."""
        self._traits = traits
        if self._traits_file is not None:
            try:
                write_traits(self._traits_file, traits)
            except ConfigurationError as error:
                self._error = error

    @property
    def entities(self) -> tuple[str, ...]:
        """The names of all entities known: the default ones, then the custom ones as added."""
        return (
            *DEFAULT_ENTITIES,
            *(name for name in self._custom_entities if name not in DEFAULT_ENTITIES),
        )

    def is_custom(self, entity: str) -> bool:
        """Return whether the entity was added by name."""
        return entity in self._custom_entities

    def resolve_name(self, name: str) -> str:
        """Return the known entity that `name` means, without regard to case; else `name` itself."""
        folded = name.casefold()
        return next((known for known in self.entities if known.casefold() == folded), name)

    def find_similar(self, name: str) -> str | None:
        """Return the known entity that a name which is none may have meant; None for none."""
        known = {one.casefold(): one for one in self.entities}
        if name.casefold() in known:
            return None
        near = get_close_matches(name.casefold(), known, n=1, cutoff=0.7)
        return known[near[0]] if near else None

    async def add_entity(self, name: str) -> str:
        """Add a custom entity, once the service has shown that it exists: one call.

        Returns the entity's name as it is known from now on. Raises NotFound or another ApiError
        where the service has none of that name, ConfigurationError where it cannot be kept.
        """
        known = self.resolve_name(name.strip())
        if known in self.entities:
            return known
        await self._client.page(known, per_page=1, page=1)
        self._custom_entities.append(known)
        self._write_file()
        return known

    def forget_entity(self, name: str) -> None:
        """Forget a custom entity."""
        if name in self._custom_entities:
            self._custom_entities.remove(name)
            self._cache.forget_entity(name)
            self._cache.save()
            self._write_file()

    async def count_records(self, entity: str) -> int | None:
        """Return how many records the entity has, None where the service does not say: one call."""
        total = (await self._client.page(entity, per_page=1, page=1)).total_records
        self.store_total(entity, total)
        return total

    def record_count(self, entity: str) -> RecordCount | None:
        """Return how many records the entity had and how old that is, None if unknown: no call."""
        return self._cache.count(self.resolve_name(entity))

    def cached_total(self, entity: str) -> int | None:
        """Return how many records the entity had within the last hour, None if unknown: no call."""
        return self._cache.total(self.resolve_name(entity))

    def store_total(self, entity: str, total: int | None) -> None:
        """Store how many records an answer said the entity has; `save` writes it."""
        if total is not None:
            self._cache.store_total(self.resolve_name(entity), total)

    @property
    def has_totals(self) -> bool:
        """Whether an answer has said how many records some entity has: no call."""
        return self._cache.has_totals

    def forget_total(self, entity: str) -> None:
        """Forget how many records an entity has, as it was wrong; `save` writes it."""
        self._cache.forget_total(self.resolve_name(entity))

    def change_total(self, entity: str, by: int, *, since: float) -> None:
        """Take in by how many changes sent `since` have changed an entity's records: no call.

        `since` is a Unix time: a total that came later may count them already.
        """
        self._cache.change_total(self.resolve_name(entity), by, since=since)

    def last_count(self, entity: str) -> RecordCount | None:
        """Return the count known, or that of before the changes that were made here: no call.

        It says by how many records these have changed it.
        """
        return self._cache.last_count(self.resolve_name(entity))

    def forget_totals(self) -> None:
        """Forget how many records each entity has, as a change was made; `save` writes it."""
        self._cache.forget_totals()

    def deciding_places(self, entity: str, field: str, direction: str) -> tuple[int, ...]:
        """Return the places of records that decided what comes first by a field: no call.

        They are where it was last found, and only a guess of where it is.
        """
        return self._cache.deciding_places(self.resolve_name(entity), field, direction)

    def store_deciding_places(
        self, entity: str, field: str, direction: str, places: tuple[int, ...]
    ) -> None:
        """Store the places of records that decided what comes first; `save` writes them."""
        self._cache.store_deciding_places(self.resolve_name(entity), field, direction, places)

    def fields_looked_at(self, entity: str) -> tuple[str, ...]:
        """Return the fields whose pages have shown how text is sorted, if they can: no call."""
        return self._cache.fields_looked_at(self.resolve_name(entity))

    def store_field_looked_at(self, entity: str, field: str) -> None:
        """Store a field whose pages were looked at for how text is sorted; `save` writes it."""
        self._cache.store_field_looked_at(self.resolve_name(entity), field)

    @property
    def largest_page(self) -> int:
        """The most records that came in one page of this server: no call."""
        return self._cache.largest_page

    def store_page_size(self, records: int) -> None:
        """Store how many records came in one page; `save` writes it."""
        self._cache.store_page_size(records)

    def store_fields(self, entity: str, fields: tuple[Field, ...]) -> None:
        """Store fields that came with an answer or were inferred from one; `save` writes them."""
        self._cache.store_fields(self.resolve_name(entity), fields)

    def store_entity(self, entity: str) -> None:
        """Add a custom entity that an answer has shown to exist: no call."""
        if entity not in self.entities:
            self._custom_entities.append(entity)
            try:
                self._write_file()
            except ConfigurationError as error:
                self._error = error

    def save(self) -> None:
        """Write what was stored of the entities, where there is a file for it."""
        self._cache.save()

    async def load_fields(self, entity: str, *, refresh: bool = False) -> tuple[Field, ...]:
        """Return the entity's fields, asking for them once a day, or always with `refresh`.

        Which they are says `fields.discover_fields`. Raises NotFound for an unknown entity.
        """
        known = () if refresh else self._cache.fields(entity)
        if not known:
            known = await discover_fields(
                lambda: self._client.all_fields(entity),
                lambda: self._read_sample(entity, self._client),
            )
            self._cache.store_fields(entity, known)
            self._cache.save()
        return known

    async def read_fields(self, entity: str, client: Client) -> None:
        """Read the fields with a single kind of call by `client`, and store them.

        A call for each 200 fields that the service describes. Of tasks it describes none (`api.md`,
        calls), so theirs are inferred from a page of records. Where an entity has no description,
        that is what is stored.
        """
        if entity == UNDESCRIBED_ENTITY:
            fields = infer_fields(await self._read_sample(entity, client))
        else:
            try:
                fields = named_fields(await client.all_fields(entity))
            except (NotFound, BadRequest):
                fields = ()
        self._cache.store_fields(entity, fields)
        self._cache.save()

    def cached_fields(self, entity: str) -> tuple[Field, ...]:
        """Return the entity's fields as far as they are known already: no call."""
        return self._cache.fields(self.resolve_name(entity))

    def describes_nothing(self, entity: str) -> bool:
        """Return whether the service is known to describe no field of the entity: no call."""
        return self._cache.describes_nothing(self.resolve_name(entity))

    async def _read_sample(self, entity: str, client: Client) -> tuple[Record, ...]:
        page, _ = await fetch_at_granted_size(
            lambda size: client.page(entity, per_page=size, page=1),
            SAMPLE_SIZE,
            client.page_sizes,
        )
        self.store_total(entity, page.total_records)
        return page.records

    def _read_file(self) -> _CatalogFile:
        if self._file is None:
            return _CatalogFile()
        try:
            return msgspec.json.decode(read_bounded(self._file, LARGEST_CACHE), type=_CatalogFile)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _CatalogFile()

    def _write_file(self) -> None:
        if self._file is not None:
            replace_file(self._file, msgspec.json.encode(_CatalogFile(list(self._custom_entities))))
