"""What a command changes in one record is in the journal too, with no call more, and taken back."""

from dataclasses import replace
from pathlib import Path

import pytest

from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.journal import Journal
from cmdm_tui.cli.commands import record_changes
from cmdm_tui.config import Paths
from cmdm_tui.operations import single_change
from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("signed_in")


def make_lead(cmdm: Command) -> str:
    return str(cmdm("create", "lead", "LastName=Jones", "City=Hull").json["ExternalID"])


def city(cmdm: Command, lead: str) -> object:
    return cmdm("get", "lead", lead).json["Properties"]["City"]


def list_runs(cmdm: Command) -> list[tuple[str, str]]:
    return [(one["title"], one["state"]) for one in cmdm("journal", "list", "-o", "json").json]


def test_a_record_that_was_created_is_taken_back(cmdm: Command) -> None:
    lead = make_lead(cmdm)
    assert list_runs(cmdm) == [("Create lead", "1 done")]
    assert cmdm("journal", "undo", "1", "--yes").code == 0
    assert cmdm("get", "lead", lead).code == 4


def test_an_update_that_was_read_first_shows_old_and_new_and_is_put_back(cmdm: Command) -> None:
    lead = make_lead(cmdm)
    ended = cmdm("-v", "update", "lead", lead, "City=Bath", "LastName=Jones", "--recheck")
    assert "City: 'Hull' becomes 'Bath'" in ended.err
    assert "LastName" not in ended.err
    assert (ended.err.count(" GET "), ended.err.count(" PUT ")) == (1, 1)
    assert ended.json == {"Message": "Record updated."}
    assert cmdm("journal", "undo", "2", "--yes").code == 0
    assert city(cmdm, lead) == "Hull"
    same = cmdm("-v", "update", "lead", lead, "City=Hull", "--recheck")
    assert (same.code, same.out, same.err.count(" PUT ")) == (0, b"", 0)
    assert "holds these values already" in same.err


def test_without_reading_first_an_update_is_one_call_and_the_undo_says_what_it_lacks(
    cmdm: Command,
) -> None:
    lead = make_lead(cmdm)
    ended = cmdm("-v", "update", "lead", lead, "City=Bath")
    assert (ended.err.count(" GET "), ended.err.count(" PUT ")) == (0, 1)
    assert list_runs(cmdm)[0] == (f"Update City of lead {lead}", "1 done")
    undone = cmdm("journal", "undo", "2", "--yes")
    assert undone.code == 8
    assert "its old value was not read" in undone.err
    assert city(cmdm, lead) == "Bath"


def test_a_deleted_record_that_was_read_first_is_made_again(cmdm: Command) -> None:
    lead = make_lead(cmdm)
    ended = cmdm("delete", "lead", lead, "--recheck", "--yes")
    assert "City: 'Hull'" in ended.err
    undone = cmdm("journal", "undo", "2", "--yes")
    (new,) = undone.json["created"].values()
    assert city(cmdm, new) == "Hull"
    assert cmdm("delete", "lead", new, "--yes").code == 0
    refused = cmdm("journal", "undo", "4", "--yes")
    assert "it was deleted and not read before, so it cannot be made again" in refused.err


def test_conversions_and_closings_are_kept_and_named_as_what_stays(cmdm: Command) -> None:
    lead = make_lead(cmdm)
    task = cmdm("create", "task", "Subject=Ring").json["ExternalID"]
    account = cmdm("convert", lead, "--yes").json["Account ExternalID"]
    assert cmdm("close", task).code == 0
    shown = cmdm("journal", "show", "3", "-o", "json").json
    assert [(one["change"], one["ExternalID"]) for one in shown] == [("convert", account)]
    assert "cannot be taken back" in cmdm("journal", "undo", "4", "--yes").err


def test_what_the_service_refused_is_refused_in_the_journal(cmdm: Command) -> None:
    assert cmdm("update", "lead", "NOPE", "City=Bath").code == 4
    assert list_runs(cmdm) == [("Update City of lead NOPE", "1 refused")]
    assert "Nothing is left to do of run 1" in cmdm("journal", "resume", "1").err


def test_a_stopped_run_is_resumed_once_it_is_confirmed(cmdm: Command) -> None:
    lead = make_lead(cmdm)
    with Journal.open(Paths.of_user().journal) as journal:
        made = journal.load(1).change_set
        change = Change(ChangeKind.DELETE, "lead", lead)
        journal.begin(replace(made, changes=(change,), made_at=1.0), profile="acme")
    refused = cmdm("journal", "resume", "2")
    assert refused.code == 2
    assert "Delete 1 record of lead." in refused.err
    assert "no one can confirm it here" in refused.err
    assert city(cmdm, lead) == "Hull"
    assert cmdm("journal", "resume", "2", "--yes").code == 0  # the twin
    assert cmdm("get", "lead", lead).code == 4


def test_what_was_declined_is_not_in_the_journal(cmdm: Command) -> None:
    lead = make_lead(cmdm)
    assert cmdm("delete", "lead", lead).code == 2
    assert len(list_runs(cmdm)) == 1


def test_a_journal_that_cannot_be_written_keeps_no_change_from_being_sent(
    cmdm: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("x")
    monkeypatch.setattr(
        "cmdm_tui.config.Paths.journal", property(lambda _: in_the_way / "journal.sqlite")
    )
    ended = cmdm("create", "lead", "LastName=Jones")
    assert (ended.code, ended.json.keys()) == (0, {"ExternalID"})
    assert "The journal does not have this change" in ended.err


def test_a_change_that_is_not_written_down_would_be_noticed(
    cmdm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    def begin_nothing(*_: object) -> None:
        return None

    assert record_changes
    monkeypatch.setattr(single_change.SingleChange, "_begin", begin_nothing)
    make_lead(cmdm)
    assert list_runs(cmdm) == []


def test_a_count_is_not_believed_after_a_change_of_it(cmdm: Command) -> None:
    cmdm("query", "SELECT count(*) FROM lead")
    cmdm("create", "lead", "LastName=Able")
    ended = cmdm("query", "-o", "csv", "SELECT LastName FROM lead")
    assert ended.code == 0
    assert "when the query was planned" not in ended.err
