"""The quota: an apply waits for the reset, says so, can be left, and keeps the floor."""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cmdm_tui.api.errors import (
    ApiError,
    CallInfo,
    HourLimitReached,
    MonthLimitReached,
    NetworkError,
    QuotaFloorReached,
)
from cmdm_tui.changes.apply_events import (
    ApplyEvent,
    LookingForChange,
    ResetReached,
    WaitingForReset,
)
from cmdm_tui.changes.change_sender import is_held_back
from cmdm_tui.changes.journal import Journal
from cmdm_tui.changes.journal_entry import EntryState
from cmdm_tui.changes.quota_gate import GateEvent, QuotaGate
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.clock import SystemClock, VirtualClock
from tests.changes.conftest import Bench, create, open_bench, states, update
from tests.sandbox.control_client import ControlPlaneClient
from tests.services import copy_records

TEN = [create("account", Name=f"Ash {number}") for number in range(10)]


@contextmanager
def limited(
    folder: Path, rate_limit: int = 5_000, month_limit: int = 5_000
) -> Generator[RunningInfo]:
    config = SandboxConfig(
        folder / "limited",
        port=0,
        records=100,
        lasting=False,
        control=True,
        rate_limit=rate_limit,
        month_limit=month_limit,
    )
    copy_records(config)
    # At the end of an hour the rest of it would be waited for; its clock is not this machine's.
    clock = VirtualClock(SystemClock())
    clock.set(clock.now() // 3_600 * 3_600 + 60)
    with Sandbox.embedded(config, clock=clock) as running:
        yield running


def waits_of(bench: Bench) -> list[WaitingForReset]:
    """Return the waits that were reported."""
    return [event for event in bench.events if isinstance(event, WaitingForReset)]


def is_wait(event: ApplyEvent) -> bool:
    return isinstance(event, WaitingForReset)


async def test_where_no_call_is_left_it_waits_and_can_be_left_and_resumed(
    tmp_path: Path, journal: Journal
) -> None:
    with limited(tmp_path, rate_limit=7) as info:
        async with open_bench(info, journal) as bench:
            bench.stops_at = is_wait
            run, summary = await bench.apply(*TEN, concurrency=1)
            assert states(run).count("done") == 6
            assert states(run).count("pending") == 4
            assert summary.stop_reason == "it was stopped"
            waits = waits_of(bench)
            assert len(waits) == 1
            assert waits[0].reason == "No call is left this hour"
            assert 3_400 < waits[0].seconds < 3_600
            assert abs(waits[0].until - time.time() - waits[0].seconds) < 5
        control = ControlPlaneClient.of(info)
        with control.http:
            control.settings(rate_limit=5_000)
        async with open_bench(info, journal) as bench:
            assert states(await bench.resume(run)) == ["done"] * 10


async def test_a_call_that_no_quota_was_left_for_is_not_counted(
    tmp_path: Path, journal: Journal
) -> None:
    with limited(tmp_path, rate_limit=5) as info:
        async with open_bench(info, journal) as bench:
            bench.stops_at = is_wait
            leads = await bench.ids("lead", 2)  # the second call, after the sign-in
            updates = [update("lead", one, {}, City="Hull") for one in leads]
            run, summary = await bench.apply(*updates, concurrency=1)
            assert run.entry(1).state is EntryState.DONE
            assert run.entry(2).state is EntryState.PENDING
            assert summary.calls_made == len(bench.network.taken()) == 3


async def test_an_update_that_was_held_back_is_not_in_doubt(
    tmp_path: Path, journal: Journal
) -> None:
    with limited(tmp_path, rate_limit=5) as info:
        async with open_bench(info, journal) as bench:
            leads = await bench.ids("lead", 2)
            updates = [update("lead", one, {}, City="Hull") for one in leads]
            run, _ = await bench.apply(*updates, concurrency=1, waits_for_reset=False)
            assert states(run) == ["done", "pending"]
        control = ControlPlaneClient.of(info)
        with control.http:
            control.settings(rate_limit=5_000)
        async with open_bench(info, journal) as bench:
            assert states(await bench.resume(run)) == ["done"] * 2
            assert not any(isinstance(event, LookingForChange) for event in bench.events)


async def test_an_update_whose_answer_was_lost_before_the_limit_stays_in_doubt(
    tmp_path: Path, journal: Journal
) -> None:
    """The broken twin: what is held back is the second attempt, and the first was done."""

    async def lose(request: httpx.Request) -> None:
        if request.method == "PUT":
            raise httpx.ReadError("lost", request=request)

    with limited(tmp_path, rate_limit=4) as info:
        async with open_bench(info, journal) as bench:
            (lead,) = await bench.ids("lead", 1)
            bench.network.after = lose
            change = update("lead", lead, {}, City="Hull")
            run, summary = await bench.apply(change, concurrency=1, waits_for_reset=False)
            assert run.entry(1).state is EntryState.SENDING
            assert summary.stop_reason == "the hour's calls are used up"
        control = ControlPlaneClient.of(info)
        with control.http:
            control.settings(rate_limit=5_000)
        async with open_bench(info, journal) as bench:
            assert states(await bench.resume(run)) == ["done"]
            assert isinstance(bench.events[0], LookingForChange)


CALL = CallInfo(1, "PUT", "/lead/A")


@pytest.mark.parametrize(
    ("error", "is_certain"),
    [
        (HourLimitReached("full", call=CALL, was_sent=False), True),
        (HourLimitReached("full", call=CALL, was_sent=False, is_repeated=True), False),
        (HourLimitReached("full", call=CALL, status=429), True),
        (MonthLimitReached("full", call=CALL, status=429), True),
        (MonthLimitReached("full", call=CALL, status=429, is_repeated=True), False),
        (HourLimitReached("a sign-in", call=CALL, status=429, was_sent=False), False),
        (QuotaFloorReached("kept", call=CALL), True),
        (QuotaFloorReached("kept", call=CALL, is_repeated=True), False),
        (NetworkError("lost", call=CALL), False),
    ],
)
def test_only_a_limit_that_kept_every_attempt_back_is_certain(
    error: ApiError, is_certain: bool
) -> None:
    assert is_held_back(error) is is_certain


async def test_it_ends_at_the_limit_where_it_is_not_to_wait(
    tmp_path: Path, journal: Journal
) -> None:
    with limited(tmp_path, rate_limit=7) as info:
        async with open_bench(info, journal) as bench:
            run = bench.begin(*TEN, concurrency=1, waits_for_reset=False)
            applier = bench.applier(run)
            summary = await asyncio.wait_for(applier.run(), 30)
            assert states(run).count("pending") == 4
            assert summary.stop_reason == "the hour's calls are used up"
            assert bench.events[-1] != ResetReached()


async def test_the_month_s_limit_ends_it_with_the_rest_pending(
    tmp_path: Path, journal: Journal
) -> None:
    with limited(tmp_path, month_limit=7) as info:
        async with open_bench(info, journal) as bench:
            run, summary = await bench.apply(*TEN, concurrency=1)
            assert states(run) == ["done"] * 6 + ["pending"] * 4
            assert summary.stop_reason == "the month's calls are used up"


async def test_the_floor_is_left_to_others_unless_it_is_given_up(
    tmp_path: Path, journal: Journal
) -> None:
    with limited(tmp_path, rate_limit=8) as info:
        async with open_bench(info, journal, floor=5) as bench:
            bench.stops_at = is_wait
            run, _ = await bench.apply(*TEN, concurrency=1)
            # The sign-in is a call too.
            assert states(run).count("done") == 2
            assert "are kept for work in front of you" in waits_of(bench)[0].reason
            again, _ = await bench.apply(*TEN, concurrency=1, keeps_floor=False)
            assert states(again).count("done") == 5


async def test_the_gate_opens_at_the_reset_and_says_so_once(
    sandbox: RunningInfo, journal: Journal
) -> None:
    async with open_bench(sandbox, journal) as bench:
        events: list[GateEvent] = []
        gate = QuotaGate(bench.client, events.append)
        gate.close(HourLimitReached("full", call=CallInfo(1, "GET", "/"), reset=time.time() + 0.05))
        assert await asyncio.gather(gate.wait(), gate.wait(), gate.wait()) == [True] * 3
        assert [type(event) for event in events] == [WaitingForReset, ResetReached]


async def test_the_gate_waits_longer_each_time_where_no_reset_is_named(
    sandbox: RunningInfo, journal: Journal
) -> None:
    async with open_bench(sandbox, journal) as bench:
        events: list[GateEvent] = []
        gate = QuotaGate(bench.client, events.append)
        for _ in range(3):
            gate.close(HourLimitReached("full", call=CallInfo(1, "GET", "/")))
            gate._opens_at = 0.0
        waits = [event.seconds for event in events if isinstance(event, WaitingForReset)]
        assert waits == [2.0, 4.0, 8.0]
        gate.leave()
        assert not await gate.wait()
