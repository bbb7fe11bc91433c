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
    `changes` is what happened since the total was last seen, and `seen_at` the number of changes
    that the service had accepted then, of any record.
    """

    ids: list[str] | None = None
    unnamed: int = 0
    changes: tuple[Cause, ...] = ()
    seen_at: int = 0

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


def granted_sizes(
    asked: int, number: int, *, total: int, pages: int | None, held: int
) -> tuple[int, ...]:
    """Return the page sizes, `asked` or less, with which page `number` of a list adds up.

    The list has `total` entries on `pages` pages, and this page holds `held` of them. A service may
    grant less than was asked for; nothing is returned where no size fits. Of sizes with which the
    page is the same part of the list, one is enough.
    """
    likely = {asked, held}
    if number > 1:
        likely.add((total - held) // (number - 1))
    if pages is not None and pages > 1:
        likely.add((total - 1) // (pages - 1))
    return tuple(
        size
        for size in sorted(likely, reverse=True)
        if 1 <= size <= asked
        and pages == -(-total // size)
        and held == max(0, min(size, total - (number - 1) * size))
    )
