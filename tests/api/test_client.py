"""Each call is sent as documented, exactly once, and every failure has its own error."""

import asyncio
import gzip
import json
import time
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cmdm_tui.api import (
    ApiError,
    BadRequest,
    CallInfo,
    Client,
    DeadlineExceeded,
    HourLimitReached,
    InvalidCall,
    MalformedResponse,
    MethodNotAllowed,
    MonthLimitReached,
    NetworkError,
    NotFound,
    OutcomeUnknown,
    Parent,
    ResponseTooLarge,
    ServerError,
    StatusError,
)
from cmdm_tui.api.retry import RetryPolicy
from tests.api.conftest import CREDENTIALS, Request, ScriptedServer, http

EAGER = RetryPolicy(first_wait=0.001, longest_wait=0.002)

DATE = "Thu, 26 Nov 2026 12:00:00 GMT"
RECORD = {"ExternalID": "ABC1D2E3", "Properties": {"LastName": "Jones"}}
LIST = {"Total Records": "1", "Total Pages": "1", "Entity": [RECORD]}


CALL = CallInfo(7, "GET", "/lead")
ERRORS = [
    *(kind("It went wrong.", call=CALL) for kind in (ApiError, NetworkError, MalformedResponse)),
    NotFound("It went wrong", call=CALL, status=404),
    HourLimitReached("It went wrong", call=CALL, status=429, hint="Wait", reset=None),
]


async def test_every_documented_call_is_sent_as_documented(
    server: ScriptedServer, client: Client
) -> None:
    answers: dict[tuple[str, str], tuple[int, Any]] = {
        ("GET", "/lead/ABC1D2E3"): (200, RECORD),
        (
            "GET",
            "/lead?fields=LastName%2CCity&per_page=10&page=2&sort_by=City&sort_order=desc",
        ): (200, LIST),
        ("GET", "/lead"): (200, LIST),
        ("GET", "/lead/fields?per_page=5&page=1"): (200, {"Field": []}),
        ("POST", "/lead"): (201, {"ExternalID": "NEW00001"}),
        ("POST", "/lead/ABC1D2E3/task"): (201, {"ExternalID": "NEW00002"}),
        ("PUT", "/lead/ABC1D2E3"): (200, {"Message": "Record updated."}),
        ("PUT", "/lead/convert/ABC1D2E3"): (200, {"Account ExternalID": "ACC00001"}),
        ("PUT", "/task/close/TSK00001"): (200, {"Message": "Record updated."}),
        ("DELETE", "/lead/ABC1D2E3"): (200, {"Message": "Record deleted."}),
    }
    server.script = lambda request: http(*answers[request.method, request.path])
    record = await client.record("lead", "ABC1D2E3")
    assert record.properties == {"LastName": "Jones"}
    page = await client.page(
        "lead",
        fields=["LastName", "City"],
        per_page=10,
        page=2,
        sort_by="City",
        sort_order="desc",
    )
    assert page.records == (record,)
    await client.page("lead")
    await client.fields("lead", per_page=5, page=1)
    created = await client.create("lead", {"LastName": "Jones"})
    assert created.external_id == "NEW00001"
    parent = Parent("lead", "ABC1D2E3")
    assert (await client.create("task", {"Subject": "x"}, parent=parent)).external_id == "NEW00002"
    assert (await client.update("lead", "ABC1D2E3", {"City": None})).message == "Record updated."
    assert (await client.convert_lead("ABC1D2E3")).account_external_id == "ACC00001"
    assert (await client.close_task("TSK00001")).message == "Record updated."
    assert (await client.delete("lead", "ABC1D2E3")).message == "Record deleted."
    assert [(call.method, call.path) for call in server.calls] == list(answers)
    bodies = [call.body for call in server.calls if call.method in {"POST", "PUT"}]
    expected = [{"LastName": "Jones"}, {"Subject": "x"}, {"City": None}, {}, {}]
    assert [json.loads(body) for body in bodies] == expected


async def test_amounts_go_digit_for_digit(server: ScriptedServer, client: Client) -> None:
    server.script = lambda _: http(200, {"Message": "Record updated."})
    await client.update("lead", "A", {"Amount": Decimal("1234567890123456789.10")})
    assert server.calls[0].body == b'{"Amount":1234567890123456789.10}'


@pytest.mark.parametrize("value", [float("nan"), Decimal("Infinity"), [float("inf")], "\ud800"])
async def test_a_value_without_a_form_in_json_is_not_sent(
    server: ScriptedServer, client: Client, value: Any
) -> None:
    with pytest.raises(InvalidCall):
        await client.create("lead", {"LastName": value})
    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (404, NotFound),
        (405, MethodNotAllowed),
        (413, StatusError),
        (500, ServerError),
        (502, ServerError),
        (301, StatusError),
    ],
)
async def test_each_status_is_its_own_error_with_its_call(
    server: ScriptedServer, client: Client, status: int, kind: type[StatusError]
) -> None:
    server.script = lambda _: http(
        status, {"Message": "The field Foo is unknown."}, {"Location": "https://evil.example/"}
    )
    with pytest.raises(kind) as raised:
        await client.page("lead", sort_by="Foo")
    assert type(raised.value) is kind
    text = str(raised.value)
    assert f"status {status}" in text
    assert "GET /lead?sort_by=Foo (call 1" in text or "(call 2" in text
    assert status == 301 or "The field Foo is unknown [" in text
    assert raised.value.response is not None
    assert len(server.calls) == (4 if status >= 500 else 1)


async def test_the_quota_is_read_from_every_answer_errors_included(
    server: ScriptedServer, client: Client
) -> None:
    reset = int(time.time()) + 1800
    headers = {
        "x-rate-limit-limit": "5000",
        "x-rate-limit-remaining": "4321",
        "x-rate-limit-reset": str(reset),
        "x-token-reset": str(reset + 60),
    }
    server.script = lambda _: http(404, {"Message": "no"}, headers)
    with pytest.raises(NotFound):
        await client.record("lead", "X")
    quota = client.quota
    assert (quota.limit, quota.remaining, quota.reset) == (5000, 4321, reset)
    assert quota.token_reset == reset + 60
    server.script = lambda _: http(200, LIST, {"x-rate-limit-remaining": "lots"})
    await client.page("lead")
    assert client.quota == quota


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "4102444800"}, HourLimitReached),
        ({"x-rate-limit-remaining": "17"}, MonthLimitReached),
        ({}, HourLimitReached),
        ({"x-rate-limit-remaining": "17", "Retry-After": "90"}, HourLimitReached),
    ],
)
async def test_the_months_limit_is_told_from_the_hours(
    server: ScriptedServer, client: Client, headers: dict[str, str], kind: type[StatusError]
) -> None:
    server.script = lambda _: http(429, {"Message": "limit"}, headers)
    with pytest.raises(kind) as raised:
        await client.page("lead")
    assert type(raised.value) is kind
    if "Retry-After" in headers:
        assert "in 90 s" in str(raised.value) or "in 91 s" in str(raised.value)


async def test_an_unreachable_server_is_a_network_error() -> None:
    async with Client("http://127.0.0.1:1", CREDENTIALS, policy=EAGER) as unreachable:
        with pytest.raises(NetworkError, match=r"127\.0\.0\.1:1 cannot be reached"):
            await unreachable.page("lead")
        with pytest.raises(NetworkError):
            await unreachable.create("lead", {"LastName": "Jones"})


LOSSES: dict[str, bytes | None] = {
    "nothing at all": None,
    "half a head": b"HTTP/1.1 201 Cre",
    "half a body": b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"Exter',
    "no JSON": http(201, b"<html>created</html>"),
    "a 500": http(500, {"Message": "oops"}),
}


def breaking(answer: bytes | None) -> Callable[[Request], Any]:
    """Return a script that sends `answer`, and nothing after it."""
    sent: list[bytes] = []

    def script(_: Request) -> bytes | None:
        if answer is None or sent:
            return None
        sent.append(answer)
        return answer

    return script


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_create_whose_answer_is_lost_is_in_doubt_and_not_sent_again(
    server: ScriptedServer, loss: str
) -> None:
    server.script = breaking(LOSSES[loss])
    async with Client(server.url, CREDENTIALS, deadline=0.3) as client:
        for attempt in (
            lambda: client.create("lead", {"LastName": "Jones"}),
            lambda: client.convert_lead("ABC1D2E3"),
            lambda: client.request("POST", "lead", content=b"{}"),
            lambda: client.request("PUT", "/LEAD/Convert/X", content=b"{}"),
            lambda: client.request("PUT", "l%65ad//convert/X", content=b"{}"),
        ):
            server.requests.clear()
            server.script = breaking(LOSSES[loss])
            if loss == "no JSON" and "request" in attempt.__code__.co_names:
                continue
            with pytest.raises(OutcomeUnknown, match="may have been done"):
                await attempt()
            assert len(server.calls) == 1


async def test_a_create_is_prepared_without_a_call_and_sent_as_it_was_prepared(
    server: ScriptedServer,
) -> None:
    server.script = lambda _: http(201, {"ExternalID": "NEW"}, {"Date": DATE})
    async with Client(server.url, CREDENTIALS, mark_fields={"task": "Notes"}) as client:
        first = client.prepare_create("task", {"Notes": "x"}, parent=Parent("lead", "A/B"))
        assert server.requests == []
        assert first.mark is not None
        assert first.properties == {"Notes": f"{first.mark.text} x"}
        assert first.since is None
        created = await client.send_create(first)
        assert created.external_id == "NEW"
        second = client.prepare_create("task", {"Notes": "x"})
        assert second.since is not None
        assert second.mark is not None
        assert second.mark.text != first.mark.text
    assert [call.path for call in server.calls] == ["/lead/A%2FB/task"]
    assert json.loads(server.calls[0].body) == first.properties


async def test_a_prepared_create_whose_answer_is_lost_is_in_doubt_with_the_same_mark(
    server: ScriptedServer,
) -> None:
    server.script = lambda _: None
    async with Client(server.url, CREDENTIALS, mark_fields={"*": "Notes"}) as client:
        write = client.prepare_create("lead", {"LastName": "Jones"})
        with pytest.raises(OutcomeUnknown) as raised:
            await client.send_create(write)
    assert raised.value.pending_write is not None
    assert raised.value.pending_write.mark == write.mark
    assert len(server.calls) == 1


async def test_a_create_that_never_left_is_a_plain_failure(server: ScriptedServer) -> None:
    server.sign_in = lambda _: None
    async with Client(server.url, CREDENTIALS) as client:
        with pytest.raises(NetworkError):
            await client.create("lead", {"LastName": "Jones"})
    assert server.calls == []


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"HTTP/1.1 200 OK\r\nx: "]
)
async def test_an_answer_that_drips_ends_with_the_deadline(head: bytes) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            writer.close()
            given_up.set()

    given_up = asyncio.Event()
    dripping = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = dripping.sockets[0].getsockname()[1]
    async with Client(f"http://127.0.0.1:{port}", CREDENTIALS, deadline=0.3) as client:
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded, match=r"within 0\.3 s"):
            await client.page("lead")
        assert time.monotonic() - started < 0.3 + 0.5
    await given_up.wait()
    dripping.close()


async def test_an_answer_larger_than_the_bound_is_refused(server: ScriptedServer) -> None:
    body = gzip.compress(b" " * 5_000_000)
    server.script = lambda _: http(200, body, {"Content-Encoding": "gzip"})
    async with Client(server.url, CREDENTIALS, largest_body=1_000_000) as client:
        with pytest.raises(ResponseTooLarge):
            await client.page("lead")
        server.script = lambda _: http(200, gzip.compress(b"x"), {"Content-Encoding": "gzip"})
        with pytest.raises(MalformedResponse):
            await client.page("lead")
        server.script = lambda _: http(200, b"not gzip", {"Content-Encoding": "gzip"})
        with pytest.raises(MalformedResponse, match="encoding is broken"):
            await client.page("lead")


@pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate, gzip", "GZIP,gzip", "br", "zstd"])
async def test_an_encoding_that_was_not_asked_for_is_not_unfolded(
    server: ScriptedServer, encoding: str
) -> None:
    bomb = gzip.compress(gzip.compress(b" " * 50_000_000))
    server.script = lambda _: http(200, bomb, {"Content-Encoding": encoding})
    async with Client(server.url, CREDENTIALS, largest_body=1_000_000) as client:
        await client.sign_in()
        tracemalloc.start()
        with pytest.raises(MalformedResponse, match="no JSON"):
            await client.page("lead")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("encoding", ["identity, gzip", "gzip,", " X-GZIP "])
async def test_an_encoding_may_be_written_in_other_ways(
    server: ScriptedServer, client: Client, encoding: str
) -> None:
    body = gzip.compress(json.dumps(LIST).encode())
    server.script = lambda _: http(200, body, {"Content-Encoding": encoding})
    assert len((await client.page("lead")).records) == 1


async def test_pages_come_to_the_last_and_no_further(
    server: ScriptedServer, client: Client
) -> None:
    def script(request: Request) -> bytes:
        number = int(request.path.partition("&page=")[2])
        rows = [{**RECORD, "ExternalID": f"R{number}{row}"} for row in range(2)]
        return http(200, {"Total Records": "6", "Total Pages": "3", "Entity": rows})

    server.script = script
    ids = [r.external_id async for page in client.pages("lead", per_page=2) for r in page.records]
    assert ids == ["R10", "R11", "R20", "R21", "R30", "R31"]
    assert len(server.calls) == 3


async def test_pages_without_totals_end_at_the_first_empty_one(
    server: ScriptedServer, client: Client
) -> None:
    server.script = lambda request: http(
        200, {"Entity": [RECORD] if request.path.endswith("page=1") else []}
    )
    assert len([page async for page in client.pages("lead", per_page=1)]) == 1
    assert len(server.calls) == 2


async def test_pages_past_the_last_may_be_not_found(server: ScriptedServer, client: Client) -> None:
    server.script = lambda request: (
        http(200, {"Entity": [RECORD]}) if request.path.endswith("page=1") else http(404, {})
    )
    assert len([page async for page in client.pages("lead", per_page=1)]) == 1


async def test_any_call_can_be_made_and_its_answer_had_as_it_is(
    server: ScriptedServer, client: Client
) -> None:
    server.script = lambda _: http(418, b"short and stout", {"X-Pot": "tea"})
    answer = await client.request("get", "/pot?a=b", check=False)
    assert (answer.status, answer.body, answer.headers["x-pot"]) == (418, b"short and stout", "tea")
    assert (server.calls[0].method, server.calls[0].path) == ("GET", "/pot?a=b")
    with pytest.raises(InvalidCall):
        await client.request("GE T", "lead")
    assert len(server.calls) == 1


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_says_what_happened_to_which_call_and_what_to_do(error: ApiError) -> None:
    text = str(error)
    assert text.startswith("It went wrong [GET /lead (call 7)")
    assert text.endswith(f"{error.hint}." if error.hint else "].")
    assert "\n" not in text
