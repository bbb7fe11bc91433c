"""A set of external ids that takes little memory, however long a reading is."""

import struct
from collections.abc import Sequence

_BUCKETS = 1 << 16
_HASH = struct.Struct("<H6s")
"""A 64-bit hash: two bytes choose the bucket, six are kept in it."""


class IdSet:
    """External ids by their 64-bit hashes, in some eight bytes an id: a million take 9 MB.

    A set of the hashes would take 70 MB, and one of the ids themselves 130. Python keys the hashes
    differently in each process, so no service can make two of them meet. By chance an id is taken
    for another in one of some three million readings of a million records.
    """

    def __init__(self) -> None:
        self._buckets = [b""] * _BUCKETS
        self._count = 0

    def __len__(self) -> int:
        """Return how many different ids were added."""
        return self._count

    def add(self, external_ids: Sequence[str]) -> list[int]:
        """Add ids, and return the places of those that are new."""
        buckets, new = self._buckets, list[int]()
        number: int
        rest: bytes
        hashes = struct.pack(f"<{len(external_ids)}q", *map(hash, external_ids))
        for place, (number, rest) in enumerate(_HASH.iter_unpack(hashes)):
            known = buckets[number]
            if rest not in known:
                buckets[number] = known + rest
                new.append(place)
        self._count += len(new)
        return new
