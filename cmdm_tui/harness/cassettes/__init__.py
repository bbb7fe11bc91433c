"""Replay of cassettes in bulk: read by an index, answered from memory, by many at once."""

from cmdm_tui.harness.cassettes.canonical_yaml import RecordedAnswer, read_cassette
from cmdm_tui.harness.cassettes.transport import Exhausted, IndexedTransport, NotInCassette
from cmdm_tui.harness.cassettes.yaml_scalars import NotCanonical

__all__ = [
    "Exhausted",
    "IndexedTransport",
    "NotCanonical",
    "NotInCassette",
    "RecordedAnswer",
    "read_cassette",
]
