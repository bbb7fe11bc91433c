"""The form of a record, without a screen: typed values, faults, and the change it comes to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from cmdm_tui.api import Field, Parent, Record
from cmdm_tui.changes.change_set import ChangeKind, ChangeSet
from cmdm_tui.tui.models.edit_form import EditForm, fits_one_line

FIELDS = (
    Field("City", type="Picklist", options=("Leeds", "York")),
    Field("LastName", label="Last name", type="Text", required=True, max_length=10),
    Field("Day", type="Date"),
    Field("At", type="DateTime"),
    Field("Value", type="Currency"),
    Field("OptIn", type="Boolean"),
    Field("Account", type="Lookup", lookup_entity="account"),
    Field("CreatedDate", type="DateTime", read_only=True),
)


def form_of(*properties: dict[str, Any], fields: Sequence[Field] = FIELDS) -> EditForm:
    records = [Record("lead", f"A{n}", one) for n, one in enumerate(properties)]
    return EditForm("lead", fields, records)


def changes_of(form: EditForm) -> ChangeSet:
    return form.make_change_set(address="https://crm.example", username="siân")


def test_only_what_differs_is_sent_with_the_old_value() -> None:
    form = form_of({"LastName": "Ada", "City": "Leeds", "Value": "5.00", "Extra": "x"})
    form.enter("City", "York")
    form.enter("Value", "5")
    form.enter("LastName", "Ada")
    (change,) = changes_of(form).changes
    assert change.kind is ChangeKind.UPDATE
    assert (change.entity, change.external_id) == ("lead", "A0")
    assert change.properties == {"City": "York"}
    assert change.before == {"City": "Leeds"}
    assert form.touched == ("City", "Value")


def test_what_is_typed_back_is_not_a_change() -> None:
    form = form_of({"LastName": "Ada"})
    form.enter("LastName", "Bea")
    form.enter("LastName", "Ada")
    assert form.touched == ()
    assert changes_of(form).changes == ()


def test_null_and_empty_text_differ() -> None:
    fields = [Field("Notes", type="Text"), Field("Day", type="Date")]
    form = form_of({"Notes": "x", "Day": "2026-03-31"}, fields=fields)
    form.enter("Notes", "")
    form.enter("Day", "")
    assert form.values == {"Notes": "", "Day": None}
    form.enter("Notes", None)
    assert form.values == {"Notes": None, "Day": None}
    assert form.field("Notes").can_be_empty_text
    assert not form.field("Day").can_be_empty_text


@pytest.mark.parametrize(
    ("name", "typed", "sent"),
    [
        ("Day", " 2026-03-31 ", "2026-03-31"),
        ("Day", "20260331", "2026-03-31"),
        ("At", "2026-03-31T09:30:00Z", "2026-03-31T09:30:00Z"),
        ("At", "2026-03-31 09:30", "2026-03-31T09:30:00Z"),
        ("At", "2026-03-31T09:30+02:00", "2026-03-31T07:30:00Z"),
        ("At", "2026-03-31", "2026-03-31T00:00:00Z"),
        ("Value", "12345678901234567890.10", "12345678901234567890.10"),
        ("OptIn", "true", "true"),
        ("Account", "ABC1D2E3", "ABC1D2E3"),
    ],
)
def test_a_value_is_sent_in_the_form_of_the_service(name: str, typed: str, sent: str) -> None:
    form = form_of({"LastName": "Ada"})
    form.enter(name, typed)
    assert form.faults == {}
    (change,) = changes_of(form).changes
    assert change.properties == {name: sent}


@pytest.mark.parametrize(
    ("name", "typed", "fault"),
    [
        ("Day", "31/03/2026", "Day is '31/03/2026', not a date such as 2026-03-31."),
        ("Day", "2026-02-30", "Day is '2026-02-30', not a date such as 2026-03-31."),
        ("At", "noon", "At is 'noon', not a time such as 2026-03-31T09:30:00Z."),
        ("Value", "1,250", "Value is '1,250', not a number such as 1250.00."),
        ("Value", "1e5", "Value is '1e5', not a number such as 1250.00."),
        ("City", "leeds", "City is 'leeds'; the option is 'Leeds'."),
        ("LastName", None, "Last name is required and cannot be empty."),
        ("LastName", "x" * 11, "Last name is 11 characters long, and holds 10 at most."),
    ],
)
def test_a_fault_is_said_in_a_sentence(name: str, typed: str | None, fault: str) -> None:
    form = form_of({"LastName": "Ada"})
    form.enter(name, typed)
    assert form.faults == {name: fault}
    made = changes_of(form)
    assert made.changes == ()
    assert [one.column for one in made.rejects] == [name]


def test_a_value_that_is_not_touched_is_not_judged() -> None:
    form = form_of({"LastName": "x" * 40, "City": "Rome"})
    assert form.faults == {}
    assert form.field("City").choices == ("Leeds", "York", "Rome")
    assert form.describe_length("LastName") == "40/10"
    assert form.describe_length("City") == ""


def test_read_only_fields_and_structures_cannot_be_edited() -> None:
    form = form_of({"LastName": "Ada", "CreatedDate": "2026-01-01T00:00:00Z", "Tags": ["a"]})
    assert form.field("CreatedDate").why_fixed == "read-only"
    assert "structure" in form.field("Tags").why_fixed
    assert [one.name for one in form.fields][-2:] == ["CreatedDate", "Tags"]
    assert form.text("Tags") == '["a"]'


def test_a_new_record_has_its_required_fields_first() -> None:
    form = EditForm("lead", FIELDS)
    assert form.fields[0].name == "LastName"
    assert "CreatedDate" not in [one.name for one in form.fields]
    assert form.faults == {"LastName": "Last name is required and cannot be empty."}
    form.enter("LastName", "Ada")
    form.enter("City", None)
    (change,) = changes_of(form).changes
    assert change.kind is ChangeKind.CREATE
    assert change.properties == {"LastName": "Ada"}


def test_a_new_task_belongs_to_its_record_and_may_have_other_fields() -> None:
    seen = [Field(n, type="Text", inferred=True) for n in ("Subject", "RelatedEntity", "DueDate")]
    form = EditForm("task", seen, parent=Parent("lead", "A1"))
    assert form.title == "New task of lead A1"
    assert [one.name for one in form.fields] == ["Subject", "DueDate"]
    assert form.is_open
    form.add_field("Colour")
    form.enter("Colour", "red")
    form.enter("DueDate", "tomorrow")  # only the service knows what it takes
    (change,) = changes_of(form).changes
    assert change.properties == {"Colour": "red", "DueDate": "tomorrow"}
    assert change.parent == Parent("lead", "A1")


def test_a_service_field_of_a_new_record_is_left_out_unless_it_is_told() -> None:
    names = ("Subject", "CreatedDate", "ModifiedDate", "ClosedDate", "RelatedExternalID")
    seen = [Field(name, type="Text", inferred=True) for name in names]
    form = EditForm("task", seen)
    assert [one.name for one in form.fields] == ["Subject"]
    assert form.guess_words.endswith("does not list the fields of task")
    form.add_field("ClosedDate")
    form.enter("ClosedDate", "2026-03-31")
    assert form.values == {"ClosedDate": "2026-03-31"}
    described = [Field("ClosedDate", type="Date"), Field("Subject", type="Text")]
    assert [one.name for one in EditForm("task", described).fields] == ["ClosedDate", "Subject"]


@pytest.mark.parametrize("is_guessed", [False, True])
def test_a_day_is_named_from_today_in_fields_of_days_and_moments(is_guessed: bool) -> None:
    kinds = {"Day": "Date", "At": "DateTime", "Notes": "Text"}
    fields = [Field(name, type=kind, inferred=is_guessed) for name, kind in kinds.items()]
    form = EditForm("task", fields)
    for name in kinds:
        form.enter(name, "today")
    before = datetime.now(UTC)
    values = form.values
    days = {f"{moment.astimezone():%Y-%m-%d}" for moment in (before, datetime.now(UTC))}
    in_utc = {f"{moment:%Y-%m-%d}T00:00:00Z" for moment in (before, datetime.now(UTC))}
    assert values["Day"] in days
    assert values["At"] in in_utc
    assert values["Notes"] == "today"
    assert form.faults == {}
    assert form.doubts == ()


def test_a_value_unlike_those_of_a_guessed_type_is_doubted_and_sent() -> None:
    fields = [Field("Due", type="Date", inferred=True), Field("Notes", type="Text", inferred=True)]
    form = EditForm("task", fields)
    form.enter("Due", "soon")
    form.enter("Notes", "soon")
    assert form.faults == {}
    assert form.doubts == ("Due is 'soon', not a date such as 2026-03-31.",)
    made = changes_of(form)
    assert made.changes[0].properties == {"Due": "soon", "Notes": "soon"}
    assert made.notes == (f"{form.doubts[0]} Its type is guessed: it may be refused.",)
    form.enter("Due", "2026-03-31")
    assert form.doubts == ()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("LastName must have a value", "LastName"),
        ("'At' is not a time; Day is", "At"),
        ("Days are not Daylight", None),
        ("", None),
    ],
)
def test_the_field_that_a_refusal_names_is_found_by_its_whole_name(
    words: str, named: str | None
) -> None:
    form = form_of({"LastName": "Ada"})
    form.enter("LastName", "Bea")
    form.enter("At", "noon")
    assert form.refuse(words) == named
    if named is not None:
        assert form.find_refusal(named) == words
        form.enter(named, "other")
        assert form.find_refusal(named) == ""


def test_several_records_get_only_the_fields_that_were_typed_into() -> None:
    form = form_of(
        {"LastName": "Ada", "City": "Leeds"},
        {"LastName": "Bea", "City": "York"},
        {"LastName": "Cyd", "City": "Leeds"},
    )
    assert form.title == "Edit 3 records of lead"
    assert form.field("City").is_mixed
    assert form.text("City") is None
    form.enter("City", "York")
    made = changes_of(form)
    assert [(one.external_id, one.properties, one.before) for one in made.changes] == [
        ("A0", {"City": "York"}, {"City": "Leeds"}),
        ("A2", {"City": "York"}, {"City": "Leeds"}),
    ]
    assert made.unchanged == 1
    assert made.title == "Update City of 3 records of lead"


def test_a_mixed_field_can_be_emptied_in_all() -> None:
    form = form_of({"LastName": "Ada", "City": "Leeds"}, {"LastName": "Bea", "City": None})
    form.enter("City", None)
    assert [one.external_id for one in changes_of(form).changes] == ["A0"]


def test_a_field_is_found_by_its_name_or_label() -> None:
    form = form_of({"LastName": "Ada"})
    assert form.find_names("last n") == ("LastName",)
    assert form.find_names("DATE") == ("CreatedDate",)
    assert len(form.find_names("")) == len(FIELDS)


@pytest.mark.parametrize("text", ["a\nb", "a\x1bb", "a\u202eb", "x" * 501])
def test_what_one_line_cannot_show_whole_does_not_fit_it(text: str) -> None:
    assert not fits_one_line(text)
    assert fits_one_line("plain é 👍\u200d")
