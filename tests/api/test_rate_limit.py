"""The gate: closed for all at once, tried by one, opened for the rest."""

import asyncio

import pytest

from cmdm_tui.api.rate_limit import RateLimiter


async def test_an_open_gate_lets_all_pass_at_once() -> None:
    gate = RateLimiter()
    assert await asyncio.gather(*(gate.acquire() for _ in range(10))) == [False] * 10


async def test_one_tries_a_gate_whose_time_has_come_and_the_rest_follow() -> None:
    gate = RateLimiter(spread=0.0)
    gate.block(0.05)
    passed: list[bool] = []

    async def caller() -> None:
        tries = await gate.acquire()
        passed.append(tries)
        if tries:
            await asyncio.sleep(0.02)
            assert passed == [True]
            gate.end_probe()

    async with asyncio.timeout(5):
        await asyncio.gather(*(caller() for _ in range(20)))
    assert sorted(passed) == [False] * 19 + [True]


async def test_a_try_that_fails_closes_it_again_for_all() -> None:
    gate = RateLimiter(spread=0.0)
    gate.block(0.01)
    tries = 0

    async def caller() -> None:
        nonlocal tries
        if await gate.acquire():
            tries += 1
            if tries < 3:
                gate.block(0.01)
                gate.end_probe()
                await caller()
            else:
                gate.end_probe()

    async with asyncio.timeout(5):
        await asyncio.gather(*(caller() for _ in range(10)))
    assert tries == 3


async def test_a_cancelled_try_leaves_the_gate_to_the_next() -> None:
    gate = RateLimiter(spread=0.0)
    gate.block(0.0)
    assert await gate.acquire()
    waiting = asyncio.create_task(gate.acquire())
    await asyncio.sleep(0)
    assert not waiting.done()
    gate.end_probe()
    async with asyncio.timeout(5):
        assert await waiting is False


@pytest.mark.parametrize("seconds", [[1.0, 5.0], [5.0, 1.0]])
async def test_the_longest_closing_counts(seconds: list[float]) -> None:
    gate = RateLimiter(monotonic=lambda: 100.0)
    for each in seconds:
        gate.block(each)
    assert gate.blocked_for == 5.0
