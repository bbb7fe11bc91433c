"""Changes from the command line: shown, confirmed, sent, kept in the journal and taken back."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("signed_in")

LEADS = """\
LastName,Email,City
Able,able@mill.example,Leeds
,nobody@mill.example,York
Bo,bo@mill.example,
"""

WriteFile = Callable[[str, str], str]


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    def write(name: str, content: str) -> str:
        path = tmp_path / name
        path.write_text(content, "utf-8")
        return str(path)

    return write


def count_leads(cmdm: Command) -> int:
    ended = cmdm("query", "-o", "json", "SELECT count(*) AS n FROM lead")
    return int(ended.json[0]["n"])


def test_a_file_is_imported_and_the_import_taken_back(
    cmdm: Command, write_file: WriteFile, tmp_path: Path
) -> None:
    before = count_leads(cmdm)
    rejects, results = tmp_path / "rejects.csv", tmp_path / "results.csv"
    ended = cmdm(
        "import", "lead", write_file("leads.csv", LEADS),
        "--rejects", str(rejects), "--results", str(results),
    )  # fmt: skip
    assert ended.code == 8
    assert "line 3, LastName: is required." in ended.err
    assert ended.json["counts"] == {"done": 2}
    assert count_leads(cmdm) == before + 2
    assert rejects.read_text().splitlines()[1].startswith("3,LastName,is required")
    assert [line.split(",")[4] for line in results.read_text().splitlines()[1:]] == ["done"] * 2
    run = str(ended.json["run"])
    refused = cmdm("journal", "undo", run)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert count_leads(cmdm) == before + 2
    undone = cmdm("journal", "undo", run, "--yes")
    assert (undone.code, undone.json["counts"]) == (0, {"done": 2})
    assert count_leads(cmdm) == before
    listed = cmdm("journal", "list", "-o", "json").json
    assert [(row["run"], row["changes"]) for row in listed] == [(int(run) + 1, 2), (int(run), 2)]


def test_a_deleted_record_is_made_again_once(cmdm: Command) -> None:
    lead = cmdm("create", "lead", "LastName=Able").json["ExternalID"]
    deleted = cmdm("sql", f"DELETE FROM lead WHERE ExternalID = '{lead}'", "--yes").json["run"]
    before = count_leads(cmdm)
    undone = cmdm("journal", "undo", str(deleted), "--yes")
    again = cmdm("journal", "undo", str(deleted), "--yes")
    assert f"Run {undone.json['run']} made 1 deleted record again already" in again.err
    assert count_leads(cmdm) == before + 1


def test_a_dry_run_shows_the_changes_and_sends_none(cmdm: Command, write_file: WriteFile) -> None:
    before = count_leads(cmdm)
    ended = cmdm("import", "lead", write_file("leads.csv", LEADS), "--dry-run", "-o", "json")
    assert ended.code == 8
    assert {row["origin"] for row in ended.json} == {"line 2", "line 4"}
    assert re.search(r"It takes 2 calls if none fails, of .* which ends at \d\d:00 UTC", ended.err)
    assert count_leads(cmdm) == before
    assert json.loads(cmdm("journal", "list", "-o", "json").out) == []


def test_changes_are_kept_in_a_file_and_applied_later(
    cmdm: Command, write_file: WriteFile, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.jsonl"
    saved = cmdm("import", "lead", write_file("leads.csv", LEADS), "--save", str(kept))
    assert saved.code == 8
    before = count_leads(cmdm)
    applied = cmdm("apply", str(kept))
    assert applied.code == 8  # the record that was left out is still left out
    assert count_leads(cmdm) == before + 2
    refused = cmdm("apply", str(kept))
    assert refused.code == 2
    assert "has sent these changes already" in refused.err
    assert "--again" in refused.err
    assert count_leads(cmdm) == before + 2
    assert cmdm("apply", str(kept), "--again").code == 8
    assert count_leads(cmdm) == before + 4


def test_what_a_file_leaves_open_is_no_guess_of_a_script(
    cmdm: Command, write_file: WriteFile
) -> None:
    file = write_file("leads.csv", "LastName,LastContacted\nAble,03/04/2026\n")
    ended = cmdm("import", "lead", file)
    assert ended.code == 2
    assert "--dates" in ended.err
    ended = cmdm("import", "lead", file, "--dates", "dd/mm/yyyy", "--dry-run", "-o", "json")
    assert ended.json[1]["new"] == "2026-04-03"


def test_an_upsert_updates_what_is_there_and_creates_the_rest(
    cmdm: Command, write_file: WriteFile
) -> None:
    lead = cmdm("create", "lead", "LastName=Able", "Email=able@mill.example", "City=Hull").json
    file = write_file("leads.csv", LEADS)
    ended = cmdm("import", "lead", file, "--mode", "upsert", "--key", "Email")
    assert ended.json["counts"] == {"done": 2}
    found = cmdm("get", "lead", lead["ExternalID"]).json["Properties"]
    assert found["City"] == "Leeds"
    again = cmdm("import", "lead", file, "--mode", "upsert", "--key", "Email")
    assert "2 records hold the wanted values already." in again.err


def test_a_record_that_has_changed_since_is_a_conflict(
    cmdm: Command, write_file: WriteFile, tmp_path: Path
) -> None:
    lead = cmdm("create", "lead", "LastName=Able", "Email=able@mill.example", "City=Hull").json
    file, kept = write_file("leads.csv", LEADS), tmp_path / "kept.jsonl"
    cmdm("import", "lead", file, "--mode", "update", "--key", "Email", "--save", str(kept))
    cmdm("update", "lead", lead["ExternalID"], "City=Bath")
    refused = tmp_path / "refused.jsonl"
    ended = cmdm("apply", str(kept), "--refused", str(refused))
    assert ended.code == 8
    assert "in conflict: City was 'Hull' and is 'Bath'" in ended.err
    assert cmdm("get", "lead", lead["ExternalID"]).json["Properties"]["City"] == "Bath"
    assert refused.exists()
    shown = cmdm("journal", "show", str(ended.json["run"]), "-o", "json")
    assert [row["state"] for row in shown.json] == ["conflict"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("apply", "nothing.jsonl"), "nothing.jsonl cannot be read"),
        (("journal", "show", "7"), "holds no run 7"),
        (("journal", "undo", "7", "--yes"), "holds no run 7"),
        (("import", "lead", "nothing.csv"), "nothing.csv"),
        (("import", "lead", "x.csv", "--map", "Email"), "is not HEADER=FIELD"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    cmdm: Command, words: tuple[str, ...], said: str
) -> None:
    ended = cmdm(*words)
    assert ended.code in {1, 2}
    assert said in ended.err
    assert ended.err.count("\n") == 1
    assert "Traceback" not in ended.err


def test_files_that_name_each_other_are_imported_together(
    cmdm: Command, write_file: WriteFile, tmp_path: Path
) -> None:
    account = write_file("account.csv", "Ref,Name\nA1,Mill & Co\nA2,Dale & Co\n")
    contact = write_file("contact.csv", "LastName,AccountExternalID\nAble,A1\nBo,A2\nCox,A7\n")
    words = ("import", f"contact={contact}", f"account={account}")
    open_ = cmdm(*words, "--dry-run")
    assert (open_.code, "Say which with --link" in open_.err) == (2, True)
    rejects = tmp_path / "rejects.csv"
    link = ("--link", "contact.AccountExternalID=account.Ref", "--rejects", str(rejects))
    shown = cmdm(*words, *link, "--dry-run", "-o", "json")
    assert "new account #1 (Mill & Co)" in {row["new"] for row in shown.json}
    ended = cmdm(*words, *link)
    assert (ended.code, ended.json["counts"]) == (8, {"done": 4})
    assert "no row of account.csv has the Ref 'A7', and no account has this id" in ended.err
    assert rejects.read_text().splitlines()[1].startswith("contact.csv,4,AccountExternalID,")
    sql = (
        "SELECT a.Name FROM contact c JOIN account a ON a.ExternalID = c.AccountExternalID "
        "WHERE c.LastName = 'Bo' AND a.Name = 'Dale & Co'"
    )
    assert cmdm("query", "-o", "json", sql).json == [{"Name": "Dale & Co"}]
    undone = cmdm("journal", "undo", str(ended.json["run"]), "--yes")
    assert (undone.code, undone.json["counts"]) == (0, {"done": 4})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("account=a.csv", "account=b.csv"), "account is given twice"),
        (("account=a.csv", "b.csv"), "'b.csv' is not ENTITY=FILE"),
        (("account=a.csv", "--key", "Name"), "--key Name: say of which file, as ENTITY=…"),
        (("account=a.csv", "--map", "A=Name"), "say of which file, as ENTITY.HEADER=FIELD"),
        (("account=a.csv", "--mode", "lead=update"), "The files are of account"),
        (("account=a.csv", "--mode", "merge"), "'merge' is none of create, update, upsert"),
        (("account=a.csv", "--link", "x=y"), "'x=y' is not ENTITY.COLUMN=ENTITY.COLUMN"),
        (("account", "a.csv", "--link", "a.b=c.d"), "--link is for several files"),
    ],
)
def test_words_of_an_import_that_are_not_right_are_refused(
    cmdm: Command, words: tuple[str, ...], said: str
) -> None:
    ended = cmdm("import", *words)
    assert ended.code == 2
    assert said in " ".join(ended.err.split())


def test_options_name_the_file_that_they_are_of(cmdm: Command, write_file: WriteFile) -> None:
    account = write_file("account.csv", "Ref,Firm\nA1,Mill & Co\n")
    contact = write_file("contact.csv", "Surname,Of\nAble,A1\n")
    words = (
        "import", f"account={account}", f"contact={contact}",
        "--mode", "account=upsert", "--key", "account=Name", "--map", "account.Firm=Name",
        "--map", "contact.Surname=LastName", "--link", "contact.Of=account.Ref",
    )  # fmt: skip
    assert cmdm(*words).json["counts"] == {"done": 2}
    again = cmdm(*words)
    assert (again.json["counts"], again.json["unchanged_before"]) == ({"done": 1}, 1)
    assert "0 records with a new account, 1 with one that exists" in again.err
