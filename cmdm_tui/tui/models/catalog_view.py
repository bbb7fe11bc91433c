"""What completion may know of an account's catalog: nothing of it makes a call."""

from collections.abc import Sequence

from cmdm_tui.api import Field
from cmdm_tui.catalog import Catalog


class CatalogView:
    """The entities, and their fields as far as they are known."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @property
    def entities(self) -> tuple[str, ...]:
        """The names of the entities known."""
        return self._catalog.entities

    def fields(self, entity: str) -> Sequence[Field]:
        """Return the entity's fields, as far as they are known."""
        return self._catalog.cached_fields(entity)
