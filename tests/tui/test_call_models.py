"""What the calls screen and the status line say, without a screen: rows, texts, gauge, bars."""

import json
import re
from pathlib import Path

import httpx
import pytest

from cmdm_tui.api import (
    CallFailed,
    CallFinished,
    CallInfo,
    CallSent,
    NetworkError,
    Quota,
    Response,
    RetryScheduled,
    SignInEnded,
    SignInStarted,
)
from cmdm_tui.operations.call_entry import CallDetails, CallEntry, CallState, LoggedBody
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.tui.models.activity import Activity
from cmdm_tui.tui.models.call_description import MOST_CHARACTERS, describe_call, format_body
from cmdm_tui.tui.models.call_filter import fits_filter
from cmdm_tui.tui.models.call_source import COLUMNS, CallSource
from cmdm_tui.tui.models.call_text import format_seconds, format_size, name_call
from cmdm_tui.tui.models.cassette_calls import CallFileUnreadable, read_cassette_calls
from cmdm_tui.tui.models.quota_gauge import QuotaGauge, QuotaLevel, draw_bars
from cmdm_tui.tui.models.row_source import Tone
from cmdm_tui.tui.screens.calls.snippets import NothingToCopy, list_copies, write_copy

HOSTILE = "\x1b[31m\u202e[b]\n\r\t\x9b\ud800"
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")
BASE = "https://crm.example/api/v1"


def sent(number: int, path: str, method: str = "GET") -> CallSent:
    return CallSent(CallInfo(number, method, path), 1, httpx.Request(method, "https://x"))


def call(**values: object) -> CallEntry:
    given = {"key": "1", "method": "GET", "path": "/lead", "state": CallState.ANSWERED}
    return CallEntry(**(given | {"status": 200, "seconds": 0.1} | values))  # pyright: ignore[reportArgumentType]


def test_nothing_of_a_hostile_call_is_unsafe() -> None:
    hostile = call(path=f"/{HOSTILE}", method=HOSTILE, notes=(HOSTILE,), failure="safe")
    raw = HOSTILE.encode("utf-8", "surrogatepass")
    for body in (raw, json.dumps({HOSTILE: HOSTILE}).encode(), b"\xff\xfe\x00", b"[" * 5_000):
        headers = ((HOSTILE, HOSTILE),)
        made = CallDetails(headers, LoggedBody(body), headers, LoggedBody(body))
        shown = "".join(part.text for part in describe_call(hostile, made))
        assert not UNSAFE.search(shown)
    assert not UNSAFE.search(name_call(HOSTILE, f"/{HOSTILE}?page={HOSTILE}"))


def test_a_body_is_indented_and_keeps_its_numbers() -> None:
    assert format_body(b'{"a":1.50,"a":[1e400]}') == (
        '{\n  "a": 1.50,\n  "a": [\n    1e400\n  ]\n}',
        0,
    )
    assert format_body(b"no json") == ("no json", 0)
    text, more = format_body(b"x" * (MOST_CHARACTERS + 7))
    assert (len(text), more) == (MOST_CHARACTERS, 7)
    made = CallDetails(response_body=LoggedBody(b"x" * (MOST_CHARACTERS + 7)))
    assert "… and 7 more characters" in "".join(p.text for p in describe_call(call(), made))


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        ("", True), ("GET", True), ("post", False), ("200", True), ("2xx", True), ("2XX get", True),
        ("4xx", False), ("slow", False), ("lead", True), ("LEA get", True), ("lead 404", False),
        ("failed", False), ("retried", False), ("waiting", False), ("change", False), ("[", False),
    ],
)  # fmt: skip
def test_a_call_fits_a_filter_where_it_fits_each_word(words: str, fits: bool) -> None:
    assert fits_filter(call(), words) is fits


def test_a_filter_knows_kinds_of_calls() -> None:
    assert fits_filter(call(seconds=1.0), "slow")
    assert fits_filter(call(status=503), "failed 5xx")
    assert fits_filter(call(state=CallState.FAILED, status=None), "failed")
    assert fits_filter(call(state=CallState.WAITING), "waiting")
    assert fits_filter(call(times_sent=2), "retried")
    assert fits_filter(call(method="PUT"), "change put")
    assert not fits_filter(call(method="POST", is_sign_in=True), "change")
    assert fits_filter(call(path="/lead/404A"), "404a")


def test_a_waiting_call_counts_its_seconds_and_its_row_changes() -> None:
    now = 100.0
    log = CallLog(clock=lambda: now)
    source = CallSource(log)
    assert source.refresh(now)
    assert not source.refresh(now + 50)
    log.add_event(sent(1, "/lead"))
    assert source.refresh(now)
    row = source.rows(0, 9)[0]
    assert source.refresh(now + 3.2)
    later = source.rows(0, 9)[0]
    assert (row.value(4), later.value(4)) == ("0 s", "3 s")
    assert row.revision != later.revision
    assert not source.refresh(now + 3.9)
    assert later.tone(3) is Tone.WARNING
    log.add_event(CallFailed(CallInfo(1, "GET", "/lead"), NetworkError("x")))
    source.refresh(now + 4)
    assert [source.rows(0, 1)[0].value(n) for n in (1, 2, 3, 6)] == ["GET", "/lead", "none", 1]
    assert source.rows(0, 1)[0].tone(3) is Tone.ERROR
    assert source.position("1") == 0
    assert source.position("none") is None
    assert source.rows(5, 3) == []
    assert len(COLUMNS) == 7


def test_a_call_that_is_silent_is_named_with_its_seconds() -> None:
    activity = Activity().with_event(sent(1, "/lead?per_page=9&page=3"), 10.0)
    assert activity.is_open
    assert activity.describe(11.0) == ""
    assert activity.describe(14.2) == "lead page 3: 4 s"
    two = activity.with_event(sent(2, "/task/A%1b", "DELETE"), 12.0)
    assert two.describe(14.2) == "lead page 3: 4 s, and 1 more"
    lost = NetworkError("gone")
    again = two.with_event(RetryScheduled(CallInfo(1, "GET", "/lead"), 1, 5.0, lost), 15.0)
    assert again.describe(16.0).startswith("attempt 1 failed")
    done = again.with_event(CallFinished(CallInfo(1, "GET", "/lead"), 200, 0.1, 1), 17.0)
    assert done.describe(17.0) == "DELETE task/A␛: 5 s"
    assert not done.with_event(CallFailed(CallInfo(2, "", ""), None), 18.0).is_open


def test_a_silent_sign_in_shows_its_seconds() -> None:
    info = CallInfo(1, "POST", "/authenticate")
    activity = Activity().with_event(SignInStarted(info), 10.0)
    assert activity.describe(10.5) == "signing in …"
    assert activity.describe(14.0) == "signing in: 4 s"
    assert activity.with_event(SignInEnded(info, None), 15.0).describe(15.0) == ""


@pytest.mark.parametrize(
    ("remaining", "limit", "floor", "filled", "level"),
    [
        (5_000, 5_000, 0, 5, QuotaLevel.FINE),
        (4_999, 5_000, 0, 4, QuotaLevel.FINE),
        (500, 5_000, 0, 1, QuotaLevel.LOW),
        (1, 5_000, 0, 1, QuotaLevel.LOW),
        (0, 5_000, 0, 0, QuotaLevel.AT_FLOOR),
        (900, 5_000, 500, 1, QuotaLevel.LOW),
        (500, 5_000, 500, 1, QuotaLevel.AT_FLOOR),
        (9_000, 5_000, 0, 5, QuotaLevel.FINE),
    ],
)
def test_the_gauge_knows_the_floor(
    remaining: int, limit: int, floor: int, filled: int, level: QuotaLevel
) -> None:
    gauge = QuotaGauge.of(Quota(limit=limit, remaining=remaining), floor)
    assert (gauge.cells, gauge.filled, gauge.level) == (5, filled, level)


def test_without_a_limit_there_is_no_gauge() -> None:
    assert QuotaGauge.of(Quota(), 5).cells == 0
    assert QuotaGauge.of(Quota(remaining=3), 5) == QuotaGauge(0, 0, QuotaLevel.AT_FLOOR)
    assert QuotaGauge.of(Quota(remaining=3, limit=0), 0).cells == 0


def test_bars_are_as_high_as_the_largest() -> None:
    assert draw_bars([0, 1, 50, 100]) == "▁▂▅█"
    assert draw_bars([0, 0]) == "▁▁"
    assert draw_bars([]) == ""


def test_durations_and_sizes_in_words() -> None:
    assert [format_seconds(one) for one in (None, 0.0124, 1.25, 75.2)] == [
        "", "12 ms", "1.25 s", "75 s",
    ]  # fmt: skip
    assert [format_size(one) for one in (None, 0, 1_023, 14_541, 3_250_586)] == [
        "", "0 B", "1023 B", "14.2 kB", "3.1 MB",
    ]  # fmt: skip


def test_no_empty_text_is_copied() -> None:
    one = call(path="")
    nothing = CallDetails((), LoggedBody(), (), LoggedBody(note="Not kept."))
    for what in ("Path", "Body of the request", "Body of the answer"):
        with pytest.raises(NothingToCopy):
            write_copy(one, nothing, what, BASE)
    dropped = CallDetails(request_body=LoggedBody(note="Not kept."))
    with pytest.raises(NothingToCopy, match="cannot be copied"):
        write_copy(call(), dropped, "curl", BASE)
    with pytest.raises(NothingToCopy, match="not a path below"):
        write_copy(call(path="//evil/x"), CallDetails(), "curl", BASE)
    for what in list_copies(call()):
        made = CallDetails(request_body=LoggedBody(b"\xff"), response_body=LoggedBody(b"\xff\x00"))
        assert write_copy(call(path="/lead/O'N\"$x"), made, what, BASE)
    assert "curl" not in list_copies(call(is_sign_in=True))


def test_a_cassette_with_a_secret_shows_none(tmp_path: Path) -> None:
    cassette = tmp_path / "a.yaml"
    cassette.write_text(
        "version: 1\ninteractions:\n"
        "- request:\n    method: GET\n    uri: https://h/api/v2/lead?x=SECRET-canary-1\n"
        "  response:\n    status: {code: 200, message: OK}\n"
        "    headers: {Authorization: [Bearer abc], X-Words: [SECRET-canary-1]}\n"
        "    body: {string: 'SECRET-canary-1 \\x1b'}\n"
        "- request: {method: POST, uri: 'https://h/api/v2/authenticate'}\n"
        '  response: {status: {code: 200}, body: {string: \'{"token": "unknown"}\'}}\n'
    )
    log = read_cassette_calls(cassette, lambda text: text.replace("SECRET-canary-1", "…"))
    first, second = log.calls
    made = log.read_details(first.key)
    assert (first.path, first.status, first.started) == ("/lead?x=…", 200, None)
    assert not first.is_path_whole
    assert made.response_headers == (("authorization", "Bearer …"), ("x-words", "…"))
    assert made.response_body.content.startswith(b"\xe2\x80\xa6 ")
    assert second.is_sign_in
    assert log.read_details(second.key).response_body.content == b""
    cassette.write_text("version: 2")
    with pytest.raises(CallFileUnreadable, match="not laid out as a cassette"):
        read_cassette_calls(cassette, str)


def test_an_answer_is_kept_as_it_came(tmp_path: Path) -> None:
    log, info = CallLog(), CallInfo(1, "GET", "/lead")
    log.add_event(sent(1, "/lead"))
    headers = httpx.Headers({"content-type": "application/json; charset=latin-1"})
    answer = Response(1, "GET", "/lead", 200, headers, "é".encode("latin-1"), 0.1)
    log.add_event(CallFinished(info, 200, 0.1, 1, answer))
    assert log.read_details("1").response_body.content.decode() == "é"
