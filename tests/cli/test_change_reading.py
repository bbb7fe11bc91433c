"""What is read before changes are shown: lookups on request, and a part of what may be meant."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.cli.conftest import Command
from tests.services import copy_records

pytestmark = pytest.mark.usefixtures("signed_in")

LOOKUPS = "LastName,AccountExternalID\nAble,{account}\nBo,NONE0000\nCo,NONE0000\n"
WITH_E = "City LIKE '%e%'"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningInfo]:
    """A sandbox of a hundred leads whose pages hold twenty."""
    config = SandboxConfig(tmp_path / "sandbox", 0, 100, behaviours={"page_cap": "20"})
    copy_records(config)
    with Sandbox.embedded(config) as running:
        yield running


def count(cmdm: Command, entity: str, condition: str) -> int:
    sql = f"SELECT count(*) AS n FROM {entity} WHERE {condition}"
    return int(cmdm("query", "--yes", "-o", "json", sql).json[0]["n"])


def write(folder: Path, text: str) -> str:
    path = folder / "records.csv"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.fixture
def contacts(cmdm: Command, tmp_path: Path) -> str:
    """A file of three contacts, of which two belong to no account."""
    made = cmdm("create", "account", "Name=Mill").json["ExternalID"]
    return write(tmp_path, LOOKUPS.format(account=made))


def test_what_names_no_record_is_left_out_on_request(cmdm: Command, contacts: str) -> None:
    shown = cmdm("import", "contact", contacts, "--check-lookups", "--dry-run", "-o", "json")
    assert shown.code == 8
    assert {row["origin"] for row in shown.json} == {"line 2"}
    assert "Looked for 2 records that lookups name, in 2 calls; 1 not found." in shown.err
    assert "line 3, AccountExternalID: there is no account NONE0000." in shown.err


def test_what_names_no_record_is_kept_where_no_one_asks(cmdm: Command, contacts: str) -> None:
    """The twin: nothing is read, and all is shown."""
    shown = cmdm("import", "contact", contacts, "--dry-run", "-o", "json")
    assert (shown.code, len({row["origin"] for row in shown.json})) == (0, 3)
    assert "Looked for" not in shown.err


def test_lookups_are_checked_of_sql_and_of_a_file(
    cmdm: Command, contacts: str, tmp_path: Path
) -> None:
    insert = (
        "INSERT INTO task (Subject, RelatedEntity, RelatedExternalID) VALUES ('x', 'lead', 'NO')"
    )
    ended = cmdm("sql", "--check-lookups", insert)
    assert ended.code == 8
    assert "there is no lead NO." in ended.err
    assert "1 record refused:" in ended.err
    kept = str(tmp_path / "kept.jsonl")
    assert cmdm("import", "contact", contacts, "--save", kept).code == 0
    applied = cmdm("apply", kept, "--check-lookups")
    assert (applied.code, applied.json["counts"], applied.json["left_out"]) == (8, {"done": 1}, 2)


def test_lookups_take_no_more_calls_than_allowed(cmdm: Command, contacts: str) -> None:
    ended = cmdm("import", "contact", contacts, "--check-lookups", "--max-calls", "1")
    assert ended.code == 8
    assert "Not every record that lookups name was read. Nothing was sent." in ended.err
    assert count(cmdm, "contact", "LastName = 'Able'") == 0


def test_a_part_of_what_is_meant_is_sent_on_request_alone(cmdm: Command) -> None:
    meant = count(cmdm, "lead", WITH_E)
    update = ("sql", "--max-calls", "3", f"UPDATE lead SET Notes = 'part' WHERE {WITH_E}")
    refused = cmdm(*update)
    assert refused.code == 8
    assert "these changes are a part of all" in refused.err
    assert "--allow-partial" in refused.err
    assert count(cmdm, "lead", "Notes = 'part'") == 0
    ended = cmdm(*update, "--allow-partial", "--yes")
    assert (ended.code, ended.json["partial"]) == (8, True)
    assert 0 < ended.json["counts"]["done"] == count(cmdm, "lead", "Notes = 'part'") < meant


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM lead WHERE ExternalID NOT IN (SELECT ExternalID FROM lead WHERE Score > 1)",
        "INSERT INTO event (Title, Capacity) SELECT City, count(*) FROM lead GROUP BY City",
        f"INSERT INTO event (Title) SELECT City FROM lead WHERE {WITH_E} LIMIT 90",
    ],
)
def test_other_changes_than_those_meant_are_never_sent(cmdm: Command, statement: str) -> None:
    """A part of the records would lead to other changes here, and not to fewer."""
    count(cmdm, "lead", WITH_E)
    words = ("sql", "--allow-partial", "--yes", "--max-calls", "3", statement)
    for more in ((), ("--dry-run",)):
        ended = cmdm(*words, *more)
        assert ended.code == 8
        assert "rests on all of them. Nothing was sent." in ended.err
    assert cmdm("journal", "list", "-o", "json").json == []


def test_a_record_that_was_not_read_is_not_made_again(cmdm: Command, tmp_path: Path) -> None:
    emails = cmdm("query", "-o", "csv", "SELECT Email FROM lead WHERE Email > ''").out.decode()
    rows = [f"{one},Ng" for one in dict.fromkeys(emails.split()[1:])]
    file = write(tmp_path, "\n".join(["Email,LastName", *rows, ""]))
    before = count(cmdm, "lead", "ExternalID > ''")
    words = ("import", "lead", file, "--mode", "upsert", "--key", "Email", "--max-calls", "3")
    ended = cmdm(*words, "--allow-partial", "--yes")
    assert ended.code == 8
    assert "not every record was read, so one may have this key" in ended.err
    assert count(cmdm, "lead", "ExternalID > ''") == before


def test_a_script_of_the_prompt_ends_as_the_command_does(cmdm: Command, tmp_path: Path) -> None:
    kept = str(tmp_path / "kept.jsonl")
    partial = f"UPDATE lead SET Notes = 'part' WHERE {WITH_E}"
    count(cmdm, "lead", WITH_E)
    assert cmdm("sql", "--max-calls", "3", "--save", kept, partial).code == 8
    ended = cmdm("repl", stdin=f"\\apply {kept}\n".encode())
    assert ended.code == cmdm("apply", kept).code == 8
    assert "\\calls" in ended.err
    left_out = "INSERT INTO lead (LastName, Score) VALUES ('a', 1), ('b', 'many')"
    assert cmdm("repl", stdin=f"{left_out};\n".encode()).code == cmdm("sql", left_out).code == 8
