"""What becomes of a record of one account in another."""

from dataclasses import replace

from msgspec import structs

from cmdm_tui.api.models import Field, Properties
from cmdm_tui.changes.change_set import Change
from cmdm_tui.transfer.copied_records import CopiedEntity, build_copy
from cmdm_tui.transfer.linked_records import LinkedChanges, link_files
from tests.transfer.schema_fields import fields_of

NAMES = ("account", "contact", "opportunity")


def copied(entity: str, *records: Properties, **changed: object) -> CopiedEntity:
    fields = fields_of(entity)
    made = CopiedEntity(entity, fields, fields, NAMES)
    made.records.update({f"{entity[0].upper()}{at}": one for at, one in enumerate(records)})
    return replace(made, **changed)  # pyright: ignore[reportArgumentType]


def copy(*entities: CopiedEntity) -> tuple[LinkedChanges, list[str]]:
    files, told = build_copy(entities)
    return link_files(files, {}), told


def by_origin(made: LinkedChanges) -> dict[str, Change]:
    return {one.origin: one for one in made.changes}


def test_relations_lead_to_the_new_records() -> None:
    made, told = copy(
        copied("contact", {"LastName": "Ash", "AccountExternalID": "A0"}),
        copied("account", {"Name": "Mill"}),
        copied(
            "opportunity", {"Name": "Big", "RelatedEntity": "contact", "RelatedExternalID": "C0"}
        ),
    )
    assert [one.origin for one in made.changes] == ["account A0", "contact C0", "opportunity O0"]
    _, contact, opportunity = made.changes
    assert contact.references == {"AccountExternalID": 0}
    assert opportunity.parent_reference == 1
    assert dict(opportunity.properties) == {"Name": "Big"}
    assert (told, made.rejects) == ([], ())


def test_what_names_a_record_that_is_not_copied_is_left_out_and_told() -> None:
    made, told = copy(
        copied("contact", {"LastName": "Ash", "AccountExternalID": "A7"}),
        copied("opportunity", {"Name": "Big", "RelatedEntity": "lead", "RelatedExternalID": "L1"}),
    )
    assert [dict(one.references) for one in made.changes] == [{}, {}]
    why = "the records of {} that it names are not copied."
    assert told == [
        f"AccountExternalID is left out of 1 record of contact: {why.format('account')}",
        f"RelatedExternalID is left out of 1 record of opportunity: {why.format('lead')}",
    ]


def test_fields_that_the_other_account_has_not_or_sets_itself_are_left_out_and_told() -> None:
    fields = tuple(one for one in fields_of("account") if one.name != "City")
    record = {"Name": "Mill", "City": "Hull", "CreatedDate": "2024-01-01T00:00:00Z", "Phone": None}
    made, told = copy(copied("account", record, target=fields))
    (change,) = made.changes
    assert dict(change.properties) == {"Name": "Mill"}
    assert told == [
        "The service sets CreatedDate of account itself: not copied.",
        "account has no field City there: left out of 1 record.",
    ]


def test_values_are_checked_by_the_other_account() -> None:
    fields = tuple(
        structs.replace(one, options=("Hot",)) if one.name == "Rating" else one
        for one in fields_of("account")
    )
    made, _ = copy(
        copied("account", {"Name": "Mill", "Rating": "Cold"}, target=fields),
        copied("contact", {"LastName": "Ash", "AccountExternalID": "A0"}),
    )
    assert made.changes == ()
    reasons = {one.origin: one.reason for one in made.rejects}
    assert reasons == {
        "account A0": "Rating is 'Cold', none of Hot",
        "contact C0": "it needs the record of account A0, which is rejected",
    }


def test_an_entity_without_declared_fields_takes_those_of_the_other() -> None:
    inferred = (Field("Subject", type="Text", inferred=True),)
    task = copied("task", {"Subject": "Call", "Notes": "x", "ClosedDate": "2024-01-01T00:00:00Z"})
    made, told = copy(replace(task, source=fields_of("task"), target=inferred))
    assert dict(made.changes[0].properties) == {"Subject": "Call", "Notes": "x"}
    assert told == ["The service sets ClosedDate of task itself: not copied."]


def test_a_key_that_two_records_have_is_refused_in_both() -> None:
    same = copied("account", {"Name": "Mill"}, {"Name": "Mill"}, mode="upsert", key="Name")
    made, _ = copy(same)
    assert made.changes == ()
    assert [one.reason for one in made.rejects] == [
        "the key occurs twice among the records (account A0 and account A1)"
    ] * 2


def test_what_is_needed_are_the_records_of_named_entities() -> None:
    contact = copied("contact", {"LastName": "Ash", "AccountExternalID": "A7"}, {"LastName": "Elm"})
    assert list(contact.list_needed()) == [("account", "A7")]
    assert list(replace(contact, copied=["contact"]).list_needed()) == []
