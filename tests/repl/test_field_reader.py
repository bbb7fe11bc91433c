"""Fields that are read in the background while one types: which calls that makes, and when none."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import httpx
import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.repl.completion import field_reader
from cmdm_tui.repl.completion.field_reader import FieldReader
from cmdm_tui.sandbox import RunningInfo
from tests.services import CountedNetwork, profile_of


class Watched:
    """A reader, the entities it was seen to read, and a way to wait until it rests."""

    def __init__(self, account: Account) -> None:
        self.seen: list[str | None] = []
        self._rests = asyncio.Event()
        self.reader = FieldReader(account, self._note)

    def _note(self) -> None:
        self.seen.append(self.reader.entity)
        if self.reader.entity is None:
            self._rests.set()

    async def read(self, *entities: str) -> None:
        """Want the entities from another thread, as completion does, and wait for the end."""
        self.forget_rest()
        await asyncio.to_thread(self.reader.want, entities)
        await self.rest()

    def forget_rest(self) -> None:
        """Have `rest` wait for the next end."""
        self._rests.clear()

    async def rest(self) -> None:
        """Wait for the end of what is read."""
        async with asyncio.timeout(20):
            await self._rests.wait()

    async def want(self, *entities: str) -> None:
        """Want the entities, and give the loop time to begin."""
        await asyncio.to_thread(self.reader.want, entities)
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def watched(account: Account) -> AsyncGenerator[Watched]:
    watched = Watched(account)
    yield watched
    await watched.reader.close()


async def test_the_fields_of_an_entity_are_read_with_one_call_a_day(
    watched: Watched, account: Account, transport: CountedNetwork
) -> None:
    await watched.read("LEAD", "task")
    assert [path.partition("?")[0] for path in transport.taken()] == ["lead/fields", "task"]
    assert watched.seen == ["lead", "task", None]
    for entity in ("lead", "task"):
        assert "Status" in {field.name for field in account.catalog.cached_fields(entity)}
    await watched.want("lead", "task")
    again = Watched(account)
    await again.want("lead")
    assert transport.taken() == [], "they are known for a day"
    await account.catalog.load_fields("lead")
    assert transport.taken() == [], "a statement needs no other call for them"


async def test_a_name_that_is_no_entity_costs_no_call(
    watched: Watched, transport: CountedNetwork
) -> None:
    await watched.want("nosuch", "lead;", "")
    assert transport.taken() == []


async def test_nothing_is_read_at_the_floor(
    sandbox: RunningInfo, transport: CountedNetwork
) -> None:
    profile = profile_of(sandbox, "floored", ())
    async with Account.open(profile, catalogs=None, transport=transport) as account:
        await account.client.page("lead", per_page=1, page=1)
        left = account.client.quota.remaining
        assert left is not None
    for floor, calls in ((left, 0), (left - 20, 1)):
        floored = replace(profile, floor=floor)
        async with Account.open(floored, catalogs=None, transport=transport) as account:
            await account.client.page("lead", per_page=1, page=1)
            transport.taken()
            watched = Watched(account)
            await (watched.read if calls else watched.want)("task")
            assert len(transport.taken()) == calls
            await watched.reader.close()


async def test_what_the_service_does_not_describe_is_asked_for_once(
    answering: Callable[[Callable[[httpx.Request], httpx.Response]], Account],
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(404, json={"message": "none"})

    async with answering(answer) as account:
        watched = Watched(account)
        await watched.read("lead")
        await watched.want("lead")
        other = Watched(account)
        await other.want("lead")
        assert len(asked) == 1
        assert account.catalog.describes_nothing("lead")


async def test_after_a_failure_nothing_more_is_read(
    answering: Callable[[Callable[[httpx.Request], httpx.Response]], Account],
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(403, json={"message": "not yours"})

    async with answering(answer) as account:
        watched = Watched(account)
        await watched.read("lead", "task")
        await watched.want("account")
        assert {path.rpartition("/api/v1/")[2] for path in asked} == {"lead/fields"}
        assert watched.seen[-1] is None


class Slow(httpx.AsyncBaseTransport):
    """Answers a sign-in, and the fields once it may."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.is_asked = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/authenticate"):
            return httpx.Response(200, json={"token": "t"})
        self.is_asked.set()
        await self.may_answer.wait()
        return httpx.Response(404, json={"message": "none"})


async def test_a_statement_waits_for_the_reading_under_way_and_holds_the_next(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow()
    async with Account.open(account.profile, catalogs=None, transport=slow) as opened:
        watched = Watched(opened)
        await watched.want("lead", "contact")
        await slow.is_asked.wait()
        holding = asyncio.ensure_future(watched.reader.hold())
        await asyncio.sleep(0)
        assert not holding.done()
        slow.may_answer.set()
        await holding
        assert watched.reader.entity is None
        assert opened.catalog.describes_nothing("lead")
        assert not opened.catalog.describes_nothing("contact")
        watched.forget_rest()
        watched.reader.release()
        await watched.rest()
        assert opened.catalog.describes_nothing("contact")
        slow.may_answer.clear()
        slow.is_asked.clear()
        await watched.want("account")
        await slow.is_asked.wait()
        monkeypatch.setattr(field_reader, "LONGEST_WAIT", 0.0)
        await watched.reader.hold()
        assert watched.reader.entity is None, "one that takes long is ended"
