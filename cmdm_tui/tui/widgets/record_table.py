"""The table of an entity's records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.message import Message
from textual.widgets import DataTable

from cmdm_tui.api import Record
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.columns import RecordColumn
from cmdm_tui.tui.models.record_window import WindowOrder
from cmdm_tui.tui.widgets.cells import Cell

_ROWS_BEFORE_END = 10
"""Rows below what is seen at which the next page is wanted."""

_LONGEST_NAME = 60
_MARKS = {"asc": "▲", "desc": "▼"}


class RecordTable(DataTable[Cell]):
    """Rows of records under columns of fields; it asks for more when its end comes near."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "select_cursor", "Open", id="records.open", tooltip="Show the whole record"
        )
    ]

    @dataclass
    class EndNear(Message):
        """The last of `rows` rows is in sight, or nearly."""

        rows: int

    @dataclass
    class Highlighted(Message):
        """Another row has the cursor."""

        row: int

    @dataclass
    class Opened(Message):
        """A row was chosen."""

        row: int

    @dataclass
    class ColumnPressed(Message):
        """The header of a column was pressed."""

        column: RecordColumn

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, zebra_stripes=True, cursor_type="cell")
        self._shown_columns: tuple[RecordColumn, ...] = ()
        self.gone: set[tuple[str, str]] = set()
        """The entities and ids of records that were deleted here."""

    @property
    def column_under_cursor(self) -> RecordColumn | None:
        """The column that the cursor is in."""
        place = self.cursor_column
        return self._shown_columns[place] if place < len(self._shown_columns) else None

    def show_records(
        self,
        columns: tuple[RecordColumn, ...],
        records: Sequence[Record],
        order: WindowOrder | None,
    ) -> None:
        """Show these records under these columns, from the top, the cursor in the same column."""
        column_name = self.column_under_cursor.name if self.column_under_cursor else None
        self.clear(columns=True)
        self._shown_columns = columns
        self.fixed_columns = 1 if columns else 0
        for place, column in enumerate(columns):
            self.add_column(_label(column, order), width=column.width, key=str(place))
        self.append_records(records)
        names = [column.name for column in columns]
        if column_name in names:
            self.move_cursor(column=names.index(column_name))

    def append_records(self, records: Sequence[Record]) -> None:
        """Show more records below those there are."""
        for record in records:
            self.add_row(*self._cells(record), key=record.external_id)
        self.call_after_refresh(self._check_end)

    def replace_record(self, row: int, record: Record) -> None:
        """Show a record in place of the one in that row."""
        for place, value in enumerate(self._cells(record)):
            self.update_cell_at(Coordinate(row, place), value)

    def _cells(self, record: Record) -> list[Cell]:
        is_gone = (record.entity, record.external_id) in self.gone
        return [
            Cell(column.value(record), is_number=column.is_number, is_gone=is_gone)
            for column in self._shown_columns
        ]

    def _check_end(self) -> None:
        last_seen = int(self.scroll_y) + self.scrollable_content_region.height
        if self.row_count and max(last_seen, self.cursor_row) + _ROWS_BEFORE_END >= self.row_count:
            self.post_message(self.EndNear(self.row_count))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Look whether the end came near, however the table was scrolled."""
        super().watch_scroll_y(old_value, new_value)
        self._check_end()

    def on_resize(self, _: events.Resize) -> None:
        """Keep the cursor in sight, and look for the end: a taller table shows more rows."""
        self.move_cursor(row=self.cursor_row, scroll=True)
        self._check_end()

    def on_data_table_cell_highlighted(self, event: DataTable.CellHighlighted) -> None:
        """Report which row has the cursor."""
        event.stop()
        self._check_end()
        self.post_message(self.Highlighted(event.coordinate.row))

    def on_data_table_cell_selected(self, event: DataTable.CellSelected) -> None:
        """Report which row was chosen."""
        event.stop()
        self.post_message(self.Opened(event.coordinate.row))

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Report which column was pressed."""
        event.stop()
        self.post_message(self.ColumnPressed(self._shown_columns[event.column_index]))


def _label(column: RecordColumn, order: WindowOrder | None) -> Text:
    mark = f" {_MARKS[order.direction]}" if order and order.field == column.name else ""
    label = Text(one_line(column.name, _LONGEST_NAME), no_wrap=True)
    label.justify = "right" if column.is_number else "left"
    label.truncate(column.width - len(mark), overflow="ellipsis")
    return label.append(mark)
