"""No statement changes a record before that was confirmed: what the service was sent says so."""

import io
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.repl.dispatch import STATEMENT_ERRORS
from cmdm_tui.repl.outcome import StatementEffect, StatementStatus
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_runner import StatementRunner
from cmdm_tui.repl.statement_splitter import split_statements
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.sandbox import RunningInfo
from tests.repl.test_classification import TABLE, unescape
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
