"""Shows where the SQL is wrong: the line, and a caret below the column."""

from cmdm_tui.text import one_line

_MAX_WIDTH = 76
_WIDTH_BEFORE = 40


def excerpt(sql: str, line: int | None, column: int | None) -> tuple[str, ...]:
    """Return a line of the SQL, cut to a terminal's width, and one with a caret below the column.

    Both numbers count from 1. Returns nothing where the position is unknown or outside the SQL.
    """
    lines = sql.split("\n")
    if line is None or column is None or not 0 < line <= len(lines) or column < 1:
        return ()
    from rich.cells import cell_len

    text = lines[line - 1]
    start = max(min(column - 1, len(text)) - _WIDTH_BEFORE, 0)
    before = one_line(text[start : column - 1])
    shown = one_line(text[start : start + _MAX_WIDTH])
    number = "" if len(lines) == 1 else f"{line}: "
    return f"{number}{shown}", " " * (len(number) + cell_len(before)) + "^"
