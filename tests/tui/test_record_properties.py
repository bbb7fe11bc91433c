"""A record as a person reads it: labels, types, whole values, local times, and what it names."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cmdm_tui.api import Field, Record
from cmdm_tui.tui.models.record_names import RecordNames, name_record
from cmdm_tui.tui.models.record_properties import (
    describe_local_time,
    find_property,
    list_properties,
    whole_text,
)

LONDON = ZoneInfo("Europe/London")
FIELDS = (
    Field("LastName", label="Last name", type="Text", required=True, max_length=40),
    Field("Status", type="Picklist", options=("Open", "Closed")),
    Field("AccountExternalID", label="Account", type="Lookup", lookup_entity="account"),
)


def lead(**properties: Any) -> Record:
    return Record("lead", "L1", properties)


def test_the_labels_and_the_rules_of_the_fields_are_told() -> None:
    shown = list_properties(lead(LastName="Ada", Status=None, Odd="x"), FIELDS)
    assert [one.label for one in shown] == ["ExternalID", "Last name", "Status", "Odd"]
    assert [one.description for one in shown] == [
        "ExternalID",
        "LastName · Text · required · 3 of 40 characters",
        "Status · Picklist · one of Open, Closed",
        "Odd",
    ]


def test_a_hostile_name_is_harmless_in_what_is_told_of_it() -> None:
    name = "\x1b[31mred\u202e"
    (_, shown) = list_properties(lead(**{name: "x"}), [Field(name, type="\x1b]0;t\x07")])
    assert "\x1b" not in shown.description
    assert "\u202e" not in shown.description


def test_a_nested_value_is_whole_and_indented() -> None:
    value = {"a": [1, {"b": None}], "text": "ü" * 5_000}
    (_, shown) = list_properties(lead(Nested=value))
    assert shown.text.startswith('{\n  "a": [\n    1,\n    {\n      "b": null')
    assert "ü" * 5_000 in shown.text
    assert whole_text("kept\nas it is") == "kept\nas it is"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2026-07-01T12:00:00Z", "Wed 1 Jul 2026 13:00:00 BST"),
        ("2026-01-01T12:00:00+02:00", "Thu 1 Jan 2026 10:00:00 GMT"),
        ("2026-01-01T12:00:00Z", ""),  # in winter that is the local time
        ("2026-07-01T12:00:00+01:00", ""),
        ("2026-07-01T12:00:00", ""),  # in no zone: not known
        ("2026-07-01", ""),
        ("0001-01-01T00:00:00+14:00", ""),  # beyond the calendar in London
        ("Tuesday", ""),
        (20260701, ""),
        (None, ""),
    ],
)
def test_a_moment_is_told_in_local_time(value: object, words: str) -> None:
    assert describe_local_time(value, LONDON) == words


def test_a_lookup_is_told_by_the_name_of_its_record_once_that_was_read() -> None:
    names = RecordNames()
    record = lead(AccountExternalID="A1")
    (_, before) = list_properties(record, FIELDS, names)
    assert before.hint == "→"
    names.learn([Record("Account", "A1", {"Name": "Acme\x1b Ltd"})])
    (_, after) = list_properties(record, FIELDS, names)
    assert after.hint == "→ Acme␛ Ltd"
    assert after.link is not None
    assert (after.link.entity, after.link.external_id) == ("account", "A1")


def test_a_person_is_called_by_both_names_and_a_task_by_its_subject() -> None:
    assert name_record(lead(FirstName="Ada", LastName="Lovelace", Company="X")) == "Ada Lovelace"
    assert name_record(lead(FirstName=" ", LastName="Lovelace")) == "Lovelace"
    assert name_record(lead(Subject="Ring")) == "Ring"
    assert name_record(lead(Name=7, City="Leeds")) == ""


def test_names_are_kept_for_the_last_records_read() -> None:
    names = RecordNames(most=2)
    names.learn(Record("account", f"A{number}", {"Name": f"N{number}"}) for number in range(3))
    assert [names.find("account", f"A{number}") for number in range(3)] == ["", "N1", "N2"]
    assert names.find("lead", "A1") == ""


def test_a_field_is_found_by_a_part_of_its_label_or_name() -> None:
    shown = list_properties(lead(LastName="x", City="y", LastContact="z"), FIELDS)
    assert find_property(shown, "last N") == 1
    assert find_property(shown, "LAST", 2) == 3
    assert find_property(shown, "last", 4 % 4) == 1
    assert find_property(shown, "city", 3) == 2
    assert find_property(shown, "nothing") is None
    assert find_property((), "x") is None
