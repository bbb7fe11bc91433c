"""What a grid shows: columns, a count, and rows by position.

An entity's records, a query's result, related records, fields, the call log, a change set and a
cassette are row sources. A source holds what was read and says what it has not; it makes no call
and knows no screen. Whoever shows it asks for rows, tells it by `want_rows` which are in sight, and
looks at `revision` to see whether anything has changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol


class Tone(Enum):
    """How a cell is shown: a colour of the theme, or an attribute where there are no colours."""

    NORMAL = auto()
    DIM = auto()
    """Of less interest: an external id, a value that is not known."""
    GOOD = auto()
    WARNING = auto()
    ERROR = auto()
    CHANGED = auto()
    """Another value than before, or than in the record it is compared with."""
    GONE = auto()
    """Deleted: it is struck through."""
    MATCH = auto()
    """Found by a search."""


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of a source.

    `name` identifies it in the source and `label` is shown; both are untrusted. `width` is the
    width in cells that fits most of its values, without the gap between columns.
    """

    name: str
    label: str
    width: int
    is_number: bool = False
    is_key: bool = False
    """Whether it identifies the row, such as the external id: shown dim, and pinned at first."""


class GridRow(Protocol):
    """One row. `key` identifies it in its source, whatever the order: an external id, say."""

    @property
    def key(self) -> str:
        """What identifies the row in its source."""
        ...

    @property
    def revision(self) -> int:
        """Another number once a value or tone of the row has changed."""
        ...

    def value(self, column: int) -> object:
        """Return the value in the source's column of that index, None for null; untrusted."""
        ...

    def tone(self, column: int) -> Tone:
        """Return how the value is shown."""
        ...


class SourceState(Enum):
    """What a source is doing."""

    READY = auto()
    LOADING = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class SortKey:
    """One column of an order."""

    column: str
    is_descending: bool = False


def turn_key(order: Sequence[SortKey], column: str) -> SortKey:
    """Return the key of a column; the other way round where the order is by that column alone."""
    is_same = [key.column for key in order] == [column]
    return SortKey(column, is_same and not order[0].is_descending)


class RowSource(Protocol):
    """Rows by position, as far as they were read."""

    @property
    def columns(self) -> Sequence[SourceColumn]:
        """The columns, in the source's own order."""
        ...

    @property
    def row_count(self) -> int:
        """How many positions there are, rows not read yet included; see `is_count_known`."""
        ...

    @property
    def is_count_known(self) -> bool:
        """Whether `row_count` is the count, not only how far it is known by now."""
        ...

    @property
    def revision(self) -> int:
        """Another number once rows, columns, count, order or state have changed."""
        ...

    @property
    def order(self) -> tuple[SortKey, ...]:
        """What the rows are sorted by; empty in the source's own order."""
        ...

    @property
    def state(self) -> SourceState:
        """What it is doing."""
        ...

    def rows(self, first: int, count: int) -> Sequence[GridRow | None]:
        """Return `count` rows from position `first` (0 is the first), None for each not read yet.

        Fewer come where the source ends.
        """
        ...

    def position(self, key: str) -> int | None:
        """Return the position of the row with this key, None where it was not read."""
        ...

    def want_rows(self, first: int, count: int) -> None:
        """Note that these rows are in sight: a source that reads will read them next."""
        ...
