"""Checks before a call is spent: what cannot be sent is rejected, with the column and a reason."""

import dataclasses

import pytest

from cmdm_tui.api.models import Field, Parent
from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.soundness import find_unsound
from cmdm_tui.changes.validate import check_changes
from cmdm_tui.sandbox.schema import ENTITIES
from tests.changes.conftest import create, delete, update


def declared(entity: str) -> tuple[Field, ...]:
    return tuple(
        Field(
            one.name,
            type=one.type.value,
            required=one.required,
            read_only=one.read_only,
            max_length=one.max_length,
            options=one.options,
        )
        for one in ENTITIES[entity].fields
    )


FIELDS = {name: declared(name) for name in ("account", "lead", "contact")}


def reject_of(change: Change) -> tuple[str | None, str]:
    kept, rejects = check_changes([change], FIELDS)
    assert kept == ()
    assert rejects[0].change == change
    return rejects[0].column, rejects[0].reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"Emial": "a@b.example"}, "lead has no such field; the nearest is Email"),
        ({"CreatedDate": "2026-03-31T09:30:00Z"}, "CreatedDate is read-only"),
        ({"ExternalID": "A"}, "the service gives ids itself"),
        ({"LastName": ""}, "LastName is required and cannot be empty"),
        ({"LastName": None}, "LastName is required and cannot be empty"),
        ({"Score": "twelve"}, "Score is 'twelve', not a number such as 12 or -3.5"),
        ({"Score": "1e3"}, "Score is '1e3', not a number such as 12 or -3.5"),
        ({"Score": 5}, "Score is int, and the service takes text or null"),
        ({"Score": ""}, "Score is an empty text; null empties it"),
        ({"LastContacted": "31/03/2026"}, "'31/03/2026', not a date such as 2026-03-31"),
        ({"LastContacted": "2026-02-30"}, "'2026-02-30', not a date such as 2026-03-31"),
        ({"OptIn": "yes"}, "OptIn is 'yes', not true or false"),
        ({"Email": "nobody"}, "Email is 'nobody', not an e-mail address"),
        ({"Phone": "none"}, "Phone is 'none', not a telephone number"),
        ({"Status": "new"}, "Status is 'new'; the option is 'New'"),
        ({"Source": "Fax"}, "Source is 'Fax', none of Web, Referral, Event, Email, Phone, Partner"),
        ({"City": "x" * 256}, "City is 256 characters long, and holds 255 at most"),
        ({"City": "Hull", "CITY": "York"}, "a field is given twice"),
    ],
)
def test_a_value_that_cannot_be_stored_is_rejected(values: dict[str, object], reason: str) -> None:
    change = Change(ChangeKind.UPDATE, "Lead", "A", values, origin="line 3")
    column, said = reject_of(change)
    assert said.endswith(reason)
    assert column is None or column in values


def test_what_can_be_stored_is_kept_with_the_service_s_names() -> None:
    values = {"CITY": "", "score": "-3.5", "optin": "true", "LastContacted": "2026-03-31",
              "email": "a@b", "Phone": "+44 117", "status": "New",
              "EstimatedValue": None}  # fmt: skip
    kept, rejects = check_changes([Change(ChangeKind.UPDATE, "LEAD", "A", values)], FIELDS)
    assert rejects == ()
    assert list(kept[0].properties) == [
        "City", "Score", "OptIn", "LastContacted", "Email", "Phone", "Status", "EstimatedValue",
    ]  # fmt: skip


def test_a_new_record_needs_its_required_fields() -> None:
    assert reject_of(create("contact", City="Hull")) == ("LastName", "LastName is required")


def test_a_reference_gives_a_required_field_its_value() -> None:
    fields = {"visit": [Field("Account", required=True)], "account": []}
    visit = dataclasses.replace(create("visit"), references={"account": 1})
    kept, rejects = check_changes([visit, create("account")], fields)
    assert rejects == ()
    assert kept[0].references == {"Account": 1}


def test_what_is_only_inferred_from_records_is_not_checked_for_its_name_or_form() -> None:
    inferred = {"task": [Field("DueDate", type="Date", inferred=True)]}
    kept, _ = check_changes([create("task", Subject="x", DueDate="soon")], inferred)
    assert len(kept) == 1
    assert check_changes([create("visit", What="ever")], {})[1] == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (Change(ChangeKind.DELETE, "lead"), "it names no record"),
        (Change(ChangeKind.CREATE, "lead", "A"), "a new record has no id yet"),
        (Change(ChangeKind.UPDATE, "lead", "A"), "it changes no field"),
        (Change(ChangeKind.CONVERT, "contact", "A"), "convert is for a lead, not for a contact"),
        (Change(ChangeKind.CLOSE, "lead", "A"), "close is for a task, not for a lead"),
        (
            Change(ChangeKind.CREATE, "lead", parent=Parent("account", "A")),
            "only a new task or opportunity belongs to a record",
        ),
        (
            Change(ChangeKind.CREATE, "task", parent=Parent("account", "A"), parent_reference=0),
            "it names two records that it belongs to",
        ),
    ],
)
def test_a_change_of_which_no_call_can_be_made_is_rejected(change: Change, reason: str) -> None:
    assert reject_of(change)[1] == reason
    assert next(find_unsound([change]))[1] == reason


def test_what_needs_a_rejected_record_is_rejected_and_the_others_move_up() -> None:
    bad = dataclasses.replace(create("account", City="Hull"), origin="line 1")
    good = create("account", Name="Ash")
    first = dataclasses.replace(
        create("contact", LastName="A"), references={"AccountExternalID": 0}
    )
    second = dataclasses.replace(first, references={"AccountExternalID": 2})
    task = dataclasses.replace(create("task", Subject="x"), parent_reference=1)
    kept, rejects = check_changes([bad, first, good, second, task], FIELDS)
    assert [reject.reason for reject in rejects] == [
        "Name is required",
        "it needs the record of line 1, which is rejected",
        "it needs the record of change 2, which is rejected",
    ]
    assert kept[0] == good
    assert kept[1].references == {"AccountExternalID": 0}


def test_references_must_lead_to_new_records() -> None:
    contact = create("contact", LastName="A")
    away = dataclasses.replace(contact, references={"AccountExternalID": 9})
    assert reject_of(away)[1] == "it refers to a change that is not there"
    old = dataclasses.replace(contact, references={"AccountExternalID": 1})
    _, rejects = check_changes([old, delete("account", "A")], FIELDS)
    assert rejects[0].reason == "it refers to a change that creates no record"


def test_the_object_of_a_conversion_names_fields_of_the_account() -> None:
    change = Change(ChangeKind.CONVERT, "lead", "A", {"Name": "Ash plc"})
    assert check_changes([change], FIELDS)[1] == ()
    assert reject_of(dataclasses.replace(change, properties={"LastName": "x"}))[0] == "LastName"


def test_every_value_that_is_kept_is_taken_by_the_sandbox() -> None:
    """A value that passes here and not there would cost a call; the other way round, a record."""
    from cmdm_tui.sandbox.wire_types import find_value_error

    values = ["", "1", "-1.50", "01", "1.", ".5", "true", "True", "2026-03-31", "2026-3-1", "a@b",
              "2026-03-31T09:30:00Z", "2026-03-31T09:30:00+01:00", "https://a.example", "ftp://a",
              "New", None, "x" * 300]  # fmt: skip
    for entity, fields in FIELDS.items():
        for field in fields:
            if field.read_only or field.type in {"Phone", "Lookup"}:
                continue
            schema = ENTITIES[entity].by_name[field.name]
            for value in values:
                change = update(entity, "A", {}, **{field.name: value})
                is_kept = bool(check_changes([change], FIELDS)[0])
                assert is_kept == (find_value_error(schema, value) is None), (field.name, value)
