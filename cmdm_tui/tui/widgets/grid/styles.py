"""The styles of a grid: its component classes, what they are at first, and their reading.

Most tones have an attribute too, so that they are seen where there are no colours.
"""

from rich.style import Style
from textual.widget import Widget

from cmdm_tui.tui.models.row_source import Tone
from cmdm_tui.tui.widgets.grid.strips import GridStyles

COMPONENT_CLASSES = {
    "grid--zebra",
    "grid--header",
    "grid--header-cursor",
    "grid--gutter",
    "grid--mark",
    "grid--placeholder",
    "grid--cursor-row",
    "grid--cursor",
    *(f"grid--{tone.name.lower()}" for tone in Tone),
}

DEFAULT_CSS = """
Grid {
    background: $background;
    color: $foreground;
    scrollbar-size-vertical: 1;
    & > .grid--zebra { background: $surface 60%; }
    & > .grid--header { text-style: bold; color: $foreground 70%; }
    & > .grid--header-cursor { text-style: bold underline; color: $foreground; }
    & > .grid--gutter { text-style: dim; }
    & > .grid--mark { color: $accent; text-style: bold; }
    & > .grid--placeholder { text-style: dim; }
    & > .grid--cursor-row { background: $foreground 8%; }
    & > .grid--cursor {
        background: $block-cursor-blurred-background;
        color: $block-cursor-blurred-foreground;
        text-style: $block-cursor-blurred-text-style;
    }
    &:focus > .grid--cursor, &.-searching > .grid--cursor {
        background: $block-cursor-background;
        color: $block-cursor-foreground;
        text-style: $block-cursor-text-style;
    }
    & > .grid--dim { text-style: dim; }
    & > .grid--good { color: $text-success; }
    & > .grid--warning { color: $text-warning; text-style: italic; }
    & > .grid--error { color: $text-error; text-style: bold; }
    & > .grid--gone { text-style: dim strike; }
    & > .grid--changed { color: $text-accent; text-style: underline; }
    & > .grid--match {
        background: $warning-muted;
        color: $text-warning;
        text-style: bold underline;
    }
    &:ansi {
        & > .grid--zebra { background: ansi_default; }
        & > .grid--header { color: ansi_default; text-style: bold; }
        & > .grid--cursor-row { background: ansi_default; text-style: bold; }
        & > .grid--cursor { background: ansi_default; color: ansi_default; text-style: underline; }
        & > .grid--match { background: ansi_yellow; color: ansi_black; text-style: bold underline; }
    }
    &:ansi:focus > .grid--cursor, &:ansi.-searching > .grid--cursor {
        background: ansi_default; color: ansi_default; text-style: reverse;
    }
}
"""


def read_styles(grid: Widget, *, has_colours: bool) -> GridStyles:
    """Return the styles of a grid in the theme of the moment."""

    def style(name: str) -> Style:
        """Return what a class adds: its attributes, and its colours blended with the background."""
        names = f"grid--{name}"
        whole = grid.get_component_rich_style(names)
        partial = grid.get_component_rich_style(names, partial=True)
        return partial + Style(
            color=whole.color if partial.color else None,
            bgcolor=whole.bgcolor if partial.bgcolor else None,
        )

    cursor = style("cursor") + Style(dim=False)  # dim text is hard to read on its colour
    return GridStyles(
        base=grid.rich_style,
        zebra=style("zebra"),
        header=grid.rich_style + style("header"),
        header_cursor=grid.rich_style + style("header-cursor"),
        gutter=style("gutter"),
        mark=style("mark"),
        cursor_row=style("cursor-row"),
        cursor=cursor if has_colours else cursor + Style(reverse=True),
        placeholder=style("placeholder"),
        tones={tone: style(tone.name.lower()) for tone in Tone},
    )
