"""Writes under attack: answers cut at every byte, and creates of two processes under faults."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cmdm_tui.api import (
    ApiError,
    Client,
    HourLimitReached,
    NetworkError,
    NotFound,
    OutcomeUnknown,
    Reconciliation,
    RetryPolicy,
    WriteVerdict,
)
from cmdm_tui.api.auth import SignIn
from cmdm_tui.api.retry import Attempt, RetryAfter, RetryDecision
from tests.claims.create_attack import (
    CREDENTIALS,
    MARK_FIELD,
    FaultyCreates,
    Known,
    audit,
    run_script,
)
from tests.claims.odd_service import Answer, Call, OddService, Rows, serve

ROOT = Path(__file__).parents[2]
SAMPLE = 11
"""Every so many bytes are cut at where the proof does not run whole."""

IMPATIENT = RetryPolicy(attempts=3, first_wait=0.001, longest_wait=0.002)


@pytest.fixture
def service() -> Iterator[OddService]:
    with serve(rows=list(Rows(3))) as served:
        yield served


@pytest.fixture
async def client(service: OddService) -> AsyncIterator[Client]:
    async with Client(
        service.url, CREDENTIALS, policy=IMPATIENT, mark_fields={"lead": MARK_FIELD}
    ) as opened:
        yield opened


def places(length: int, *, whole: bool) -> list[int]:
    """Return where to cut: at every byte, or at the first, the last and some between."""
    return [*range(0, length - 1, 1 if whole else SAMPLE), length - 1]


async def test_a_list_cut_at_any_byte_is_asked_for_again_and_comes_whole(
    service: OddService, client: Client, runs_whole: bool
) -> None:
    rows = await client.page("lead", per_page=3, page=1)
    whole = Answer(200, rows.response.body if rows.response else b"")
    body, head = whole.body, len(whole.encode("now")) - len(whole.body)
    cut = [whole]

    def answer(_: Call) -> Answer | None:
        return cut.pop() if cut else None

    service.answering = answer
    for place in places(head + len(body), whole=runs_whole):
        broken = [Answer(200, body, cut=place)]
        if place > head:
            shorter = body[: place - head]
            broken += [Answer(200, shorter), Answer(200, body, length=len(shorter), close=True)]
        for one in broken:
            cut[:] = [one]
            before = service.count("GET")
            page = await client.page("lead", per_page=3, page=1)
            assert page.records == rows.records, place
            assert service.count("GET") == before + 2, place


async def test_a_list_that_stays_cut_is_an_error_and_never_a_shorter_list(
    service: OddService, client: Client, runs_whole: bool
) -> None:
    body = (await client.page("lead", per_page=3, page=1)).response.body
    for place in places(len(body), whole=runs_whole)[1:]:
        short = Answer(200, body[:place])
        service.answering = lambda _, answer=short: answer
        before = service.count("GET")
        with pytest.raises(NetworkError, match="cut short"):
            await client.page("lead", per_page=3, page=1)
        assert service.count("GET") == before + 2, "the same half twice will come a third time"


@pytest.mark.parametrize("marks", [True, False])
async def test_a_create_cut_at_any_byte_is_sent_once_and_never_told_as_not_found(
    service: OddService, runs_whole: bool, marks: bool
) -> None:
    place = 0

    def answer(call: Call) -> Answer | None:
        if call.method != "POST":
            return None
        made = service.create(call)
        return Answer(201, made.body, cut=place)

    service.answering = answer
    length = len(Answer(201, b'{"ExternalID": "NEW00000"}').encode("x" * 29))
    fields = {"lead": MARK_FIELD} if marks else {}
    found = 0
    async with Client(service.url, CREDENTIALS, policy=IMPATIENT, mark_fields=fields) as client:
        for place in places(length, whole=runs_whole):
            posts = service.count("POST")
            try:
                external_id = (await client.create("lead", {"LastName": "Same"})).external_id
            except OutcomeUnknown as doubt:
                told = await client.reconcile(doubt, pause=0.0)
                expected = WriteVerdict.FOUND if marks else WriteVerdict.CANNOT_TELL
                assert told.verdict is expected, (place, told)
                external_id = told.external_id
            assert service.count("POST") == posts + 1
            if external_id is not None:
                assert external_id == service.created[-1][0]
                found += 1
    assert found > 0


@pytest.mark.parametrize("marks", [True, False])
async def test_a_create_that_was_not_done_is_not_found(service: OddService, marks: bool) -> None:
    service.answering = lambda call: Answer(raw=b"") if call.method == "POST" else None
    fields = {"lead": MARK_FIELD} if marks else {}
    async with Client(service.url, CREDENTIALS, policy=IMPATIENT, mark_fields=fields) as client:
        with pytest.raises(OutcomeUnknown) as lost:
            await client.create("lead", {"LastName": "Same"})
        told = await client.reconcile(lost.value, pause=0.0, settling_time=0.0)
        assert told.verdict is WriteVerdict.NOT_FOUND
        with pytest.raises(NotFound):
            await client.record("lead", "NEW00000")


def attack_with_processes(service: OddService, count: int, *, marks: bool) -> list[Known]:
    """Let two processes create `count` records each; return what they came to know."""
    words = [sys.executable, "-m", "tests.claims.create_attack", service.url, str(count)]
    words.append("marks" if marks else "no-marks")
    started = [
        subprocess.Popen([*words, who], cwd=ROOT, stdout=subprocess.PIPE) for who in ("A", "B")
    ]
    known: list[Known] = []
    for process in started:
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        known += [Known(**item) for item in json.loads(out)]
    return known


@pytest.mark.parametrize("marks", [True, False])
def test_two_processes_under_faults_make_nothing_twice_and_claim_nothing_wrong(
    service: OddService, runs_whole: bool, marks: bool
) -> None:
    service.rows.clear()
    faults = FaultyCreates(service, seed=12)
    service.answering = faults
    known = attack_with_processes(service, 500 if runs_whole else 60, marks=marks)
    for timer in faults.timers:
        timer.join()
    assert audit(service, known) == []
    states = {item.state for item in known}
    # With a mark it is chance whether one of so few is left unknown.
    sure_to_come = {"done", "refused"} if marks else {"done", "refused", "unknown"}
    assert sure_to_come <= states <= {"done", "refused", "unknown"}


async def attack_in_one(
    service: OddService, *faults: str, count: int = 30, seed: int = 3
) -> list[str]:
    """Let two clients of this process create records under these faults; return the audit."""
    service.rows.clear()
    faulty = service.answering = FaultyCreates(service, seed=seed, faults=faults)
    known = [
        item
        for who in ("A", "B")
        for item in await run_script(service.url, count, marks=False, who=who)
    ]
    for timer in faulty.timers:
        timer.join()
    return audit(service, known)


async def test_a_client_that_sends_again_after_403_would_be_noticed(
    service: OddService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await attack_in_one(service, "403 after", "400 token after") == []

    def believe(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr(SignIn, "_may_be_about_token", believe)
    found = await attack_in_one(service, "403 after", "400 token after")
    assert any("asked for 1 times, made 2 times" in fault for fault in found)


async def test_a_client_that_sends_again_after_429_would_be_noticed(
    service: OddService, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await attack_in_one(service, "429 after", count=6) == []
    decide = RetryPolicy.decide

    def decide_wrongly(self: RetryPolicy, attempt: Attempt, failure: ApiError) -> RetryDecision:
        is_limit = isinstance(failure, HourLimitReached)
        return RetryAfter(None) if is_limit else decide(self, attempt, failure)

    monkeypatch.setattr(RetryPolicy, "decide", decide_wrongly)
    assert await attack_in_one(service, "429 after", count=6)


async def test_a_verdict_from_equal_values_would_be_noticed(
    service: OddService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def believe(why: str) -> Reconciliation:
        return Reconciliation(WriteVerdict.FOUND, why.split(maxsplit=1)[0].strip(","), why)

    assert await attack_in_one(service, "reset before") == []
    monkeypatch.setattr("cmdm_tui.api.reconcile._leave_open", believe)
    # Only before the second client has first looked can it take another's record for its own.
    found = [
        fault
        for seed in range(12)
        for fault in await attack_in_one(service, "reset before", count=8, seed=seed)
    ]
    assert any("is claimed by" in fault for fault in found)


async def test_a_verdict_while_the_service_may_be_at_it_would_be_noticed(
    service: OddService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def doubt(why: str) -> Reconciliation:
        return Reconciliation(WriteVerdict.NOT_FOUND, None, why)

    assert await attack_in_one(service, "reset later", count=10) == []
    monkeypatch.setattr("cmdm_tui.api.reconcile._expect_later", doubt)
    # Whether one is found to be made in the end is a matter of moments: one of several attacks is.
    found = [
        fault
        for seed in range(6)
        for fault in await attack_in_one(service, "reset later", count=10, seed=seed)
    ]
    assert any("made" in fault for fault in found)


async def test_a_verdict_from_clocks_would_be_noticed(
    service: OddService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def doubt(why: str) -> Reconciliation:
        return Reconciliation(WriteVerdict.NOT_FOUND, None, why)

    assert await attack_in_one(service, "reset after") == []
    monkeypatch.setattr("cmdm_tui.api.reconcile._leave_open", doubt)
    monkeypatch.setattr("cmdm_tui.api.reconcile._expect_later", doubt)
    found = await attack_in_one(service, "reset after")
    assert any("made" in fault for fault in found)
