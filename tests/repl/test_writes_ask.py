"""No statement changes a record before that was confirmed: what the service was sent says so."""

import io
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_file import save_change_set
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.journal import Journal
from cmdm_tui.config import Paths
from cmdm_tui.repl.commands.command import Touches
from cmdm_tui.repl.commands.command_table import COMMANDS
from cmdm_tui.repl.dispatch import STATEMENT_ERRORS
from cmdm_tui.repl.outcome import StatementEffect, StatementOutcome, StatementStatus
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_runner import StatementRunner
from cmdm_tui.repl.statement_splitter import split_statements
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.sandbox import RunningInfo
from tests.repl.test_classification import CHANGING, READING, TABLE, unescape
from tests.services import CountedNetwork, profile_of

CHANGES = [
    unescape(text)
    for effect, text in TABLE
    if effect == "writes" and not text.startswith("\\\\") and "; > " not in text
]


@pytest.fixture
async def careful(
    sandbox: RunningInfo, transport: CountedNetwork, tmp_path: Path
) -> AsyncGenerator[ReplSession]:
    """A session on a profile that asks before every change."""
    profile = replace(profile_of(sandbox, "careful", ()), confirm="always")
    async with Account.open(profile, catalogs=None, transport=transport) as account:
        streams = ReplStreams(io.StringIO(), io.StringIO())
        session = ReplSession(account, streams, journal=tmp_path / "journal")
        yield session
        session.close()


def changing(calls: list[str]) -> list[str]:
    return [call for call in calls if not call.startswith("GET ") and "authenticate" not in call]


@pytest.mark.parametrize("answer", [None, "n", "yess"])
async def test_nothing_is_sent_that_was_not_confirmed(
    careful: ReplSession, calls: list[str], answer: str | None
) -> None:
    async def ask(_: str) -> str:
        return answer or ""

    careful.prompter.ask = None if answer is None else ask
    assert len(CHANGES) > 60
    runner = StatementRunner(careful)
    for text in CHANGES:
        (unit,) = split_statements(text)
        outcome = await runner.run(unit)
        assert changing(calls) == [], text
        if outcome.error is not None:
            assert isinstance(outcome.error, STATEMENT_ERRORS)
        elif outcome.rows is None:
            assert outcome.status is StatementStatus.DECLINED, text


async def test_what_is_confirmed_is_sent(careful: ReplSession, calls: list[str]) -> None:
    """The twin: these very statements send something once the answer is yes."""

    async def ask(_: str) -> str:
        return "y"

    careful.prompter.ask = ask
    for text in ('POST lead {"LastName": "Jones"}', "INSERT INTO lead (LastName) VALUES ('Ng');"):
        before = len(changing(calls))
        outcome = await StatementRunner(careful).run(next(split_statements(text)))
        assert outcome.effect is StatementEffect.WRITES
        assert outcome.error is None
        assert len(changing(calls)) == before + 1


RUNS = {
    "i": "\\i changes.sql",
    "ir": "\\ir changes.sql",
    "e": "\\e changes.sql",
    "n": "\\n changes",
    "apply": "\\apply changes.jsonl",
    "undo": "\\undo",
    "resume": "\\resume 1",
}
"""A statement for each command that may change records."""


def test_every_command_that_may_change_records_is_tried() -> None:
    assert {one.name for one in COMMANDS if Touches.WRITES in one.touches} == set(RUNS)


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("answers", ["", "y"])
async def test_a_command_sends_nothing_that_was_not_confirmed(
    careful: ReplSession,
    calls: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    answers: str,
) -> None:
    """With the answer yes, the twin: the same command sends something."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISUAL", "true")
    careful.paths = Paths(tmp_path / "config", tmp_path / "data")
    client, username = careful.account.client, careful.account.profile.credentials.username
    change = Change(ChangeKind.CREATE, "lead", properties={"LastName": "Kept"})
    made = ChangeSet((change,), "Kept", client.address, username, 0.0)
    save_change_set(tmp_path / "changes.jsonl", made)
    (tmp_path / "changes.sql").write_text("INSERT INTO lead (LastName) VALUES ('Ng');\n")
    runner = StatementRunner(careful)

    async def run(text: str, answer: str) -> StatementOutcome:
        async def ask(_: str) -> str:
            return answer

        careful.prompter.ask = ask
        return [await runner.run(unit) for unit in split_statements(text)][-1]

    await run("\\ns changes INSERT INTO lead (LastName) VALUES ('Ng');", "")
    if name == "undo":
        await run("\\apply changes.jsonl", "y")
    elif name == "resume":
        with Journal.open(tmp_path / "journal") as journal:
            journal.begin(made, profile="tried")  # as a kill before its first call leaves it
    before = changing(calls)
    outcome = await run(RUNS[name], answers)
    sends = answers == "y"
    assert (len(changing(calls)) > len(before)) is sends
    assert outcome.error is None or not sends


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGING | READING)
async def test_drawn_statements_send_nothing_that_was_not_confirmed(
    careful: ReplSession, calls: list[str], sql: str
) -> None:
    careful.prompter.ask = None
    for unit in split_statements(f"{sql};"):
        await StatementRunner(careful).run(unit)
    assert changing(calls) == []
