"""Cassettes: recorded calls and answers. `read_cassette` reads one, `IndexedTransport` plays them.

Central files: `format` (what a cassette holds), `reader` and `canonical_yaml` (reading any layout,
fast), `player` and `matching` (which answer a call gets, and which one is nearest), `transport`
(answers for httpx), `replay_service` (for a server), `vcr_playback` and `client_patches` (for every
client of a process), `recorded_service` and `recorded_records` (the records that cassettes saw, as
a service to browse), `recorder` and `case_recorder` (recording under vcrpy), `people`
and `case_texts` (people replaced by stand-ins), `offline_replay` (replay of a case), `library` and
`manifest` (folders of cassettes).

Also public: `CassetteUnreadable`, `Exhausted`, `NotInCassette`, `RecordedAnswer`.
"""

from cmdm_tui.harness.cassettes.canonical_yaml import RecordedAnswer
from cmdm_tui.harness.cassettes.reader import CassetteUnreadable, read_cassette
from cmdm_tui.harness.cassettes.transport import Exhausted, IndexedTransport, NotInCassette

__all__ = [
    "CassetteUnreadable",
    "Exhausted",
    "IndexedTransport",
    "NotInCassette",
    "RecordedAnswer",
    "read_cassette",
]
