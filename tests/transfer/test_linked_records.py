"""Which record of several files gets which id, and which is left out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cmdm_tui.api.models import Field, Parent, Record
from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.transfer import ImportOptions, read_import
from cmdm_tui.transfer.columns import NO_LINKS
from cmdm_tui.transfer.import_file import read_table
from cmdm_tui.transfer.linked_records import (
    LinkedChanges,
    LinkedFile,
    link_files,
    list_unknown_ids,
)
from cmdm_tui.transfer.links import LinkedTable, LinkRequest, find_links, list_linked_columns
from tests.transfer.schema_fields import fields_of

ACCOUNTS = "Ref,Name\nA1,Acme\nA2,Beta\n"
BY_REF = LinkRequest("contact", "AccountExternalID", ("account", "Ref"))
LOOKUPS = {
    "account": (
        Field("Parent", type="Lookup", lookup_entity="account"),
        Field("MainContact", type="Lookup", lookup_entity="contact"),
    )
}


class Files:
    """Files of a folder, with what is on the server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.options: dict[str, ImportOptions] = {}
        self.existing: dict[str, Sequence[Record]] = {}

    def read(self, *requests: LinkRequest, **texts: str) -> list[LinkedFile]:
        fields = {entity: (*fields_of(entity), *LOOKUPS.get(entity, ())) for entity in texts}
        tables: list[LinkedTable] = []
        for entity, text in texts.items():
            path = self.folder / f"{entity}.csv"
            path.write_text(text, "utf-8")
            options = self.options.get(entity, ImportOptions())
            table, matcher = read_table(path, entity, fields[entity], options)
            tables.append(LinkedTable(entity, path.name, table, matcher, options.mode))
        links = find_links(tables, requests)
        columns = list_linked_columns(links)
        return [
            LinkedFile(
                replace(
                    read_import(
                        self.folder / f"{entity}.csv",
                        entity,
                        fields[entity],
                        self.options.get(entity, ImportOptions()),
                        columns.get(entity, NO_LINKS),
                    ),
                    is_named=True,
                ),
                self.existing.get(entity, ()),
                [link for link in links if link.entity == entity],
            )
            for entity in texts
        ]

    def link(self, *requests: LinkRequest, **texts: str) -> LinkedChanges:
        return link_files(self.read(*requests, **texts), {})


def shown(changes: Sequence[Change]) -> list[str]:
    """Return each change by its name, with what it refers to."""
    names = [str(list(one.properties.values())[:1]) for one in changes]
    found: list[str] = []
    for change, name in zip(changes, names, strict=True):
        to = {field: names[at] for field, at in change.references.items()}
        if change.parent_reference is not None:
            to["of"] = names[change.parent_reference]
        own = name if change.record_reference is None else names[change.record_reference]
        found.append(f"{change.kind} {own} {to}")
    return found


def test_new_records_come_first_and_are_referred_to(tmp_path: Path) -> None:
    made = Files(tmp_path).link(
        contact="LastName,AccountExternalID\nJones,A2\nLone,\n",
        account=ACCOUNTS,
        opportunity="Name,RelatedEntity,RelatedExternalID\nBig,account,A1\n",
    )
    assert shown(made.changes) == [
        "create ['Beta'] {}",
        "create ['Jones'] {'AccountExternalID': \"['Beta']\"}",
        "create ['Lone'] {}",
        "create ['Acme'] {}",
        "create ['Big'] {'of': \"['Acme']\"}",
    ]
    assert made.rejects == ()
    told = "AccountExternalID of contact.csv names records by Ref of account.csv: "
    assert made.notes[0] == f"{told}1 record with a new account, 0 with one that exists."
    assert made.changes[1].origin == "contact.csv line 2"


def test_a_row_that_names_nothing_is_left_out_and_so_is_what_needs_it(tmp_path: Path) -> None:
    made = Files(tmp_path).link(
        BY_REF,
        account="Ref,Name,Employees\nA1,Acme,many\nA2,Beta,1\nA2,Gamma,2\n",
        contact="Key,LastName,AccountExternalID\nC1,Jones,A1\nC2,Smith,A2\nC3,Brown,A9\n",
        task="Subject,RelatedEntity,RelatedExternalID\nCall,contact,C1\nRing,contact,C3\n",
    )
    reasons = {reject.origin: reject.reason for reject in made.rejects}
    assert reasons["account.csv line 2"] == "'many' is not a number"
    assert reasons["contact.csv line 2"] == "its account, account.csv line 2, is left out"
    assert reasons["contact.csv line 3"] == "2 rows of account.csv have the Ref 'A2' (3 and 4)"
    assert reasons["contact.csv line 4"] == (
        "no row of account.csv has the Ref 'A9', and no account has this id"
    )
    assert reasons["task.csv line 2"] == "its contact, contact.csv line 2, is left out"
    assert reasons["task.csv line 3"] == "its contact, contact.csv line 4, is left out"
    assert shown(made.changes) == ["create ['Beta'] {}", "create ['Gamma'] {}"]
    assert [row.line for row in made.refused["contact.csv"]] == [2, 3, 4]
    assert made.refused["contact.csv"][0].cells["AccountExternalID"] == "A1"


def test_a_record_that_exists_gives_its_id(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.options["account"] = ImportOptions(mode="upsert", key="Name")
    files.options["contact"] = ImportOptions(mode="upsert", key="LastName")
    files.existing["account"] = [Record("account", "OLD1", {"Name": "Acme"})]
    files.existing["contact"] = [
        Record("contact", "C1", {"LastName": "Same", "AccountExternalID": "OLD1"}),
        Record("contact", "C2", {"LastName": "Moved", "AccountExternalID": "OTHER"}),
        Record("contact", "C3", {"LastName": "New", "AccountExternalID": "OLD1"}),
    ]
    made = files.link(
        account=ACCOUNTS,
        contact="LastName,AccountExternalID\nSame,A1\nMoved,A1\nNew,A2\nFresh,A1\n",
    )
    assert made.unchanged == 2
    create, moved, new, fresh = made.changes
    assert (create.kind, create.properties["Name"]) == (ChangeKind.CREATE, "Beta")
    assert (moved.external_id, dict(moved.properties)) == ("C2", {"AccountExternalID": "OLD1"})
    assert (new.external_id, dict(new.references)) == ("C3", {"AccountExternalID": 0})
    assert new.before == {"AccountExternalID": "OLD1"}
    assert dict(fresh.properties) == {"LastName": "Fresh", "AccountExternalID": "OLD1"}


def test_a_record_that_exists_is_named_also_where_its_row_is_left_out(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.options["account"] = ImportOptions(mode="upsert", key="Name")
    files.existing["account"] = [Record("account", "OLD1", {"Name": "Acme"})]
    made = files.link(
        LinkRequest("account", "Parent", ("account", "Ref")),
        account="Ref,Name,Parent\nA1,Acme,A9\n",
        contact="LastName,AccountExternalID\nJones,A1\n",
    )
    assert [reject.origin for reject in made.rejects] == ["account.csv line 2"]
    assert made.changes[0].properties["AccountExternalID"] == "OLD1"


def test_ids_that_name_no_row_must_be_records(tmp_path: Path) -> None:
    files = Files(tmp_path).read(
        BY_REF,
        account=ACCOUNTS,
        contact="LastName,AccountExternalID\nJones,THERE\nSmith,GONE\n",
        task="Subject,RelatedEntity,RelatedExternalID\nCall,lead,L1\n",
    )
    unknown = {entity: set(ids) for entity, ids in list_unknown_ids(files).items()}
    assert unknown == {"account": {"THERE", "GONE"}, "lead": {"L1"}}
    made = link_files(files, {"account": ["THERE"], "lead": ["L1"]})
    assert [reject.origin for reject in made.rejects] == ["contact.csv line 3"]
    by_name = {str(next(iter(one.properties.values()))): one for one in made.changes}
    assert by_name["Jones"].properties["AccountExternalID"] == "THERE"
    assert by_name["Call"].parent == Parent("lead", "L1")


def test_records_that_name_each_other_in_a_circle_get_their_field_later(tmp_path: Path) -> None:
    made = Files(tmp_path).link(
        account="Ref,Name,MainContact,Parent\nA1,Acme,C1,A2\nA2,Beta,,\nA3,Self,,A3\n",
        contact="Key,LastName,AccountExternalID\nC1,Jones,A1\n",
    )
    assert made.rejects == ()
    assert shown(made.changes)[-2:] == [
        "update ['Acme'] {'MainContact': \"['Jones']\"}",
        "update ['Self'] {'Parent': \"['Self']\"}",
    ]
    assert "in a circle: an update sets 2 fields" in made.notes[-1]
