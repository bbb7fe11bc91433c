"""Which fields are a person's: by name, by type, and by what a user says."""

import pytest

from cmdm_tui.redaction.people.person_fields import PersonFields, find_rule_by_name


@pytest.mark.parametrize(
    ("entity", "field", "rule"),
    [
        ("lead", "FirstName", "name"), ("lead", "last_name", "name"), ("x", "Surname", "name"),
        ("contact", "Name", "name"), ("account", "Name", None), ("x", "Contact Name", "name"),
        ("account", "CompanyName", None), ("product", "ProductName", None),
        ("lead", "Email", "mail"), ("x", "workEmail", "mail"), ("x", "E-Mail2", "mail"),
        ("x", "EmailOptOut", None), ("x", "EmailTemplate", None), ("x", "Mailing", None),
        ("lead", "Phone", "phone"), ("x", "MobileNumber", "phone"), ("x", "Fax", "phone"),
        ("x", "HomeTelephone", "phone"), ("x", "PhoneType", None), ("x", "tel", "phone"),
        ("x", "Address", "address"), ("x", "BillingStreet", "address"),
        ("x", "PostCode", "address"),
        ("x", "MailingAddressLine1", "address"), ("x", "EmailAddress", "mail"),
        ("x", "IPAddress", None), ("x", "WebAddress", None), ("x", "City", None),
        ("x", "Birthday", "birth date"), ("x", "date_of_birth", "birth date"),
        ("x", "DueDate", None),
        ("x", "Owner", "user"), ("x", "CreatedBy", "user"), ("x", "OwnerID", None),
        ("lead", "Notes", None), ("lead", "Status", None), ("lead", "ExternalID", None),
    ],
)  # fmt: skip
def test_a_field_is_known_by_its_name(entity: str, field: str, rule: str | None) -> None:
    assert find_rule_by_name(entity, field) == rule


def test_the_type_that_the_service_gives_decides_first() -> None:
    fields = PersonFields()
    fields.learn_type("Lead", "Reach", "Email")
    fields.learn_type("lead", "Line", "Phone")
    fields.learn_type("lead", "FirstName", "Picklist")
    fields.learn_type("lead", "Born", "Date")
    assert fields.find_rule("lead", "Reach") == "mail"
    assert fields.find_rule("lead", "Line") == "phone"
    assert fields.find_rule("lead", "FirstName") is None
    assert fields.find_rule("lead", "Born") is None
    assert fields.is_structural("LEAD", "firstname")
    assert not fields.is_structural("lead", "Line")


def test_what_a_user_says_decides_before_all() -> None:
    fields = PersonFields({"account.Name": "name", "Email": "keep"})
    fields.learn_type("lead", "Email", "Email")
    assert fields.find_rule("ACCOUNT", "name") == "name"
    assert fields.find_rule("product", "Name") is None
    assert fields.find_rule("lead", "Email") == "keep"
