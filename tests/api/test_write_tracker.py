"""What a client's writes cannot have made: records that it created or saw before they began."""

from cmdm_tui.api.models import PendingWrite
from cmdm_tui.api.quota import QuotaTracker
from cmdm_tui.api.write_tracker import WriteTracker


def tracker() -> WriteTracker:
    return WriteTracker(QuotaTracker().clock)


def test_a_record_seen_before_a_write_is_not_its_and_one_seen_later_may_be() -> None:
    writes = tracker()
    writes.add_seen("lead", ["before"])
    writes.add_seen("task", ["of another entity"])
    describe = writes.track(PendingWrite("Lead", {}))
    writes.add_seen("lead", ["before", "later"])
    writes.add_created("created by another call")
    assert describe().excluded_ids == {"before", "created by another call"}
    assert writes.track(PendingWrite("lead", {}))().excluded_ids >= {"before", "later"}


def test_the_last_records_are_remembered_and_no_more_than_needed() -> None:
    writes = tracker()
    for page in range(50):
        writes.add_seen("lead", [f"{page}-{row}" for row in range(400)])
        writes.add_seen("lead", [])
    known = writes.track(PendingWrite("lead", {}))().excluded_ids
    assert known == {f"{page}-{row}" for page in (47, 48, 49) for row in range(400)}
