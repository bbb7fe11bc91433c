"""Draws grids for a terminal: as a table that fits its width, or expanded, a field a line."""

import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cmdm_tui.formats.cells import NULL_TEXT, quote_like_null
from cmdm_tui.formats.column_widths import GAP, fit_widths
from cmdm_tui.repl.result_types import TableContent
from cmdm_tui.repl.streams import BOLD, DIM, styled
from cmdm_tui.text import one_line, visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_NARROWEST = 12
_WIDEST_NAME = 40
_UNBOUNDED = 1_000_000


def draw_table(content: TableContent, *, width: int | None, has_colours: bool) -> tuple[str, int]:
    """Return the content as a table, and how many columns were left out for want of width."""
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    names = [one_line(name) for name in content.columns]
    cells = [[_format_cell(value) for value in row] for row in content.rows]
    natural = [
        max([cell_len(name), *(cell_len(row[index].plain) for row in cells)])
        for index, name in enumerate(names)
    ]
    widths = list(natural) if width is None else fit_widths(natural, width)
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for place, (name, column) in enumerate(zip(names, widths, strict=False)):
        drawn.add_column(
            Text(name),
            width=max(column, 1),
            no_wrap=True,
            overflow="ellipsis",
            header_style="bold",
            justify="right" if _holds_numbers(content, place) else "left",
        )
    for row in cells:
        drawn.add_row(*row[: len(widths)])
    return print_to_text(drawn, width, has_colours=has_colours), len(names) - len(widths)


def draw_expanded(content: TableContent, *, width: int | None, has_colours: bool) -> str:
    """Return the content with a heading a row and a line a field; no value is cut."""
    from rich.cells import cell_len, set_cell_size

    names = [one_line(name, _WIDEST_NAME) for name in content.columns]
    name_width = max(map(cell_len, names), default=0)
    room = None if width is None else max(width - name_width - GAP, _NARROWEST)
    labels = [
        styled(set_cell_size(name, name_width), BOLD, has_colours=has_colours) for name in names
    ]
    lines: list[str] = []
    for number, row in enumerate(content.rows, 1):
        if len(content.rows) > 1:
            heading = f"── {number:,} of {len(content.rows):,} ──"
            lines.append(styled(heading, DIM, has_colours=has_colours))
        for label, value in zip(labels, row, strict=True):
            style = DIM if value is None else ""
            first, *more = _fold(visible(format_value(value), keep_lines=True), room)
            lines.append(f"{label}{' ' * GAP}{styled(first, style, has_colours=has_colours)}")
            lines += [f"{' ' * (name_width + GAP)}{line}" for line in more]
    return "\n".join(line.rstrip(" ") for line in lines)


def format_value(value: object) -> str:
    """Return a value as a person reads it: text as it is, unless it is like null; else as JSON."""
    if isinstance(value, str):
        return quote_like_null(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _holds_numbers(content: TableContent, place: int) -> bool:
    """Return whether a column has numbers, and nothing else but null."""
    values = [row[place] for row in content.rows if row[place] is not None]
    return bool(values) and all(
        isinstance(one, int | float | Decimal) and not isinstance(one, bool) for one in values
    )


def _fold(text: str, room: int | None) -> list[str]:
    from cmdm_tui.formats.folding import fold_line

    lines = text.split("\n")
    if room is None:
        return lines
    return [piece for line in lines for piece in fold_line(line, room)]


def _format_cell(value: Any) -> "Text":
    from rich.text import Text

    return Text(NULL_TEXT, style="dim") if value is None else Text(one_line(format_value(value)))


def print_to_text(drawn: "RenderableType", width: int | None, *, has_colours: bool) -> str:
    """Return what Rich draws, which must be safe already, as text with the styles it may have."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(
        file=file,
        width=width or _UNBOUNDED,
        force_terminal=has_colours,
        color_system="standard" if has_colours else None,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    console.print(drawn)
    return "\n".join(line.rstrip(" ") for line in file.getvalue().rstrip("\n").split("\n"))
