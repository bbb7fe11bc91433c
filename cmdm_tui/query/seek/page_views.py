"""The pages of one entity as a search sees them: where they come from, those read, and the gaps."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct

from cmdm_tui.api import Page, Record
from cmdm_tui.query.model import Value
from cmdm_tui.query.seek.errors import SeekFailed

Direction = Literal["asc", "desc"]


class PageSource(Protocol):
    """The source of pages: one entity, every call of it counted."""

    async def page(
        self,
        number: int,
        *,
        sort_by: str,
        sort_order: Direction,
        fields: Sequence[str],
        per_page: int,
        fresh: bool = False,
    ) -> Page:
        """Return a page; with `fresh` as it is now, even if it was read before.

        Raises ApiError, and what the counting raises.
        """
        ...


class RecordsChanged(SeekFailed):
    """Records were added, deleted or moved between two pages: what was read is not one state."""


class PageView(Struct, frozen=True):
    """One page as it was read: `values` with None for null, and its keys in each order."""

    number: int
    records: tuple[Record, ...]
    values: tuple[Value | None, ...]
    raws: tuple[object, ...]
    keys: Mapping[str, tuple[Any, ...]]
    """The keys of the values that are not null, by order; none for values an order cannot place."""


class Gap(Struct, frozen=True):
    """Pages that were not read, from `first` to `last`, with the views before and after them.

    `below` is None where no page after them was read.
    """

    first: int
    last: int
    above: PageView
    below: PageView | None

    @property
    def middle(self) -> int:
        """The page in the middle."""
        return (self.first + self.last) // 2

    @property
    def count(self) -> int:
        """The number of pages."""
        return self.last - self.first + 1

    @property
    def ends(self) -> tuple[Value | None, ...]:
        """The values at its ends."""
        above = self.above.values[-1]
        return (above,) if self.below is None else (above, self.below.values[0])
