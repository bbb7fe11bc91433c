"""The rows of a query's result as a grid shows them: those that have come, while more are coming.

At most `MOST_CELLS` values are held here. The rows after them stay where the result keeps them, and
are read from there, for no call, once they are in sight; until then they are placeholders.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence

from cmdm_tui.formats import OutputColumn, OutputRow, unique_names
from cmdm_tui.formats.cells import is_number
from cmdm_tui.query.result import QueryResult
from cmdm_tui.tui.models.columns import choose_width
from cmdm_tui.tui.models.row_source import SortKey, SourceColumn, SourceState, Tone

MOST_CELLS = 500_000
"""Values that are held of the rows that came first."""

_BLOCK_CELLS = 20_000
_BLOCK_COUNT = 10
"""Blocks of later rows that are held, of about `_BLOCK_CELLS` values each."""

_SAMPLE_SIZE = 200
"""Rows that decide how wide a column is."""


class ResultRow:
    """One row of a result; what identifies it is its place, as a result may hold a row twice."""

    __slots__ = ("key", "values")

    def __init__(self, key: str, values: OutputRow) -> None:
        self.key = key
        self.values = values

    @property
    def revision(self) -> int:
        """Always the same: a result never changes."""
        return 0

    def value(self, column: int) -> object:
        """Return the value in the column of that index."""
        return self.values[column]

    def tone(self, column: int) -> Tone:
        """Return how the value is shown: null dim."""
        return Tone.DIM if self.values[column] is None else Tone.NORMAL


class ResultSource:
    """The rows of one result, in one order.

    While it is LOADING, `add_rows` brings rows; `finish` says that all are there, `fail` that no
    more will come. `on_wanted` is called when rows are in sight that `read_wanted` is to read.
    """

    def __init__(
        self, columns: Sequence[OutputColumn] = (), *, order: tuple[SortKey, ...] = ()
    ) -> None:
        self._outputs = tuple(columns)
        self._order = order
        self._kept: list[OutputRow] = []
        self._count = 0
        self._blocks: OrderedDict[int, Sequence[OutputRow]] = OrderedDict()
        self._wanted: tuple[int, int] | None = None
        self._result: QueryResult | None = None
        self._state = SourceState.LOADING
        self._revision = 0
        self._columns = self._make_columns()
        self.on_wanted: Callable[[], None] = lambda: None

    @classmethod
    def of_result(cls, result: QueryResult, order: tuple[SortKey, ...] = ()) -> "ResultSource":
        """Return the source of a result that is there; `read_wanted` reads its first rows."""
        source = cls(result.columns, order=order)
        source.finish(result)
        source.want_rows(0, 1)
        return source

    @property
    def columns(self) -> Sequence[SourceColumn]:
        """The columns of the result; a name that occurs twice has a number after it."""
        return self._columns

    @property
    def output_columns(self) -> tuple[OutputColumn, ...]:
        """The columns with their names in the query and the types that DuckDB gives them."""
        return self._outputs

    @property
    def row_count(self) -> int:
        """How many rows have come."""
        return self._count

    @property
    def is_count_known(self) -> bool:
        """Whether no more rows will come."""
        return self._state is not SourceState.LOADING

    @property
    def revision(self) -> int:
        """Another number once rows have come, or the state has changed."""
        return self._revision

    @property
    def order(self) -> tuple[SortKey, ...]:
        """What the rows were sorted by here; empty in the query's order."""
        return self._order

    @property
    def state(self) -> SourceState:
        """What it is doing."""
        return self._state

    @property
    def result(self) -> QueryResult | None:
        """The result itself, once it is there."""
        return self._result

    def add_rows(self, columns: Sequence[OutputColumn], rows: Sequence[OutputRow]) -> None:
        """Take in rows that have come, with the columns that they have."""
        if not self._columns:
            self._outputs = tuple(columns)
        self._count += len(rows)
        room = self.most_kept - len(self._kept)
        is_sample = len(self._kept) < _SAMPLE_SIZE
        if room > 0:
            self._kept += rows[:room]
        if is_sample:
            self._columns = self._make_columns()
        self._revision += 1

    def finish(self, result: QueryResult) -> None:
        """Take in that all rows have come, and the result that holds them."""
        self._result, self._state = result, SourceState.READY
        self._count = result.count
        self._outputs = tuple(result.columns)
        self._columns = self._make_columns()
        self._revision += 1

    @property
    def most_kept(self) -> int:
        """Rows that are held here at most."""
        return MOST_CELLS // max(len(self._outputs), 1)

    def reorder(
        self, result: QueryResult, rows: Sequence[OutputRow], order: tuple[SortKey, ...]
    ) -> None:
        """Take in the same rows in another order; `rows` are its first, `most_kept` of them."""
        self._result, self._order = result, order
        self._kept = list(rows)
        self._blocks.clear()
        self._wanted = None
        self._revision += 1

    def end(self) -> None:
        """Take in that all rows have come, of something other than a query."""
        self._state = SourceState.READY
        self._count = len(self._kept)
        self._revision += 1

    def fail(self) -> None:
        """Take in that no more rows come, and no result: what has come stays."""
        self._state = SourceState.FAILED
        self._count = len(self._kept)
        self._revision += 1

    def rows(self, first: int, count: int) -> Sequence[ResultRow | None]:
        """Return rows from position `first`, None for each that is not held here."""
        last = min(first + count, self._count)
        return [self._row(position) for position in range(first, last)]

    def position(self, key: str) -> int | None:
        """Return the position of the row with this key."""
        position = int(key) - 1 if key.isdecimal() else -1
        return position if 0 <= position < self._count else None

    def want_rows(self, first: int, count: int) -> None:
        """Note which rows are in sight; those that are not held here are read next."""
        if self._result is None:
            return
        last = min(first + count, self._count)
        missing = [one for one in range(first, last) if self._values(one) is None]
        if missing and self._wanted != (missing[0], missing[-1]):
            self._wanted = (missing[0], missing[-1])
            self.on_wanted()

    @property
    def has_wanted(self) -> bool:
        """Whether rows are in sight that `read_wanted` is to read."""
        return self._wanted is not None

    async def read_wanted(self) -> None:
        """Read the rows in sight that are not held here, from the result; it makes no call."""
        while self._wanted is not None and self._result is not None:
            wanted, size, result = self._wanted, self._block_size, self._result
            for block in range(wanted[0] // size, wanted[1] // size + 1):
                if block not in self._blocks:
                    rows = await result.read_rows(block * size, size)
                    if result is not self._result:
                        return  # it was sorted meanwhile: these are not the rows of the block
                    self._blocks[block] = rows
                self._blocks.move_to_end(block)
            while len(self._blocks) > _BLOCK_COUNT:
                self._blocks.popitem(last=False)
            if self._wanted == wanted:
                self._wanted = None
        if len(self._kept) < _SAMPLE_SIZE:
            self._columns = self._make_columns()
        self._revision += 1

    def loaded_ranges(self) -> Sequence[range]:
        """Return the positions of the rows that are held here, in ascending order."""
        size = self._block_size
        later = [
            range(max(block * size, len(self._kept)), min((block + 1) * size, self._count))
            for block in sorted(self._blocks)
        ]
        return [one for one in (range(len(self._kept)), *later) if one]

    @property
    def has_stored_rows(self) -> bool:
        """Whether the result is there, which holds all rows."""
        return self._result is not None

    async def read_stored(self, first: int, count: int) -> Sequence[ResultRow]:
        """Return `count` rows from position `first`, held here or not; it makes no call."""
        held = self.rows(first, count)
        found = [row for row in held if row is not None]
        if len(found) == len(held) or self._result is None:
            return found
        # A search that is left must not interrupt what else reads the result.
        read = await asyncio.shield(self._result.read_rows(first, len(held)))
        return [self._make_row(place, values) for place, values in enumerate(read, first)]

    @property
    def _block_size(self) -> int:
        return max(_BLOCK_CELLS // max(len(self._outputs), 1), 1)

    def _row(self, position: int) -> ResultRow | None:
        values = self._values(position)
        return None if values is None else self._make_row(position, values)

    def _make_row(self, position: int, values: OutputRow) -> ResultRow:
        return ResultRow(str(position + 1), values)

    def _values(self, position: int) -> OutputRow | None:
        if position < len(self._kept):
            return self._kept[position]
        size = self._block_size
        rows = self._blocks.get(position // size, ())
        place = position % size
        return rows[place] if place < len(rows) else None

    def _make_columns(self) -> tuple[SourceColumn, ...]:
        sample = self._kept[:_SAMPLE_SIZE] or next(iter(self._blocks.values()), ())[:_SAMPLE_SIZE]
        names = unique_names(self._outputs)
        return tuple(
            SourceColumn(
                name,
                column.name,
                choose_width(column.name, [row[place] for row in sample]),
                is_number=is_number(column.type),
            )
            for place, (name, column) in enumerate(zip(names, self._outputs, strict=True))
        )
