"""A row source of plain values for tests; a row that is None was not read."""

from collections.abc import Sequence
from dataclasses import dataclass

from cmdm_tui.tui.models.row_source import SortKey, SourceColumn, SourceState, Tone


@dataclass(frozen=True)
class Line:
    key: str
    values: Sequence[object]
    revision: int = 0

    def value(self, column: int) -> object:
        return self.values[column]

    def tone(self, column: int) -> Tone:
        return Tone.NORMAL


class Lines:
    """Rows K0, K1, … under the columns `names`."""

    order: tuple[SortKey, ...] = ()
    state = SourceState.READY
    revision = 0

    def __init__(
        self, rows: Sequence[Sequence[object] | None], names: Sequence[str] = "abc",
        *, known: bool = True,
    ) -> None:  # fmt: skip
        self._rows = rows
        self.is_count_known = known
        self.columns = [SourceColumn(name, name, 5) for name in names]
        self.row_count = len(rows)

    def rows(self, first: int, count: int) -> list[Line | None]:
        return [
            None if row is None else Line(f"K{place}", row)
            for place, row in enumerate(self._rows[first : first + count], first)
        ]

    def position(self, key: str) -> int | None:
        place = int(key[1:])
        return place if place < len(self._rows) and self._rows[place] is not None else None

    def want_rows(self, first: int, count: int) -> None:
        pass

    def loaded_ranges(self) -> list[range]:
        return [range(n, n + 1) for n, row in enumerate(self._rows) if row is not None]
