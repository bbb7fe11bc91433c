"""Searches the rows that a source has read: no call, and it says how many of how many those are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from cmdm_tui.text import count_noun
from cmdm_tui.tui.models.row_source import RowSource
from cmdm_tui.tui.models.value_text import value_text

_BLOCK = 1_000
"""Rows looked at in one step."""
_MOST_MATCHES = 100_000


@runtime_checkable
class SparseRows(Protocol):
    """A source of which only parts were read."""

    def loaded_ranges(self) -> Sequence[range]:
        """Return the positions that were read, in ascending order."""
        ...


@dataclass(frozen=True, slots=True)
class Match:
    """A value that was found: the row's position and key, and the index of its column."""

    row: int
    key: str
    column: int


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search of the loaded rows has found, in the order of the rows.

    `searched` rows were looked at, of `row_count`, which is None where the count is not known.
    """

    words: str
    matches: tuple[Match, ...]
    searched: int
    row_count: int | None
    is_cut: bool = False
    _cells: frozenset[tuple[str, int]] = field(default=frozenset(), repr=False)

    def has(self, key: str, column: int) -> bool:
        """Return whether the value in that row and column was found."""
        return (key, column) in self._cells

    @property
    def caption(self) -> str:
        """How much was found in how much, in words: never more is claimed than was looked at."""
        count = len(self.matches)
        found = f"{'over ' if self.is_cut else ''}{count:,} match{'' if count == 1 else 'es'}"
        if self.row_count is None:
            return f"{found} in the {count_noun(self.searched, 'row')} read so far"
        if self.searched == self.row_count:
            return f"{found} in all {count_noun(self.searched, 'row')}"
        return f"{found} in the {self.searched:,} of {self.row_count:,} rows read"

    def find_next(self, row: int, column: int, *, backwards: bool = False) -> Match | None:
        """Return the next match after a cell, or before it, and round at the end."""
        if not self.matches:
            return None
        here = (row, column)
        if backwards:
            before = [match for match in self.matches if (match.row, match.column) < here]
            return before[-1] if before else self.matches[-1]
        after = (match for match in self.matches if (match.row, match.column) > here)
        return next(after, self.matches[0])

    def find_first(self, row: int, column: int) -> Match | None:
        """Return the match at a cell or the first after it, and round at the end."""
        return self.find_next(row, column - 1)


def search_loaded(source: RowSource, words: str, columns: Sequence[int]) -> SearchResult:
    """Return every value of the rows read that contains the words, whatever their case.

    `columns` are the indices of those that are shown, in their order; others are not searched.
    """
    sought = words.casefold()
    ranges = list_loaded_ranges(source)
    matches: list[Match] = []
    is_cut = False
    if sought:
        for match in _find(source, sought, columns, ranges):
            matches.append(match)
            if len(matches) == _MOST_MATCHES:
                is_cut = True
                break
    return SearchResult(
        words,
        tuple(matches),
        sum(map(len, ranges)),
        source.row_count if source.is_count_known else None,
        is_cut,
        frozenset((match.key, match.column) for match in matches),
    )


def list_loaded_ranges(source: RowSource) -> Sequence[range]:
    """Return the positions whose rows can be had without a call."""
    if isinstance(source, SparseRows):
        return source.loaded_ranges()
    return [range(source.row_count)]


def _find(
    source: RowSource, sought: str, columns: Sequence[int], ranges: Sequence[range]
) -> Iterator[Match]:
    for loaded in ranges:
        for first in range(loaded.start, loaded.stop, _BLOCK):
            rows = source.rows(first, min(_BLOCK, loaded.stop - first))
            for place, row in enumerate(rows, first):
                if row is None:
                    continue
                for column in columns:
                    value = row.value(column)
                    if value is not None and sought in value_text(value).casefold():
                        yield Match(place, row.key, column)
