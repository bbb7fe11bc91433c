"""The first records of a sandbox: realistic, related, and the same in every sandbox of a size.

All random choices come from a fixed seed, all dates from a fixed day: the same number of leads
gives the same records, byte for byte. `records` makes them, of the words in `words` and
`british_names`, with `random_values`; `record_spool` makes them in another process while they are
stored.
"""

from cmdm_tui.sandbox.storage.store import Seed

_SHARES = {
    "account": 0.2,
    "lead": 1.0,
    "contact": 0.45,
    "task": 0.75,
    "opportunity": 0.3,
    "event": 0.03,
    "product": 0.12,
}


def count_records(records: int) -> dict[str, int]:
    """Return how many records of each entity go with `records` leads: at least one, or none."""
    return {
        entity: max(round(records * share), 1) if records else 0
        for entity, share in _SHARES.items()
    }


def generate_records(records: int) -> Seed:
    """Return every entity with its first records, `records` being the number of leads.

    They are made one at a time as they are read, so a million of them need little memory.
    """
    from cmdm_tui.sandbox.seed.records import RecordMaker

    return RecordMaker(count_records(records)).make_entities()
