"""Searches the rows that a source has read: no call, and it says how many of how many those are."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from cmdm_tui.formats.value_text import value_text
from cmdm_tui.text import count_noun
from cmdm_tui.tui.models.row_source import GridRow, RowSource

_BLOCK = 1_000
"""Rows looked at in one step."""
_MOST_MATCHES = 100_000


@runtime_checkable
class SparseRows(Protocol):
    """A source of which only parts were read."""

    def loaded_ranges(self) -> Sequence[range]:
        """Return the positions that were read, in ascending order."""
        ...


@runtime_checkable
class StoredRows(Protocol):
    """A source whose rows can all be read for no call, once `has_stored_rows` is true."""

    @property
    def has_stored_rows(self) -> bool:
        """Whether rows can be read that are not held."""
        ...

    async def read_stored(self, first: int, count: int) -> Sequence[GridRow]:
        """Return `count` rows from position `first`, fewer where the source ends; no call."""
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
    matches: list[Match] = []
    searched = 0
    for loaded in list_loaded_ranges(source):
        for first in range(loaded.start, loaded.stop, _BLOCK):
            rows = source.rows(first, min(_BLOCK, loaded.stop - first))
            searched += len(rows)
            matches += _find(rows, first, words, columns)
            if len(matches) >= _MOST_MATCHES:
                return _make_result(source, words, matches, searched)
    return _make_result(source, words, matches, searched)


async def search_stored(
    source: RowSource, stored: StoredRows, words: str, columns: Sequence[int]
) -> SearchResult:
    """Return every value of all rows that contains the words, whatever their case.

    `stored` are the rows of `source`, `columns` as in `search_loaded`. Other work is done between
    its steps.
    """
    matches: list[Match] = []
    searched = 0
    for first in range(0, source.row_count, _BLOCK):
        rows = await stored.read_stored(first, _BLOCK)
        searched += len(rows)
        matches += _find(rows, first, words, columns)
        if len(matches) >= _MOST_MATCHES:
            break
        await asyncio.sleep(0)
    return _make_result(source, words, matches, searched)


def _make_result(
    source: RowSource, words: str, matches: Sequence[Match], searched: int
) -> SearchResult:
    kept = tuple(matches[:_MOST_MATCHES])
    return SearchResult(
        words,
        kept,
        searched,
        source.row_count if source.is_count_known else None,
        len(matches) >= _MOST_MATCHES,
        frozenset((match.key, match.column) for match in kept),
    )


def list_loaded_ranges(source: RowSource) -> Sequence[range]:
    """Return the positions whose rows can be had without a call."""
    if isinstance(source, SparseRows):
        return source.loaded_ranges()
    return [range(source.row_count)]


def _find(
    rows: Sequence[GridRow | None], first: int, words: str, columns: Sequence[int]
) -> Iterator[Match]:
    sought = words.casefold()
    for place, row in enumerate(rows, first):
        if row is None or not sought:
            continue
        for column in columns:
            value = row.value(column)
            if value is not None and sought in value_text(value).casefold():
                yield Match(place, row.key, column)
