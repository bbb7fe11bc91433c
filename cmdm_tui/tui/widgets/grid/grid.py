"""The grid: shows a row source under a cursor, and draws only the lines and columns in sight."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cmdm_tui.tui.models.column_layout import ColumnLayout, GridColumn, list_filled
from cmdm_tui.tui.models.grid_cursor import GridCursor
from cmdm_tui.tui.models.grid_geometry import GridGeometry
from cmdm_tui.tui.models.marks import Marks
from cmdm_tui.tui.models.row_source import Row, RowSource, SortKey, SourceColumn
from cmdm_tui.tui.widgets.grid.strips import LinePainter, RowLook
from cmdm_tui.tui.widgets.grid.styles import COMPONENT_CLASSES, DEFAULT_CSS, read_styles

HEADER = 1
"""Lines of the header."""

_MARK_GUTTER = 2
_LEAST_DIGITS = 2
_LEAST_ROOM = 12
"""Cells that columns have at least where row numbers are shown."""


def _move(keys: str, name: str, action: str, tooltip: str) -> Binding:
    return Binding(keys, action, tooltip, id=f"grid.{name}", show=False, tooltip=tooltip)


class Grid(ScrollView, can_focus=True):
    """Shows the rows of a source.

    The cursor is on a record and a column, by key and name: wherever these stand when the source
    or the layout changes, the cursor goes with them. A source that has changed is looked at when
    `source_changed` is called.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENT_CLASSES
    DEFAULT_CSS = DEFAULT_CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        _move("up,k", "up", "move_rows(-1)", "The row above"),
        _move("down,j", "down", "move_rows(1)", "The row below"),
        _move("left,h", "left", "move_columns(-1)", "The column to the left"),
        _move("right,l", "right", "move_columns(1)", "The column to the right"),
        _move("pageup", "page-up", "move_pages(-1)", "A page up"),
        _move("pagedown", "page-down", "move_pages(1)", "A page down"),
        _move("ctrl+home,g", "first-row", "first_row", "The first row"),
        _move("ctrl+end,G", "last-row", "last_row", "The last row"),
        _move("home,0", "first-column", "first_column", "The first column"),
        _move("end,$", "last-column", "last_column", "The last column"),
        Binding("enter", "open_row", "Open", id="grid.open", tooltip="Open the row"),
    ]

    @dataclass
    class CursorMoved(Message):
        """The cursor is on another row or column, or its row was read; once a repaint at most."""

        key: str | None
        """The row's key, None for one that was not read, or no row."""
        row: int
        column: str | None

    @dataclass
    class RowOpened(Message):
        """A row was chosen; it was read."""

        key: str
        row: int

    @dataclass
    class ColumnPressed(Message):
        """The header of a column was pressed."""

        column: str

    @dataclass
    class RowsInSight(Message):
        """Other rows are in sight, or the source has changed; the source was told."""

        first: int
        count: int

    @dataclass
    class MarksChanged(Message):
        """Other rows are marked."""

        count: int

    @dataclass
    class LayoutChanged(Message):
        """Columns were laid out in another way: a layout to keep."""

        layout: ColumnLayout

    def __init__(self, *, has_numbers: bool = True, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.marks = Marks()
        """The rows that are marked; call `marks_changed` after a change from outside."""
        self._has_numbers = has_numbers
        self._source: RowSource | None = None
        self._revision: int | None = None
        self._source_columns: tuple[SourceColumn, ...] = ()
        self._order: tuple[SortKey, ...] = ()
        self._layout_chosen = ColumnLayout()
        self._columns: tuple[GridColumn, ...] = ()
        self._filled: set[str] = set()
        self._cursor = GridCursor()
        self._matches: dict[str, frozenset[str]] = {}
        self._geometry = GridGeometry((), 0, 0)
        self._painter: LinePainter | None = None
        self._drawn: dict[int, object] = {}
        self._is_report_due = False
        self._told_cursor: tuple[str | None, int, str | None] | None = None
        self._told_rows: tuple[int, int, int] | None = None
        self._was_resized = False
        self._drag: tuple[GridColumn, int] | None = None

    # What is shown.

    @property
    def source(self) -> RowSource | None:
        """What is shown, None at first."""
        return self._source

    @property
    def column_layout(self) -> ColumnLayout:
        """How the columns are laid out."""
        return self._layout_chosen

    @property
    def columns(self) -> tuple[GridColumn, ...]:
        """The columns shown, pinned ones first."""
        return self._columns

    @property
    def cursor_row(self) -> int:
        """The position of the row with the cursor; 0 where there is none."""
        return self._cursor.row

    @property
    def cursor_key(self) -> str | None:
        """The key of the row with the cursor, None where it was not read or there is none."""
        row = self._read_row(self._cursor.row)
        return None if row is None else row.key

    @property
    def cursor_column(self) -> str | None:
        """The name of the column with the cursor, None where there is none."""
        return self._cursor.column if self._columns else None

    @property
    def page_rows(self) -> int:
        """How many rows are seen at once, at least 1."""
        return max(self.scrollable_content_region.height - HEADER, 1)

    def show(
        self, source: RowSource, layout: ColumnLayout | None = None, marks: Marks | None = None
    ) -> None:
        """Show a source. Another one than before is shown from its top, without marks or matches.

        The cursor stays in the column of the same name. Without a `layout` the columns are the
        source's own.
        """
        if source is not self._source:
            self._source = source
            self._cursor = GridCursor(self._cursor.column)
            self._filled, self._matches, self.marks = set(), {}, Marks()
            self._told_rows = self._told_cursor = None
            self.scroll_to(0, 0, animate=False, force=True)
        self.marks = self.marks if marks is None else marks
        self._layout_chosen = layout or ColumnLayout()
        self._revision = None
        self._source_columns = ()
        self.source_changed()
        self.refresh()

    def source_changed(self) -> None:
        """Show what has become of the source, if its revision is another one.

        The cursor stays on its record, and the record on its line if it was in sight.
        """
        source = self._source
        if source is None or source.revision == self._revision:
            return
        self._revision = source.revision
        row, was_in_sight = self._cursor.row, self._is_in_sight(self._cursor.row)
        self._cursor.follow_rows(source)
        columns = tuple(source.columns)
        if columns != self._source_columns or self._has_new_values():
            self._source_columns = columns
            self._arrange()
        elif source.order != self._order:
            self._refresh_line(0)
        self._order = source.order
        self._update_size()
        if self._cursor.row != row and was_in_sight:
            top = self.scroll_offset.y + self._cursor.row - row
            self.scroll_to(y=top, animate=False, force=True)
            self._scroll_to_cursor()
        self._refresh_changed_lines()
        self._schedule_report()

    def apply_layout(self, layout: ColumnLayout) -> None:
        """Lay the columns out in another way, and say so; the cursor stays in its column."""
        if layout != self._layout_chosen:
            self._layout_chosen = layout
            self._has_new_values()
            self._arrange()
            self.post_message(self.LayoutChanged(layout))

    def show_matches(self, cells: Collection[tuple[str, str]]) -> None:
        """Show the cells with these row keys and column names as found by a search."""
        names: dict[str, set[str]] = {}
        for key, name in cells:
            names.setdefault(key, set()).add(name)
        self._matches = {key: frozenset(found) for key, found in names.items()}
        self._refresh_changed_lines()

    # The cursor.

    def move_cursor(self, *, row: int | None = None, column: str | None = None) -> None:
        """Move the cursor, as near as there are rows and columns, and scroll it into sight."""
        names = [shown.name for shown in self._columns]
        self._move_cursor(row, names.index(column) if column in names else None)

    def _move_cursor(self, row: int | None = None, place: int | None = None) -> None:
        if self._source is None:
            return
        cursor = self._cursor
        old = (cursor.row, cursor.place)
        if row is not None:
            cursor.move_to_row(self._source, row)
        if place is not None:
            cursor.move_to_place(self._columns, place)
        if old != (cursor.row, cursor.place):
            self._refresh_row(old[0])
            self._refresh_row(cursor.row)
            if old[1] != cursor.place:
                self._refresh_line(0)
            self._schedule_report()
        self._scroll_to_cursor()

    def action_move_rows(self, by: int) -> None:
        """Move the cursor down, or up."""
        self._move_cursor(row=self._cursor.row + by)

    def action_move_columns(self, by: int) -> None:
        """Move the cursor to the right, or to the left."""
        self._move_cursor(place=self._cursor.place + by)

    def action_move_pages(self, by: int) -> None:
        """Move the cursor and what is seen by pages."""
        rows = by * max(self.page_rows - 1, 1)
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False, force=True)
        self._move_cursor(row=self._cursor.row + rows)

    def action_first_row(self) -> None:
        """Move the cursor to the first row."""
        self._move_cursor(row=0)

    def action_last_row(self) -> None:
        """Move the cursor to the last row."""
        self._move_cursor(row=0 if self._source is None else self._source.row_count - 1)

    def action_first_column(self) -> None:
        """Move the cursor to the first column."""
        self._move_cursor(place=0)

    def action_last_column(self) -> None:
        """Move the cursor to the last column."""
        self._move_cursor(place=len(self._columns) - 1)

    def action_open_row(self) -> None:
        """Report that the row with the cursor was chosen, if it was read."""
        key = self.cursor_key
        if key is not None:
            self.post_message(self.RowOpened(key, self._cursor.row))

    # Marks.

    def toggle_mark(self) -> None:
        """Mark the row with the cursor, or take its mark off."""
        key = self.cursor_key
        if key is not None:
            self.marks.toggle(key)
            self.marks_changed()

    def mark_range(self) -> None:
        """Mark the rows from the one marked last to the one with the cursor."""
        key = self.cursor_key
        if key is not None and self._source is not None:
            self.marks.mark_range(self._source, key)
            self.marks_changed()

    def mark_all(self) -> None:
        """Mark all rows that were read."""
        if self._source is not None:
            self.marks.mark_all(self._source)
            self.marks_changed()

    def invert_marks(self) -> None:
        """Mark the rows that were read and are not marked, and those only."""
        if self._source is not None:
            self.marks.invert(self._source)
            self.marks_changed()

    def clear_marks(self) -> None:
        """Take all marks off."""
        self.marks.clear()
        self.marks_changed()

    def marks_changed(self) -> None:
        """Show the marks as they are now, and say so."""
        self._refresh_changed_lines()
        self.post_message(self.MarksChanged(len(self.marks)))

    # The mouse.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the edge of a header, to make its column wider or narrower."""
        self._was_resized = False
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == 0:
            place = self._geometry.edge_at(offset.x, self.scroll_offset.x)
            if place is not None:
                column = self._columns[place]
                self._drag = (column, event.screen_x - column.width)
                self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Give the column that is held its new width."""
        if self._drag is not None:
            column, origin = self._drag
            self._was_resized = True
            width = event.screen_x - origin
            self.apply_layout(self._layout_chosen.resize(column.name, width))

    def on_mouse_up(self) -> None:
        """Let go of the column."""
        if self._drag is not None:
            self._drag = None
            self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor there; a second click opens the row, one on a header presses it."""
        offset = event.get_content_offset(self)
        if offset is None or self._source is None or self._was_resized:
            return
        place = self._geometry.place_at(offset.x, self.scroll_offset.x)
        row = self.scroll_offset.y + offset.y - HEADER
        if offset.y < HEADER:
            if place is not None:
                self.post_message(self.ColumnPressed(self._columns[place].name))
        elif row < self._source.row_count:
            self._move_cursor(row, place)
            if event.chain == 2:
                self.action_open_row()

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """Return the line at that height of the viewport."""
        source, painter = self._source, self._ready_painter()
        top, scroll_x = self.scroll_offset.y, self.scroll_offset.x
        if source is None:
            return painter.blank()
        if y < HEADER:
            return painter.header(scroll_x, source.order, self._cursor.place)
        position = top + y - HEADER
        if position >= source.row_count:
            self._drawn[y] = None
            return painter.blank()
        row = self._read_row(position)
        look = self._look(row, position)
        self._drawn[y] = _identify(row, look)
        return painter.row(row, look, scroll_x)

    def notify_style_update(self) -> None:
        """Draw all lines again: their styles may be others."""
        super().notify_style_update()
        self._painter = None

    def on_resize(self) -> None:
        """Fit the columns to the new width; the cursor stays in sight."""
        self._update_size()
        self._scroll_to_cursor()
        self._schedule_report()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Report which rows are in sight, however the grid was scrolled."""
        super().watch_scroll_y(old_value, new_value)
        self._schedule_report()

    def _look(self, row: Row | None, position: int) -> RowLook:
        cursor = self._cursor.place if position == self._cursor.row else None
        if row is None:
            return RowLook(position, cursor)
        matches = self._matches.get(row.key, frozenset())
        return RowLook(position, cursor, row.key in self.marks, matches)

    def _read_row(self, position: int) -> Row | None:
        rows = () if self._source is None else self._source.rows(position, 1)
        return rows[0] if rows else None

    def _ready_painter(self) -> LinePainter:
        self._update_geometry()
        if self._painter is None:
            has_colours = self.app.console.color_system is not None  # pyright: ignore[reportUnknownMemberType]
            styles = read_styles(self, has_colours=has_colours)
            self._painter = LinePainter(
                self._geometry, styles, has_numbers=self._geometry.gutter > _MARK_GUTTER
            )
        return self._painter

    def _arrange(self) -> None:
        source = self._source
        columns = () if source is None else source.columns
        names = {column.name for column in columns}
        empty = names - self._filled if self._filled else ()
        self._columns = self._layout_chosen.arrange(columns, empty)
        self._cursor.follow_columns(self._columns)
        self._update_size()
        self.refresh()
        self._schedule_report()

    def _has_new_values(self) -> bool:
        """Look for values in the columns that are left out for want of any."""
        source = self._source
        if source is None or not self._layout_chosen.hide_empty:
            return False
        rows = source.rows(self.scroll_offset.y, 2 * self.page_rows)
        among = {column.name for column in source.columns} - self._filled
        found = list_filled(source.columns, rows, among)
        self._filled |= found
        return bool(found)

    def _update_geometry(self) -> None:
        width = self.scrollable_content_region.width
        digits = max(len(str(0 if self._source is None else self._source.row_count)), _LEAST_DIGITS)
        gutter = min(_MARK_GUTTER, width)
        if self._has_numbers and width >= digits + _MARK_GUTTER + _LEAST_ROOM:
            gutter = digits + _MARK_GUTTER
        old = self._geometry
        if (old.columns, old.width, old.gutter) != (self._columns, width, gutter):
            self._geometry = GridGeometry(self._columns, width, gutter)
            self._painter = None

    def _update_size(self) -> None:
        self._update_geometry()
        rows = 0 if self._source is None else self._source.row_count
        size = Size(self._geometry.total_width, rows + HEADER)
        if size != self.virtual_size:
            self.virtual_size = size

    # Where things are, and what has to be painted again.

    def _is_in_sight(self, row: int) -> bool:
        return 0 <= row - self.scroll_offset.y < self.page_rows

    def _scroll_to_cursor(self) -> None:
        self._update_geometry()
        row, left, top = self._cursor.row, self.scroll_offset.x, self.scroll_offset.y
        top = min(max(top, row - self.page_rows + 1), row)
        x = self._geometry.scroll_to(self._cursor.place, left)
        if (x, top) != (left, self.scroll_offset.y):
            self.scroll_to(x, top, animate=False, force=True)

    def _refresh_row(self, row: int) -> None:
        if self._is_in_sight(row):
            self._refresh_line(row - self.scroll_offset.y + HEADER)

    def _refresh_line(self, y: int) -> None:
        self.refresh(Region(0, y, self.scrollable_content_region.width, 1))

    def _refresh_changed_lines(self) -> None:
        """Paint the lines again on which something else is to be seen now."""
        if self._source is None:
            return
        count = self._source.row_count
        for y in range(HEADER, HEADER + self.page_rows):
            position = self.scroll_offset.y + y - HEADER
            row = self._read_row(position)
            new = _identify(row, self._look(row, position)) if position < count else None
            if y not in self._drawn or new != self._drawn[y]:
                self._refresh_line(y)

    def _schedule_report(self) -> None:
        if not self._is_report_due:
            self._is_report_due = True
            self.call_after_refresh(self._report)

    def _report(self) -> None:
        """Report what has changed since the last repaint: the cursor, the rows in sight."""
        self._is_report_due = False
        source = self._source
        if source is None:
            return
        if self._has_new_values():
            self._arrange()
        first, count = self.scroll_offset.y, self.page_rows
        if source.is_count_known:
            count = max(min(count, source.row_count - first), 0)
        if (first, count, source.revision) != self._told_rows:
            self._told_rows = (first, count, source.revision)
            source.want_rows(first, count)
            self.post_message(self.RowsInSight(first, count))
        cursor = (self.cursor_key, self.cursor_row, self.cursor_column)
        if cursor != self._told_cursor:
            self._told_cursor = cursor
            self.post_message(self.CursorMoved(*cursor))


def _identify(row: Row | None, look: RowLook) -> object:
    return (None if row is None else (row.key, row.revision), look)
