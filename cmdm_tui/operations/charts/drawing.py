"""Charts of values as lines of text: bars, a histogram, a line over time. They make no call.

What a chart says never depends on colour. Every label passes `text.py`; no line is wider than asked
for.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from rich.cells import cell_len
from rich.text import Text

from cmdm_tui.formats.cell_text import fit, settle_width
from cmdm_tui.formats.value_text import NOTHING, value_text
from cmdm_tui.operations.charts.column_summary import count_in_bins
from cmdm_tui.text import one_line

BAR_STYLE = "cyan"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_NO_LABEL = "(empty)"
_LEAST_WIDTH = 30
"""Cells that a chart takes at least."""
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of a braille pattern by the row and the column of the dot."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: an untrusted label, and a finite number."""

    label: object
    value: float | Decimal


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """One point of a line: a time in seconds or a number, and a finite number."""

    x: float
    y: float


def draw_bars(bars: Sequence[Bar], width: int) -> Text:
    """Return a line for each bar: its label, the bar, its number.

    Bars begin at zero; where numbers are negative, zero is a line in the middle.
    """
    width = max(width, _LEAST_WIDTH)
    numbers = [format_number(bar.value) for bar in bars]
    number_width = max(map(len, numbers), default=0)
    labels = [_label(bar.label) for bar in bars]
    label_width = min(max(map(cell_len, labels), default=0), max(width // 3, 6))
    room = max(width - label_width - number_width - 3, 1)
    low = min((float(bar.value) for bar in bars), default=0.0)
    high = max((float(bar.value) for bar in bars), default=0.0)
    below, above = _share_room(min(low, 0.0), max(high, 0.0), room)
    lines: list[Text] = []
    for bar, label, number in zip(bars, labels, numbers, strict=True):
        line = Text(f"{fit(label, label_width)} ", no_wrap=True)
        value = float(bar.value)
        left = _left_bar(-value, -low, below) if value < 0 else ""
        right = _right_bar(value, high, above) if value > 0 else ""
        line.append(left.rjust(below), style=BAR_STYLE)
        line.append("│")
        line.append(right.ljust(above), style=BAR_STYLE)
        line.append(f" {number.rjust(number_width)}")
        lines.append(line)
    return Text("\n", no_wrap=True).join(lines)


def draw_histogram(
    positions: Sequence[float], width: int, *, bin_count: int = 10, is_time: bool = False
) -> Text:
    """Return how many positions are in each of some equal parts of their range, as bars."""
    bins = count_in_bins(positions, bin_count)
    if not bins:
        return Text("")
    low, high = min(positions), max(positions)
    step = high / len(bins) - low / len(bins)
    edges = [*(low + step * place for place in range(len(bins))), high]
    span = high - low
    words = [_axis_label(edge, span, is_time=is_time) for edge in edges]
    labels = (
        [words[0]]
        if len(bins) == 1
        else [f"{words[place]} – {words[place + 1]}" for place in range(len(bins))]
    )
    return draw_bars(
        [Bar(label, float(count)) for label, count in zip(labels, bins, strict=True)], width
    )


def draw_line(
    points: Sequence[ChartPoint], width: int, height: int, *, is_time: bool = False
) -> Text:
    """Return a line through the points, in the order of x, with the ends of both axes."""
    width, height = max(width, _LEAST_WIDTH), max(height, 4)
    ordered = sorted(points, key=lambda one: one.x)
    if not ordered:
        return Text("")
    low, high = min(one.y for one in ordered), max(one.y for one in ordered)
    top, bottom = format_number(high), format_number(low)
    margin = min(max(len(top), len(bottom)), width // 2)
    canvas = _Canvas(width - margin - 1, height - 2)
    first, last = ordered[0].x, ordered[-1].x
    spots = [
        (
            _place(one.x, first, last, canvas.dot_width),
            canvas.dot_height - 1 - _place(one.y, low, high, canvas.dot_height),
        )
        for one in ordered
    ]
    for start, end in zip(spots, spots[1:] or spots, strict=False):
        canvas.draw(start, end)
    lines: list[Text] = []
    for place, row in enumerate(canvas.rows()):
        label = top if place == 0 else bottom if place == canvas.height - 1 else ""
        line = Text(f"{fit(label.rjust(margin), margin)}┤", no_wrap=True)
        line.append(row, style=BAR_STYLE)
        lines.append(line)
    lines.append(Text(" " * margin + "└" + "─" * canvas.width, no_wrap=True))
    span = last - first
    begin, end = (_axis_label(one, span, is_time=is_time) for one in (first, last))
    ends = begin if first == last else f"{begin}{end.rjust(canvas.width - cell_len(begin))}"
    lines.append(Text(fit(f"{' ' * (margin + 1)}{ends}", width), no_wrap=True))
    return Text("\n", no_wrap=True).join(lines)


def format_number(value: float | Decimal) -> str:
    """Return a number in at most 16 characters: its decimals, or an exponent where it is large."""
    if abs(value) >= 10**12 or (value and abs(value) < Decimal("0.0001")):
        return f"{float(value):.3e}"
    text = f"{value:,.0f}" if abs(value) >= 10**9 else f"{value:,.4f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _axis_label(place: float, span: float, *, is_time: bool) -> str:
    if not is_time:
        return format_number(place)
    try:
        moment = datetime(1970, 1, 1) + timedelta(seconds=place)  # noqa: DTZ001 - UTC throughout
    except OverflowError:
        return NOTHING
    return f"{moment:%Y-%m-%d}" if span >= 4 * 86_400 else f"{moment:%Y-%m-%d %H:%M}"


def _label(value: object) -> str:
    if value is None:
        return NOTHING
    return settle_width(one_line(value_text(value), 200)) or _NO_LABEL


def _share_room(low: float, high: float, room: int) -> tuple[int, int]:
    """Return the cells below and above zero."""
    if low >= 0:
        return 0, room
    # Halved, as the width of a range may be more than a float holds.
    span = high / 2 - low / 2
    part = (-low / 2) / span if span else 0.5
    below = min(max(round(part * room), 1), room)
    return below, room - below


def _right_bar(value: float, most: float, room: int) -> str:
    """Return a bar to the right in eighths of a cell; a number that is not zero is seen."""
    eighths = max(round(value / most * room * 8), 1)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else ""))[:room]


def _left_bar(value: float, most: float, room: int) -> str:
    """Return a bar to the left: in whole cells, as no character fills a cell from its right."""
    return "█" * min(max(round(value / most * room), 1), room)


def _place(value: float, low: float, high: float, count: int) -> int:
    span = high / 2 - low / 2  # none, too, where both are too small to be halved
    if not span:
        return (count - 1) // 2
    part = (value / 2 - low / 2) / span
    return min(max(round(part * (count - 1)), 0), count - 1)


class _Canvas:
    """A field of dots, two wide and four high in a cell of braille; the dot (0, 0) is top left."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(width, 1), max(height, 1)
        self.dot_width, self.dot_height = self.width * 2, self.height * 4
        self._cells = [[0] * self.width for _ in range(self.height)]

    def draw(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Set the dots of a straight line."""
        steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
        for step in range(steps + 1):
            x = start[0] + math.floor((end[0] - start[0]) * step / steps + 0.5)
            y = start[1] + math.floor((end[1] - start[1]) * step / steps + 0.5)
            self._cells[y // 4][x // 2] |= _DOTS[y % 4][x % 2]

    def rows(self) -> list[str]:
        """Return the field, line by line; a cell without a dot is blank."""
        return ["".join(chr(0x2800 + cell) if cell else " " for cell in row) for row in self._cells]
