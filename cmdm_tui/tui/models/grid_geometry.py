"""Where the columns of a grid are: in its whole width, and in the part of it that is seen."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from cmdm_tui.tui.models.column_layout import GridColumn

GAP = 1
"""Cells to the right of each column, between it and the next."""

NARROWEST = 7
"""Cells to which `narrow_columns` narrows a column at most."""

_NAME_SHARES = (2.0, 1.5, 1.0)
"""How many times as wide as another column a name may be: the first with which all fit."""


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
        while place < len(self.columns) and max(self._starts[place], left) < right:
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


def narrow_columns(
    columns: tuple[GridColumn, ...],
    room: int,
    count: int,
    chosen: Collection[str] = (),
    names: Collection[str] = (),
) -> tuple[GridColumn, ...]:
    """Narrow the widest columns so that the first `count` fit into `room` cells, if they can.

    Keys stay as wide as they are, and so do the columns whose width was `chosen`. The columns
    `names` say what a row is called: they get up to twice the room of the others.
    """

    def is_fixed(column: GridColumn) -> bool:
        return column.source.is_key or column.name in chosen

    def limit(column: GridColumn, cap: int, share: float) -> int:
        return min(column.width, int(cap * share) if column.name in names else cap)

    first = columns[:count]
    fixed = sum(column.width for column in first if is_fixed(column)) + GAP * len(first)
    flexible = [column for column in first if not is_fixed(column)]
    if not flexible or fixed + sum(column.width for column in flexible) <= room:
        return columns
    widest = max(column.width for column in flexible)
    fitting = (
        (cap, share)
        for share in (_NAME_SHARES if names else _NAME_SHARES[-1:])
        for cap in range(widest, NARROWEST - 1, -1)
        if fixed + sum(limit(column, cap, share) for column in flexible) <= room
    )
    cap, share = next(fitting, (NARROWEST, 1.0))
    return tuple(
        column if is_fixed(column) else _resize(column, limit(column, cap, share))
        for column in columns
    )


def widen_columns(
    columns: tuple[GridColumn, ...],
    room: int,
    needed: Mapping[str, int],
    names: Collection[str] = (),
) -> tuple[GridColumn, ...]:
    """Give the cells of `room` that no column takes to those that need more, `names` first.

    `needed` are the widths that their values need, by the names of columns.
    """
    spare = room - sum(column.width + GAP for column in columns)
    if spare <= 0 or not needed:
        return columns
    widths: dict[str, int] = {}
    for column in sorted(columns, key=lambda column: column.name not in names):
        more = min(max(needed.get(column.name, 0) - column.width, 0), spare)
        widths[column.name] = column.width + more
        spare -= more
    return tuple(_resize(column, widths[column.name]) for column in columns)


def _resize(column: GridColumn, width: int) -> GridColumn:
    return column if column.width == width else replace(column, width=width)
