"""The explorer's themes; those of Textual can be chosen as well.

Dark is the first; light, high contrast, and one that uses the terminal's own sixteen colours.
"""

from textual.color import Color
from textual.content import Content
from textual.style import Style
from textual.theme import Theme

from cmdm_tui.text import one_line

_INK, _SLATE, _STEEL, _LINE = "#0f141a", "#161d26", "#1e2733", "#324154"

DARK = Theme(
    name="cmdm-dark",
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

_PAPER, _SHEET, _SHADE, _RULE, _SEA = "#fbfbf8", "#f1f2ee", "#e4e7e3", "#b9c2c4", "#0f6a84"

LIGHT = Theme(
    name="cmdm-light",
    primary=_SEA,
    secondary="#2f6f66",
    accent="#8a5a00",
    foreground="#1d2730",
    background=_PAPER,
    surface=_SHEET,
    panel=_SHADE,
    success="#2f7038",
    warning="#8a5a00",
    error="#b3273a",
    dark=False,
    variables={
        "block-cursor-foreground": _PAPER,
        "block-cursor-background": _SEA,
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#cfdde1",
        "block-cursor-blurred-foreground": "#1d2730",
        "button-color-foreground": _PAPER,
        "button-foreground": "#1d2730",
        "button-focus-text-style": "bold",
        "border-blurred": _RULE,
        "footer-background": _SHADE,
        "footer-key-foreground": "#8a5a00",
        "footer-description-foreground": "#46535c",
        "input-selection-background": "#0f6a84 30%",
        "scrollbar": _RULE,
        "scrollbar-hover": "#8fa0a6",
        "scrollbar-active": _SEA,
        "scrollbar-background": _PAPER,
        "scrollbar-background-hover": _PAPER,
        "scrollbar-background-active": _PAPER,
        "scrollbar-corner-color": _PAPER,
    },
)

_BLACK, _WHITE, _YELLOW = "#000000", "#ffffff", "#ffff00"

HIGH_CONTRAST = Theme(
    name="cmdm-high-contrast",
    primary="#00ffff",
    secondary="#00ff99",
    accent=_YELLOW,
    foreground=_WHITE,
    background=_BLACK,
    surface=_BLACK,
    panel="#1a1a1a",
    success="#00ff66",
    warning=_YELLOW,
    error="#ff7a7a",
    dark=True,
    text_alpha=1.0,
    variables={
        "block-cursor-foreground": _BLACK,
        "block-cursor-background": _YELLOW,
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": _WHITE,
        "block-cursor-blurred-foreground": _BLACK,
        "button-color-foreground": _BLACK,
        "button-foreground": _WHITE,
        "button-focus-text-style": "bold reverse",
        "border-blurred": _WHITE,
        "footer-background": _BLACK,
        "footer-key-foreground": _YELLOW,
        "footer-description-foreground": _WHITE,
        "text-muted": _WHITE,
        "input-selection-background": "#00ffff 50%",
        "scrollbar": _WHITE,
        "scrollbar-hover": _YELLOW,
        "scrollbar-active": _YELLOW,
        "scrollbar-background": _BLACK,
        "scrollbar-background-hover": _BLACK,
        "scrollbar-background-active": _BLACK,
        "scrollbar-corner-color": _BLACK,
    },
)

ANSI = Theme(
    name="cmdm-ansi",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_blue",
    accent="ansi_yellow",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    variables={
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_cyan",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "ansi_white",
        "block-cursor-blurred-foreground": "ansi_black",
        "border-blurred": "ansi_bright_black",
        "footer-background": "ansi_default",
        "footer-key-foreground": "ansi_yellow",
        "footer-description-foreground": "ansi_default",
        "input-cursor-background": "ansi_white",
        "input-cursor-foreground": "ansi_black",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_white",
        "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_white",
    },
)

THEMES = (DARK, LIGHT, HIGH_CONTRAST, ANSI)

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
