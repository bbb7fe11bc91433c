"""Marks: the rows that a person has picked, by key, whatever the order."""

from collections.abc import Iterable, Iterator, Sequence

from cmdm_tui.tui.models.row_source import RowSource

_AT_ONCE = 1000
"""Rows that are asked for at once."""


class Marks:
    """A set of row keys, and the row where a range begins.

    It outlives the rows: a key stays marked while its row is not read, or is at another place.
    """

    def __init__(self) -> None:
        self._keys: dict[str, None] = {}
        self._anchor: str | None = None

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    @property
    def keys(self) -> Sequence[str]:
        """The keys, in the order in which they were marked."""
        return tuple(self._keys)

    @property
    def anchor(self) -> str | None:
        """The row that was marked last, where a range begins; None where there is none."""
        return self._anchor

    def toggle(self, key: str) -> None:
        """Mark a row, or take its mark off; a range begins there."""
        if key in self._keys:
            del self._keys[key]
        else:
            self._keys[key] = None
        self._anchor = key

    def mark(self, keys: Iterable[str]) -> None:
        """Mark these rows too."""
        self._keys.update(dict.fromkeys(keys))

    def mark_range(self, source: RowSource, key: str) -> None:
        """Mark all rows that were read from the anchor to this one; without an anchor this alone.

        An anchor that the source no longer has is none.
        """
        start = None if self._anchor is None else source.position(self._anchor)
        end = source.position(key)
        if start is None or end is None:
            self.mark([key])
        else:
            first, last = min(start, end), max(start, end)
            self.mark(_read_keys(source, first, last + 1))
        self._anchor = key

    def mark_all(self, source: RowSource) -> None:
        """Mark all rows that were read."""
        self.mark(_read_keys(source, 0, source.row_count))

    def invert(self, source: RowSource) -> None:
        """Mark the rows that were read and are not marked, and those only."""
        self._keys = {
            key: None for key in _read_keys(source, 0, source.row_count) if key not in self._keys
        }

    def clear(self) -> None:
        """Take all marks off."""
        self._keys.clear()
        self._anchor = None

    def unmark(self, keys: Iterable[str]) -> None:
        """Take the marks off these rows, such as those that were deleted."""
        left = set(keys)
        self._keys = {key: None for key in self._keys if key not in left}
        if self._anchor in left:
            self._anchor = None


def _read_keys(source: RowSource, first: int, end: int) -> Iterator[str]:
    for start in range(first, end, _AT_ONCE):
        for row in source.rows(start, min(_AT_ONCE, end - start)):
            if row is not None:
                yield row.key
