"""A GET cut short is asked for again, and `Retry-After` is kept where it can be."""

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.api import Client, MalformedResponse, NetworkError, RetryPolicy, ServerError
from cmdm_tui.api.quota import read_retry_after
from cmdm_tui.api.retry import RetryDecision
from tests.claims.create_attack import CREDENTIALS
from tests.claims.odd_service import Answer, Call, OddService, Rows, page, serve
from tests.claims.program import run_cmdm

ROWS = list(Rows(3))
WHOLE = page(ROWS).body
LIST = ("list", "lead", "--per-page", "3", "--page", "1")
EAGER = RetryPolicy(attempts=3, first_wait=0.001, longest_wait=0.002)


def first(*answers: Callable[[], Answer]) -> Callable[[Call], Answer | None]:
    """Answer the first GETs with these, and all else as documented."""
    return lambda call: (
        answers[call.nth - 1]() if call.method == "GET" and call.nth <= len(answers) else None
    )


def busy(retry_after: str, status: int = 503) -> Callable[[], Answer]:
    return lambda: Answer(status, b"down", (("Retry-After", retry_after),))


def client_of(service: OddService) -> Client:
    return Client(service.url, CREDENTIALS, policy=EAGER, deadline=5.0)


CUTS: dict[str, Answer] = {
    "JSON": Answer(200, WHOLE[:50]),
    "behind a bracket": Answer(200, WHOLE[: WHOLE.rindex(b"}") - 1]),
    "in an escape": Answer(200, b'{"Entity": [{"ExternalID": "\\'),
    "a length too short": Answer(200, WHOLE, length=60, close=True),
    "a length too long": Answer(200, WHOLE, length=5_000, close=True),
    "a connection": Answer(200, WHOLE, cut=150),
    "no length": Answer(
        raw=b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\n\r\n" + WHOLE[:80]
    ),
    "a chunk": Answer(
        raw=b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n" + WHOLE[:32] + b"\r\n"
    ),
    "a byte order mark": Answer(200, b"\xef\xbb\xbf" + WHOLE[:50]),
}


@pytest.mark.parametrize("name", CUTS)
async def test_a_cut_list_is_asked_for_again(name: str) -> None:
    with serve(first(lambda: CUTS[name]), ROWS) as service:
        async with client_of(service) as client:
            assert len((await client.page("lead", per_page=3, page=1)).records) == 3
        assert service.count("GET") == 2


async def test_records_fields_and_raw_calls_are_asked_for_again_too() -> None:
    with serve(first(lambda: CUTS["JSON"]), ROWS) as service:
        service.fields = [{"Name": "City", "Type": "Text"}]
        async with client_of(service) as client:
            assert (await client.record("lead", "ID000001")).external_id == "ID000001"
            service.calls.clear()
            assert [field.name for field in await client.all_fields("lead")] == ["City"]
            service.calls.clear()
            raw = await client.request("GET", "lead?per_page=3&page=1")
            assert json.loads(raw.body)["Total Records"] == "3"
            assert service.count("GET") == 2


async def test_what_stays_cut_is_given_up_soon_and_does_not_blame_the_address() -> None:
    with serve(lambda _: CUTS["JSON"]) as service:
        async with client_of(service) as client:
            with pytest.raises(NetworkError, match="cut short") as failed:
                await client.page("lead", per_page=3, page=1)
            assert "address" not in str(failed.value)
            assert service.count("GET") == 2
            raw = await client.request("GET", "lead")
            assert raw.body == WHOLE[:50], "a raw call gives what came"


@pytest.mark.parametrize("body", [b"<html>Wi-Fi</html>", b'{"a": 1}', b"[1, 2]", b'{"a": 1} x'])
async def test_what_is_whole_but_no_list_is_not_asked_for_again(body: bytes) -> None:
    with serve(lambda _: Answer(200, body)) as service:
        async with client_of(service) as client:
            with pytest.raises(MalformedResponse):
                await client.page("lead", per_page=3, page=1)
        assert service.count("GET") == 1


async def test_an_update_whose_answer_is_cut_is_done_and_not_sent_again() -> None:
    with serve(lambda _: Answer(200, b'{"Mess')) as service:
        async with client_of(service) as client:
            await client.update("lead", "ID000001", {"City": "Leeds"})
        assert service.count("PUT") == 1


# ---- Retry-After


async def waited(*answers: Callable[[], Answer], sign_in: bool = False) -> float:
    """Return the seconds that a list takes whose first answers are these."""
    with serve(None if sign_in else first(*answers), ROWS) as service:
        if sign_in:
            service.sign_in = lambda call: answers[0]() if call.nth == 1 else None
        async with client_of(service) as client:
            started = time.monotonic()
            await client.page("lead", per_page=3, page=1)
            return time.monotonic() - started


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_the_wait_that_a_server_error_asks_for_is_kept(status: int) -> None:
    assert 1.0 <= await waited(busy("1", status)) < 2.0


async def test_it_is_kept_for_a_date_a_fraction_and_a_sign_in_too() -> None:
    assert 0.9 < await waited(busy(formatdate(time.time() + 2, usegmt=True))) < 3.0
    assert 0.3 <= await waited(busy("0.3")) < 1.0
    assert 0.3 <= await waited(busy("0.3"), sign_in=True) < 1.0


async def test_a_date_is_read_by_the_services_own_clock() -> None:
    hour = 3_600

    def answer() -> Answer:
        now = time.time() + hour
        headers = [("Date", formatdate(now, usegmt=True))]
        headers.append(("Retry-After", formatdate(now + 1, usegmt=True)))
        return Answer(503, b"", headers)

    assert await waited(answer) < 2.0


WILD = ["-5", "soon", "", " ", "inf", "nan", "1e9", "0x10", "1,2", "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 32 Foo 2026 99:99:99 GMT", "\xb2", "0"]  # fmt: skip


@pytest.mark.parametrize("value", WILD)
async def test_a_wild_value_asks_for_no_wait(value: str) -> None:
    assert await waited(busy(value)) < 0.5


@pytest.mark.parametrize(
    "value", ["86400", "9" * 40, "99999999999.5", "Fri, 31 Dec 9999 23:59:59 GMT"]
)
async def test_a_long_wait_ends_at_once_with_the_reason(value: str) -> None:
    with serve(lambda _: busy(value)()) as service:
        async with client_of(service) as client:
            with pytest.raises(ServerError, match="It asks to be tried again") as failed:
                await client.page("lead", per_page=3, page=1)
        assert failed.value.status == 503
        assert service.count("GET") == 1


def test_the_command_ends_with_the_reason_and_exit_code_1(tmp_path: Path) -> None:
    with serve(lambda _: busy("86400")()) as service:
        ended = run_cmdm(*LIST, home=tmp_path, extra=service.environment)
        assert service.count("GET") == 1
    assert ended.code == 1
    assert "status 503]. It asks to be tried again at " in ended.err
    assert ended.err.rstrip().endswith("in 1440 min.")


def test_the_command_tells_of_a_wait_and_gives_the_whole_list(tmp_path: Path) -> None:
    with serve(first(busy("1"), lambda: CUTS["JSON"]), ROWS) as service:
        ended = run_cmdm(*LIST, home=tmp_path, extra=service.environment)
        assert service.count("GET") == 3
    assert ended.code == 0
    assert len(json.loads(ended.out)["Entity"]) == 3
    assert "again in 1.0 s" in ended.err


@pytest.mark.parametrize(
    ("value", "seconds"), [("2", 2.0), ("1.5", 1.5), ("5.", 5.0), (" 7 ", 7.0), ("-1", None)]
)
def test_seconds_are_read(value: str, seconds: float | None) -> None:
    expected = None if seconds is None else 100.0 + seconds
    assert read_retry_after({"retry-after": value}, 100.0) == expected


async def test_a_client_that_ignores_the_wait_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decide = RetryPolicy.decide

    def hurry(self: RetryPolicy, attempt: Any, failure: Any) -> RetryDecision:
        if isinstance(failure, ServerError) and failure.call is not None:
            failure = ServerError(failure.message, call=failure.call, status=failure.status)
        return decide(self, attempt, failure)

    monkeypatch.setattr(RetryPolicy, "decide", hurry)
    assert await waited(busy("1")) < 0.9


async def test_a_client_that_takes_a_cut_list_for_whole_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def believe(_: bytes) -> bool:
        return False

    monkeypatch.setattr("cmdm_tui.api.sender.is_cut_json", believe)
    with serve(first(lambda: CUTS["JSON"]), ROWS) as service:
        async with client_of(service) as client:
            with pytest.raises(MalformedResponse):
                await client.page("lead", per_page=3, page=1)


# ---- a list of ids is no list of names


async def test_no_id_is_given_as_the_name_of_a_field() -> None:
    with serve() as service:
        service.fields = [{"Width": "3"}, {"Name": "City", "Type": "Text"}, {}]
        async with client_of(service) as client:
            assert [field.name for field in await client.all_fields("lead")] == ["City"]
            service.fields = [{}, {"Width": "3"}]
            assert await client.all_fields("lead") == ()
