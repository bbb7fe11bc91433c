"""Where a person is in an account: the place shown, those to go back to, and what was chosen."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from cmdm_tui.tui.models.row_source import SortKey

_MOST_BACK = 100
"""Places that are kept to go back to."""


@dataclass(frozen=True, slots=True)
class Place:
    """An entity as it was looked at: in which order, and which record and column had the cursor.

    `record` is the address of the record whose pane had the focus, None for the list.
    """

    entity: str
    order: tuple[SortKey, ...] = ()
    row_key: str | None = None
    row: int = 0
    column: str | None = None
    record: tuple[str, str] | None = None

    def is_same_view(self, other: "Place") -> bool:
        """Return whether both show the same: an entity's list, or the same record."""
        return (self.entity, self.record) == (other.entity, other.record)


@dataclass
class Workspace:
    """The place that is shown, the places before it, and the place in each entity.

    `visit` is called with the place that comes, `leave` with the one that is left.
    """

    current: Place | None = None
    _back: list[Place] = field(default_factory=list[Place])
    _by_entity: dict[str, Place] = field(default_factory=dict[str, Place])

    @property
    def can_go_back(self) -> bool:
        """Whether there is a place to go back to."""
        return bool(self._back)

    def find_place(self, entity: str) -> Place:
        """Return the place where an entity was left: its beginning where it was never shown."""
        return self._by_entity.get(entity, Place(entity))

    def update(self, place: Place) -> None:
        """Note where the cursor is now: the place is the same, or replaces the one shown."""
        self.current = place
        if place.record is None:
            self._by_entity[place.entity] = place

    def visit(self, place: Place) -> None:
        """Go to a place; the one before can be gone back to, unless both show the same."""
        if self.current is not None and not self.current.is_same_view(place):
            self._back.append(self.current)
            del self._back[:-_MOST_BACK]
        self.update(place)

    def go_back(self) -> Place | None:
        """Go to the place before, and return it; None where there is none."""
        if not self._back:
            return None
        self.update(self._back.pop())
        return self.current

    def forget_entity(self, entity: str) -> None:
        """Forget the places of an entity that is no more."""
        self._by_entity.pop(entity, None)
        self._back = [place for place in self._back if place.entity != entity]

    def to_session(self) -> dict[str, object]:
        """Return what is kept for the next run: the entity shown, its order and column."""
        if self.current is None:
            return {}
        place = replace(self.find_place(self.current.entity), record=None)
        return {
            "entity": place.entity,
            "column": place.column,
            "order": [[key.column, key.is_descending] for key in place.order],
        }

    @classmethod
    def from_session(cls, session: Mapping[str, object]) -> "Workspace":
        """Return a workspace that begins where the last run ended, as far as that can be read."""
        entity = session.get("entity")
        if not isinstance(entity, str) or not entity:
            return cls()
        column = session.get("column")
        place = Place(
            entity,
            order=_read_order(session.get("order")),
            column=column if isinstance(column, str) else None,
        )
        workspace = cls()
        workspace.update(place)
        return workspace


def _read_order(kept: object) -> tuple[SortKey, ...]:
    if not isinstance(kept, list):
        return ()
    keys: list[SortKey] = []
    for item in cast("list[object]", kept):
        match item:
            case [str() as column, bool() as is_descending]:
                keys.append(SortKey(column, is_descending))
            case _:
                return ()
    return tuple(keys)
