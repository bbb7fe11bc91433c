"""How the records of several files name each other: found where it is certain, asked elsewhere."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from cmdm_tui.api.models import Field
from cmdm_tui.transfer import ImportFileError, ImportOptions, ImportQuestions
from cmdm_tui.transfer.import_file import read_table
from cmdm_tui.transfer.links import Link, LinkedTable, LinkRequest, find_links
from tests.transfer.schema_fields import fields_of

ACCOUNTS = "Ref,Name\nA1,Acme\nA2,Beta\n"
CONTACTS = "LastName,AccountExternalID\nJones,A1\nSmith,A2\nLone,\n"


def tables(folder: Path, texts: Mapping[str, str]) -> list[LinkedTable]:
    made: list[LinkedTable] = []
    for entity, text in texts.items():
        path = folder / f"{entity}.csv"
        path.write_text(text, "utf-8")
        table, matcher = read_table(path, entity, fields_of(entity), ImportOptions())
        made.append(LinkedTable(entity, path.name, table, matcher))
    return made


def find(folder: Path, *requests: LinkRequest, **texts: str) -> list[tuple[str, str, str | None]]:
    links = find_links(tables(folder, texts), requests)
    return [(f"{one.entity}.{one.header}", one.parent, one.parent_header) for one in links]


def test_a_column_that_alone_holds_each_value_once_is_found(tmp_path: Path) -> None:
    wanted = [("contact.AccountExternalID", "account", "Ref")]
    assert find(tmp_path, contact=CONTACTS, account=ACCOUNTS) == wanted


def test_a_column_is_found_by_the_label_of_its_field(tmp_path: Path) -> None:
    text = CONTACTS.replace("AccountExternalID", "Account external ID")
    found = find(tmp_path, contact=text, account=ACCOUNTS)
    assert found == [("contact.Account external ID", "account", "Ref")]


@pytest.mark.parametrize(
    ("accounts", "contacts"),
    [
        (ACCOUNTS, CONTACTS + "Green,A9\n"),
        ("Ref,Code,Name\nA1,A1,Acme\nA2,A2,Beta\n", CONTACTS),
        ("Ref,Name\nA1,Acme\nA2,Beta\nA2,Gamma\n", CONTACTS),
        ("Name\nA1\nA2\n", CONTACTS),
    ],
    ids=["a value that is not there", "two columns", "a value twice", "a field"],
)
def test_what_is_not_certain_is_asked(tmp_path: Path, accounts: str, contacts: str) -> None:
    """The broken twins of the tests above: each takes away what made the link certain."""
    with pytest.raises(ImportQuestions) as raised:
        find(tmp_path, contact=contacts, account=accounts)
    (question,) = raised.value.questions
    assert (question.option, question.subject) == ("link", "contact.AccountExternalID")
    assert question.suggestions[-1] == ""
    assert "Say which with --link contact.AccountExternalID=account." in str(raised.value)


def test_values_that_no_column_holds_are_ids_of_records(tmp_path: Path) -> None:
    text = "LastName,AccountExternalID\nJones,ABCD1234\n"
    assert find(tmp_path, contact=text, account=ACCOUNTS) == [
        ("contact.AccountExternalID", "account", None)
    ]


def test_a_lookup_of_an_entity_without_a_file_is_no_link(tmp_path: Path) -> None:
    assert find(tmp_path, contact=CONTACTS, lead="LastName\nJones\n") == []


def test_what_is_said_is_followed(tmp_path: Path) -> None:
    accounts = "Ref,Name\nA1,Acme\nA1,Beta\n"
    by_name = LinkRequest("contact", "accountexternalid", ("account", "Name"))
    assert find(tmp_path, by_name, contact=CONTACTS, account=accounts) == [
        ("contact.AccountExternalID", "account", "Name")
    ]
    ids = LinkRequest("contact", "AccountExternalID", None)
    assert find(tmp_path, ids, contact=CONTACTS, account=ACCOUNTS) == [
        ("contact.AccountExternalID", "account", None)
    ]


def test_a_column_that_is_no_field_gives_the_one_lookup_of_its_entity(tmp_path: Path) -> None:
    contacts = CONTACTS.replace("AccountExternalID", "Firm")
    (link,) = find_links(
        tables(tmp_path, {"contact": contacts, "account": ACCOUNTS}),
        [LinkRequest("contact", "Firm", ("account", "Ref"))],
    )
    assert link.field is not None
    assert link.field.name == "AccountExternalID"


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (LinkRequest("lead", "Ref", ("account", "Ref")), "names lead, and no file is of it"),
        (LinkRequest("contact", "Firm", ("account", "Ref")), "Firm, which contact.csv does not"),
        (LinkRequest("contact", "LastName", ("account", "Ref")), "does not hold the id of another"),
        (LinkRequest("contact", "AccountExternalID", ("contact", "LastName")), "looks up account"),
    ],
)
def test_what_cannot_be_followed_is_refused(
    tmp_path: Path, request_: LinkRequest, reason: str
) -> None:
    with pytest.raises(ImportFileError, match=reason):
        find(tmp_path, request_, contact=CONTACTS, account=ACCOUNTS)


def test_what_opportunities_belong_to_is_found_for_each_entity(tmp_path: Path) -> None:
    text = (
        "Name,RelatedEntity,RelatedExternalID\nBig,account,A1\nSmall,Contact,C1\n"
        "Old,lead,ABCD1234\nFree,,\n"
    )
    contacts = "Key,LastName\nC1,Jones\n"
    found = find(tmp_path, opportunity=text, account=ACCOUNTS, contact=contacts)
    assert found == [
        ("opportunity.RelatedExternalID", "account", "Ref"),
        ("opportunity.RelatedExternalID", "contact", "Key"),
        ("opportunity.RelatedExternalID", "lead", None),
    ]
    without = "Name,RelatedExternalID\nBig,A1\n"
    assert find(tmp_path, opportunity=without, account=ACCOUNTS) == [
        ("opportunity.RelatedExternalID", "account", "Ref")
    ]
    with pytest.raises(ImportFileError, match="no column RelatedEntity"):
        find(tmp_path, opportunity=without.replace("A1", "ABCD1234"), account=ACCOUNTS)


def test_what_belongs_to_records_that_exist_can_be_said_for_one_entity(tmp_path: Path) -> None:
    text = "Name,RelatedEntity,RelatedExternalID\nBig,account,A1\nSmall,contact,C1\n"
    ids = LinkRequest("opportunity", "RelatedExternalID", ("account", ""))
    contacts = "Key,LastName\nC1,Jones\n"
    found = find(tmp_path, ids, opportunity=text, account=ACCOUNTS, contact=contacts)
    assert found == [
        ("opportunity.RelatedExternalID", "account", None),
        ("opportunity.RelatedExternalID", "contact", "Key"),
    ]
    alone = "Name,RelatedExternalID\nBig,A1\n"
    whole = LinkRequest("opportunity", "RelatedExternalID", None)
    with pytest.raises(ImportFileError, match="Say of which with --link"):
        find(tmp_path, whole, opportunity=alone, account=ACCOUNTS)
    assert find(tmp_path, ids, opportunity=alone, account=ACCOUNTS) == [
        ("opportunity.RelatedExternalID", "account", None)
    ]


def test_a_file_may_refer_to_itself(tmp_path: Path) -> None:
    path = tmp_path / "account.csv"
    path.write_text("Ref,Name,Parent\nA1,Acme,\nA2,Beta,A1\n", "utf-8")
    parent = Field("Parent", type="Lookup", lookup_entity="account")
    table, matcher = read_table(path, "account", (*fields_of("account"), parent), ImportOptions())
    (link,) = find_links([LinkedTable("account", "account.csv", table, matcher)], [])
    expected = Link("account", "Parent", parent, "account", "Ref")
    assert replace(link) == expected
