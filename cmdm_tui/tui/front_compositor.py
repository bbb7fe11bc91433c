"""Composes a screen of what is in front, and draws nothing that is behind it or elsewhere."""

from collections.abc import Callable, Generator, Mapping, Sequence
from itertools import pairwise

from textual._compositor import Compositor
from textual.errors import NoWidget
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

_Chops = list[dict[int, Strip | None]]
"""For each line of the screen its parts, each by the column at which it begins."""


class FrontCompositor(Compositor):
    """Draws of each widget the lines of which something is seen.

    Textual draws every widget whose container reaches into what has to be painted, whole, and then
    uses what is in front. A page of a grid is so painted at the cost of all panes and of the
    containers behind them: that is most of what a key costs. What is painted is the same.
    """

    def get_widget_at(self, x: int, y: int) -> tuple[Widget, Region]:
        """Return the widget at a place, and its region. Raises NoWidget where there is none.

        What was removed stays in the layout until the next one, and Textual cannot handle a click
        on it.
        """
        for widget, region in self.get_widgets_at(int(x), int(y)):
            if widget.parent is not None:
                return widget, region
        raise NoWidget(f"nothing at column {x}, line {y}")

    def _render_chops(
        self, crop: Region, is_rendered_line: Callable[[int], bool]
    ) -> Sequence[Mapping[int, Strip]]:
        """Return the parts of the lines; those that do not touch `crop` are None."""
        cuts = self.cuts
        chops: _Chops = [dict.fromkeys(line[:-1]) for line in cuts]
        missing = {
            y: _find_parts(cuts[y], crop.x, crop.right)
            for y in crop.line_range
            if is_rendered_line(y)
        }
        for widget, (region, clip) in self.visible_widgets.items():  # the first is in front
            seen = region.intersection(clip)
            left, right = seen.column_span
            for lines in _find_runs(missing, seen.intersection(crop).line_range, left, right):
                top = lines.start
                area = Region(left, top, right - left, len(lines)).translate(-region.offset)
                for y, strip in zip(lines, widget.render_lines(area), strict=False):
                    parts = chops[y]
                    _place(strip, left, [cut for cut in cuts[y] if left <= cut <= right], parts)
                    missing[y] = [part for part in missing[y] if parts[part] is None]
        return chops  # pyright: ignore[reportReturnType] - Textual says so too, and skips None


def _find_parts(cuts: list[int], left: int, right: int) -> list[int]:
    """Return where the parts of a line begin that reach between two columns."""
    return [start for start, end in pairwise(cuts) if start < right and end > left]


def _find_runs(
    missing: dict[int, list[int]], lines: range, left: int, right: int
) -> Generator[range]:
    """Yield the lines of which a part between two columns is missing, neighbours together."""
    start = None
    for y in lines:
        is_wanted = False
        for part in missing.get(y, ()):
            if left <= part < right:
                is_wanted = True
                break
        if is_wanted and start is None:
            start = y
        elif not is_wanted and start is not None:
            yield range(start, y)
            start = None
    if start is not None:
        yield range(start, lines.stop)


def _place(strip: Strip, left: int, cuts: list[int], parts: dict[int, Strip | None]) -> None:
    """Put the parts of a line that begins at `left`, and is cut there, where there are none."""
    if len(cuts) == 2 and strip.cell_length == cuts[1] - left:
        pieces: Sequence[Strip] = (strip,)
    else:
        pieces = strip.divide([cut - left for cut in cuts[1:]])
    for start, piece in zip(cuts, pieces, strict=False):
        if parts.get(start) is None:
            parts[start] = piece
