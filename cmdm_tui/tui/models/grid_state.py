"""What a grid shows: a source, its columns as laid out, the cursor, marks and search matches."""

from collections.abc import Collection
from dataclasses import dataclass, field

from cmdm_tui.formats.cell_text import measure_width
from cmdm_tui.formats.value_text import cell_text
from cmdm_tui.tui.models.column_layout import ColumnLayout, GridColumn, list_filled
from cmdm_tui.tui.models.grid_cursor import GridCursor
from cmdm_tui.tui.models.grid_geometry import GAP, narrow_columns, widen_columns
from cmdm_tui.tui.models.marks import Marks
from cmdm_tui.tui.models.record_names import find_name_fields
from cmdm_tui.tui.models.row_source import GridRow, RowSource, SortKey, SourceColumn


@dataclass(frozen=True, slots=True)
class RowLook:
    """What a row's line depends on, apart from the row itself."""

    position: int
    cursor: int | None
    """The place of the column with the cursor, None where the cursor is in another row."""
    is_marked: bool = False
    matches: frozenset[str] = field(default_factory=frozenset[str])
    """The columns where a search found something."""


class GridState:
    """The state of a grid, apart from where it is scrolled to.

    The widest columns are narrowed so that the first `fitted` are seen at once; 0 narrows none.
    """

    def __init__(self, fitted: int = 0) -> None:
        self._fitted = fitted
        self._room = 0
        self._arranged: tuple[GridColumn, ...] = ()
        self.source: RowSource | None = None
        self.layout = ColumnLayout()
        self.columns: tuple[GridColumn, ...] = ()
        """The columns shown, pinned ones first."""
        self.cursor = GridCursor()
        self.marks = Marks()
        self._matches: dict[str, frozenset[str]] = {}
        self._filled: set[str] = set()
        self._needed: dict[str, int] = {}
        """The widths that values in sight need, where there is room for more than a column has."""
        self._measured: tuple[int | None, range] = (None, range(0))
        """Which rows were measured, of which revision of the source."""
        self._has_spare_room = False
        self._revision: int | None = None
        self._source_columns: tuple[SourceColumn, ...] | None = None
        self._order: tuple[SortKey, ...] = ()

    @property
    def row_count(self) -> int:
        """How many positions there are, 0 without a source."""
        return 0 if self.source is None else self.source.row_count

    @property
    def cursor_key(self) -> str | None:
        """The key of the row with the cursor, None where it was not read or there is none."""
        row = self.read_row(self.cursor.row)
        return None if row is None else row.key

    @property
    def cursor_column(self) -> str | None:
        """The name of the column with the cursor, None where there is none."""
        return self.cursor.column if self.columns else None

    def show(self, source: RowSource, layout: ColumnLayout, marks: Marks | None) -> bool:
        """Take a source and a layout. Return whether the source is another one than before.

        Then the cursor is in the first row, in the column of the same name, and there are no
        matches and no marks but those given.
        """
        is_other = source is not self.source
        if is_other:
            self.source = source
            self.cursor = GridCursor(self.cursor.column)
            self._filled, self._matches, self.marks = set(), {}, Marks()
            self._needed, self._measured = {}, (None, range(0))
        self.marks = self.marks if marks is None else marks
        self.layout = layout
        self._revision, self._source_columns = None, None
        return is_other

    def has_news(self) -> bool:
        """Return whether the source has changed since `follow` was called."""
        return self.source is not None and self.source.revision != self._revision

    def follow(self) -> tuple[bool, bool]:
        """Take note of a source that has changed: the cursor goes to where its row is now.

        Return whether the source has other columns, and whether it has another order.
        """
        source = self.source
        if source is None:
            return False, False
        self._revision = source.revision
        self.cursor.follow_rows(source)
        columns, order = tuple(source.columns), source.order
        changed = columns != self._source_columns, order != self._order
        self._source_columns, self._order = columns, order
        return changed

    def find_values(self, first: int, count: int) -> bool:
        """Look in these rows for values in columns that are left out for want of any.

        Return whether there are some, so that the columns have to be arranged again.
        """
        source = self.source
        if source is None or not self.layout.hide_empty:
            return False
        among = {column.name for column in source.columns} - self._filled
        found = list_filled(source.columns, source.rows(first, count), among)
        self._filled |= found
        return bool(found)

    def measure_values(self, first: int, count: int) -> bool:
        """Look how wide the values in these rows are, where columns leave cells free.

        Return whether some need more than their column has, so that the columns have to be
        arranged again. Rows that were measured before are not measured again.
        """
        source = self.source
        if source is None or not self._has_spare_room:
            return False
        revision, known = self._measured
        wanted = range(first, min(first + count, source.row_count))
        if revision != source.revision or not (known and _touch(known, wanted)):
            known = range(wanted.start, wanted.start)
        before = range(wanted.start, known.start)
        parts = (before, range(max(known.stop, wanted.start), wanted.stop))
        whole = range(min(known.start, wanted.start), max(known.stop, wanted.stop))
        self._measured = (source.revision, whole)
        has_wider = False
        columns = [column for column in self.columns if column.name not in self.layout.widths]
        for row in (row for part in parts for row in source.rows(part.start, len(part)) if row):
            for column in columns:
                width = measure_width(cell_text(row.value(column.index)))
                if width > max(self._needed.get(column.name, 0), column.width):
                    self._needed[column.name] = width
                    has_wider = True
        return has_wider

    def arrange(self) -> None:
        """Choose the columns to show; the cursor stays in its column, or goes to the nearest."""
        columns = () if self.source is None else self.source.columns
        empty = {column.name for column in columns} - self._filled if self._filled else ()
        self._arranged = self.layout.arrange(columns, empty)
        self.columns = self._fit()
        self.cursor.follow_columns(self.columns)

    def fit(self, room: int) -> None:
        """Take note of how many cells the columns have together."""
        if room != self._room:
            self._room = room
            self.columns = self._fit()

    def _fit(self) -> tuple[GridColumn, ...]:
        """Return the columns, narrowed or widened for the room that there is."""
        columns, room = self._arranged, self._room
        if not room:
            return columns
        names = find_name_fields(column.name for column in columns)
        if self._fitted:
            columns = narrow_columns(columns, room, self._fitted, self.layout.widths, names)
        self._has_spare_room = sum(column.width + GAP for column in columns) < room
        return widen_columns(columns, room, self._needed, names)

    def show_matches(self, cells: Collection[tuple[str, str]]) -> None:
        """Take the cells, by row key and column name, where a search found something."""
        names: dict[str, set[str]] = {}
        for key, name in cells:
            names.setdefault(key, set()).add(name)
        self._matches = {key: frozenset(found) for key, found in names.items()}

    def read_row(self, position: int) -> GridRow | None:
        """Return the row at a position, None where it was not read or there is none."""
        rows = () if self.source is None else self.source.rows(position, 1)
        return rows[0] if rows else None

    def look(self, row: GridRow | None, position: int) -> RowLook:
        """Return how a row that is at this position is shown."""
        cursor = self.cursor.place if position == self.cursor.row else None
        if row is None:
            return RowLook(position, cursor)
        matches = self._matches.get(row.key, frozenset())
        return RowLook(position, cursor, row.key in self.marks, matches)


def _touch(one: range, other: range) -> bool:
    """Return whether two ranges overlap, or one begins where the other ends."""
    return one.start <= other.stop and other.start <= one.stop
