"""Folds a line of text into pieces that fit a terminal, between words where it can."""

import re

from rich.cells import cell_len, chop_cells

_WORD_WITH_BLANKS = re.compile(r" *[^ ]+ *| +")


def fold_line(line: str, room: int) -> list[str]:
    """Return the pieces of a line, each of at most `room` cells, spaces at its end apart.

    Nothing is left out: the pieces one after another are the line. A word that is too long is cut.
    Only at a space does a word end: at another blank, such as a no-break space, it does not.
    """
    pieces: list[str] = []
    piece, width = "", 0
    for word in _WORD_WITH_BLANKS.findall(line):
        if piece and width + cell_len(word.rstrip(" ")) > room:
            pieces.append(piece)
            piece, width = "", 0
        is_too_long = cell_len(word.rstrip(" ")) > room
        *whole, last = chop_cells(word, room) if is_too_long else [word]
        pieces += whole
        piece += last
        width += cell_len(last)
    # A line of nothing but joiners has no cell to chop.
    return [*pieces, piece] if piece or not pieces else pieces
