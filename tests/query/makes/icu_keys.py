"""Keys of the real ICU, which DuckDB carries: what its collations sort by, level by level.

A key of ICU is its levels one after the other with a byte 1 between: letters, accents, case.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache

import duckdb

Key = Callable[[str], bytes]

_BETWEEN_LEVELS = b"\x01"


@cache
def _open_database() -> duckdb.DuckDBPyConnection:
    """Return the one database of all keys: to open one takes a hundred times as long as a key."""
    return duckdb.connect()


class IcuKey:
    """The key of a language's collation; `levels` are how many of its levels count, None for all.

    With `skips_signs`, spaces and punctuation do not count; with `trims_end`, spaces at the end do
    not; with `reads_numbers`, a run of digits counts as a number; with `breaks_ties`, code points
    count last. Keys are kept: a text's is computed once.
    """

    def __init__(
        self,
        language: str = "und",
        levels: int | None = None,
        *,
        skips_signs: bool = False,
        trims_end: bool = False,
        reads_numbers: bool = False,
        breaks_ties: bool = False,
    ) -> None:
        self._language = language
        self._levels = levels
        self._skips_signs = skips_signs
        self._trims_end = trims_end
        self._reads_numbers = reads_numbers
        self._breaks_ties = breaks_ties
        self._keys: dict[str, bytes] = {}

    def __call__(self, text: str) -> bytes:
        if text not in self._keys:
            self.prepare([text])
        return self._keys[text]

    def prepare(self, texts: Iterable[str]) -> None:
        """Compute the keys of many texts at once."""
        new = sorted(set(texts) - self._keys.keys())
        if not new:
            return
        with _open_database().cursor() as connection:
            rows = connection.execute(
                "SELECT icu_sort_key(one, ?) FROM unnest(?::VARCHAR[]) AS list(one)",
                [self._language, [self._as_compared(text) for text in new]],
            ).fetchall()
        for text, (key,) in zip(new, rows, strict=True):
            last = b"\0" + text.encode() if self._breaks_ties else b""
            self._keys[text] = self._cut(bytes.fromhex(key)) + last

    def _as_compared(self, text: str) -> str:
        if self._trims_end:
            text = text.rstrip(" ")
        if self._skips_signs:
            text = "".join(one for one in text if unicodedata.category(one)[0] not in "PZ")
        if self._reads_numbers:
            text = re.sub("[0-9]+", lambda run: run[0].zfill(20), text)
        return text

    def _cut(self, key: bytes) -> bytes:
        if self._levels is None:
            return key
        return _BETWEEN_LEVELS.join(key.removesuffix(b"\0").split(_BETWEEN_LEVELS)[: self._levels])
