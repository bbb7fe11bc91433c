"""The client against services that fail: nothing twice, nothing lost, no call before its time."""

import asyncio
import gzip
import json
import random
import time
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cmdm_tui.api import (
    BadRequest,
    Client,
    NetworkError,
    NotFound,
    OutcomeUnknown,
    ResponseTooLarge,
    ServerError,
)
from cmdm_tui.api.events import (
    CallFailed,
    CallFinished,
    Event,
    QuotaWait,
    RetryScheduled,
    SignInStarted,
)
from cmdm_tui.api.reconcile import WriteVerdict
from cmdm_tui.api.retry import RetryPolicy
from tests.api.conftest import CREDENTIALS, Answer, Cut, Request, ScriptedServer, http

EAGER = RetryPolicy(first_wait=0.001, longest_wait=0.005)
EMPTY: dict[str, Any] = {"Total Records": "0", "Total Pages": "0", "Entity": []}


def date_header(moment: float) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(moment))


class Shop:
    """A service with leads that fails by chance: before it has done something, or after."""

    FAULTS = (
        "none", "none", "none", "reset before", "reset after", "500 before", "500 after",
        "cut after", "no JSON after",
    )  # fmt: skip

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.leads: dict[str, dict[str, Any]] = {}
        self.posts = 0

    def __call__(self, request: Request) -> Answer:
        fault = self.chance.choice(self.FAULTS)
        if fault == "reset before":
            return None
        if fault == "500 before":
            return http(500, {"Message": "not done"})
        answer = self._done(request)
        if fault == "reset after":
            return None
        if fault == "500 after":
            return http(500, {"Message": "done"})
        if fault == "cut after":
            return Cut(answer[:-5])
        if fault == "no JSON after" and request.method == "POST":
            return http(201, b"<html>")
        return answer

    def _done(self, request: Request) -> bytes:
        date = {"Date": date_header(time.time())}
        if request.method == "POST":
            self.posts += 1
            external_id = f"L{len(self.leads):07}"
            created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.leads[external_id] = {**json.loads(request.body), "CreatedDate": created}
            return http(201, {"ExternalID": external_id}, date)
        external_id = request.path.rpartition("/")[2]
        if request.method == "DELETE":
            known = self.leads.pop(external_id, None)
            return http(200 if known else 404, {"Message": "ok" if known else "gone"}, date)
        if request.method == "PUT":
            self.leads[external_id].update(json.loads(request.body))
            return http(200, {"Message": "Record updated."}, date)
        query = dict(part.split("=") for part in request.path.partition("?")[2].split("&"))
        size, page = int(query["per_page"]), int(query["page"])
        field = query.get("sort_by", "CreatedDate")
        leads = sorted(self.leads.items(), key=lambda lead: lead[1].get(field, ""))
        rows = [{"ExternalID": key, "Properties": row} for key, row in leads]
        if query.get("sort_order", "desc") == "desc":
            rows.reverse()
        shown = rows[(page - 1) * size : page * size]
        pages = -(-len(rows) // size)
        total = {"Total Records": str(len(rows)), "Total Pages": str(pages), "Entity": shown}
        return http(200, total, date)


@pytest.fixture
async def patient(server: ScriptedServer) -> AsyncIterator[Client]:
    policy = RetryPolicy(attempts=60, first_wait=0.001, longest_wait=0.002)
    marks = {"lead": "Ref"}
    async with Client(
        server.url, CREDENTIALS, deadline=20.0, policy=policy, mark_fields=marks
    ) as client:
        yield client


@pytest.mark.parametrize("seed", [7, 19])
async def test_no_create_is_doubled_or_lost_and_each_doubt_is_resolved(
    server: ScriptedServer, patient: Client, runs_whole: bool, seed: int
) -> None:
    shop = Shop(seed)
    server.script = shop
    count = 1_000 if runs_whole else 120
    limit = asyncio.Semaphore(4)
    verdicts: list[WriteVerdict] = []

    async def create(number: int) -> None:
        async with limit:
            name = f"Lead {number}"
            try:
                created = await patient.create("lead", {"LastName": name})
            except OutcomeUnknown as doubt:
                told = await patient.reconcile(doubt, pause=0.0, settling_time=0.0)
                made = [key for key, row in shop.leads.items() if row["LastName"] == name]
                verdicts.append(told.verdict)
                assert (told.verdict is WriteVerdict.FOUND) == bool(made)
                assert told.external_id == (made[0] if made else None)
                assert (told.verdict is WriteVerdict.NOT_FOUND) == (not made)
            else:
                assert shop.leads[created.external_id]["LastName"] == name

    await asyncio.gather(*(create(number) for number in range(count)))
    names = [row["LastName"] for row in shop.leads.values()]
    assert len(names) == len(set(names)) == shop.posts
    assert {WriteVerdict.FOUND, WriteVerdict.NOT_FOUND} == set(verdicts)


async def test_a_client_that_sends_creates_again_would_be_caught(
    server: ScriptedServer, patient: Client
) -> None:
    shop = Shop(seed=7)
    server.script = shop
    for number in range(60):
        for _ in range(3):
            try:
                await patient.create("lead", {"LastName": f"Lead {number}"})
                break
            except OutcomeUnknown:
                continue
    names = [row["LastName"] for row in shop.leads.values()]
    assert len(names) != len(set(names))


async def test_updates_and_deletes_come_through_any_faults(
    server: ScriptedServer, patient: Client
) -> None:
    shop = Shop(seed=11)
    server.script = shop
    shop.leads = {f"L{n}": {"LastName": "x"} for n in range(40)}
    for external_id in list(shop.leads):
        await patient.update("lead", external_id, {"City": external_id})
    assert all(row["City"] == key for key, row in shop.leads.items())
    for external_id in list(shop.leads):
        await patient.delete("lead", external_id)
    assert shop.leads == {}


@pytest.mark.parametrize("was_done", [True, False])
async def test_a_refusal_of_what_may_be_done_already_is_looked_into(
    server: ScriptedServer, was_done: bool
) -> None:
    lost = {"DELETE": True, "PUT": True}
    task = {"ExternalID": "T", "Properties": {"Status": "Closed" if was_done else "Open"}}

    def script(request: Request) -> Answer:
        if request.method == "GET":
            is_gone = was_done and request.path == "/lead/L"
            return http(400, {"Message": "unknown"}) if is_gone else http(200, task)
        if lost.pop(request.method, False):
            return None
        return http(400, {"Message": "refused"})

    server.script = script
    async with Client(server.url, CREDENTIALS, policy=EAGER) as client:
        for again in (lambda: client.delete("lead", "L"), lambda: client.close_task("T")):
            if was_done:
                assert (await again()).message == "refused"
            else:
                with pytest.raises(BadRequest, match="refused"):
                    await again()
        looked = [call.path for call in server.calls if call.method == "GET"]
        assert looked == ["/lead/L", "/task/T"]
        with pytest.raises(BadRequest):
            await client.delete("lead", "L")
    assert len([call for call in server.calls if call.method == "GET"]) == 2


@pytest.mark.parametrize("count", [200])
async def test_many_cold_calls_and_then_many_refused_ones_sign_in_once_each(
    server: ScriptedServer, count: int
) -> None:
    ended: set[bytes] = set()

    async def script(request: Request) -> bytes:
        if request.headers["authorization"] in ended:
            return http(401, {"Message": "The token has ended."})
        return http(200, EMPTY)

    server.script = script
    async with Client(server.url, CREDENTIALS, deadline=20.0) as client:
        await asyncio.gather(*(client.page("lead") for _ in range(count)))
        assert server.sign_ins == 1
        ended.add(b"Bearer token-1")
        await asyncio.gather(*(client.page("lead") for _ in range(count)))
    assert server.sign_ins == 2
    assert 2 * count < len(server.calls) <= 2 * count + 16, "only those under way were refused"


async def test_a_token_that_ends_amid_pages_costs_one_sign_in_and_no_record(
    server: ScriptedServer,
) -> None:
    served = 0

    def script(request: Request) -> bytes:
        nonlocal served
        if served >= 20 and request.headers["authorization"] == b"Bearer token-1":
            return http(401, {"Message": "The token has ended."})
        served += 1
        number = int(request.path.rpartition("=")[2])
        rows: list[dict[str, Any]] = [
            {"ExternalID": f"R{number}-{row}", "Properties": {}} for row in range(5)
        ]
        return http(200, {"Total Records": "200", "Total Pages": "40", "Entity": rows})

    server.script = script
    async with Client(server.url, CREDENTIALS) as client:
        ids = [r.external_id async for p in client.pages("lead", per_page=5) for r in p.records]
    assert len(ids) == len(set(ids)) == 200
    assert server.sign_ins == 2


async def test_a_429_storm_is_waited_out_tried_by_one_and_then_spread(
    server: ScriptedServer,
) -> None:
    arrivals: list[float] = []
    reset = 0.0
    refused_at = 0.0
    until_answered: list[int] = []

    async def script(_: Request) -> bytes:
        nonlocal reset, refused_at
        now = time.time()
        arrivals.append(now)
        if reset == 0.0:
            reset = float(int(now) + 2)
        if now < reset:
            refused_at = now
            told = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(reset))}
            return http(429, {"Message": "limit"}, {**told, "Date": date_header(now)})
        if not until_answered:
            until_answered.append(len(arrivals))
            await asyncio.sleep(0.2)
            until_answered.append(len(arrivals))
        return http(200, EMPTY, {"Date": date_header(now)})

    server.script = script
    told: list[Event] = []
    async with Client(server.url, CREDENTIALS, deadline=30.0, listener=told.append) as client:
        await client.sign_in()
        await asyncio.gather(*(client.page("lead") for _ in range(50)))
    before = [moment for moment in arrivals if moment < reset]
    after = sorted(moment for moment in arrivals if moment >= reset)
    assert len(before) <= 16, "only calls that were under way when the first was refused"
    assert until_answered[0] == until_answered[1], "one tries, and the rest wait for its answer"
    assert len(after) == 50
    assert after[-1] - after[0] > 0.3, "spread, not all at once"
    assert any(isinstance(event, QuotaWait) for event in told)


async def test_no_call_is_spent_where_none_is_left(server: ScriptedServer) -> None:
    told = {"x-rate-limit-remaining": "2", "x-rate-limit-reset": str(int(time.time()) + 1_800)}
    server.script = lambda _: http(200, EMPTY, told)
    async with Client(server.url, CREDENTIALS, deadline=1.0) as client:
        await client.page("lead")
        told["x-rate-limit-remaining"] = "0"
        await client.page("lead")
        with pytest.raises(Exception, match="No call is left this hour"):
            await client.page("lead")
    assert len(server.calls) == 2


async def test_work_in_the_background_leaves_the_floor(server: ScriptedServer) -> None:
    left = 12

    def script(_: Request) -> bytes:
        nonlocal left
        left -= 1
        told = {"x-rate-limit-remaining": str(left)}
        return http(200, EMPTY, {**told, "x-rate-limit-reset": str(int(time.time()) + 1_800)})

    server.script = script
    async with Client(server.url, CREDENTIALS, floor=10) as client:
        background = client.with_options(in_background=True)
        await background.page("lead")
        await background.page("lead")
        with pytest.raises(Exception, match="10 are kept for work"):
            await background.page("lead")
        await client.page("lead")
    assert len(server.calls) == 3


async def test_each_sending_is_counted_and_may_be_forbidden(server: ScriptedServer) -> None:
    sent: list[int] = []

    def count(times_sent: int) -> None:
        if len(sent) == 3:
            raise RuntimeError("no more")
        assert times_sent == len(server.calls)
        sent.append(times_sent)

    server.script = lambda _: http(500)
    async with Client(server.url, CREDENTIALS, policy=EAGER) as client:
        counted = client.with_options(on_send=count)
        with pytest.raises(RuntimeError, match="no more"):
            await counted.record("lead", "A")
        assert sent == [0, 1, 2]
        assert len(server.calls) == 3
        with pytest.raises(ServerError):
            await client.record("lead", "A")
        assert len(sent) == 3, "the client that was copied counts nothing"


async def test_waits_and_retries_are_told(server: ScriptedServer) -> None:
    answers = iter([http(500, {}), None, http(200, EMPTY)])
    server.script = lambda _: next(answers)
    told: list[Event] = []
    async with Client(server.url, CREDENTIALS, policy=EAGER, listener=told.append) as client:
        await client.page("lead")
    kinds = [type(event).__name__ for event in told]
    assert kinds == [
        "SignInStarted",
        "SignInEnded",
        "CallSent",
        "CallFinished",
        "RetryScheduled",
        "CallSent",
        "RetryScheduled",
        "CallSent",
        "CallFinished",
    ]
    assert isinstance(told[0], SignInStarted)
    retries = [event for event in told if isinstance(event, RetryScheduled)]
    assert [retry.attempt for retry in retries] == [1, 2]


async def test_a_call_that_comes_to_no_answer_is_told(server: ScriptedServer) -> None:
    server.script = lambda _: None
    told: list[Event] = []
    once = RetryPolicy(attempts=1)
    async with Client(server.url, CREDENTIALS, policy=once, listener=told.append) as client:
        with pytest.raises(NetworkError):
            await client.page("lead")
        server.script = lambda _: http(404, {"Message": "gone"})
        with pytest.raises(NotFound):
            await client.page("lead")
        hangs = asyncio.Event()

        async def never(_: Request) -> bytes:
            hangs.set()
            return await asyncio.Future[bytes]()

        server.script = never
        left = asyncio.ensure_future(client.page("lead"))
        await hangs.wait()
        left.cancel()
        await asyncio.wait([left])
    ends = [event for event in told if isinstance(event, CallFailed | CallFinished)]
    assert [type(event).__name__ for event in ends] == ["CallFailed", "CallFinished", "CallFailed"]
    assert isinstance(ends[0], CallFailed)
    assert isinstance(ends[0].failure, NetworkError)
    assert isinstance(ends[2], CallFailed)
    assert ends[2].failure is None


async def test_a_small_body_that_unfolds_into_a_huge_one_costs_little(
    server: ScriptedServer,
) -> None:
    bomb = gzip.compress(b"0" * 200_000_000, 9)
    assert len(bomb) < 200_000
    server.script = lambda _: http(200, bomb, {"Content-Encoding": "gzip"})
    async with Client(server.url, CREDENTIALS, deadline=60.0) as client:
        await client.sign_in()
        tracemalloc.start()
        with pytest.raises(ResponseTooLarge, match="longer than 64 MB"):
            await client.page("lead")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 100_000_000


async def test_a_read_only_client_sends_nothing_that_changes(server: ScriptedServer) -> None:
    server.script = lambda _: http(200, EMPTY)
    async with Client(server.url, CREDENTIALS, read_only=True) as client:
        for attempt in (
            client.create("lead", {"LastName": "x"}),
            client.update("lead", "A", {"LastName": "x"}),
            client.delete("lead", "A"),
            client.convert_lead("A"),
            client.request("POST", "lead", content=b"{}"),
        ):
            with pytest.raises(Exception, match="read-only"):
                await attempt
        await client.page("lead")
    assert [call.method for call in server.calls] == ["GET"]
