"""What completion may know of an account's catalog: nothing of it makes a call."""

from collections.abc import Iterable, Sequence

from cmdm_tui.api import Field
from cmdm_tui.catalog import Catalog


class CatalogView:
    """The entities, and their fields as far as they are known."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._seen: dict[str, tuple[Field, ...]] = {}

    def note_seen(self, entity: str, names: Iterable[str]) -> None:
        """Keep the names that an entity's records have: its fields, until they were asked for."""
        self._seen[entity] = tuple(Field(name, inferred=True) for name in names)

    @property
    def entities(self) -> tuple[str, ...]:
        """The names of the entities known."""
        return self._catalog.entities

    def fields(self, entity: str) -> Sequence[Field]:
        """Return the entity's fields, as far as they are known."""
        return self._catalog.cached_fields(entity) or self._seen.get(entity, ())
