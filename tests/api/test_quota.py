"""Whatever headers a service sends, they are read or passed over; none of them ends a call."""

import time
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cmdm_tui.api import Client, HourLimitReached, MonthLimitReached, NetworkError, StatusError
from cmdm_tui.api.error_mapping import check_status
from cmdm_tui.api.errors import CallInfo
from cmdm_tui.api.models import Response
from cmdm_tui.api.quota import QuotaTracker, parse_http_date
from tests.api.conftest import CREDENTIALS, ScriptedServer

NAMES = (
    "x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset", "x-token-reset",
    "date", "retry-after", "content-type",
)  # fmt: skip
NOON = 1_795_694_400.0
VALUES = (
    st.binary(max_size=20)
    | st.integers().map(lambda number: str(number).encode())
    | st.floats().map(lambda number: str(number).encode())
    | st.sampled_from([
        b"\xb2", b"9" * 5_000, b"1e400", b"Mon, 01 Jan 0001 00:00:00 GMT",
        b"Fri, 31 Dec 9999 23:59:59 -2359",
    ])
)  # fmt: skip


@given(st.integers(100, 599), st.dictionaries(st.sampled_from(NAMES), VALUES))
@example(429, {"x-rate-limit-remaining": b"\xb2"})
@example(429, {"x-rate-limit-remaining": b"9" * 5_000})
def test_no_header_gets_anything_but_its_status(status: int, told: dict[str, bytes]) -> None:
    headers = httpx.Headers([(name.encode(), value) for name, value in told.items()])
    meter = QuotaTracker()
    meter.update(headers)
    assert meter.quota.reset_at is None or meter.quota.reset is not None
    assert meter.quota.token_ends_at is None or meter.quota.token_reset is not None
    call = CallInfo(1, "GET", "/lead")
    answer = Response(1, "GET", "/lead", status, headers, b"", 0.1)
    if status // 100 == 2:
        check_status(answer, call, meter)
        return
    with pytest.raises(StatusError) as raised:
        check_status(answer, call, meter)
    assert raised.value.status == status
    str(raised.value).encode()


@pytest.mark.parametrize(
    ("left", "kind"),
    [
        (b"5", MonthLimitReached),
        (b"0", HourLimitReached),
        (b"\xb2", HourLimitReached),
        (b"", HourLimitReached),
        (b"some", HourLimitReached),
    ],
)
def test_only_a_number_of_calls_left_tells_the_months_limit(
    left: bytes, kind: type[StatusError]
) -> None:
    headers = httpx.Headers([(b"x-rate-limit-remaining", left)])
    answer = Response(1, "GET", "/lead", 429, headers, b"", 0.1)
    with pytest.raises(kind):
        check_status(answer, CallInfo(1, "GET", "/lead"), QuotaTracker())


def test_the_wait_after_429_is_that_of_its_own_answer() -> None:
    """Another answer, to a call under way, may have come in between with the hour's reset."""
    tracker, now = QuotaTracker(), time.time()
    tracker.update(
        httpx.Headers({"x-rate-limit-remaining": "99", "x-rate-limit-reset": f"{now + 3_000:.0f}"})
    )
    own = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": f"{now + 2:.0f}"}
    answer = Response(1, "GET", "/lead", 429, httpx.Headers(own), b"", 0.1)
    with pytest.raises(HourLimitReached) as raised:
        check_status(answer, CallInfo(1, "GET", "/lead"), tracker)
    assert raised.value.reset == round(now + 2)
    unnamed = Response(1, "GET", "/lead", 429, httpx.Headers(), b"", 0.1)
    with pytest.raises(HourLimitReached) as raised:
        check_status(unnamed, CallInfo(1, "GET", "/lead"), tracker)
    assert raised.value.reset == round(now + 3_000)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "EST5EDT")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("zone", [" GMT", " +0000", " -0000", "", " UT"])
def test_a_date_without_a_zone_is_not_taken_for_local_time(zone: str) -> None:
    assert parse_http_date(f"Thu, 26 Nov 2026 12:00:00{zone}") == NOON


async def test_the_quota_is_settled_by_an_answer_that_never_comes_whole(
    server: ScriptedServer,
) -> None:
    head = "HTTP/1.1 201 X\r\nContent-Length: 100\r\nx-rate-limit-remaining: 41\r\n\r\n"
    server.script = lambda _: head.encode()
    async with Client(server.url, CREDENTIALS, deadline=0.2) as client:
        with pytest.raises(NetworkError):
            await client.page("lead")
        assert client.quota.remaining == 41
