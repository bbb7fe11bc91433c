"""What is reported of a call as it is sent, and that calls under way can be left."""

import asyncio
from typing import Any

import pytest

from cmdm_tui.api import (
    CallCancelled,
    CallFailed,
    CallInfo,
    CallSent,
    Client,
    Event,
    OutcomeUnknown,
    RetryPolicy,
    SignInEnded,
    SignInStarted,
)
from cmdm_tui.api.events import ignore_events
from tests.api.conftest import CREDENTIALS, Request, ScriptedServer, http

EMPTY: dict[str, Any] = {"Total Records": "0", "Total Pages": "1", "Entity": []}


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


async def test_a_call_is_reported_as_it_is_sent_after_its_sign_in(server: ScriptedServer) -> None:
    server.script = lambda _: http(200, EMPTY)
    told: list[Event] = []
    async with Client(server.url, CREDENTIALS, listener=told.append) as client:
        await client.page("lead", per_page=5, page=2)
    assert kinds(told) == ["SignInStarted", "SignInEnded", "CallSent", "CallFinished"]
    ended, sent = told[1], told[2]
    assert isinstance(ended, SignInEnded)
    assert ended.answer is not None
    assert ended.answer.status == 200
    assert isinstance(sent, CallSent)
    assert (sent.call.method, sent.call.path, sent.attempt) == ("GET", "/lead?per_page=5&page=2", 1)
    assert sent.request.content == b""


async def test_a_sign_in_has_taken_the_time_until_its_answer(server: ScriptedServer) -> None:
    async def sign_in(_: Request) -> bytes:
        await asyncio.sleep(0.05)
        return http(200, {"token": "t"})

    server.sign_in = sign_in
    server.script = lambda _: http(200, EMPTY)
    told: list[Event] = []
    async with Client(server.url, CREDENTIALS, listener=told.append) as client:
        await client.sign_in()
    (ended,) = (event for event in told if isinstance(event, SignInEnded))
    assert ended.answer is not None
    assert ended.answer.elapsed >= 0.05


async def test_a_call_whose_token_is_refused_is_sent_twice(server: ScriptedServer) -> None:
    answers = iter([http(401, {}), http(200, EMPTY)])
    server.script = lambda _: next(answers)
    told: list[Event] = []
    async with Client(server.url, CREDENTIALS, listener=told.append) as client:
        await client.page("lead")
    sent = [event for event in told if isinstance(event, CallSent)]
    assert [(event.call.number, event.attempt) for event in sent] == [(1, 1), (1, 1)]
    assert kinds(told).count("SignInStarted") == kinds(told).count("SignInEnded") == 2


async def test_a_client_without_a_listener_makes_no_event(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script = lambda _: http(200, EMPTY)

    def forbid(*_: object) -> None:
        raise AssertionError("an event was made that nobody takes")

    monkeypatch.setattr("cmdm_tui.api.auth.CallSent", forbid)
    async with Client(server.url, CREDENTIALS) as client:
        await client.page("lead")
    async with Client(server.url, CREDENTIALS, listener=lambda _: None) as client:
        with pytest.raises(AssertionError, match="nobody"):
            await client.page("lead")
    assert ignore_events(SignInStarted(CallInfo(1, "POST", "token"))) is None


async def test_a_sign_in_without_an_answer_is_reported_to_have_ended(
    server: ScriptedServer,
) -> None:
    hangs = asyncio.Event()

    async def sign_in(_: Request) -> bytes:
        hangs.set()
        return await asyncio.Future[bytes]()

    server.sign_in = sign_in
    told: list[Event] = []
    async with Client(server.url, CREDENTIALS, listener=told.append) as client:
        for work in (client.page("lead"), client.sign_in()):
            hangs.clear()
            asked = asyncio.ensure_future(work)
            await hangs.wait()
            asked.cancel()
            await asyncio.wait([asked])
    ends = [event for event in told if isinstance(event, SignInEnded)]
    assert [end.answer for end in ends] == [None, None]


async def leave(client: Client, work: asyncio.Task[Any], waits: asyncio.Event) -> None:
    await waits.wait()
    assert client.with_options(in_background=True).cancel_calls() == 1
    assert client.cancel_calls() == 0, "it is being left already"
    await asyncio.wait([work])


@pytest.fixture
def silent(server: ScriptedServer) -> asyncio.Event:
    """The server takes every call and answers none; the event is set once one has come."""
    waits = asyncio.Event()

    async def never(_: Request) -> bytes:
        waits.set()
        return await asyncio.Future[bytes]()

    server.script = never
    return waits


async def test_a_call_that_waits_for_its_answer_can_be_left(
    server: ScriptedServer, silent: asyncio.Event
) -> None:
    told: list[Event] = []
    async with Client(server.url, CREDENTIALS, listener=told.append) as client:
        asked = asyncio.ensure_future(client.page("lead"))
        await leave(client, asked, silent)
        with pytest.raises(CallCancelled, match="left while it waited") as caught:
            await asked
        assert caught.value.was_sent
        assert isinstance(told[-1], CallFailed)
        assert not client.has_open_write
        server.script = lambda _: http(200, EMPTY)
        await client.page("lead")
        assert client.cancel_calls() == 0
    assert len(server.calls) == 2


async def test_of_a_change_that_was_left_nothing_is_claimed(
    server: ScriptedServer, silent: asyncio.Event
) -> None:
    async with Client(server.url, CREDENTIALS) as client:
        asked = asyncio.ensure_future(client.update("lead", "A", {"City": "York"}))
        await leave(client, asked, silent)
        with pytest.raises(CallCancelled, match="may have been made, or not"):
            await asked
        silent.clear()
        made = asyncio.ensure_future(client.create("lead", {"LastName": "Jones"}))
        await leave(client, made, silent)
        with pytest.raises(OutcomeUnknown, match="It may have been done") as caught:
            await made
        assert caught.value.pending_write is not None
        assert client.has_open_write
    assert len(server.calls) == 2


async def test_a_wait_for_another_attempt_can_be_left(server: ScriptedServer) -> None:
    server.script = lambda _: http(500, {"Message": "broken"})
    waits = asyncio.Event()

    class Slow(RetryPolicy, frozen=True):
        def draw_wait(self, number: int) -> float:
            waits.set()
            return 40.0

    async with Client(server.url, CREDENTIALS, policy=Slow()) as client:
        asked = asyncio.ensure_future(client.page("lead"))
        await waits.wait()
        await asyncio.sleep(0)
        await leave(client, asked, waits)
        with pytest.raises(CallCancelled):
            await asked
    assert len(server.calls) == 1


async def test_a_caller_that_is_cancelled_itself_is_cancelled(
    server: ScriptedServer, silent: asyncio.Event
) -> None:
    async with Client(server.url, CREDENTIALS) as client:
        asked = asyncio.ensure_future(client.page("lead"))
        await silent.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert client.cancel_calls() == 0
