"""Rows of values that are all there, as a source for a grid: fields, related records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cmdm_tui.tui.models.row_source import GridRow, SortKey, SourceColumn, SourceState, Tone


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row by its values, one for each column; `tones` are those of its columns, by place."""

    key: str
    values: tuple[object, ...]
    tones: Mapping[int, Tone] = field(default_factory=dict[int, Tone])
    revision: int = 0

    def value(self, column: int) -> object:
        """Return the value in a column."""
        return self.values[column]

    def tone(self, column: int) -> Tone:
        """Return how it is shown."""
        return self.tones.get(column, Tone.NORMAL)


class TableSource:
    """The rows that were set last, in their order. A row's values must not change otherwise."""

    def __init__(self) -> None:
        self.columns: Sequence[SourceColumn] = ()
        self.revision = 0
        self.is_count_known = True
        self.order: tuple[SortKey, ...] = ()
        self.state = SourceState.READY
        self._rows: list[TableRow] = []
        self._places: dict[str, int] = {}

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def set_rows(self, columns: Sequence[SourceColumn], rows: Sequence[TableRow]) -> None:
        """Show these rows under these columns."""
        self.revision += 1
        self.columns = tuple(columns)
        self._rows = [
            TableRow(row.key, row.values, row.tones, revision=self.revision) for row in rows
        ]
        self._places = {row.key: place for place, row in enumerate(self._rows)}

    def rows(self, first: int, count: int) -> Sequence[GridRow | None]:
        """Return these rows; fewer at the end."""
        return self._rows[first : first + count]

    def position(self, key: str) -> int | None:
        """Return the position of the row with this key."""
        return self._places.get(key)

    def want_rows(self, first: int, count: int) -> None:
        """All rows are there."""
