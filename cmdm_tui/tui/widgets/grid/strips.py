"""Draws the lines of a grid: the header, rows, and rows not read yet; drawn lines are kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip

from cmdm_tui.formats.cell_text import cut, fit
from cmdm_tui.formats.value_text import cell_text
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.column_layout import GridColumn
from cmdm_tui.tui.models.grid_geometry import ColumnSpan, GridGeometry
from cmdm_tui.tui.models.grid_state import RowLook
from cmdm_tui.tui.models.row_source import GridRow, SortKey, Tone

PLACEHOLDER = "·"
"""Drawn in each cell of a row that was not read yet."""

MARK = "●"
_LONGEST_LABEL = 200
_KEPT_LINES = 512
_SORT_MARKS = {False: "▲", True: "▼"}


@dataclass(frozen=True, slots=True)
class GridStyles:
    """What the component classes of a grid come to in the theme of the moment."""

    base: Style
    zebra: Style
    header: Style
    header_cursor: Style
    gutter: Style
    mark: Style
    cursor_row: Style
    cursor: Style
    placeholder: Style
    tones: Mapping[Tone, Style]


class LinePainter:
    """Draws lines of `geometry`, scrolled by `scroll_x` cells, and keeps the last few hundred.

    A change of styles, geometry or numbers needs another painter.
    """

    def __init__(self, geometry: GridGeometry, styles: GridStyles, *, has_numbers: bool) -> None:
        self._geometry = geometry
        self._styles = styles
        self._has_numbers = has_numbers
        self._kept: LRUCache[object, Strip] = LRUCache(_KEPT_LINES)
        self._spans: tuple[int, list[ColumnSpan]] = (0, geometry.spans(0))
        self.drawn = 0
        """How many lines of rows were drawn, not taken from those kept."""

    def header(self, scroll_x: int, order: tuple[SortKey, ...], cursor: int | None) -> Strip:
        """Return the line of the columns' names, with the marks of the order."""
        ranks = {key.column: (rank, key) for rank, key in enumerate(order, start=1)}
        styles, columns = self._styles, self._geometry.columns
        parts: list[Segment] = [Segment(" " * self._geometry.gutter, styles.header)]
        for span in self._spans_at(scroll_x):
            column = columns[span.place]
            mark = ""
            if column.name in ranks:
                rank, key = ranks[column.name]
                mark = _SORT_MARKS[key.is_descending] + (str(rank) if len(order) > 1 else "")
            style = styles.header_cursor if span.place == cursor else styles.header
            parts += _cell(span, column, _label(column, mark), style, styles.header)
        return self._finish(parts, styles.header)

    def row(self, row: GridRow | None, look: RowLook, scroll_x: int) -> Strip:
        """Return the line of a row, or of a position that was not read."""
        key = (None if row is None else (row.key, row.revision), look, scroll_x)
        strip = self._kept.get(key)
        if strip is None:
            strip = self._kept[key] = self._draw(row, look, scroll_x)
            self.drawn += 1
        return strip

    def blank(self) -> Strip:
        """Return the line below the last row."""
        return Strip.blank(self._geometry.width, self._styles.base)

    def _draw(self, row: GridRow | None, look: RowLook, scroll_x: int) -> Strip:
        styles, columns = self._styles, self._geometry.columns
        line = styles.base
        if look.position % 2:
            line += styles.zebra
        if look.cursor is not None:
            line += styles.cursor_row
        parts = self._draw_gutter(look, line)
        for span in self._spans_at(scroll_x):
            column = columns[span.place]
            if row is None:
                text, style = _align(PLACEHOLDER, column), line + styles.placeholder
            else:
                text = _align(cell_text(row.value(column.index)), column)
                tone = row.tone(column.index)
                if column.name in look.matches:
                    tone = Tone.MATCH
                style = line + styles.tones[tone]
            if span.place == look.cursor:
                style += styles.cursor
            parts += _cell(span, column, text, style, line)
        return self._finish(parts, line)

    def _draw_gutter(self, look: RowLook, line: Style) -> list[Segment]:
        width = self._geometry.gutter
        mark = MARK if look.is_marked else " "
        number = (
            fit(str(look.position + 1), width - 2, align_right=True) if self._has_numbers else ""
        )
        return [
            Segment(cut(mark, width), line + self._styles.mark),
            Segment(fit(number, width - 1), line + self._styles.gutter),
        ]

    def _spans_at(self, scroll_x: int) -> list[ColumnSpan]:
        if self._spans[0] != scroll_x:
            self._spans = (scroll_x, self._geometry.spans(scroll_x))
        return self._spans[1]

    def _finish(self, parts: list[Segment], style: Style) -> Strip:
        return Strip(Segment.simplify(parts)).adjust_cell_length(self._geometry.width, style)


def _align(text: str, column: GridColumn) -> str:
    return fit(text, column.width, align_right=column.source.is_number)


def _label(column: GridColumn, mark: str) -> str:
    """Return the column's name, which gives way to the mark of the order."""
    label = one_line(column.source.label, _LONGEST_LABEL)
    if not mark:
        return _align(label, column)
    name = fit(label, column.width - len(mark) - 1).rstrip()
    return _align(f"{name} {mark}" if name else mark, column)


def _cell(
    span: ColumnSpan, column: GridColumn, text: str, style: Style, gap: Style
) -> list[Segment]:
    """Return the part of a cell that is seen, and its gap in the style of the line."""
    seen = max(min(span.width, column.width - span.cut), 0)
    if seen < column.width:
        text = cut(text, seen, start=span.cut)
    rest = Segment(" " * (span.width - seen), gap)
    if not style.underline or style.bgcolor != gap.bgcolor or text.isspace():
        return [Segment(text, style), rest]
    words = text.strip(" ")  # what is beside them is not underlined
    left = len(text) - len(text.lstrip(" "))
    right = len(text) - left - len(words)
    return [Segment(" " * left, gap), Segment(words, style), Segment(" " * right, gap), rest]
