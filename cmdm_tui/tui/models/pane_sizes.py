"""How wide the panes next to the records are, and which of them are folded away."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal

SidePane = Literal["entities", "record"]
"""A pane next to the records, which take what is left."""

_NARROWEST: Mapping[SidePane, int] = {"entities": 12, "record": 24}
_LEAST_FOR_RECORDS = 24
"""Cells that the records keep, whatever is given to the panes next to them."""


@dataclass(frozen=True, slots=True)
class PaneSizes:
    """The panes as a person wants them. A width is in cells, with borders; None is its first."""

    folds_entities: bool = False
    folds_record: bool = False
    entities: int | None = None
    record: int | None = None

    def width(self, pane: SidePane) -> int | None:
        """Return the width that was chosen for a pane, None where none was."""
        return self.entities if pane == "entities" else self.record

    def resize(self, pane: SidePane, width: int, room: int) -> "PaneSizes":
        """Give a pane another width; `room` is what it has together with the records."""
        width = max(min(width, room - _LEAST_FOR_RECORDS), _NARROWEST[pane])
        if pane == "entities":
            return replace(self, entities=width)
        return replace(self, record=width)

    def fold(self, pane: SidePane, *, is_folded: bool) -> "PaneSizes":
        """Fold a pane away, or unfold it."""
        if pane == "entities":
            return replace(self, folds_entities=is_folded)
        return replace(self, folds_record=is_folded)

    def to_json(self) -> dict[str, object]:
        """Return what was chosen, for the settings."""
        return {name: value for name, value in asdict(self).items() if value not in (None, False)}

    @classmethod
    def from_json(cls, kept: Mapping[str, object]) -> "PaneSizes":
        """Return what was kept, as far as it can be read."""
        return cls(
            folds_entities=kept.get("folds_entities") is True,
            folds_record=kept.get("folds_record") is True,
            entities=_read_width(kept.get("entities"), "entities"),
            record=_read_width(kept.get("record"), "record"),
        )


def _read_width(kept: object, pane: SidePane) -> int | None:
    if not isinstance(kept, int) or isinstance(kept, bool):
        return None
    return max(min(kept, 1_000), _NARROWEST[pane])
