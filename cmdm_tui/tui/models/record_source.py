"""The records of the window shown, as a source of rows for the grid."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cmdm_tui.api import Field, Record
from cmdm_tui.tui.models.columns import (
    EXTERNAL_ID,
    MAX_COLUMNS,
    RecordColumn,
    choose_columns,
    list_names,
)
from cmdm_tui.tui.models.local_order import sort_records
from cmdm_tui.tui.models.record_window import RecordWindow
from cmdm_tui.tui.models.row_source import GridRow, SortKey, SourceColumn, SourceState, Tone
from cmdm_tui.tui.models.window_loader import WindowLoader

_SAMPLE_SIZE = 200
"""Records that decide which columns there are at first, and how wide."""

_PROPERTY_PREFIX = "Properties."
"""Before the name of a property that is called as the external id."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record as a row under the source's columns."""

    record: Record
    columns: Sequence[RecordColumn]
    revision: int
    is_gone: bool = False
    """Whether it was deleted since it was read."""

    @property
    def key(self) -> str:
        """The external id."""
        return self.record.external_id

    def value(self, column: int) -> object:
        """Return the record's value in a column."""
        return self.columns[column].value(self.record)

    def tone(self, column: int) -> Tone:
        """Return how it is shown: the external id is of less interest than the values."""
        if self.is_gone:
            return Tone.GONE
        return Tone.DIM if self.columns[column].is_external_id else Tone.NORMAL


class RecordSource:
    """The rows of a loader's window. `show_window` follows it to another one.

    Columns are those of declared fields and of the records seen; a field that only a later record
    has gets a column at the end once that record was read. Records that were all read can be
    `sort_rows`-ed here by several columns; the window itself stays in the service's order.
    """

    def __init__(self, loader: WindowLoader) -> None:
        self._loader = loader
        self._window: RecordWindow | None = None
        self._record_columns: tuple[RecordColumn, ...] = ()
        self._columns: tuple[SourceColumn, ...] = ()
        self._names: set[str] = set()
        self.field_count = 0
        """Columns that the records seen would have if all of their fields had one."""
        self._local_order: tuple[SortKey, ...] = ()
        self._sorted: list[Record] = []
        self._places: dict[str, int] = {}
        self._changes = 0
        self._gone: frozenset[str] = frozenset()
        """The ids of records that were deleted since they were read."""

    @property
    def columns(self) -> Sequence[SourceColumn]:
        """The columns: the external id, the declared fields, then what else the records have."""
        return self._columns

    @property
    def row_count(self) -> int:
        """How many positions the window has."""
        return self._window.row_count if self._window is not None else 0

    @property
    def is_count_known(self) -> bool:
        """Whether the service counts the records, or all were read."""
        return self._window is None or self._window.is_count_known

    @property
    def revision(self) -> int:
        """Another number once rows, columns, count, order or state have changed."""
        return self._loader.revision + self._changes

    @property
    def order(self) -> tuple[SortKey, ...]:
        """What the records are sorted by: by the service, or here by several columns."""
        window = self._window
        if self._local_order or window is None or window.order is None:
            return self._local_order
        return (SortKey(window.order.field, window.order.direction == "desc"),)

    @property
    def local_order(self) -> tuple[SortKey, ...]:
        """What the records are sorted by here, empty where the order is the service's."""
        return self._local_order

    @property
    def state(self) -> SourceState:
        """Whether a page is on its way, or could not be had."""
        if self._loader.error is not None:
            return SourceState.FAILED
        return SourceState.LOADING if self._loader.request is not None else SourceState.READY

    def rows(self, first: int, count: int) -> Sequence[GridRow | None]:
        """Return the records at these positions, None for each not read yet."""
        window = self._window
        if window is None:
            return ()
        records = (
            self._sorted[first : first + count]
            if self._local_order
            else window.records(first, count)
        )
        return [self._make_row(window, record) for record in records]

    def position(self, key: str) -> int | None:
        """Return the position of the record with this external id, None where it is not held."""
        if self._local_order:
            return self._places.get(key)
        return self._window.position(key) if self._window is not None else None

    def loaded_ranges(self) -> Sequence[range]:
        """Return the positions that are held: those that can be searched without a call."""
        if self._local_order:
            return [range(len(self._sorted))]
        return self._window.held_ranges() if self._window is not None else []

    def want_rows(self, first: int, count: int) -> None:
        """Note that these rows are in sight: their pages are asked for next."""
        self._loader.want_rows(first, count)

    def record(self, position: int) -> Record | None:
        """Return the record at a position, None where it was not read."""
        row = next(iter(self.rows(position, 1)), None) if position >= 0 else None
        return row.record if isinstance(row, RecordRow) else None

    def record_column(self, name: str) -> RecordColumn | None:
        """Return the column of that name: what to sort by."""
        names = [column.name for column in self._columns]
        return self._record_columns[names.index(name)] if name in names else None

    def show_window(self, fields: Sequence[Field]) -> None:
        """Follow the loader to its window; `fields` are those that the catalog knows of it.

        The columns that there are stay, as the window is one of the same entity.
        """
        self._window = window = self._loader.shown
        self._local_order, self._sorted, self._places = (), [], {}
        self._changes += 1
        if self._record_columns:
            self.window_changed()
            return
        sample = self._list_sample()
        self._names = {name for record in sample for name in record.properties}
        self.field_count = len(list_names(sample, fields)) + 1
        self._set_columns(choose_columns(sample, fields) if window is not None else ())

    def window_changed(self) -> None:
        """Take in that the window has more records: columns for fields that no record had yet."""
        if self._window is None:
            return
        known = self._names
        found = [record for record in self._list_sample() if not known >= record.properties.keys()]
        if found and self._record_columns:
            names = {name for record in found for name in record.properties} - self._names
            self._names |= names
            self.field_count += len(names)
            shown = {column.name for column in self._record_columns[1:]}
            more = [column for column in choose_columns(found)[1:] if column.name in names - shown]
            self._set_columns((*self._record_columns, *more)[:MAX_COLUMNS])
        if self._local_order:
            self.sort_rows(self._local_order if self._window.is_whole else ())

    def sort_rows(self, keys: Sequence[SortKey]) -> None:
        """Sort the records here, by columns of these names; with no key they are as they came.

        All records must have been read: `RecordWindow.is_whole`.
        """
        self._local_order, self._sorted = tuple(keys), []
        if keys and self._window is not None:
            columns = [(self.record_column(key.column), key.is_descending) for key in keys]
            known = [(column, down) for column, down in columns if column is not None]
            self._sorted = sort_records(self._window.all_records(), known)
        self._places = {record.external_id: at for at, record in enumerate(self._sorted)}
        self._changes += 1

    def replace_record(self, record: Record) -> None:
        """Show a record that was read again in its place."""
        window = self._window
        if window is not None and window.entity == record.entity:
            place = self._places.get(record.external_id)
            if place is not None:
                self._sorted[place] = record
            window.replace_record(record)
            self._changes += 1

    def mark_gone(self, external_ids: Iterable[str]) -> None:
        """Show these records as deleted, as long as they are held."""
        self._gone = frozenset(external_ids)
        self._changes += 1

    def _make_row(self, window: RecordWindow, record: Record | None) -> RecordRow | None:
        if record is None:
            return None
        revision, is_gone = window.revision_of(record), record.external_id in self._gone
        return RecordRow(record, self._record_columns, ~revision if is_gone else revision, is_gone)

    def _list_sample(self) -> list[Record]:
        """Return the records in sight and around, those of the first pages at first."""
        sight, window = self._loader.in_sight, self._window
        first = max(sight.first - _SAMPLE_SIZE // 4, 0)
        return window.sample(first, _SAMPLE_SIZE) if window is not None else []

    def _set_columns(self, columns: tuple[RecordColumn, ...]) -> None:
        self._record_columns = columns
        self._columns = tuple(
            SourceColumn(
                _PROPERTY_PREFIX + column.name
                if column.name == EXTERNAL_ID and not column.is_external_id
                else column.name,
                column.name,
                column.width,
                is_number=column.is_number,
                is_key=column.is_external_id,
            )
            for column in columns
        )
        self._changes += 1
