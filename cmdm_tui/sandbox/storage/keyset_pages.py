"""Where pages of records ended, so that the page after one can be read without a walk to it.

Each database has its own `keyset_pages`, which reads the records; what a boundary holds is theirs.
"""

from typing import Generic, TypeVar

from cmdm_tui.sandbox.storage.store import RecordOrder

_BOUNDARIES_KEPT = 512

Boundary = TypeVar("Boundary")


class PageBoundaries(Generic[Boundary]):
    """The boundaries before pages, by entity, order and offset: the last 512 of each entity."""

    def __init__(self) -> None:
        self._boundaries: dict[str, dict[tuple[RecordOrder, int], Boundary]] = {}

    def get(self, entity: str, order: RecordOrder, offset: int) -> Boundary | None:
        """Return what the page from `offset` on begins after, None when that is not known."""
        return self._boundaries.get(entity, {}).get((order, offset))

    def keep(self, entity: str, order: RecordOrder, offset: int, boundary: Boundary) -> None:
        """Keep what the page from `offset` on begins after; the oldest boundary goes."""
        kept = self._boundaries.setdefault(entity, {})
        kept.pop((order, offset), None)
        kept[order, offset] = boundary
        if len(kept) > _BOUNDARIES_KEPT:
            del kept[next(iter(kept))]

    def drop(self, entity: str, order: RecordOrder, offset: int) -> None:
        """Forget one boundary."""
        self._boundaries.get(entity, {}).pop((order, offset), None)

    def drop_entity(self, entity: str) -> None:
        """Forget all boundaries of an entity, as when its records have changed."""
        self._boundaries.pop(entity, None)
