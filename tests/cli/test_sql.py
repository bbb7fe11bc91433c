"""Statements that change records, from the command line: shown, confirmed, sent, returned."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("signed_in")


def make_leads(cmdm: Command) -> list[str]:
    cities = ("Leeds", "Leeds", "York")
    return [
        cmdm("create", "lead", f"LastName=Sql {at}", f"City={city}", "Score=10").json["ExternalID"]
        for at, city in enumerate(cities)
    ]


def read_cities(cmdm: Command) -> list[str]:
    rows = cmdm("query", "-o", "json", "SELECT City FROM lead WHERE LastName LIKE 'Sql %'").json
    return sorted(row["City"] for row in rows)


def test_an_update_changes_what_its_condition_finds_and_is_taken_back(cmdm: Command) -> None:
    make_leads(cmdm)
    update = (
        "UPDATE lead SET City = 'Bath', Score = Score + 1 "
        "WHERE LastName LIKE 'Sql %' AND City = 'Leeds'"
    )
    shown = cmdm("sql", "--dry-run", "-o", "json", update)
    assert [(row["field"], row["old"], row["new"]) for row in shown.json] == [
        ("City", "Leeds", "Bath"), ("Score", "10", "11"),
    ] * 2  # fmt: skip
    assert read_cities(cmdm) == ["Leeds", "Leeds", "York"]
    done = cmdm("sql", update)
    assert (done.code, done.json["counts"]) == (0, {"done": 2})
    assert read_cities(cmdm) == ["Bath", "Bath", "York"]
    assert cmdm("journal", "undo", str(done.json["run"])).code == 0
    assert read_cities(cmdm) == ["Leeds", "Leeds", "York"]


def test_what_is_left_out_is_named_by_its_id(cmdm: Command) -> None:
    lead, *_ = make_leads(cmdm)
    shown = cmdm("sql", "--dry-run", "UPDATE lead SET Score = 'abc' WHERE LastName = 'Sql 0'")
    assert f"  lead {lead}, Score: Score is 'abc', not a number " in shown.err
    called = cmdm("sql", "--dry-run", "CALL convert_lead('NONE0000')")
    assert "  lead NONE0000: " in called.err
    assert (shown.code, called.code) == (8, 8)


def test_a_delete_needs_a_yes_and_returns_what_it_deleted(cmdm: Command) -> None:
    leads = make_leads(cmdm)
    delete = "DELETE FROM lead WHERE LastName LIKE 'Sql %' RETURNING ExternalID, City"
    refused = cmdm("sql", delete)
    assert refused.code == 2
    assert "Say --yes" in refused.err
    assert len(read_cities(cmdm)) == 3
    done = cmdm("sql", "--yes", "-o", "json", delete)
    assert done.code == 0
    assert sorted(row["ExternalID"] for row in done.json) == sorted(leads)
    assert read_cities(cmdm) == []


def test_an_insert_of_a_query_creates_records(cmdm: Command) -> None:
    lead, *_ = make_leads(cmdm)
    insert = (
        "INSERT INTO task (Subject, RelatedEntity, RelatedExternalID) SELECT 'Ring ' || LastName, "
        f"'lead', ExternalID FROM lead WHERE ExternalID = '{lead}' RETURNING ExternalID"
    )
    (made,) = cmdm("sql", "-o", "json", insert).json
    task = cmdm("get", "task", made["ExternalID"]).json["Properties"]
    assert (task["Subject"], task["RelatedExternalID"]) == ("Ring Sql 0", lead)


def test_statements_run_in_order_and_all_are_read_before_the_first(cmdm: Command) -> None:
    make_leads(cmdm)
    both = "UPDATE lead SET City = 'Bath' WHERE City = 'York' AND LastName LIKE 'Sql %'; "
    ended = cmdm("sql", both + "DROP TABLE lead")
    assert ended.code in {1, 2, 4}
    assert read_cities(cmdm) == ["Leeds", "Leeds", "York"]
    ended = cmdm(
        "sql",
        "-o",
        "jsonl",
        both + "SELECT count(*) AS n FROM lead WHERE City = 'Bath' AND LastName LIKE 'Sql %'",
    )
    assert ended.code == 0
    assert b'{"n": 1}' in ended.out


def test_a_statement_without_a_where_says_that_it_means_every_record(
    cmdm: Command, tmp_path: Path
) -> None:
    every = "UPDATE lead SET City = 'Bath'"
    ended = cmdm("sql", every)
    assert ended.code == 2
    assert "Every record of lead is meant: there is no WHERE." in ended.err
    assert "no one can confirm them here" in ended.err
    kept = tmp_path / "kept.jsonl"
    cmdm("sql", "--save", str(kept), every)
    assert "Every record of lead is meant" in cmdm("apply", str(kept)).err
    limited = cmdm("sql", f"{every} WHERE true", "--dry-run")
    assert "Every record" not in limited.err


def test_a_conversion_and_a_closing_are_calls(cmdm: Command) -> None:
    lead, *_ = make_leads(cmdm)
    task = cmdm("create", "task", "Subject=Ring").json["ExternalID"]
    assert cmdm("sql", f"CALL close_task('{task}')").code == 0
    assert cmdm("get", "task", task).json["Properties"]["Status"] == "Closed"
    assert cmdm("sql", f"CALL convert_lead('{lead}')").code == 2
    assert cmdm("sql", "--yes", f"CALL convert_lead('{lead}')").code == 0
    assert cmdm("get", "lead", lead).json["Properties"]["Status"] == "Converted"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE lead SET Nothing = 1 WHERE ExternalID = 'A'", "Nothing"),
        ("UPDATE lead SET ExternalID = 'B' WHERE ExternalID = 'A'", "ExternalID"),
        ("UPDATE lead SET CreatedDate = NULL", "CreatedDate"),
        ("INSERT INTO nothing (A) VALUES (1)", "nothing"),
        ("MERGE INTO lead USING x ON true WHEN MATCHED THEN DELETE", "MERGE"),
    ],
)
def test_what_cannot_be_changed_is_said_and_nothing_is_sent(
    cmdm: Command, statement: str, said: str
) -> None:
    ended = cmdm("sql", "--yes", statement)
    assert ended.code in {1, 2, 4}
    assert said in ended.err
    assert cmdm("journal", "list", "-o", "json").json == []


@pytest.mark.parametrize("statement", ["DELETE FROM lead", "UPDATE lead SET City = 'X'"])
def test_a_query_never_writes(cmdm: Command, statement: str) -> None:
    before = cmdm("query", "-o", "json", "SELECT count(*), max(City) FROM lead").out
    assert cmdm("query", "--yes", statement).code in {1, 2}
    assert cmdm("query", "-o", "json", "SELECT count(*), max(City) FROM lead").out == before
