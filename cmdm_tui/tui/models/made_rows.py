"""Rows that are made of what is there when they are in sight, as a source for a grid."""

from collections.abc import Callable, Sequence

from cmdm_tui.tui.models.row_source import SortKey, SourceColumn, SourceState
from cmdm_tui.tui.models.table_source import TableRow


class MadeRows:
    """`count` rows, each made by `make_row` from its position; its key is the position from 1.

    What they are made of must not change. Nothing is kept of a row.
    """

    order: tuple[SortKey, ...] = ()
    state = SourceState.READY
    is_count_known = True
    revision = 0
    has_stored_rows = True
    """Whether a search goes step by step: there may be millions of rows."""

    def __init__(
        self,
        columns: Sequence[SourceColumn],
        count: int = 0,
        make_row: Callable[[int], TableRow] | None = None,
    ) -> None:
        self.columns = tuple(columns)
        self.row_count = count
        self._make_row = make_row

    def rows(self, first: int, count: int) -> Sequence[TableRow]:
        """Return the rows from position `first`."""
        make = self._make_row
        if make is None:
            return []
        return [make(place) for place in range(first, min(first + count, self.row_count))]

    async def read_stored(self, first: int, count: int) -> Sequence[TableRow]:
        """Return the rows from position `first`."""
        return self.rows(first, count)

    def position(self, key: str) -> int | None:
        """Return the position of the row with this key."""
        place = int(key) - 1 if key.isdecimal() else -1
        return place if 0 <= place < self.row_count else None

    def want_rows(self, first: int, count: int) -> None:
        """Do nothing: all rows can be made."""
