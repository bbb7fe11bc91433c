"""What is known of an entity's records together: which there are, and in which orders."""

from dataclasses import dataclass, field
from typing import Any

from cmdm_tui.harness.oracle.record_model import REFUSALS, Cause

OrderKey = tuple[str | None, str]
"""The field sorted by, None for none, and the direction."""


@dataclass(slots=True)
class ObservedOrder:
    """What was seen of an entity in one order, since it was last changed.

    `whole` are all ids where a list without pages was seen, and `keys` the values sorted by.
    """

    whole: tuple[str, ...] | None = None
    values: tuple[Any, ...] | None = None
    pages: dict[tuple[int, int], tuple[str, ...]] = field(
        default_factory=dict[tuple[int, int], tuple[str, ...]]
    )
    total: int | None = None


@dataclass(slots=True)
class EntityMembers:
    """The records an entity should have: `ids` in order of creation, None where not known.

    `unnamed` are records that must exist but whose ids no answer gave: the contacts of conversions.
    `since` is what happened since the total was last seen.
    """

    ids: list[str] | None = None
    unnamed: int = 0
    changes: tuple[Cause, ...] = ()

    @property
    def total(self) -> int | None:
        """How many records there should be."""
        return None if self.ids is None else len(self.ids) + self.unnamed

    def likely_cause(self, *, is_over: bool) -> Cause:
        """Return what to blame for too many records, or too few."""
        likely: tuple[Cause, ...] = ("deleted", "created") if is_over else ("created", "parent")
        for cause in (*REFUSALS, *likely, "converted"):
            if cause in self.changes:
                return cause
        return "read"
