"""The preview: what is changed, counted and priced, and old beside new."""

import dataclasses
import io

from cmdm_tui.api import Quota
from cmdm_tui.api.models import Parent
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet, Reject
from cmdm_tui.changes.preview import preview_changes, preview_columns, preview_rows
from cmdm_tui.formats import create_writer
from cmdm_tui.operations.change_texts import describe_preview
from tests.changes.conftest import create, delete, update

CHANGES = ChangeSet(
    (
        update("lead", "A", {"City": "Hull", "Notes": None}, City="York", Notes="\x1b[31m"),
        update("lead", "B", {"City": "Leeds"}, City="York"),
        create("account", Name="Ash"),
        dataclasses.replace(create("contact", LastName="A"), references={"AccountExternalID": 2}),
        Change(ChangeKind.CREATE, "task", None, {"Subject": "x"}, None, Parent("lead", "A"),
               origin="line 9"),
        delete("lead", "C"),
        Change(ChangeKind.CONVERT, "lead", "D"),
        Change(ChangeKind.CLOSE, "task", "E"),
    ),
    "a title", "https://crm.example", "siân", 0.0, unchanged=4, rejects=(Reject("bad"),),
    notes=("A note.",),
)  # fmt: skip


def test_it_counts_records_by_kind_and_entity_and_updates_by_field() -> None:
    preview = preview_changes(CHANGES)
    assert preview.counts == {
        (ChangeKind.UPDATE, "lead"): 2, (ChangeKind.CREATE, "account"): 1,
        (ChangeKind.CREATE, "contact"): 1, (ChangeKind.CREATE, "task"): 1,
        (ChangeKind.DELETE, "lead"): 1, (ChangeKind.CONVERT, "lead"): 1,
        (ChangeKind.CLOSE, "task"): 1,
    }  # fmt: skip
    assert preview.fields == {("lead", "City"): 2, ("lead", "Notes"): 1}
    assert (preview.change_count, preview.destructive_count) == (8, 2)
    assert (preview.not_undoable, preview.new_ids, preview.unchanged) == (2, 1, 4)
    assert (preview.rejects, preview.notes) == (CHANGES.rejects, CHANGES.notes)


def test_it_prices_a_read_for_each_update_delete_and_conversion() -> None:
    preview = preview_changes(CHANGES)
    assert (preview.calls_low, preview.calls_high) == (8, 12)
    without = preview_changes(CHANGES, rechecks=False)
    assert (without.calls_low, without.calls_high) == (8, 8)


def test_it_shows_a_few_samples_of_each_group() -> None:
    many = dataclasses.replace(CHANGES, changes=CHANGES.changes[:2] * 5 + CHANGES.changes[5:6] * 5)
    assert len(preview_changes(many, samples=2).samples) == 4


def test_rows_show_old_beside_new_for_what_changes_alone() -> None:
    assert [column.name for column in preview_columns()] == [
        "change", "entity", "ExternalID", "field", "old", "new", "origin",
    ]  # fmt: skip
    assert list(preview_rows(CHANGES)) == [
        ("update", "lead", "A", "City", "Hull", "York", None),
        ("update", "lead", "A", "Notes", None, "\x1b[31m", None),
        ("update", "lead", "B", "City", "Leeds", "York", None),
        ("create", "account", None, "Name", None, "Ash", None),
        ("create", "contact", None, "LastName", None, "A", None),
        ("create", "contact", None, "AccountExternalID", None, "new account #3 (Ash)", None),
        ("create", "task", None, "Subject", None, "x", "line 9"),
        ("create", "task", None, "belongs to", None, "lead A", "line 9"),
        ("delete", "lead", "C", None, None, None, None),
        ("convert", "lead", "D", None, None, None, None),
        ("close", "task", "E", None, None, None, None),
    ]
    assert len(list(preview_rows(CHANGES, limit=1))) == 2


def test_a_record_that_goes_is_told_by_its_name() -> None:
    gone = [
        delete("lead", "A", {"City": "Hull", "LastName": "Oak"}),
        delete("order", "B", {"Notes": None, "Number": "17"}),
        delete("lead", "C", {"LastName": ""}),
    ]
    rows = list(preview_rows(with_changes(*gone)))
    assert [row[3:6] for row in rows] == [
        ("LastName", "Oak", None),
        ("Number", "17", None),
        (None, None, None),
    ]


def test_a_record_that_is_converted_or_closed_keeps_its_name() -> None:
    acted = [
        Change(ChangeKind.CONVERT, "lead", "D", {}, {"LastName": "Oak"}),
        Change(ChangeKind.CLOSE, "task", "E", {}, {"Subject": "Call"}),
    ]
    rows = list(preview_rows(with_changes(*acted)))
    assert [row[3:6] for row in rows] == [("LastName", "Oak", "Oak"), ("Subject", "Call", "Call")]


def test_what_cannot_be_taken_back_is_counted() -> None:
    converted = Change(ChangeKind.CONVERT, "lead", "D")
    for changes, words in [
        ((converted,), "It cannot be taken back."),
        ((converted, converted), "None of them can be taken back."),
        ((converted, delete("lead", "C")), "1 of them cannot be taken back: conversions"),
    ]:
        text = "\n".join(describe_preview(preview_changes(with_changes(*changes)), Quota()))
        assert words in text
    text = "\n".join(describe_preview(preview_changes(with_changes()), Quota()))
    assert "taken back" not in text


def with_changes(*changes: Change) -> ChangeSet:
    """Return the change set with other changes."""
    return dataclasses.replace(CHANGES, changes=changes)


def test_the_writers_of_results_take_it() -> None:
    sink = io.BytesIO()
    writer = create_writer("table", sink)
    writer.begin(preview_columns())
    writer.write_rows(list(preview_rows(CHANGES)))
    writer.end()
    assert "York" in sink.getvalue().decode()
    assert b"\x1b" not in sink.getvalue()
