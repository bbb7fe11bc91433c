"""Bodies of requests and answers, kept for a while: bounded in bytes, the oldest go first."""

from collections import OrderedDict

LARGEST_KEPT = 8 * 1024 * 1024
"""Bytes of the largest body that is kept."""

MOST_BYTES = 32 * 1024 * 1024
"""Bytes of all bodies that are kept."""

BodyKey = tuple[str, str]
"""The key of a call, and `sent` or `received`."""


class BodyStore:
    """Keeps bodies up to a number of bytes in all; those not used for the longest time go first."""

    def __init__(self, most_bytes: int = MOST_BYTES, largest: int = LARGEST_KEPT) -> None:
        self._most_bytes = most_bytes
        self._largest = min(largest, most_bytes)
        self._bodies = OrderedDict[BodyKey, bytes]()
        self.byte_count = 0
        """Bytes kept now."""
        self.dropped_count = 0
        """Bodies that were not kept, or not to the end of the run."""

    def store(self, key: BodyKey, body: bytes) -> None:
        """Keep a body in place of what had its key; one that is too large is not kept."""
        self.remove(key)
        if len(body) > self._largest:
            self.dropped_count += 1
            return
        self._bodies[key] = body
        self.byte_count += len(body)
        while self.byte_count > self._most_bytes:
            _, oldest = self._bodies.popitem(last=False)
            self.byte_count -= len(oldest)
            self.dropped_count += 1

    def load(self, key: BodyKey) -> bytes | None:
        """Return a body, which counts as used now; None where it is not kept."""
        body = self._bodies.get(key)
        if body is not None:
            self._bodies.move_to_end(key)
        return body

    def remove(self, key: BodyKey) -> None:
        """Keep a body no longer, as its call is not kept either."""
        body = self._bodies.pop(key, None)
        self.byte_count -= len(body or b"")
