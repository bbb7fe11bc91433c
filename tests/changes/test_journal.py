"""The journal: what it keeps, who can read it, and what happens where it cannot be used."""

import os
import sqlite3
import stat
from decimal import Decimal
from pathlib import Path

import pytest

from cmdm_tui.api.models import Parent, PendingWrite, WriteMark
from cmdm_tui.changes.apply_events import ApplyOptions
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet, Reject
from cmdm_tui.changes.errors import JournalError, NoSuchRun, RunInUse
from cmdm_tui.changes.journal import Journal
from cmdm_tui.changes.journal_entry import EntryState
from cmdm_tui.changes.journal_file import JournalFile, Row
from cmdm_tui.config.paths import Paths
from tests.changes.conftest import create, update

HOSTILE = {"City": "H\x1b[31mull\u2028\ud800", "Score": Decimal("1.50"), "Notes": None, "N": [1]}


def made(*changes: Change, title: str = "UPDATE lead") -> ChangeSet:
    return ChangeSet(
        changes,
        title,
        "https://crm.example/api/v1",
        "siân",
        1_795_694_400.5,
        unchanged=3,
        rejects=(Reject("it is bad", "line 3", "City", create("lead", City="x")),),
        notes=("A note.",),
        calls_made=7,
        is_partial=True,
    )


def open_again(journal: Journal, path: Path) -> Journal:
    journal.close()
    return Journal.open(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal" / "journal.sqlite"


def test_a_run_is_read_again_as_it_was_written(path: Path) -> None:
    journal = Journal.open(path)
    changes = made(
        Change(ChangeKind.UPDATE, "lead", "A\ud800", HOSTILE, before=HOSTILE, origin="line 1"),
        Change(ChangeKind.CREATE, "task", properties={"Subject": "x"}, parent=Parent("lead", "A")),
        Change(ChangeKind.CREATE, "contact", references={"AccountExternalID": 1}),
    )
    options = ApplyOptions(rechecks=False, concurrency=9, settling_time=0.5)
    run = journal.begin(changes, profile="live", options=options)
    write = PendingWrite("lead", HOSTILE, 12.5, Parent("lead", "A"), None, mark=WriteMark("N", "m"))
    run.mark_sending(1, write=write, observed=HOSTILE)
    run.set_state(2, EntryState.DONE, result_id="N\ud8001")
    run.set_state(3, EntryState.REFUSED, reason="it is \x1b bad")
    with open_again(journal, path) as opened:
        loaded = opened.load(run.id)
        assert loaded.change_set == changes
        assert loaded.options == options
        assert loaded.entries == run.entries
        assert loaded.entries[0].write == write
        assert loaded.entries[0].observed == HOSTILE
        assert loaded.entries[1].result_id == "N\ud8001"


def test_runs_are_listed_newest_first_by_profile(path: Path) -> None:
    with Journal.open(path) as journal:
        first = journal.begin(made(create("lead"), title="one"), profile="live")
        journal.begin(made(create("lead"), create("lead"), title="two"), profile="test")
        first.set_state(1, EntryState.DONE, result_id="A")
        assert [run.title for run in journal.runs()] == ["two", "one"]
        listed = journal.runs("live")[0]
        assert listed == journal.load(first.id).summary
        assert listed.is_complete
        assert not journal.runs("test")[0].is_complete
        assert journal.runs("test")[0].counts == {EntryState.PENDING: 2}
        assert journal.runs("none") == []


def test_only_its_owner_can_read_it_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with Journal.open(path) as journal:
            journal.begin(made(create("lead")), profile="live")
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes.pop("locks") == 0o700
    assert set(modes.values()) == {0o600}
    assert {"journal.sqlite", "journal.sqlite-wal"} <= modes.keys()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    Journal.open(path).close()
    path.chmod(0o644)
    Journal.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_written_is_on_the_disk_before_it_goes_on(path: Path) -> None:
    with Journal.open(path) as journal:
        assert journal._file.select("PRAGMA synchronous")[0]["synchronous"] == 2
        assert journal._file.select("PRAGMA journal_mode")[0]["journal_mode"] == "wal"


def test_a_run_that_is_not_there_is_named(path: Path) -> None:
    with Journal.open(path) as journal:
        with pytest.raises(NoSuchRun, match=r"holds no run 7\. cmdm journal list shows"):
            journal.load(7)
        with pytest.raises(NoSuchRun):
            journal.forget(7)


def test_a_run_that_is_forgotten_is_nowhere_in_the_file(path: Path) -> None:
    with Journal.open(path) as journal:
        change = update("lead", "A", {"City": "Mr Secretive"}, City="x")
        run = journal.begin(made(change), profile="live")
        with run.hold(), pytest.raises(RunInUse):
            journal.forget(run.id)
        journal.forget(run.id)
        assert journal.runs() == []
    assert b"Secretive" not in path.read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a database at all, but text" * 40, "file is not a database. Move the file away"),
        (b"SQLite format 3\x00" + b"\xff" * 4_000, "cannot be used"),
    ],
)
def test_a_file_that_is_no_journal_is_refused_in_a_sentence(
    path: Path, content: bytes, said: str
) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(JournalError) as raised:
        Journal.open(path)
    assert said in str(raised.value)
    assert path.read_bytes() == content


def test_a_journal_of_a_newer_version_is_refused(path: Path) -> None:
    Journal.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(JournalError, match="made by a newer cmdm"):
        Journal.open(path)


def test_a_damaged_run_is_refused_in_a_sentence(path: Path) -> None:
    with Journal.open(path) as journal:
        run = journal.begin(made(create("lead")), profile="live")
        journal._file.execute("UPDATE entries SET change = '{'")
        with pytest.raises(JournalError, match=r"is damaged\. Restore the file from a backup"):
            journal.load(run.id)


def test_a_folder_in_its_place_is_refused_in_a_sentence(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(JournalError, match="cannot be opened: Is a directory"):
        Journal.open(path)


def test_its_place_is_in_the_folder_of_data(tmp_path: Path) -> None:
    assert Paths(tmp_path / "c", tmp_path).journal == tmp_path / "journal" / "journal.sqlite"


def test_a_run_that_begins_while_runs_are_listed_is_listed_whole_or_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    select = JournalFile.select
    begun: list[int] = []
    with Journal.open(path) as journal, Journal.open(path) as other:
        journal.begin(made(create("lead")), profile="live", options=ApplyOptions())

        def select_and_begin(file: JournalFile, sql: str, *values: object) -> list[Row]:
            rows = select(file, sql, *values)
            if not begun:
                begun.append(0)
                changes = made(create("lead"), create("lead"))
                begun.append(other.begin(changes, profile="live", options=ApplyOptions()).id)
            return rows

        monkeypatch.setattr(JournalFile, "select", select_and_begin)
        for _ in range(2):
            for one in journal.runs():
                assert one.change_count == len(journal.load(one.id).entries)
        assert len(journal.runs()) == 2
