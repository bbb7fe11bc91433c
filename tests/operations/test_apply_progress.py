"""The line that says how far an apply has come."""

import re

import pytest

from cmdm_tui.changes.apply_events import ChangeApplied, WaitingForReset
from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.operations.apply_progress import ApplyProgress


def applied(finished: int, total: int, *, calls: int, left: int | None) -> ChangeApplied:
    entry = JournalEntry(finished, Change(ChangeKind.CLOSE, "task", "A1B2C3D4"), EntryState.DONE)
    return ChangeApplied(finished, entry, finished, total, calls, left)


def test_it_says_changes_calls_left_and_time() -> None:
    times = iter([0.0, 1.0, 20.0])
    progress = ApplyProgress(lambda: next(times))
    assert progress.describe(applied(1, 400, calls=2, left=900)) == (
        "[----------] 1 of 400 changes; 900 calls left; 0:01; Ctrl-C stops"
    )
    assert progress.describe(applied(100, 400, calls=200, left=702)) == (
        "[##--------] 100 of 400 changes; 702 calls left; 0:20, some 1:00 to go"
    )


def test_a_wait_is_no_time_that_a_change_takes() -> None:
    times = iter([0.0, 1.0, 2_420.0])
    progress = ApplyProgress(lambda: next(times))
    progress.describe(applied(1, 400, calls=2, left=900))
    progress.note_wait(WaitingForReset(2_400.0, 2_400.0, "full"))
    assert "some 1:00 to go" in progress.describe(applied(100, 400, calls=200, left=702))


def test_no_time_is_told_where_the_calls_will_not_do() -> None:
    times = iter([0.0, 1.0, 20.0])
    progress = ApplyProgress(lambda: next(times))
    progress.describe(applied(1, 400, calls=2, left=500))
    line = progress.describe(applied(100, 400, calls=200, left=402))
    assert "with a wait to come" in line
    assert "to go" not in line


def test_what_a_resumed_run_did_before_is_no_measure() -> None:
    times = iter([0.0, 10.0, 20.0])
    progress = ApplyProgress(lambda: next(times))
    progress.describe(applied(301, 400, calls=2, left=None))
    # 50 changes in 20 s, and 50 to go.
    assert "some 0:20 to go" in progress.describe(applied(350, 400, calls=100, left=None))


@pytest.mark.parametrize("count", [1, 365, 99_999, 1_000_000])
def test_it_fits_a_terminal_and_ends_with_a_whole_part(count: int) -> None:
    times = iter([0.0, 5.0, 40_000.0])
    progress = ApplyProgress(lambda: next(times))
    progress.describe(applied(1, count + 1, calls=2, left=10 * count))
    line = progress.describe(applied(count, count + 1, calls=2 * count, left=10 * count))
    assert len(line) < 80
    assert re.search(r"(changes|left|to go|stops|come)$", line)
