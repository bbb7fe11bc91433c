"""Text of a given width in cells: cut, padded, and as wide in every terminal as it was counted.

Terminals disagree about the width of some sequences: of a symbol with variation selector 16 ("❤️"),
of a keycap ("1️⃣"), a flag, emoji that are joined, and one with a skin tone. Each is 1 to 8 cells
wide, as the terminal and the multiplexer between like it, and each disagreement moves the rest of
the line. So a table leaves out what makes them disagree: variation selectors, joiners and skin
tones are dropped, and a flag is written as its two letters. What is left is counted alike
everywhere: wide for East Asian and emoji characters, nothing for combining marks.
"""

import re

from rich.cells import cell_len, split_text

from cmdm_tui.text import ELLIPSIS

_FLAG_A = 0x1F1E6
_DISPUTED = re.compile("[\u200d\ufe00-\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
_MARKS = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_MANY_MARKS = re.compile(f"({_MARKS}{{2}}){_MARKS}+")


def settle_width(text: str) -> str:
    """Return safe text without the sequences whose width terminals disagree about.

    Of many combining marks on a letter the first two stay: more would be drawn over other lines.
    """
    if text.isascii():
        return text
    return _MANY_MARKS.sub(r"\1", _DISPUTED.sub(_replace, text))


def measure_width(text: str) -> int:
    """Return how many cells one line of safe text takes."""
    text = settle_width(text)
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, *, align_right: bool = False) -> str:
    """Return one line of safe text in exactly `width` cells, cut with an ellipsis or padded."""
    if width <= 0:
        return ""
    text = settle_width(text)
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        text = cut(text, width - 1) + ELLIPSIS
        length = width
    gap = " " * (width - length)
    return gap + text if align_right else text + gap


def cut(text: str, width: int, *, start: int = 0) -> str:
    """Return `width` cells of a text, from cell `start`; half of a wide character is a space."""
    if text.isascii():
        return text[start : start + width]
    return split_text(split_text(text, start)[1] if start else text, width)[0]


def _replace(found: re.Match[str]) -> str:
    code = ord(found[0])
    letter = code - _FLAG_A
    return chr(ord("A") + letter) if 0 <= letter < 26 else ""
