"""The files that a command writes of its changes: tried before anything is sent, and never lost."""

import csv
from pathlib import Path

import pytest

from cmdm_tui.changes.errors import ChangeFileError
from cmdm_tui.cli.commands import change_files
from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("signed_in")

LEADS = "LastName,City\nFile 1,Leeds\n,York\n"
RENAME = "UPDATE lead SET City = 'Bath' WHERE ExternalID = '{}'"


def make_lead(cmdm: Command) -> str:
    return str(cmdm("create", "lead", "LastName=Files", "City=Hull").json["ExternalID"])


def count_runs(cmdm: Command) -> int:
    return len(cmdm("journal", "list", "-o", "json").json)


@pytest.mark.parametrize(
    "options",
    [
        ("-n", "--rejects", "leads.csv"),
        ("--rejects", "sub/../leads.csv"),
        ("--results", "link.csv"),
        ("--save-mapping", "leads.csv"),
        ("--results", "new.csv", "--rejects", "new.csv"),
        ("--save", "new.jsonl", "--results", "./new.jsonl"),
    ],
)
def test_a_file_is_never_written_over_another_of_the_command(
    cmdm: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    file = tmp_path / "leads.csv"
    file.write_text(LEADS, "utf-8")
    (tmp_path / "link.csv").symlink_to(file)
    before = count_runs(cmdm)
    ended = cmdm("import", "lead", "leads.csv", "-y", *options)
    assert ended.code == 2
    assert "is a file that this command reads" in ended.err or "are one file" in ended.err
    assert file.read_text("utf-8") == LEADS
    assert not list(tmp_path.glob("new.*"))
    assert count_runs(cmdm) == before


def test_files_that_differ_are_written(cmdm: Command, tmp_path: Path) -> None:
    file, rejects, results = (tmp_path / f"{name}.csv" for name in ("leads", "left", "results"))
    file.write_text(LEADS, "utf-8")
    rejects.write_text("old", "utf-8")
    words = ("import", "lead", str(file), "-y", "--rejects", str(rejects))
    assert cmdm(*words, "--results", str(results)).code == 8
    assert (rejects.read_text("utf-8")[:4], results.exists()) == ("line", True)


def test_a_file_of_changes_is_not_what_becomes_of_them(cmdm: Command, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    cmdm("sql", "--save", str(kept), RENAME.format(make_lead(cmdm)))
    content, before = kept.read_bytes(), count_runs(cmdm)
    for option in ("--refused", "--results"):
        ended = cmdm("apply", str(kept), "-y", option, str(kept))
        assert (ended.code, "is a file that this command reads" in ended.err) == (2, True)
    assert (kept.read_bytes(), count_runs(cmdm)) == (content, before)


@pytest.mark.parametrize(
    ("option", "file", "said"),
    [
        ("--results", "none/x.csv", "cannot be written"),
        ("--results", "x.odd", "names no format"),
        ("--refused", "none/x.jsonl", "cannot be written"),
        ("--refused", "old.jsonl", "There is a file"),
        ("--save", "old.jsonl", "There is a file"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_sent(
    cmdm: Command, tmp_path: Path, option: str, file: str, said: str
) -> None:
    (tmp_path / "old.jsonl").write_text("old", "utf-8")
    lead, before = make_lead(cmdm), count_runs(cmdm)
    ended = cmdm("sql", "-y", option, str(tmp_path / file), RENAME.format(lead))
    assert (ended.code, said in ended.err) == (2, True)
    assert count_runs(cmdm) == before
    assert cmdm("get", "lead", lead).json["Properties"]["City"] == "Hull"
    assert [one.name for one in tmp_path.glob("*.jsonl")] == ["old.jsonl"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_is_full_keeps_no_summary_back(cmdm: Command) -> None:
    ended = cmdm(
        "sql", "-y", "-o", "json", "--results", "/dev/full", RENAME.format(make_lead(cmdm))
    )
    assert (ended.code, ended.json["counts"]) == (1, {"done": 1})
    assert "/dev/full cannot be written: No space left on device" in ended.err
    assert f"cmdm journal show {ended.json['run']} lists what" in ended.err


def test_an_error_of_a_file_does_not_hide_that_changes_were_refused(
    cmdm: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ChangeFileError("refused.jsonl cannot be written: No space left on device")

    monkeypatch.setattr(change_files, "save_change_set", fail)
    insert = (
        "INSERT INTO task (Subject, RelatedEntity, RelatedExternalID) VALUES ('A', 'lead', 'no')"
    )
    ended = cmdm("sql", "-y", "-o", "json", "--refused", str(tmp_path / "r.jsonl"), insert)
    assert (ended.code, ended.json["counts"]) == (8, {"refused": 1})
    assert "No space left on device" in ended.err


def test_a_file_that_the_sql_names_is_one_that_the_command_reads(
    cmdm: Command, tmp_path: Path
) -> None:
    file, script = tmp_path / "in.csv", tmp_path / "script.txt"
    file.write_text("LastName\nFiles\n", "utf-8")
    insert = f"INSERT INTO lead (LastName) SELECT LastName FROM '{file}'"
    script.write_text(insert, "utf-8")
    before = count_runs(cmdm)
    for sql in (insert, f"SELECT * FROM read_csv('{file}'); CALL close_task('1')"):
        assert cmdm("sql", "-y", "--results", str(file), sql).code == 2
    assert cmdm("sql", "-y", "--results", str(script), "-f", str(script)).code == 2
    assert (file.read_text("utf-8"), count_runs(cmdm)) == ("LastName\nFiles\n", before)
    assert cmdm("sql", "-y", "--results", str(tmp_path / "out.csv"), insert).code == 0


def test_the_results_of_several_statements_are_in_one_file(cmdm: Command, tmp_path: Path) -> None:
    leads, results = [make_lead(cmdm), make_lead(cmdm)], tmp_path / "results.csv"
    results.write_text("what was there before", "utf-8")
    both = "; ".join(map(RENAME.format, leads))
    assert cmdm("sql", "-y", "--results", str(results), both).code == 0
    with results.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["ExternalID"], row["state"]) for row in rows] == [(one, "done") for one in leads]
    runs = cmdm("journal", "list", "-o", "json").json
    assert [int(row["run"]) for row in rows] == [runs[1]["run"], runs[0]["run"]]


@pytest.mark.parametrize("option", ["--save", "--refused"])
def test_a_file_that_keeps_changes_is_of_one_statement(
    cmdm: Command, tmp_path: Path, option: str
) -> None:
    lead, kept = make_lead(cmdm), tmp_path / "kept.jsonl"
    before, change = count_runs(cmdm), RENAME.format(lead)
    ended = cmdm("sql", "-y", option, str(kept), f"{change}; {change}")
    assert ended.code == 2
    assert f"{option} keeps the changes of one statement. Give one at a time" in ended.err
    assert (kept.exists(), count_runs(cmdm)) == (False, before)
    assert cmdm("sql", "-y", option, str(kept), f"SELECT 1; {change}").code == 0


@pytest.mark.parametrize(("most", "code", "cities"), [("1", 2, ["Bath", "Hull"]), ("2", 0, None)])
def test_the_most_changes_are_those_of_all_statements(
    cmdm: Command, most: str, code: int, cities: list[str] | None
) -> None:
    leads = [make_lead(cmdm), make_lead(cmdm)]
    both = "; ".join(map(RENAME.format, leads))
    ended = cmdm("sql", "-y", "--max-writes", most, both)
    assert ended.code == code
    found = [cmdm("get", "lead", one).json["Properties"]["City"] for one in leads]
    assert found == (cities or ["Bath", "Bath"])
    refusal = "1 change would be sent after 1, and at most 1 are allowed. No more was sent."
    assert (refusal in ended.err) is (code == 2)
