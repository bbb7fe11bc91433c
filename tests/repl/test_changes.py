"""SQL that changes records at the prompt: nothing is sent before it is confirmed."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cmdm_tui.api.errors import ReadOnly
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_file import save_change_set
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.errors import IncompleteChanges, PartialChanges
from cmdm_tui.changes.journal import Journal
from cmdm_tui.changes.journal_entry import EntryState
from cmdm_tui.operations import write
from cmdm_tui.query.errors import QueryRefused
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.sandbox import RunningInfo
from tests.repl.statement_run import execute
from tests.services import CountedNetwork, profile_of


@dataclass
class TypedSession:
    """A session whose answers are given beforehand; no one is there without any."""

    session: ReplSession
    network: CountedNetwork
    output: io.StringIO
    notes: io.StringIO
    journal: Path
    asked: list[str] = field(default_factory=list[str])

    async def run(self, text: str) -> None:
        await execute(self.session, text)

    def will_answer(self, answer: str) -> None:
        async def ask(question: str) -> str:
            self.asked.append(question)
            return answer

        self.session.prompter.ask = ask

    @property
    def writes(self) -> list[str]:
        sent = [one for one in self.network.requests if not one.startswith("GET ")]
        return [one for one in sent if "authenticate" not in one]


@pytest.fixture
async def typed(sandbox: RunningInfo, tmp_path: Path) -> AsyncIterator[TypedSession]:
    network = CountedNetwork()
    async with Account.open(profile_of(sandbox), catalogs=None, transport=network) as account:
        yield open_session(account, network, tmp_path)


def open_session(account: Account, network: CountedNetwork, folder: Path) -> TypedSession:
    output, notes = io.StringIO(), io.StringIO()
    journal = folder / "journal.sqlite"
    session = ReplSession(account, ReplStreams(output, notes), journal=journal)
    return TypedSession(session, network, output, notes, journal)


LOSING = {
    "a delete": "DELETE FROM lead WHERE Score = (SELECT max(Score) FROM lead)",
    "a delete with a CTE": "WITH x AS (SELECT 1) DELETE FROM lead WHERE Score > 10",
    "a conversion": "CALL convert_lead((SELECT max(ExternalID) FROM lead WHERE Status = 'New'))",
}


@pytest.mark.parametrize("kind", LOSING)
@pytest.mark.parametrize("answer", ["n", "", "yes please"])
async def test_anything_but_a_yes_sends_nothing(
    typed: TypedSession, kind: str, answer: str
) -> None:
    typed.will_answer(answer)
    await typed.run(LOSING[kind])
    assert len(typed.asked) == 1
    assert typed.writes == []
    assert "Nothing was sent." in typed.notes.getvalue()


@pytest.mark.parametrize("kind", LOSING)
async def test_a_script_is_refused_before_anything_is_sent(typed: TypedSession, kind: str) -> None:
    with pytest.raises(ReplError, match=r"confirm off"):
        await typed.run(LOSING[kind])
    assert typed.writes == []


async def test_a_prompt_that_asks_no_one_would_be_noticed(
    typed: TypedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    async def say_yes(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr(write, "is_confirmed", say_yes)
    await typed.run("DELETE FROM lead WHERE Score = (SELECT max(Score) FROM lead)")
    assert typed.writes != []


async def test_what_is_confirmed_is_sent_and_returned(typed: TypedSession) -> None:
    await typed.run("INSERT INTO lead (LastName, City) VALUES ('Xu', 'Xanadu') RETURNING City")
    assert '"City": "Xanadu"' in typed.output.getvalue()
    assert typed.writes == ["POST lead"]
    typed.will_answer("y")
    await typed.run("DELETE FROM lead WHERE City = 'Xanadu'")
    assert len(typed.asked) == 1
    assert len(typed.writes) == 2
    assert "1 done" in typed.notes.getvalue()
    assert "\\undo 2 takes it back." in typed.notes.getvalue()


async def test_confirm_off_is_a_yes(typed: TypedSession) -> None:
    await typed.run("\\confirm off")
    await typed.run("INSERT INTO lead (LastName, City) VALUES ('Zed', 'Zz')")
    await typed.run("DELETE FROM lead WHERE City = 'Zz'")
    assert [one.split()[0] for one in typed.writes] == ["POST", "DELETE"]


async def test_the_profile_says_what_is_asked(sandbox: RunningInfo, tmp_path: Path) -> None:
    network = CountedNetwork()
    profile = replace(profile_of(sandbox), confirm="always")
    async with Account.open(profile, catalogs=None, transport=network) as account:
        typed = open_session(account, network, tmp_path)
        typed.will_answer("n")
        await typed.run("INSERT INTO lead (LastName) VALUES ('x')")
        await typed.run('POST lead {"LastName": "x"}')
    assert len(typed.asked) == 2
    assert typed.writes == []


async def test_a_read_only_profile_refuses_before_a_call(
    sandbox: RunningInfo, tmp_path: Path
) -> None:
    network = CountedNetwork()
    profile = replace(profile_of(sandbox), read_only=True)
    async with Account.open(profile, catalogs=None, transport=network) as account:
        typed = open_session(account, network, tmp_path)
        typed.will_answer("y")
        with pytest.raises(ReadOnly):
            await typed.run("DELETE FROM lead")
    assert (network.requests, typed.asked) == ([], [])


async def test_a_script_stops_where_not_all_is_done(typed: TypedSession) -> None:
    with pytest.raises(IncompleteChanges, match="Not all of the changes"):
        await typed.run("INSERT INTO lead (LastName, Score) VALUES ('a', 1), ('b', 'many')")


async def test_other_statements_are_refused_without_a_call(typed: TypedSession) -> None:
    with pytest.raises(QueryRefused):
        await typed.run("DROP TABLE lead")
    assert typed.network.requests == []


async def make_lead(typed: TypedSession, city: str = "Xanadu") -> None:
    await typed.run(f"INSERT INTO lead (LastName, City) VALUES ('Xu', '{city}')")
    typed.network.requests.clear()
    typed.notes.truncate(0)


async def test_the_last_run_is_taken_back_once_it_is_confirmed(typed: TypedSession) -> None:
    await make_lead(typed)
    typed.will_answer("n")
    await typed.run("\\undo")
    assert (len(typed.asked), typed.writes) == (1, [])
    assert "Nothing was sent." in typed.notes.getvalue()
    typed.will_answer("y")
    await typed.run("\\undo")
    assert [one.split()[0] for one in typed.writes] == ["DELETE"]
    await typed.run("SELECT count(*) AS n FROM lead WHERE City = 'Xanadu'")
    assert '"n": 0' in typed.output.getvalue()


async def test_a_run_that_was_taken_back_is_not_the_last_one(typed: TypedSession) -> None:
    await make_lead(typed, "Aa")
    await make_lead(typed, "Bb")
    typed.will_answer("y")
    await typed.run("\\undo")
    await typed.run("\\undo")
    assert "Run 2: INSERT" in typed.notes.getvalue()
    assert "Run 1: INSERT" in typed.notes.getvalue()
    with pytest.raises(ReplError, match="no run of this account to take back"):
        await typed.run("\\undo")


async def test_a_run_that_did_nothing_is_not_the_last_one(typed: TypedSession) -> None:
    await make_lead(typed)
    await typed.run("UPDATE lead SET LastName = 'Xu' WHERE City = 'Xanadu'")
    account = typed.session.account
    username = account.profile.credentials.username
    change = Change(ChangeKind.CREATE, "lead", properties={"LastName": "Left"})
    made = ChangeSet((change,), "Stopped", account.client.address, username, 0.0)
    with Journal.open(typed.journal) as journal:
        journal.begin(made, profile="tried")
    typed.will_answer("y")
    await typed.run("\\undo")
    assert "Run 1: INSERT" in typed.notes.getvalue()


async def test_an_undo_in_a_script_needs_a_yes(typed: TypedSession) -> None:
    await make_lead(typed)
    with pytest.raises(ReplError, match="confirm off"):
        await typed.run("\\undo 1")
    assert typed.writes == []
    await typed.run("\\confirm off")
    await typed.run("\\undo 1")
    assert len(typed.writes) == 1


async def test_an_undo_that_asks_no_one_would_be_noticed(
    typed: TypedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    async def say_yes(*_: object, **__: object) -> bool:
        return True

    await make_lead(typed)
    monkeypatch.setattr(write, "is_confirmed", say_yes)
    await typed.run("\\undo 1")
    assert typed.writes != []


async def test_the_journal_lists_the_runs_of_this_account_and_shows_one(
    typed: TypedSession, tmp_path: Path
) -> None:
    await typed.run("\\journal")
    assert "no run of this account yet" in typed.notes.getvalue()
    await make_lead(typed)
    other = ChangeSet((), "Not mine", "https://crm.example.com/api/v1", "someone", 0.0)
    with Journal.open(typed.journal) as journal:
        journal.begin(other, profile="other")
    await typed.run("\\journal")
    assert "INSERT INTO lead" in typed.output.getvalue()
    assert "Not mine" not in typed.output.getvalue()
    await typed.run("\\journal 1")
    assert '"State": "done"' in typed.output.getvalue()
    assert typed.network.requests == []


async def test_a_run_that_was_stopped_is_gone_on_with(typed: TypedSession, tmp_path: Path) -> None:
    account = typed.session.account
    username = account.profile.credentials.username
    change = Change(ChangeKind.CREATE, "lead", properties={"LastName": "Left"})
    made = ChangeSet((change,), "Stopped", account.client.address, username, 0.0)
    with Journal.open(typed.journal) as journal:
        journal.begin(made, profile="tried")
    await typed.run("\\resume 1")
    assert typed.writes == ["POST lead"]
    await typed.run("\\resume 1")
    assert typed.writes == ["POST lead"]
    assert "Nothing is left to do of run 1." in typed.notes.getvalue()
    # A journal that did not keep what was done would be noticed.
    with Journal.open(typed.journal) as journal:
        journal.load(1).set_state(1, EntryState.PENDING)
    await typed.run("\\resume 1")
    assert typed.writes == ["POST lead", "POST lead"]


async def test_a_file_of_changes_is_sent_once_it_is_confirmed(
    typed: TypedSession, tmp_path: Path
) -> None:
    account = typed.session.account
    username = account.profile.credentials.username
    update = Change(ChangeKind.UPDATE, "lead", "NONE0000", {"City": "x"}, before={"City": "y"})
    delete = Change(ChangeKind.DELETE, "lead", "NONE0001", before={"LastName": "x"})
    made = ChangeSet((update, delete), "Kept", account.client.address, username, 0.0)
    file = tmp_path / "kept.jsonl"
    save_change_set(file, made)
    typed.will_answer("n")
    await typed.run(f"\\apply {file}")
    assert (len(typed.asked), typed.network.requests) == (1, [])
    typed.will_answer("y")
    await typed.run(f"\\apply {file}")
    assert "1 unchanged, 1 in conflict" in typed.notes.getvalue()
    assert "takes it back" not in typed.notes.getvalue()
    with pytest.raises(ReplError, match="cannot be read"):
        await typed.run("\\apply none.jsonl")


async def test_a_part_of_what_is_meant_is_not_sent(typed: TypedSession, tmp_path: Path) -> None:
    account = typed.session.account
    username = account.profile.credentials.username
    change = Change(ChangeKind.CREATE, "lead", properties={"LastName": "Part"})
    address = account.client.address
    made = ChangeSet((change,), "Part", address, username, 0.0, is_partial=True)
    save_change_set(tmp_path / "part.jsonl", made)
    with pytest.raises(PartialChanges, match=r"\\calls"):
        await typed.run(f"\\apply {tmp_path / 'part.jsonl'}")
    assert typed.writes == []


@pytest.mark.parametrize("words", ["undo x", "journal 0", "resume -1", "resume 9", "undo 9"])
async def test_what_is_no_run_is_told(typed: TypedSession, words: str) -> None:
    with pytest.raises(ReplError, match=r"number of a run|holds no run"):
        await typed.run(f"\\{words}")
    assert typed.network.requests == []
