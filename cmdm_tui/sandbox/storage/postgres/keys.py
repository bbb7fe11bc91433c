"""Sort keys as PostgreSQL keeps them: bytes, in the order of code points whatever the locale.

UTF-8 keeps the order of code points, and `bytea` is compared byte by byte, may hold NUL and knows
no collation. A B-tree takes no entry over 2,704 bytes, so a longer key is cut, and a rank between
its neighbours takes the place of the rest.
"""

from collections.abc import Iterable, Mapping

from cmdm_tui.sandbox.schema import EntitySchema, FieldSchema
from cmdm_tui.sandbox.storage.store import decode_properties
from cmdm_tui.sandbox.wire_types import sort_key

LONGEST_WHOLE_KEY = 2_000
"""In bytes; what is longer is cut here. The text that follows it is a rank."""

_NULL = b""
_VALUE = b"\x01"
_AFTER_RANKS = b"\xff" * 4
_STEP = 0x100


def encode_key(field: FieldSchema, value: str | None) -> bytes:
    """Return the whole key of a value: null before all others, as ascending order has it."""
    return _NULL if value is None else _VALUE + sort_key(field.type, value).encode()


def encode_keys(entity: EntitySchema, properties: Mapping[str, str | None]) -> list[bytes]:
    """Return the whole keys of a record, in the order of the entity's fields."""
    return [encode_key(field, properties.get(field.name)) for field in entity.fields]


def encode_record_keys(entity: EntitySchema, record: bytes) -> list[bytes]:
    """Return the whole keys of a record that is still JSON."""
    return encode_keys(entity, decode_properties(record))


def is_too_long(key: bytes) -> bool:
    """Return whether a key is too long to be kept whole."""
    return len(key) > LONGEST_WHOLE_KEY


def truncate_key(key: bytes) -> tuple[bytes, bytes]:
    """Return what is kept of a long key, and the end of the range that such keys lie in."""
    start = key[:LONGEST_WHOLE_KEY]
    return start, start + _AFTER_RANKS


def rank_key(key: bytes, neighbours: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a cut key with its rank among those that begin alike.

    `neighbours` are pairs of a whole key and of the key that is kept for it.
    """
    start, _ = truncate_key(key)
    below, above = b"", None
    for whole, kept in sorted(neighbours):
        rank = kept[len(start) :]
        if whole == key:
            return kept
        if whole > key:
            above = rank
            break
        below = rank
    return start + between(below, above)


def between(below: bytes, above: bytes | None) -> bytes:
    """Return a rank after `below` and before `above`, None being beyond all.

    No rank ends in a zero byte, so there is always room for another. `below` may be empty.
    """
    if not below and above is None:
        return b"\x80"
    if above is None:
        # Ranks given one after another must not grow: there is room for millions of them.
        number = int.from_bytes(below[:4].ljust(4, b"\x00")) + _STEP
        is_room = number < int.from_bytes(_AFTER_RANKS)
        return number.to_bytes(4).rstrip(b"\x00") if is_room else below + b"\x80"
    shared = 0
    while _byte(below, shared) == above[shared]:
        shared += 1
    low = _byte(below, shared)
    if above[shared] - low > 1:
        return above[:shared] + bytes([(low + above[shared]) // 2])
    # There is no byte between these two: continue after the lower one.
    return above[:shared] + bytes([low]) + _after(below[shared + 1 :])


def _after(below: bytes) -> bytes:
    position = 0
    while _byte(below, position) == 0xFF:
        position += 1
    return below[:position] + bytes([(_byte(below, position) + 0x101) // 2])


def _byte(rank: bytes, position: int) -> int:
    return rank[position] if position < len(rank) else 0
