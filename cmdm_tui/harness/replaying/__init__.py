"""Replay of cassettes in bulk: read by an index, answered from memory, by many at once."""

from cmdm_tui.harness.replaying.scalars import NotCanonical
from cmdm_tui.harness.replaying.scanning import RecordedAnswer, read_cassette
from cmdm_tui.harness.replaying.transport import Exhausted, IndexedTransport, NotInCassette

__all__ = [
    "Exhausted",
    "IndexedTransport",
    "NotCanonical",
    "NotInCassette",
    "RecordedAnswer",
    "read_cassette",
]
