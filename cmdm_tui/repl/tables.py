"""Draws grids for a terminal: as a table that fits its width, or expanded, a field a line."""

import io
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cmdm_tui.repl.results import Grid
from cmdm_tui.text import one_line, visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

NULL = "null"
_GAP = 2
_NARROWEST = 12
_USUAL = 20
_WIDEST_NAME = 40
_UNBOUNDED = 1_000_000


def widths_that_fit(natural: Sequence[int], available: int) -> list[int]:
    """Return the widths of the leading columns that fit into `available`, gaps included.

    Columns get their natural width up to one cap, the widest under which all of them fit. Where
    they would become too narrow to read, the last ones are left out; the first one always stays.
    """
    for cap in range(max(available, _NARROWEST), _NARROWEST - 1, -1):
        widths = [min(width, cap) for width in natural]
        if sum(widths) + _GAP * (len(widths) - 1) <= available:
            return widths
    kept: list[int] = []
    for width in (min(width, _USUAL) for width in natural):
        room = available - sum(kept) - _GAP * len(kept)
        if kept and room < min(width, _NARROWEST):
            break
        kept.append(min(width, max(room, 1)))
    return kept


def table(grid: Grid, *, width: int | None, has_colours: bool) -> tuple[str, int]:
    """Return the grid as a table, and how many columns were left out for want of width."""
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    names = [one_line(name) for name in grid.columns]
    cells = [[_cell(value) for value in row] for row in grid.rows]
    natural = [
        max([cell_len(name), *(cell_len(row[index].plain) for row in cells)])
        for index, name in enumerate(names)
    ]
    widths = list(natural) if width is None else widths_that_fit(natural, width)
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0))
    for name, column in zip(names, widths, strict=False):
        drawn.add_column(
            Text(name), width=max(column, 1), no_wrap=True, overflow="ellipsis", header_style="bold"
        )
    for row in cells:
        drawn.add_row(*row[: len(widths)])
    return _drawn(drawn, width, has_colours=has_colours), len(names) - len(widths)


def expanded(grid: Grid, *, width: int | None, has_colours: bool) -> str:
    """Return the grid with a heading a row and a line a field; no value is cut."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = []
    for number, row in enumerate(grid.rows, 1):
        heading = f"── {number:,} of {len(grid.rows):,} ──"
        drawn = Table.grid(padding=(0, _GAP, 0, 0))
        drawn.add_column(no_wrap=True, style="bold", overflow="ellipsis")
        drawn.add_column(overflow="fold")
        for name, value in zip(grid.columns, row, strict=True):
            drawn.add_row(Text(one_line(name, _WIDEST_NAME)), _cell(value, keep_lines=True))
        parts += [Text(heading, style="dim"), drawn] if len(grid.rows) > 1 else [drawn]
    return _drawn(Group(*parts), width, has_colours=has_colours)


def words_of(value: object) -> str:
    """Return a value as a person reads it: text as it is, all else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _cell(value: Any, *, keep_lines: bool = False) -> "Text":
    from rich.text import Text

    if value is None:
        return Text(NULL, style="dim")
    words = words_of(value)
    return Text(visible(words, keep_lines=True) if keep_lines else one_line(words))


def _drawn(drawn: "RenderableType", width: int | None, *, has_colours: bool) -> str:
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
    return "\n".join(line.rstrip() for line in file.getvalue().rstrip("\n").split("\n"))
