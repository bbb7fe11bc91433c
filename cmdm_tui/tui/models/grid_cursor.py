"""The cursor of a grid: on a record and a column, at whatever position these are now."""

from collections.abc import Sequence

from cmdm_tui.tui.models.column_layout import GridColumn
from cmdm_tui.tui.models.row_source import RowSource


class GridCursor:
    """A row by key and a column by name, with the places of both as they were last seen.

    The places are 0 where there are no rows or columns, so they never are negative.
    """

    def __init__(self, column: str | None = None) -> None:
        self.row = 0
        """The position of the row in the source."""
        self.key: str | None = None
        """The key of the row, None while it was never read."""
        self.place = 0
        """The place of the column among those shown."""
        self.column = column
        """The name of the column, None while there is none."""

    def move_to_row(self, source: RowSource, row: int) -> None:
        """Go to a position, or to the nearest that there is."""
        self.row = min(max(row, 0), max(source.row_count - 1, 0))
        self.key = self._read_key(source)

    def move_to_place(self, columns: Sequence[GridColumn], place: int) -> None:
        """Go to a column by its place, or to the nearest that there is."""
        self.place = min(max(place, 0), max(len(columns) - 1, 0))
        self.column = columns[self.place].name if columns else None

    def follow_rows(self, source: RowSource) -> None:
        """Go to where the record is now; else stay at the position, or the nearest there is.

        The record is kept in mind while nothing was read at that position: it may come back.
        """
        place = None if self.key is None else source.position(self.key)
        if place is not None:
            self.row = place
            return
        self.row = min(self.row, max(source.row_count - 1, 0))
        self.key = self._read_key(source) or (self.key if source.row_count else None)

    def follow_columns(self, columns: Sequence[GridColumn]) -> None:
        """Go to where the column is now; else stay at the place, or the nearest there is."""
        names = [column.name for column in columns]
        if self.column in names:
            self.place = names.index(self.column)
        elif columns:
            self.move_to_place(columns, self.place)

    def _read_key(self, source: RowSource) -> str | None:
        rows = source.rows(self.row, 1)
        return rows[0].key if rows and rows[0] is not None else None
