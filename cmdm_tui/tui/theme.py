"""The explorer's colours; every theme of Textual can be chosen instead."""

from textual.color import Color
from textual.content import Content
from textual.style import Style
from textual.theme import Theme

from cmdm_tui.text import one_line

_INK, _SLATE, _STEEL, _LINE = "#0f141a", "#161d26", "#1e2733", "#324154"

THEME = Theme(
    name="cmdm",
    primary="#62b6cb",
    secondary="#5fa8a0",
    accent="#e9b872",
    foreground="#d7dee8",
    background=_INK,
    surface=_SLATE,
    panel=_STEEL,
    success="#84c08a",
    warning="#e9b872",
    error="#e5737d",
    dark=True,
    variables={
        "block-cursor-foreground": _INK,
        "block-cursor-background": "#62b6cb",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#26384a",
        "block-cursor-blurred-foreground": "#d7dee8",
        "button-color-foreground": _INK,
        "button-foreground": "#d7dee8",
        "button-focus-text-style": "bold",
        "border-blurred": _LINE,
        "footer-background": _SLATE,
        "footer-key-foreground": "#e9b872",
        "footer-description-foreground": "#a9b6c6",
        "input-selection-background": "#62b6cb 35%",
        "scrollbar": _LINE,
        "scrollbar-hover": "#4a6078",
        "scrollbar-active": "#62b6cb",
        "scrollbar-background": _INK,
        "scrollbar-background-hover": _INK,
        "scrollbar-background-active": _INK,
        "scrollbar-corner-color": _INK,
    },
)

MARKS = {
    "red": "#c93c46",
    "orange": "#d9822b",
    "yellow": "#e0c25a",
    "green": "#4f9d69",
    "cyan": "#3fa7b8",
    "blue": "#3f78d0",
    "magenta": "#b455a0",
}
"""The colours that mark a profile, by the names that its table gives them."""


def format_mark(name: str, colour: str | None, *, read_only: bool) -> Content:
    """Return a profile's name in its colour, and whether nothing can be changed through it.

    `colour` is a name of `MARKS` or `#rrggbb`; `name` is untrusted.
    """
    words = one_line(name, 24) + (" · read-only" if read_only else "")
    if colour is None:
        return Content.styled(words, "bold $text-accent")
    mark = Color.parse(MARKS.get(colour, colour))
    style = Style(background=mark, foreground=mark.get_contrast_text(1.0), bold=True)
    return Content.styled(f" {words} ", style)
