"""The rows of changes: one for each field, however many, none of them made before it is seen."""

from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet, Parent
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.preview import count_rows, list_rows, preview_changes
from cmdm_tui.tui.models import change_rows
from cmdm_tui.tui.models.change_rows import make_entries, make_preview, make_run_rows
from cmdm_tui.tui.models.loaded_search import search_stored
from cmdm_tui.tui.models.row_source import RowSource, Tone

CHANGES = (
    Change(ChangeKind.CREATE, "account", properties={"Name": "Acme", "City": "York"}),
    Change(
        ChangeKind.UPDATE, "lead", "L1", {"City": "Leeds", "Zip": None}, {"City": "York"},
        references=MappingProxyType({"AccountID": 0}),
    ),
    Change(ChangeKind.CREATE, "task", properties={"Subject": "Call"}, parent=Parent("lead", "L1")),
    Change(ChangeKind.CREATE, "task", parent_reference=0),
    Change(ChangeKind.DELETE, "lead", "L2", before={"LastName": "Jones"}),
    Change(ChangeKind.DELETE, "lead", "L3"),
    Change(ChangeKind.CONVERT, "lead", "L4"),
    Change(ChangeKind.CLOSE, "task", "T1", before={"Subject": "Call"}),
)  # fmt: skip


def set_of(*changes: Change) -> ChangeSet:
    return ChangeSet(changes, "A title", "https://crm.example", "me", 0.0)


def values(source: RowSource) -> list[list[object]]:
    rows = source.rows(0, source.row_count)
    width = len(source.columns)
    return [[row.value(place) for place in range(width)] for row in rows if row is not None]


def test_every_change_has_as_many_rows_as_are_counted() -> None:
    made = set_of(*CHANGES)
    assert [count_rows(one) for one in CHANGES] == [
        len(list(list_rows(one, CHANGES))) for one in CHANGES
    ]
    assert make_preview(made, 100).row_count == len(list(preview_changes(made).rows()))


def test_old_is_next_to_new_and_the_calls_are_those_of_the_preview() -> None:
    made = set_of(*CHANGES)
    source = make_preview(made, 100)
    assert [one.name for one in source.columns] == [
        "change", "record", "field", "old", "new", "calls",
    ]  # fmt: skip
    assert values(source)[:5] == [
        ["create", "account (new)", "Name", None, "Acme", "1"],
        ["create", "account (new)", "City", None, "York", None],
        ["update", "lead L1", "City", "York", "Leeds", "1–2"],
        ["update", "lead L1", "Zip", None, None, None],
        ["update", "lead L1", "AccountID", None, "new account #1 (Acme)", None],
    ]
    preview = preview_changes(made)
    costs = [str(row[5]).split("–") for row in values(source) if row[5] is not None]
    assert sum(int(one[0]) for one in costs) == preview.calls_low
    assert sum(int(one[-1]) for one in costs) == preview.calls_high
    gone = next(row for row in source.rows(0, 20) if row.value(0) == "delete")
    assert [gone.tone(place) for place in range(5)] == [
        Tone.NORMAL, Tone.GONE, Tone.NORMAL, Tone.GONE, Tone.NORMAL,
    ]  # fmt: skip


def test_one_change_is_named_by_the_title_alone() -> None:
    source = make_preview(set_of(CHANGES[4]), 60)
    assert values(source) == [["LastName", "Jones"]], "nothing is sent, so there is no new value"
    assert make_preview(set_of(), 60).row_count == 0


@pytest.mark.parametrize(("width", "shows_calls"), [(20, False), (68, False), (102, True)])
def test_the_record_is_never_cut_for_other_columns(width: int, shows_calls: bool) -> None:
    columns = {one.name: one.width for one in make_preview(set_of(*CHANGES), width).columns}
    assert columns["record"] == 18
    assert columns["field"] == columns["old"] == columns["new"] >= 11
    assert (sum(columns.values()) + 2 * len(columns) <= width) is shows_calls


async def test_rows_of_a_hundred_thousand_changes_are_made_when_they_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    make = change_rows.list_rows

    def count(change: Change, changes: tuple[Change, ...]) -> object:
        made.append(1)
        return make(change, changes)

    monkeypatch.setattr(change_rows, "list_rows", count)
    many = [
        Change(ChangeKind.UPDATE, "lead", f"L{place}", {"City": f"C{place}", "Zip": "1"})
        for place in range(100_000)
    ]
    source = make_preview(set_of(*many), 100)
    assert (source.row_count, made) == (200_000, [])
    (last,) = source.rows(199_999, 10)
    assert (last.value(1), last.value(2), len(made)) == ("lead L99999", "Zip", 1)
    assert source.position(last.key) == 199_999
    assert source.position("200001") is source.position("x") is None
    few = make_preview(set_of(*many[:3_000]), 100)
    found = await search_stored(few, few, "c2999", [4])
    assert [(one.row, one.column) for one in found.matches] == [(5_998, 4)]
    assert found.caption == "1 match in all 6,000 rows"


def test_runs_and_their_changes_have_a_row_each() -> None:
    began = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
    (run,) = make_run_rows([(7, "p", began, None, 1_200, "1,200 done", "Import")])
    assert (run.key, run.values) == ("7", (7, "2026-05-01 12:30", 1_200, "1,200 done", "Import"))
    entries = [
        JournalEntry(number, change, EntryState.REFUSED, reason="No")
        for number, change in enumerate(CHANGES * 200, 1)
    ]
    source = make_entries(entries)
    assert source.row_count == 1_600, "all of them"
    assert values(source)[-1] == [1_600, "close", "task T1", "refused", "No", None]
    assert source.rows(0, 1)[0].tone(3) is Tone.ERROR
