"""Which record of a file becomes which change: never a duplicate, never a guess."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from cmdm_tui.api.models import Record
from cmdm_tui.changes.change_set import ChangeKind, Reject
from cmdm_tui.transfer import (
    ImportOptions,
    KeyMatch,
    list_refused,
    match_keys,
    read_import,
    to_changes,
)
from cmdm_tui.transfer.imported_file import ImportedFile
from tests.transfer.schema_fields import fields_of

UPSERT = ImportOptions(mode="upsert", key="Email")


def imported(
    folder: Path, text: str, options: ImportOptions = UPSERT, entity: str = "contact"
) -> ImportedFile:
    path = folder / "file.csv"
    path.write_text(text, "utf-8")
    return read_import(path, entity, fields_of(entity), options)


def records(*properties: dict[str, object], entity: str = "contact") -> list[Record]:
    return [Record(entity, f"ID{number}", one) for number, one in enumerate(properties)]


def outcomes(match: KeyMatch) -> list[tuple[int, str, object]]:
    """Return each line with what becomes of it: the change, or the reason."""
    found: list[tuple[int, str, object]] = []
    for row in match.rows:
        change = row.change
        if change is None:
            found.append((row.line, "unchanged", None))
        else:
            found.append((row.line, str(change.kind), dict(change.properties)))
    found += [(row.line, "refused", row.reason) for row in match.refused]
    return sorted(found, key=lambda one: one[0])


def match_text(
    folder: Path,
    text: str,
    existing: Sequence[Record],
    options: ImportOptions = UPSERT,
    entity: str = "contact",
) -> list[tuple[int, str, object]]:
    return outcomes(match_keys(imported(folder, text, options, entity), existing))


def test_a_key_that_exists_is_updated_with_what_differs_alone(tmp_path: Path) -> None:
    existing = records({"Email": "a@x.example", "LastName": "Ash", "City": "Hove", "Notes": "kept"})
    text = "Email,LastName,City\n A@x.example ,Ash,Deal\n"
    match = match_keys(imported(tmp_path, text), existing)
    (change,) = match.changes
    assert (change.kind, change.external_id) == (ChangeKind.UPDATE, "ID0")
    assert dict(change.properties) == {"City": "Deal"}
    assert change.before is not None
    assert dict(change.before) == {"City": "Hove"}
    assert change.origin == "line 2"


def test_a_key_that_does_not_exist_is_created_or_refused(tmp_path: Path) -> None:
    text = "Email,LastName,City\na@x.example,Ash,\n"
    assert match_text(tmp_path, text, []) == [
        (2, "create", {"Email": "a@x.example", "LastName": "Ash"})
    ]
    update = ImportOptions(mode="update", key="Email")
    assert match_text(tmp_path, text, [], update) == [(2, "refused", "no record has this key")]


def test_a_key_that_occurs_twice_in_the_file_is_refused_in_both_lines(tmp_path: Path) -> None:
    text = "Email,LastName\na@x.example,Ash\nb@x.example,Elm\nA@X.example,Oak\n"
    reason = "the key occurs twice in the file (lines 2 and 4)"
    assert match_text(tmp_path, text, []) == [
        (2, "refused", reason),
        (3, "create", {"Email": "b@x.example", "LastName": "Elm"}),
        (4, "refused", reason),
    ]


def test_a_key_of_a_refused_record_counts_too(tmp_path: Path) -> None:
    text = "Email,LastName,Birthday\na@x.example,Ash,\na@x.example,Ash,soon\n"
    assert [kind for _, kind, _ in match_text(tmp_path, text, [])] == ["refused", "refused"]


def test_a_key_of_two_records_is_refused(tmp_path: Path) -> None:
    existing = records({"Email": "a@x.example"}, {"Email": "A@x.example"})
    text = "Email,LastName\na@x.example,Ash\n"
    assert match_text(tmp_path, text, existing) == [(2, "refused", "two records have this key")]


def test_a_record_without_a_key_is_refused(tmp_path: Path) -> None:
    text = "Email,LastName\n,Ash\n  ,Elm\n"
    assert match_text(tmp_path, text, []) == [(2, "refused", "no key"), (3, "refused", "no key")]


@pytest.mark.parametrize(
    ("stored", "given", "entity", "key"),
    [
        ("Ash Ltd", "ASH  ltd", "account", "Name"),
        ("01632 960001", "01632960001", "lead", "Phone"),
    ],
)
def test_a_key_in_another_spelling_makes_no_duplicate(
    stored: str, given: str, entity: str, key: str, tmp_path: Path
) -> None:
    required = "" if entity == "account" else "LastName,"
    value = "" if entity == "account" else "Ash,"
    text = f"{required}{key}\n{value}{given}\n"
    options = ImportOptions(mode="upsert", key=key)
    existing = records({key: stored}, entity=entity)
    ((_, kind, reason),) = match_text(tmp_path, text, existing, options, entity)
    assert kind == "refused"
    assert "another spelling" in str(reason)


def test_a_blank_leaves_or_clears(tmp_path: Path) -> None:
    existing = records({"Email": "a@x.example", "LastName": "Ash", "City": "Hove", "Notes": None})
    text = "Email,LastName,City,Notes\na@x.example,Ash,,\n"
    assert match_text(tmp_path, text, existing) == [(2, "unchanged", None)]
    clear = ImportOptions(mode="upsert", key="Email", blank="clear")
    assert match_text(tmp_path, text, existing, clear) == [(2, "update", {"City": None})]


def test_a_blank_never_clears_a_required_field(tmp_path: Path) -> None:
    existing = records({"Email": "a@x.example", "LastName": "Ash"})
    text = "Email,LastName\na@x.example,\n"
    clear = ImportOptions(mode="update", key="Email", blank="clear")
    ((_, kind, reason),) = match_text(tmp_path, text, existing, clear)
    assert (kind, "required" in str(reason)) == ("refused", True)
    leave = ImportOptions(mode="update", key="Email")
    assert match_text(tmp_path, text, existing, leave) == [(2, "unchanged", None)]


def test_a_new_record_needs_what_is_required(tmp_path: Path) -> None:
    match = match_keys(imported(tmp_path, "Email,Last name\na@x.example,\n"), [])
    (refused,) = match.refused
    assert (refused.line, refused.column) == (2, "Last name")


def test_numbers_and_dates_are_compared_by_value_and_text_by_character(tmp_path: Path) -> None:
    stored = {"Email": "a@x.example", "LastName": "Ash", "Score": "1.50", "OptIn": "true"}
    existing = records({**stored, "Company": "ash"}, entity="lead")
    text = "Email,LastName,Score,OptIn,Company\na@x.example,Ash,1.5,yes,Ash\n"
    assert match_text(tmp_path, text, existing, UPSERT, "lead") == [
        (2, "update", {"Company": "Ash"})
    ]


def test_empty_text_is_another_value_than_null(tmp_path: Path) -> None:
    existing = records({"Email": "a@x.example", "LastName": "Ash", "City": None})
    text = 'Email,LastName,City\na@x.example,Ash,""\n'
    assert match_text(tmp_path, text, existing) == [(2, "update", {"City": ""})]


def test_an_id_is_a_key_that_makes_no_record(tmp_path: Path) -> None:
    options = ImportOptions(mode="upsert", key="ExternalID")
    text = "ExternalID,LastName\nID0,Elm\nID9,Oak\nid0,Fir\n"
    assert [(line, kind) for line, kind, _ in match_text(tmp_path, text, records({}), options)] == [
        (2, "update"),
        (3, "refused"),
        (4, "refused"),
    ]


def test_a_file_to_create_needs_no_records(tmp_path: Path) -> None:
    text = "LastName,Birthday\nAsh,\nElm,soon\n"
    file = imported(tmp_path, text, ImportOptions())
    changes, rejects = to_changes(file, match_keys(file))
    assert [(one.kind, dict(one.properties)) for one in changes] == [
        (ChangeKind.CREATE, {"LastName": "Ash"})
    ]
    assert [(one.origin, one.column) for one in rejects] == [("line 3", "Birthday")]


def test_a_change_that_is_rejected_later_is_a_record_of_the_file_again(tmp_path: Path) -> None:
    file = imported(
        tmp_path,
        "E-mail,Last name\nA@x.example,Ash\nB@x.example,Oak\n",
        ImportOptions(mapping={"E-mail": "Email"}),
    )
    changes, _ = to_changes(file, match_keys(file))
    reject = Reject("is too odd", changes[1].origin, "LastName", changes[1])
    (refused,) = list_refused(file, [reject, Reject("of another file", "other.csv line 3")])
    assert (refused.line, refused.column, refused.reason) == (3, "Last name", "is too odd")
    assert dict(refused.cells) == {"E-mail": "B@x.example", "Last name": "Oak"}
