"""Runs that were stopped, at the prompt: told of at the start, shown, asked about, gone on with."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.journal import Journal
from cmdm_tui.operations import write
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.start_notes import describe_start
from cmdm_tui.sandbox import RunningInfo
from tests.repl.test_changes import TypedSession, open_session
from tests.services import CountedNetwork, profile_of


@pytest.fixture
async def careful(sandbox: RunningInfo, tmp_path: Path) -> AsyncIterator[TypedSession]:
    """A session that asks before every change, with a run that was killed after it began."""
    network = CountedNetwork()
    profile = replace(profile_of(sandbox), confirm="always", mark_fields={"lead": "Notes"})
    async with Account.open(profile, catalogs=None, transport=network) as account:
        typed = open_session(account, network, tmp_path)
        begin_run(typed)
        yield typed


def list_names(typed: TypedSession) -> list[str]:
    """Return names that no other test gives: an equal record would be in doubt."""
    return [f"{name} {typed.journal.parent.name}" for name in ("Able", "Baker", "Cole")]


def begin_run(typed: TypedSession, address: str | None = None) -> int:
    """Begin a run of three creates, and make none of them."""
    account = typed.session.account
    changes = tuple(
        Change(ChangeKind.CREATE, "lead", properties={"LastName": name})
        for name in list_names(typed)
    )
    username = account.profile.credentials.username
    made = ChangeSet(changes, "Three", address or account.service_name, username, 0.0)
    with Journal.open(typed.journal) as journal:
        return journal.begin(made, profile="tried").id


@pytest.mark.parametrize("command", ["\\resume", "\\resume 1"])
async def test_what_is_left_is_shown_and_asked_about(careful: TypedSession, command: str) -> None:
    careful.will_answer("n")
    await careful.run(command)
    assert careful.asked == [f"Send 3 changes to {careful.session.account.client.host}? [y/N] "]
    assert careful.writes == []
    said = careful.notes.getvalue()
    for sentence in ("Create 3 records of lead.", "So far: 3 not sent.", "Nothing was sent."):
        assert sentence in said


@pytest.mark.parametrize("command", ["\\resume", "\\resume 1"])
async def test_what_was_confirmed_is_sent_once(careful: TypedSession, command: str) -> None:
    careful.will_answer("y")
    await careful.run(command)
    assert careful.writes == ["POST lead"] * 3
    with pytest.raises(ReplError, match="no run of this account to go on with"):
        await careful.run("\\resume")


async def test_a_resume_that_asks_no_one_would_be_noticed(
    careful: TypedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    async def say_yes(*_: object, **__: object) -> bool:
        return True

    careful.will_answer("n")
    monkeypatch.setattr(write, "is_confirmed", say_yes)
    await careful.run("\\resume 1")
    assert careful.writes == ["POST lead"] * 3


async def test_where_no_one_can_be_asked_nothing_is_resumed(careful: TypedSession) -> None:
    with pytest.raises(ReplError, match="no one can confirm"):
        await careful.run("\\resume 1")
    assert careful.network.requests == []


async def test_the_start_tells_of_the_run_and_makes_no_call(careful: TypedSession) -> None:
    assert describe_start(careful.session) == [
        "Run 1 was stopped: 3 not sent. \\resume 1 goes on with it."
    ]
    assert careful.network.requests == []


async def test_runs_of_others_and_finished_ones_are_not_told_of(careful: TypedSession) -> None:
    """The twin: the very same run of another service, or done, is not told of."""
    careful.will_answer("y")
    await careful.run("\\resume 1")
    begin_run(careful, "https://other.example/api/v1")
    assert describe_start(careful.session) == []


@pytest.mark.parametrize(
    ("is_done", "became"), [(True, "it had been done"), (False, "it was sent again")]
)
async def test_what_became_of_a_doubtful_change_is_said(
    careful: TypedSession, *, is_done: bool, became: str
) -> None:
    client = careful.session.account.client
    pending = client.prepare_create("lead", {"LastName": list_names(careful)[0]})
    with Journal.open(careful.journal) as journal:
        journal.load(1).mark_sending(1, write=pending, observed=None)
    if is_done:
        await client.send_create(pending)
    careful.will_answer("y")
    assert "1 in doubt, 2 not sent" in describe_start(careful.session)[0]
    await careful.run("\\resume")
    said = careful.notes.getvalue()
    assert "What is in doubt (1) is looked for first" in said
    assert f"Change 1 (create lead): was in doubt; {became}." in said
    assert careful.writes == ["POST lead"] * 3
