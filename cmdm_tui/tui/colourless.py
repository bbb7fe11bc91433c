"""What is shown where no colour is wanted (`NO_COLOR`): bold, underlined and reversed text."""

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_VISIBLE_DIFFERENCE = 0.25
"""The difference in brightness, of 1, that makes a background a mark: of the cursor, say."""


class WithoutColour(LineFilter):
    """Shows no colour: what has its own background, such as the cursor, is reversed."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with their bold, underlined and reversed text, and no colour."""
        return [
            Segment(text, None if style is None else _without_colour(style, background), control)
            for text, style, control in segments
        ]


def _without_colour(style: Style, background: Color) -> Style:
    is_marked = style.reverse or False
    if style.bgcolor is not None and not style.bgcolor.is_default:
        own = Color.from_rich_color(style.bgcolor)
        is_marked ^= abs(own.brightness - background.brightness) > _VISIBLE_DIFFERENCE
    plain = Style(color=RichColor.default(), bgcolor=RichColor.default(), reverse=is_marked)
    return style + plain
