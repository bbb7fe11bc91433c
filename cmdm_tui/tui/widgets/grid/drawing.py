"""What a grid draws: its lines in sight, of which it paints those again that have changed."""

from collections.abc import Sequence

from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cmdm_tui.tui.models.grid_geometry import GridGeometry
from cmdm_tui.tui.models.grid_state import GridState, RowLook
from cmdm_tui.tui.models.row_source import GridRow
from cmdm_tui.tui.straight_lines import StraightLines
from cmdm_tui.tui.widgets.grid.strips import LinePainter
from cmdm_tui.tui.widgets.grid.styles import read_styles

HEADER = 1
"""Lines of the header."""

_MARK_GUTTER = 2
_LEAST_DIGITS = 2
_LEAST_ROOM = 12
"""Cells that columns have at least where row numbers are shown."""


class GridDrawing(ScrollView):
    """Draws a `GridState`, only the lines and columns in sight, under a header that stays."""

    def __init__(self, *, has_numbers: bool, fitted: int, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._has_numbers = has_numbers
        self._state = GridState(fitted)
        self._geometry = GridGeometry((), 0, 0)
        self._painter: LinePainter | None = None
        self._drawn: dict[int, object] = {}
        """What each line below the header was drawn of."""
        self._rows_read: tuple[int, Sequence[GridRow | None]] | None = None
        """While lines are drawn: their rows, and the position of the first of them."""

    @property
    def page_rows(self) -> int:
        """How many rows are seen at once, at least 1."""
        return max(self.scrollable_content_region.height - HEADER, 1)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what is applied to each line; the texts of cells have settled widths already."""
        return [one for one in super().get_line_filters() if not isinstance(one, StraightLines)]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return some lines of the viewport; their rows are read together."""
        self._ready_painter()
        source, first = self._state.source, max(self.scroll_offset.y + crop.y - HEADER, 0)
        if source is not None:
            self._rows_read = first, source.rows(first, crop.height)
        try:
            return super().render_lines(crop)
        finally:
            self._rows_read = None

    def render_line(self, y: int) -> Strip:
        """Return the line at that height of the viewport."""
        painter, state, scroll_x = self._ready_painter(), self._state, self.scroll_offset.x
        if y < HEADER:
            order = () if state.source is None else state.source.order
            return painter.header(scroll_x, order, state.cursor.place)
        position = self.scroll_offset.y + y - HEADER
        row = self._read_row(position)
        if row is None and position >= state.row_count:
            self._drawn[y] = None
            return painter.blank()
        look = state.look(row, position)
        self._drawn[y] = _identify(row, look)
        return painter.row(row, look, scroll_x)

    def notify_style_update(self) -> None:
        """Draw all lines again: their styles may be others."""
        super().notify_style_update()
        self._painter = None

    def _read_row(self, position: int) -> GridRow | None:
        if self._rows_read is not None:
            first, rows = self._rows_read
            if first <= position < first + len(rows):
                return rows[position - first]
        return self._state.read_row(position)

    def _ready_painter(self) -> LinePainter:
        if self._rows_read is None or self._painter is None:
            self._update_geometry()
        if self._painter is None:
            has_colours = self.app.console.color_system is not None  # pyright: ignore[reportUnknownMemberType]
            styles = read_styles(self, has_colours=has_colours)
            self._painter = LinePainter(
                self._geometry, styles, has_numbers=self._geometry.gutter > _MARK_GUTTER
            )
        return self._painter

    def _update_geometry(self) -> None:
        width = self.scrollable_content_region.width
        digits = max(len(str(self._state.row_count)), _LEAST_DIGITS)
        gutter = min(_MARK_GUTTER, width)
        if self._has_numbers and width >= digits + _MARK_GUTTER + _LEAST_ROOM:
            gutter = digits + _MARK_GUTTER
        self._state.fit(max(width - gutter, 0))
        old = self._geometry
        if old.columns is not self._state.columns or (old.width, old.gutter) != (width, gutter):
            self._geometry = GridGeometry(self._state.columns, width, gutter)
            self._painter = None
            self.refresh()

    def _update_size(self) -> None:
        self._update_geometry()
        size = Size(self._geometry.total_width, self._state.row_count + HEADER)
        if size != self.virtual_size:
            self.virtual_size = size

    # Where things are, and what has to be painted again.

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Paint the rows again, and the scroll bar where it looks different then."""
        bar = self.vertical_scrollbar
        if self._find_thumb(new_value) != self._find_thumb(bar.position):
            bar.position = new_value
        if round(old_value) != round(new_value):
            width, height = self.scrollable_content_region.size
            self.refresh(Region(0, HEADER, width, height - HEADER))

    def _find_thumb(self, position: float) -> int:
        """Return where the scroll bar's thumb begins at a position, in the eighths of a line."""
        bar = self.vertical_scrollbar
        rows, seen, height = bar.window_virtual_size, bar.window_size, bar.size.height
        if rows <= seen or not height:
            return 0
        thumb = max(1, seen * height / rows)
        return int((height - thumb) * position / (rows - seen) * 8)

    def _is_in_sight(self, row: int) -> bool:
        return 0 <= row - self.scroll_offset.y < self.page_rows

    def _scroll_to_cursor(self) -> None:
        if not self.size.height:
            return  # it is hidden, and does so when it is shown again
        self._update_geometry()
        left, top = self.scroll_offset
        row = self._state.cursor.row
        x = self._geometry.scroll_to(self._state.cursor.place, left)
        y = min(max(top, row - self.page_rows + 1), row)
        if (x, y) != (left, top):
            self._scroll(x, y)

    def _scroll(self, x: int | None = None, y: int | None = None) -> None:
        if self.is_attached:  # else the first layout scrolls to the cursor
            self.scroll_to(x, y, animate=False, force=True)

    def _refresh_row(self, row: int) -> None:
        if self._is_in_sight(row):
            self._refresh_line(row - self.scroll_offset.y + HEADER)

    def _refresh_line(self, y: int) -> None:
        self.refresh(Region(0, y, self.scrollable_content_region.width, 1))

    def _refresh_changed_lines(self) -> None:
        """Paint the lines again on which something else is to be seen now."""
        state, top = self._state, self.scroll_offset.y
        for y in range(HEADER, HEADER + self.page_rows):
            position = top + y - HEADER
            row = state.read_row(position)
            is_row = position < state.row_count
            new = _identify(row, state.look(row, position)) if is_row else None
            if y not in self._drawn or new != self._drawn[y]:
                self._refresh_line(y)


def _identify(row: GridRow | None, look: RowLook) -> object:
    return (None if row is None else (row.key, row.revision), look)
