"""What a chart of a column is drawn from, and which charts there are of it."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.text import Text

from cmdm_tui.formats import OutputColumn, OutputRow
from cmdm_tui.formats.cells import is_number
from cmdm_tui.formats.value_text import value_text
from cmdm_tui.operations.charts.column_summary import measure
from cmdm_tui.operations.charts.drawing import Bar, ChartPoint, draw_bars, draw_histogram, draw_line

MOST_POINTS = 1_000_000
"""Points of a line, and numbers of a histogram, that are held."""

_MOST_LABELS = 50_000


class ChartKind(StrEnum):
    """How values are drawn."""

    BAR = "bar"
    HISTOGRAM = "histogram"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class ChartData:
    """The values of the rows, as each chart needs them.

    `bars` are a label and a number a row where `has_bar_rows`, else the labels with how often they
    occur, the most frequent first. `positions` are the column's numbers or times. `points` are a
    time, or the row's place, with a number. `left_out` counts rows without a value that can be
    drawn, or beyond what is held.
    """

    row_count: int
    bars: tuple[Bar, ...] = ()
    has_bar_rows: bool = False
    bar_title: str = ""
    positions: Sequence[float] = ()
    is_time: bool = False
    points: tuple[ChartPoint, ...] = ()
    line_title: str = ""
    is_line_of_time: bool = False
    left_out: int = 0

    @property
    def kinds(self) -> tuple[ChartKind, ...]:
        """The charts that can be drawn, the most fitting first."""
        kinds: list[ChartKind] = []
        if self.is_line_of_time and len(self.points) > 1:
            kinds.append(ChartKind.LINE)
        if self.has_bar_rows:
            kinds.append(ChartKind.BAR)
        if self.positions:
            kinds.append(ChartKind.HISTOGRAM)
        if self.bars and not self.has_bar_rows:
            kinds.append(ChartKind.BAR)
        if not self.is_line_of_time and len(self.points) > 1:
            kinds.append(ChartKind.LINE)
        return tuple(kinds)

    def draw(self, kind: ChartKind, width: int, height: int) -> Text:
        """Return a chart of `width` cells at most; more bars than `height` are left out."""
        match kind:
            case ChartKind.BAR:
                return draw_bars(self.bars[:height], width)
            case ChartKind.HISTOGRAM:
                # Rice's rule: more bars than that would mostly be empty.
                fitting = math.ceil(2 * len(self.positions) ** (1 / 3))
                bins = max(min(height, fitting, 20), 2)
                return draw_histogram(self.positions, width, bin_count=bins, is_time=self.is_time)
            case ChartKind.LINE:
                return draw_line(self.points, width, height, is_time=self.is_line_of_time)

    def describe(self, kind: ChartKind, height: int) -> str:
        """Return what is drawn, in words: the names in it are untrusted."""
        rows = f"{self.row_count:,} rows"
        match kind:
            case ChartKind.BAR:
                shown = min(len(self.bars), height)
                of = f", {shown:,} of {len(self.bars):,} bars" if shown < len(self.bars) else ""
                without = self.row_count - len(self.bars) if self.has_bar_rows else 0
                left_out = f" · {without:,} left out" if without else ""
                return f"{self.bar_title} · {rows}{of}{left_out}"
            case ChartKind.HISTOGRAM:
                return f"how many of {rows} are in each part of the range{self._left_out()}"
            case ChartKind.LINE:
                return f"{self.line_title} · {rows}{self._left_out()}"

    def _left_out(self) -> str:
        return f" · {self.left_out:,} left out" if self.left_out else ""


def read_chart_data(
    columns: Sequence[OutputColumn], rows: Iterable[OutputRow], place: int
) -> ChartData:
    """Return what the charts of the column at that place are drawn from.

    A number goes with the first label or time before it, and a label or time with the first number
    behind it, so that the cursor may be on either.
    """
    value_place, label_place, time_place = _choose_places(columns, place)
    counts: Counter[str] = Counter()
    bars: list[Bar] = []
    positions: list[float] = []
    points: list[ChartPoint] = []
    row_count = left_out = valued_count = 0
    is_time = columns[place].type.startswith(("DATE", "TIMESTAMP"))
    for row in rows:
        row_count += 1
        where = measure(row[place])
        if where is not None and len(positions) < MOST_POINTS:
            positions.append(where)
        value = None if value_place is None else measure(row[value_place])
        valued_count += value is not None
        x = float(row_count) if time_place is None else measure(row[time_place])
        if value is not None and x is not None and len(points) < MOST_POINTS:
            points.append(ChartPoint(x, value))
        else:
            left_out += 1
        if label_place is not None and value is not None and len(bars) < _MOST_LABELS:
            bars.append(Bar(row[label_place], value))
        label = "–" if row[place] is None else value_text(row[place])
        if label in counts or len(counts) < _MOST_LABELS:
            counts[label] += 1
    name = columns[place].name
    labels = {value_text(one.label) for one in bars}
    has_bar_rows = bool(bars) and len(labels) == len(bars) == valued_count
    frequent = tuple(Bar(label, float(count)) for label, count in counts.most_common())
    value_name = "" if value_place is None else columns[value_place].name
    x_name = "the rows in order" if time_place is None else columns[time_place].name
    return ChartData(
        row_count,
        tuple(bars) if has_bar_rows else frequent,
        has_bar_rows,
        bar_title=f"{value_name} of each row" if has_bar_rows else f"how often each {name} occurs",
        positions=positions,
        is_time=is_time,
        points=tuple(points),
        line_title=f"{value_name} over {x_name}",
        is_line_of_time=time_place is not None and value_place is not None,
        left_out=left_out,
    )


def _choose_places(
    columns: Sequence[OutputColumn], place: int
) -> tuple[int | None, int | None, int | None]:
    """Return the places of the number, of its label, and of the time that it is over."""
    numbers = [number for number, one in enumerate(columns) if is_number(one.type)]
    times = [
        number for number, one in enumerate(columns) if one.type.startswith(("DATE", "TIMESTAMP"))
    ]
    value = place if place in numbers else next((one for one in numbers if one > place), None)
    if value is None:
        value = numbers[0] if numbers and place not in numbers else value
    if place not in numbers:
        time = place if place in times else next(iter(times), None)
        return value, place, time
    others = [one for one in range(len(columns)) if one not in numbers]
    label = next((one for one in others if one < place), next(iter(others), None))
    time = label if label in times else next(iter(times), None)
    return value, label, time
