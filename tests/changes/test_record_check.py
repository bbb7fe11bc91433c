"""A record that was read again: as it was, as it is to be, or moved; and the order of changes."""

import pytest

from cmdm_tui.api.models import PendingWrite
from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.record_check import (
    ExpectedValues,
    RecordState,
    compare_after_sending,
    compare_update,
    compare_whole,
)
from cmdm_tui.changes.schedule import ChangeSchedule
from tests.changes.conftest import create, update

AS_READ, AS_WANTED, MOVED = RecordState.AS_READ, RecordState.AS_WANTED, RecordState.MOVED


@pytest.mark.parametrize(
    ("read", "stored", "state"),
    [
        ("Hull", "Hull", AS_READ),
        ("Hull", "York", AS_WANTED),
        ("Hull", "Leeds", MOVED),
        ("Hull", None, MOVED),
        ("Hull", "HULL", MOVED),
        (None, "", AS_READ),
        ("york", "york", AS_READ),
        ("York ", "York ", AS_READ),
    ],
)
def test_an_update_to_york_is_compared_before_it_is_sent(
    read: str | None, stored: str | None, state: RecordState
) -> None:
    expected = ExpectedValues.of({"City": read}, [])
    assert compare_update({"City": "York"}, expected, {"City": stored}).state is state


def test_a_field_that_moved_to_the_wanted_value_holds_no_other_field_up() -> None:
    expected = ExpectedValues.of({"City": "Hull", "Notes": "a"}, [])
    wanted = {"City": "York", "Notes": "b"}
    found = compare_update(wanted, expected, {"City": "York", "Notes": "a"})
    assert found.state is AS_READ


@pytest.mark.parametrize(
    ("stored", "state"),
    [
        ({"City": "Hull", "Notes": "a"}, AS_READ),
        ({"City": "York", "Notes": "b"}, AS_WANTED),
        ({"City": "YORK", "Notes": "b"}, AS_WANTED),
        ({"City": "York", "Notes": "a"}, AS_READ),
        ({"City": "Leeds", "Notes": "b"}, MOVED),
        ({"City": "Leeds", "Notes": "a"}, MOVED),
    ],
)
def test_an_update_in_doubt_is_done_or_sent_again_or_overwritten_by_another(
    stored: dict[str, object], state: RecordState
) -> None:
    sent = {"City": "York", "Notes": "b"}
    expected = ExpectedValues.of({"City": "Hull", "Notes": "a"}, [])
    assert compare_after_sending(sent, expected, stored).state is state


def test_of_an_update_whose_record_was_not_read_the_new_values_alone_are_known() -> None:
    sent, unread = {"City": "York"}, ExpectedValues.of(None, [])
    assert compare_after_sending(sent, unread, {"City": "York"}).state is AS_WANTED
    assert compare_after_sending(sent, unread, {"City": "Hull"}).state is AS_READ


def test_what_the_run_has_written_itself_is_expected() -> None:
    done = JournalEntry(
        1,
        update("task", "A", {"Notes": "a"}, Notes="b"),
        EntryState.DONE,
        write=PendingWrite("task", {"Notes": "b"}),
    )
    closed = JournalEntry(2, Change(ChangeKind.CLOSE, "task", "A"), EntryState.DONE)
    before = {"Notes": "a", "Status": "Open", "ClosedDate": None}
    expected = ExpectedValues.of(before, [done, closed])
    after = {"Notes": "b", "Status": "Closed", "ClosedDate": "2026-03-31T09:30:00Z"}
    assert compare_whole(expected, after).state is AS_READ
    found = compare_whole(expected, {**after, "Notes": "a"})
    assert (found.state, found.reason) == (MOVED, "Notes was 'b' and is 'a'")


def test_the_reason_names_a_few_fields_and_hides_what_a_terminal_acts_on() -> None:
    read = {f"F{number}": "old" for number in range(5)}
    stored = dict.fromkeys(read, "\x1b[31m" + "x" * 99)
    reason = compare_whole(ExpectedValues.of(read, []), stored).reason
    assert reason.endswith("and 2 more fields have changed")
    assert "\x1b" not in reason
    assert len(reason) < 300


def test_changes_are_taken_in_order_once_those_before_them_are_finished() -> None:
    changes = [
        Change(ChangeKind.CREATE, "contact", references={"AccountExternalID": 3}),
        update("lead", "A", {}, City="x"),
        update("LEAD", "A", {}, City="y"),
        create("account", Name="Ash"),
        Change(ChangeKind.DELETE, "lead", "A"),
    ]
    entries = [JournalEntry(number, change) for number, change in enumerate(changes, 1)]
    schedule = ChangeSchedule(entries)
    assert [schedule.take(), schedule.take(), schedule.take()] == [2, 4, None]
    schedule.finish(4)
    assert [schedule.take(), schedule.take()] == [1, None]
    schedule.finish(2)
    assert [schedule.take(), schedule.take()] == [3, None]
    schedule.finish(3)
    assert schedule.take() == 5
    assert schedule.list_earlier(5) == (2, 3)


def test_what_was_about_to_be_sent_comes_first() -> None:
    entries = [
        JournalEntry(1, create("account"), EntryState.DONE),
        JournalEntry(2, create("account")),
        JournalEntry(3, create("account"), EntryState.SENDING),
    ]
    schedule = ChangeSchedule(entries)
    assert [schedule.take(), schedule.take(), schedule.take()] == [3, 2, None]
