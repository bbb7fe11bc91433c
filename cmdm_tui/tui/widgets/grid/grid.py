"""The grid: shows a row source under a cursor, with keys, mouse and messages."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from cmdm_tui.tui.models.column_layout import ColumnLayout, GridColumn
from cmdm_tui.tui.models.marks import Marks
from cmdm_tui.tui.models.row_source import RowSource
from cmdm_tui.tui.widgets.grid.bindings import BINDINGS
from cmdm_tui.tui.widgets.grid.drawing import HEADER, GridDrawing
from cmdm_tui.tui.widgets.grid.styles import COMPONENT_CLASSES, DEFAULT_CSS


class Grid(GridDrawing, can_focus=True):
    """Shows the rows of a source.

    The cursor is on a record and a column, by key and name: when the source or the layout
    changes, the cursor goes where these are now. A source that has changed is looked at when
    `source_changed` is called.

    With `fitted`, the widest columns are narrowed so that this many are seen at once.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENT_CLASSES
    DEFAULT_CSS = DEFAULT_CSS
    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

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
        """Other rows are in sight, or the source has changed. The source knows by `want_rows`."""

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

    def __init__(self, *, has_numbers: bool = True, fitted: int = 0, id: str | None = None) -> None:  # noqa: A002
        super().__init__(has_numbers=has_numbers, fitted=fitted, id=id)
        self._is_report_due = False
        self._reported_cursor: tuple[str | None, int, str | None] | None = None
        self._reported_rows: tuple[int, int, int] | None = None
        self._drag: tuple[GridColumn, int] | None = None
        self._was_dragged = False

    # What is shown.

    @property
    def source(self) -> RowSource | None:
        """What is shown, None at first."""
        return self._state.source

    @property
    def column_layout(self) -> ColumnLayout:
        """How the columns are laid out."""
        return self._state.layout

    @property
    def columns(self) -> tuple[GridColumn, ...]:
        """The columns shown, pinned ones first."""
        return self._state.columns

    @property
    def cursor_row(self) -> int:
        """The position of the row with the cursor; 0 where there is none."""
        return self._state.cursor.row

    @property
    def cursor_key(self) -> str | None:
        """The key of the row with the cursor, None where it was not read or there is none."""
        return self._state.cursor_key

    @property
    def cursor_column(self) -> str | None:
        """The name of the column with the cursor, None where there is none."""
        return self._state.cursor_column

    def show(
        self, source: RowSource, layout: ColumnLayout | None = None, marks: Marks | None = None
    ) -> None:
        """Show a source. Another one than before is shown from its top, without marks or matches.

        The cursor stays in the column of the same name. Without a `layout` the columns are the
        source's own.
        """
        if self._state.show(source, layout or ColumnLayout(), marks):
            self._reported_rows = self._reported_cursor = None
            self._scroll(0, 0)
        self.source_changed()

    def source_changed(self) -> None:
        """Show what has become of the source, if its revision is another one.

        The cursor stays on its record, and the record on its line if it was in sight.
        """
        state, row = self._state, self._state.cursor.row
        if not state.has_news():
            return
        was_in_sight = self._is_in_sight(row)
        has_other_columns, has_other_order = state.follow()
        if has_other_columns or self._find_values():
            self._arrange()
        elif has_other_order:
            self._refresh_line(0)
        self._update_size()
        if state.cursor.row != row and was_in_sight:
            top = self.scroll_offset.y + state.cursor.row - row
            self._scroll(y=top)
            self._scroll_to_cursor()
        self._refresh_changed_lines()
        self._schedule_report()

    def apply_layout(self, layout: ColumnLayout) -> None:
        """Lay the columns out in another way, and say so; the cursor stays in its column."""
        if self._lay_out(layout):
            self.post_message(self.LayoutChanged(layout))

    def _lay_out(self, layout: ColumnLayout) -> bool:
        if layout == self._state.layout:
            return False
        self._state.layout = layout
        self._find_values()
        self._arrange()
        return True

    def show_matches(self, cells: Collection[tuple[str, str]]) -> None:
        """Show the cells with these row keys and column names as found by a search."""
        self._state.show_matches(cells)
        self._refresh_changed_lines()

    # The cursor.

    def move_cursor(self, *, row: int | None = None, column: str | None = None) -> None:
        """Move the cursor, as near as there are rows and columns, and scroll it into sight."""
        names = [shown.name for shown in self.columns]
        self._move_cursor(row, names.index(column) if column in names else None)

    def scroll_to_row(self, row: int) -> None:
        """Show this row at the top, as far as there are rows below it."""
        self._scroll(y=row)

    def _move_cursor(self, row: int | None = None, place: int | None = None) -> None:
        source, cursor = self._state.source, self._state.cursor
        if source is None:
            return
        old = (cursor.row, cursor.place)
        if row is not None:
            cursor.move_to_row(source, row)
        if place is not None:
            cursor.move_to_place(self.columns, place)
        if old != (cursor.row, cursor.place):
            self._refresh_row(old[0])
            self._refresh_row(cursor.row)
            if old[1] != cursor.place:
                self._refresh_line(0)
            self._schedule_report()
        self._scroll_to_cursor()

    def action_move_rows(self, by: int) -> None:
        """Move the cursor down, or up."""
        self._move_cursor(row=self.cursor_row + by)

    def action_move_columns(self, by: int) -> None:
        """Move the cursor to the right, or to the left."""
        self._move_cursor(place=self._state.cursor.place + by)

    def action_move_pages(self, by: int) -> None:
        """Move the cursor and what is seen by pages."""
        rows = by * max(self.page_rows - 1, 1)
        self._scroll(y=self.scroll_offset.y + rows)
        self._move_cursor(row=self.cursor_row + rows)

    def action_first_row(self) -> None:
        """Move the cursor to the first row."""
        self._move_cursor(row=0)

    def action_last_row(self) -> None:
        """Move the cursor to the last row."""
        self._move_cursor(row=self._state.row_count - 1)

    def action_first_column(self) -> None:
        """Move the cursor to the first column, and scroll to those next to it."""
        self._scroll(x=0)
        self._move_cursor(place=0)

    def action_last_column(self) -> None:
        """Move the cursor to the last column."""
        self._move_cursor(place=len(self.columns) - 1)

    def action_open_row(self) -> None:
        """Report that the row with the cursor was chosen, if it was read."""
        key = self.cursor_key
        if key is not None:
            self.post_message(self.RowOpened(key, self.cursor_row))

    # Marks.

    @property
    def marks(self) -> Marks:
        """The rows that are marked; call `marks_changed` after a change from outside."""
        return self._state.marks

    def toggle_mark(self) -> None:
        """Mark the row with the cursor, or take its mark off."""
        key = self.cursor_key
        if key is not None:
            self.marks.toggle(key)
            self.marks_changed()

    def mark_range(self) -> None:
        """Mark the rows from the one marked last to the one with the cursor."""
        key = self.cursor_key
        if key is not None and self.source is not None:
            self.marks.mark_range(self.source, key)
            self.marks_changed()

    def mark_all(self) -> None:
        """Mark all rows that were read."""
        if self.source is not None:
            self.marks.mark_all(self.source)
            self.marks_changed()

    def invert_marks(self) -> None:
        """Mark the rows that were read and are not marked, and those only."""
        if self.source is not None:
            self.marks.invert(self.source)
            self.marks_changed()

    def clear_marks(self) -> None:
        """Take all marks off."""
        self.marks.clear()
        self.marks_changed()

    def unmark(self, keys: Iterable[str]) -> None:
        """Take the marks off these rows, wherever they are now."""
        self.marks.unmark(keys)
        self.marks_changed()

    def marks_changed(self) -> None:
        """Show the marks as they are now, and say so."""
        self._refresh_changed_lines()
        self.post_message(self.MarksChanged(len(self.marks)))

    # The mouse.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the edge of a header, to make its column wider or narrower."""
        self._was_dragged = False
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < HEADER:
            place = self._geometry.edge_at(offset.x, self.scroll_offset.x)
            if place is not None:
                column = self.columns[place]
                self._drag = (column, event.screen_x - column.width)
                self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Give the column that is held its new width."""
        if self._drag is not None:
            column, origin = self._drag
            self._was_dragged = True
            self._lay_out(self.column_layout.resize(column.name, event.screen_x - origin))

    def on_mouse_up(self) -> None:
        """Let go of the column."""
        if self._drag is not None:
            self.release_mouse()

    def on_mouse_release(self) -> None:
        """Report the new width, also where something else has taken the mouse."""
        self._drag = None
        if self._was_dragged:
            self.post_message(self.LayoutChanged(self.column_layout))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor there; a second click opens the row, one on a header presses it."""
        offset = event.get_content_offset(self)
        if offset is None or self._was_dragged:
            return
        place = self._geometry.place_at(offset.x, self.scroll_offset.x)
        row = self.scroll_offset.y + offset.y - HEADER
        if offset.y < HEADER:
            if place is not None:
                self.post_message(self.ColumnPressed(self.columns[place].name))
        elif row < self._state.row_count:
            self._move_cursor(row, place)
            if event.chain == 2:
                self.action_open_row()

    # What has changed.

    def on_resize(self) -> None:
        """Fit the columns to the new width; the cursor stays in sight."""
        self._update_size()
        self._scroll_to_cursor()
        self._schedule_report()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Report which rows are in sight, however the grid was scrolled."""
        super().watch_scroll_y(old_value, new_value)
        self._schedule_report()

    def _find_values(self) -> bool:
        return self._state.find_values(self.scroll_offset.y, 2 * self.page_rows)

    def _arrange(self) -> None:
        self._state.arrange()
        self._update_size()
        self.refresh()
        self._schedule_report()

    def _schedule_report(self) -> None:
        if not self._is_report_due:
            self._is_report_due = True
            self.call_after_refresh(self._report)

    def _report(self) -> None:
        """Report what has changed since the last repaint: the cursor, the rows in sight."""
        self._is_report_due = False
        source = self.source
        if source is None:
            return
        if self._find_values():
            self._arrange()
        first, count = self.scroll_offset.y, self.page_rows
        if source.is_count_known:
            count = max(min(count, source.row_count - first), 0)
        if (first, count, source.revision) != self._reported_rows:
            self._reported_rows = (first, count, source.revision)
            source.want_rows(first, count)
            self.post_message(self.RowsInSight(first, count))
        cursor = (self.cursor_key, self.cursor_row, self.cursor_column)
        if cursor != self._reported_cursor:
            self._reported_cursor = cursor
            self.post_message(self.CursorMoved(*cursor))
