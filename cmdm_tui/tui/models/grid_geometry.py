"""Where the columns of a grid are: in its whole width, and in the part of it that is seen."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from cmdm_tui.tui.models.column_layout import GridColumn

GAP = 1
"""Cells to the right of each column, between it and the next."""


@dataclass(frozen=True, slots=True)
class ColumnSpan:
    """The part of a column that is seen: at `x` in the viewport, without its first `cut` cells.

    `width` is what is seen of column and gap together.
    """

    place: int
    x: int
    cut: int
    width: int


class GridGeometry:
    """The places of `columns` in a viewport `width` cells wide, right of a gutter.

    The pinned columns that fit into half of the viewport stay in sight; the others scroll.
    """

    def __init__(self, columns: Sequence[GridColumn], width: int, gutter: int) -> None:
        self.columns = columns
        self.width = width
        self.gutter = gutter
        ends = [0, *accumulate(column.width + GAP for column in columns)]
        self._starts = ends
        pinned = sum(1 for column in columns if column.is_pinned)
        room = (width - gutter) // 2
        self.frozen_count = max(
            (count for count in range(pinned + 1) if ends[count] <= room), default=0
        )
        """How many columns stay in sight."""
        self.frozen_width = ends[self.frozen_count]
        """Cells that they take, with their gaps."""

    @property
    def total_width(self) -> int:
        """Cells that the gutter and all columns take."""
        return self.gutter + self._starts[-1]

    @property
    def scrolled_x(self) -> int:
        """Where the part that scrolls begins in the viewport."""
        return self.gutter + self.frozen_width

    def spans(self, scroll_x: int) -> list[ColumnSpan]:
        """Return the columns that are seen, from the left, when scrolled by `scroll_x` cells."""
        frozen = [
            ColumnSpan(place, self.gutter + self._starts[place], 0, self._size(place))
            for place in range(self.frozen_count)
        ]
        left = self.frozen_width + scroll_x
        right = left + max(self.width - self.scrolled_x, 0)
        spans: list[ColumnSpan] = []
        place = max(bisect_right(self._starts, left) - 1, self.frozen_count)
        while place < len(self.columns) and self._starts[place] < right:
            start, end = self._starts[place], self._starts[place + 1]
            seen = max(start, left)
            x = self.scrolled_x + seen - left
            spans.append(ColumnSpan(place, x, seen - start, min(end, right) - seen))
            place += 1
        return frozen + spans

    def place_at(self, x: int, scroll_x: int) -> int | None:
        """Return which column is at that cell of the viewport, None for none."""
        for span in self.spans(scroll_x):
            if span.x <= x < span.x + span.width:
                return span.place
        return None

    def edge_at(self, x: int, scroll_x: int) -> int | None:
        """Return the column whose right edge, its gap, is at that cell of the viewport."""
        for span in self.spans(scroll_x):
            if span.cut + span.width == self._size(span.place) and x == span.x + span.width - GAP:
                return span.place
        return None

    def scroll_to(self, place: int, scroll_x: int) -> int:
        """Return how far to scroll so that a column, or at least its left part, is in sight."""
        if place < self.frozen_count or place >= len(self.columns):
            return scroll_x
        room = max(self.width - self.scrolled_x, 0)
        start = self._starts[place] - self.frozen_width
        end = start + self.columns[place].width
        if end > scroll_x + room:
            scroll_x = end - room
        return min(scroll_x, start)

    def _size(self, place: int) -> int:
        return self.columns[place].width + GAP
