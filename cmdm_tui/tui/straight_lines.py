"""Lines in which every terminal counts the same cells, so that borders stay straight."""

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from cmdm_tui.formats.cell_text import cut, settle_width


class StraightLines(LineFilter):
    """Leaves out of each line what terminals disagree about (see `cell_text`).

    Every part of the line keeps its width: it is filled with spaces, or cut.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """Return the segments, each as wide as before."""
        return [segment if segment.text.isascii() else _straighten(segment) for segment in segments]


def _straighten(segment: Segment) -> Segment:
    text = settle_width(segment.text)
    if text == segment.text:
        return segment
    width, length = cell_len(segment.text), cell_len(text)
    text = cut(text, width) if length > width else text + " " * (width - length)
    return Segment(text, segment.style, segment.control)
