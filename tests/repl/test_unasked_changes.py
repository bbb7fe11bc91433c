r"""What is said about asking is so: the rule in force, `\confirm`, many calls, and raw calls."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.config import ConfirmRule
from cmdm_tui.operations import write
from cmdm_tui.repl import changes
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.start_notes import describe_start
from cmdm_tui.sandbox import RunningInfo
from tests.repl.test_changes import TypedSession, open_session
from tests.services import CountedNetwork, profile_of

INSERT = "INSERT INTO lead (LastName) VALUES ('Ng')"
TWO = "INSERT INTO lead (LastName) VALUES ('Ng'), ('Xu')"
UNASKED = "Sent without a question: "


async def open_with(
    sandbox: RunningInfo, folder: Path, rule: ConfirmRule | None
) -> AsyncIterator[TypedSession]:
    network = CountedNetwork()
    profile = replace(profile_of(sandbox), confirm=rule)
    async with Account.open(profile, catalogs=None, transport=network) as account:
        typed = open_session(account, network, folder)
        typed.will_answer("n")
        yield typed


@pytest.fixture
async def local(sandbox: RunningInfo, tmp_path: Path) -> AsyncIterator[TypedSession]:
    """A session on a service of this machine whose profile says nothing of asking."""
    async for typed in open_with(sandbox, tmp_path, None):
        yield typed


@pytest.fixture
async def always(sandbox: RunningInfo, tmp_path: Path) -> AsyncIterator[TypedSession]:
    async for typed in open_with(sandbox, tmp_path, "always"):
        yield typed


async def test_a_change_that_is_not_asked_about_says_so(local: TypedSession) -> None:
    await local.run(INSERT)
    assert (local.asked, local.writes) == ([], ["POST lead"])
    assert f"{UNASKED}this service is on this machine." in local.notes.getvalue()


async def test_a_change_that_is_asked_about_does_not_say_so(always: TypedSession) -> None:
    """The twin."""
    await always.run(INSERT)
    assert (len(always.asked), always.writes) == (1, [])
    always.will_answer("y")
    await always.run(INSERT)
    assert always.writes == ["POST lead"]
    assert UNASKED not in always.notes.getvalue()


async def test_always_asks_before_every_change_and_off_before_none(local: TypedSession) -> None:
    await local.run("\\confirm always")
    await local.run(INSERT)
    await local.run('POST lead {"LastName": "Xu"}')
    assert (len(local.asked), local.writes) == (2, [])
    await local.run("\\confirm on")
    await local.run(INSERT)
    assert (len(local.asked), local.writes) == (2, ["POST lead"])
    await local.run("\\confirm off")
    await local.run("DELETE FROM lead WHERE LastName = 'Ng'")
    assert len(local.asked) == 2
    assert "DELETE" in local.writes[-1]


@pytest.mark.parametrize("answer", ["n", "y"])
async def test_a_change_of_many_calls_is_asked_about(local: TypedSession, answer: str) -> None:
    local.will_answer(answer)
    local.session.settings.calls_without_asking = 1
    await local.run(TWO)
    host = local.session.account.client.host
    assert local.asked == [f"Send 2 changes to {host} in up to 2 calls? [y/N] "]
    assert local.writes == ["POST lead"] * (2 if answer == "y" else 0)


async def test_a_change_of_as_many_calls_as_are_made_unasked_is_not(local: TypedSession) -> None:
    """The twin: the limit itself is not passed."""
    local.session.settings.calls_without_asking = 2
    await local.run(TWO)
    assert (local.asked, local.writes) == ([], ["POST lead"] * 2)


async def test_a_script_makes_no_change_of_many_calls(local: TypedSession) -> None:
    local.session.prompter.ask = None
    local.session.settings.calls_without_asking = 1
    with pytest.raises(ReplError, match=r"in up to 2 calls, and no one can confirm them here"):
        await local.run(TWO)
    assert local.writes == []


async def test_many_calls_that_are_not_asked_about_would_be_noticed(
    local: TypedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    async def say_yes(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr(write, "is_confirmed", say_yes)
    local.session.settings.calls_without_asking = 1
    await local.run(TWO)
    assert local.writes == ["POST lead"] * 2


@pytest.mark.parametrize("command", ["\\?", "\\help \\undo", "\\help \\resume", "\\confirm"])
async def test_the_help_says_what_the_rule_in_force_asks_about(
    local: TypedSession, command: str
) -> None:
    unasked, asked = "others are sent without a question", "sent once it was confirmed"

    async def said() -> str:
        local.output.truncate(local.output.seek(0))
        local.notes.truncate(local.notes.seek(0))
        await local.run(command)
        return " ".join((local.output.getvalue() + local.notes.getvalue()).split())

    assert unasked in await said()
    await local.run("\\confirm always")
    shown = await said()
    assert asked in shown
    assert unasked not in shown
    assert local.network.requests == []


def test_the_start_says_what_is_not_asked_about(local: TypedSession) -> None:
    (said,) = describe_start(local.session)
    assert said.startswith("This service is on this machine: changes other than deletes and")


def test_the_start_says_nothing_of_it_where_every_change_is_asked_about(
    always: TypedSession,
) -> None:
    """The twin."""
    assert describe_start(always.session) == []


async def test_the_budget_is_that_of_the_rule(local: TypedSession) -> None:
    await local.run("\\budget")
    assert '"made by a change without asking", "Calls": 100' in local.output.getvalue()
    await local.run("\\confirm always")
    await local.run("\\budget")
    assert '"made by a change without asking", "Calls": 0' in local.output.getvalue()


async def test_a_raw_call_says_that_it_is_not_in_the_journal(local: TypedSession) -> None:
    await local.run('POST lead {"LastName": "Xu"}')
    await local.run("DELETE lead/NOPE")
    assert local.writes == ["POST lead"]
    assert local.asked == ["Delete lead/NOPE, which cannot be taken back by \\undo? [y/N] "]
    assert "It is not in the journal: \\undo does not take it back." in local.notes.getvalue()


@pytest.mark.parametrize("answer", ["n", "y"])
async def test_an_undo_of_many_records_asks_before_it_reads_them(
    local: TypedSession, answer: str
) -> None:
    await local.run(TWO)
    local.network.requests.clear()
    local.will_answer(answer)
    local.session.settings.calls_without_asking = 1
    await local.run("\\undo 1")
    assert local.asked[0] == (
        "To take run 1 back, about 2 calls read what it changed. Read it? [y/N] "
    )
    reads = [one for one in local.network.requests if one.startswith("GET lead/")]
    assert bool(reads) is (answer == "y")
    assert (len(local.asked) > 1) is (answer == "y")


async def test_an_undo_of_few_records_reads_them_unasked(local: TypedSession) -> None:
    """The twin."""
    await local.run(INSERT)
    await local.run("\\undo 1")
    assert [one for one in local.asked if "Read it?" in one] == []
    assert len(local.asked) == 1  # it deletes


async def test_what_is_refused_is_said_to_be_with_all_its_faults(local: TypedSession) -> None:
    await local.run("INSERT INTO lead (Email, Score) VALUES ('x', 'y')")
    said = local.notes.getvalue()
    assert "nothing to change" not in said
    assert "1 record refused:" in said
    for fault in ("Email is 'x'", "Score is 'y'", "LastName is required"):
        assert fault in said
    assert local.writes == []


async def test_what_was_created_and_its_values_are_shown(local: TypedSession) -> None:
    await local.run(INSERT)
    await local.run("\\journal 1")
    (entry,) = local.session.changes.list_entries(1)
    assert f"Created lead {entry[3]}." in local.notes.getvalue()
    assert entry[-1] == "LastName: Ng"


async def test_a_run_that_is_not_there_names_the_command_of_the_prompt(
    local: TypedSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ReplError, match=r"holds no run 99\. \\journal shows"):
        await local.run("\\resume 99")
    monkeypatch.setattr(changes, "NoSuchRun", KeyError)
    with pytest.raises(ReplError, match="cmdm journal list"):  # the broken twin
        await local.run("\\resume 99")
