"""A command ends in its time, whatever the service does, and says what may have been done."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import cmdm_tui
from cmdm_tui.api import (
    ApiError,
    Client,
    Credentials,
    HourLimitReached,
    OutcomeUnknown,
    SecretStr,
    TimeLimitReached,
)
from cmdm_tui.api.command_time import CommandTime
from cmdm_tui.config import Profile
from tests.claims.odd_service import Answer, Answering, Call, OddService, Rows, serve
from tests.claims.program import Ended, run_cmdm, start_cmdm

CREATE = ("create", "lead", "LastName=Jones")
SLACK = 4.0
"""Seconds for the start of a process on a loaded machine."""

CREDENTIALS = Credentials(SecretStr("client"), SecretStr("secret"), "user", SecretStr("password"))


@pytest.fixture
def is_over() -> Iterator[threading.Event]:
    """Whether the test is over, so that no answer is held back any more."""
    event = threading.Event()
    yield event
    event.set()


def silent(is_over: threading.Event, method: str = "") -> Answering:
    """Return an answering that keeps silent on calls of a method, or on all."""

    def answer(call: Call) -> Answer | None:
        if not method or call.method == method:
            is_over.wait(60)
        return None

    return answer


def timed(service: OddService, home: Path, *words: str) -> tuple[Ended, float]:
    started = time.monotonic()
    ended = run_cmdm(*words, home=home, extra=service.environment, deadline=50)
    return ended, time.monotonic() - started


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (CREATE, 7),
        (("convert", "ID000001", "--yes"), 7),
        (("update", "lead", "ID000001", "City=Leeds"), 6),
        (("get", "lead", "ID000001"), 6),
        (("query", "SELECT * FROM lead"), 6),
    ],
    ids=["create", "convert", "update", "get", "query"],
)
def test_a_silent_service_is_given_up_in_time(
    tmp_path: Path, is_over: threading.Event, words: tuple[str, ...], code: int
) -> None:
    with serve(silent(is_over)) as service:
        ended, seconds = timed(service, tmp_path, "--timeout", "1.5", *words)
        is_over.set()
    assert ended.code == code, ended.all
    assert seconds < 1.5 + SLACK
    assert "1.5 s" in ended.err
    assert "Traceback" not in ended.err
    if code == 7:
        assert service.count("POST") + service.count("PUT") == 1
        assert "may have been done" in ended.err


def test_a_create_that_was_not_sent_is_not_in_doubt(
    tmp_path: Path, is_over: threading.Event
) -> None:
    with serve() as service:
        service.sign_in = silent(is_over)
        ended, seconds = timed(service, tmp_path, "--timeout", "1.5", *CREATE)
        is_over.set()
    assert ended.code == 6
    assert seconds < 1.5 + SLACK
    assert service.calls == []
    assert "may have been done" not in ended.err


def test_the_time_of_a_create_includes_the_look_for_it(
    tmp_path: Path, is_over: threading.Event
) -> None:
    def answer(call: Call) -> Answer | None:
        if call.method == "POST":
            return Answer(raw=b"")
        is_over.wait(60)
        return None

    with serve(answer) as service:
        ended, seconds = timed(service, tmp_path, "--timeout", "1.5", *CREATE)
        is_over.set()
    assert (ended.code, service.count("POST")) == (7, 1)
    assert seconds < 1.5 + SLACK


def test_the_environment_names_a_time_too(tmp_path: Path, is_over: threading.Event) -> None:
    with serve(silent(is_over)) as service:
        extra = {**service.environment, "CMDM_TIMEOUT": "1"}
        ended = run_cmdm("get", "lead", "ID000001", home=tmp_path, extra=extra, deadline=20)
        is_over.set()
    assert ended.code == 6


@pytest.mark.parametrize("word", ["0", "-1", "nan", "inf", "soon", "1e400", ""])
def test_a_time_that_is_none_is_refused(tmp_path: Path, word: str) -> None:
    ended = run_cmdm("--timeout", word, "get", "lead", "ID000001", home=tmp_path)
    assert ended.code == 2
    assert "number of seconds above 0" in ended.err


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(429, b'{"Message":"slow down"}', headers=(("Retry-After", "1"),)), 5),
        (Answer(500, b'{"Message":"out of order"}'), 1),
        (Answer(raw=b""), 6),
    ],
    ids=["429", "500", "cut"],
)
def test_sign_ins_without_a_token_are_few(tmp_path: Path, answer: Answer, code: int) -> None:
    with serve() as service:
        service.sign_in = lambda _: answer
        ended, _ = timed(service, tmp_path, *CREATE)
    assert ended.code == code, ended.all
    assert service.calls == []
    assert 1 <= len(service.sign_ins) <= 4
    assert "may have been done" not in ended.err


def test_a_query_that_makes_many_sign_ins_at_once_gives_up_as_soon(tmp_path: Path) -> None:
    def sign_in(call: Call) -> Answer | None:
        if len(service.sign_ins) > 1:
            return Answer(429, b"{}", headers=(("Retry-After", "0"),))
        return None

    def answer(call: Call) -> Answer | None:
        if call.query.get("page") in {None, "1", "2"}:
            return None
        return Answer.of({"Message": "The token has ended."}, 401)

    with serve(answer, rows=list(Rows(4_000))) as service:
        service.sign_in = sign_in
        ended, _ = timed(service, tmp_path, "query", "-y", "SELECT count(LastName) FROM lead")
    assert ended.code != 0
    assert 2 <= len(service.sign_ins) <= 1 + 4


async def count_sign_ins_put_off(seconds: float) -> int:
    """Return how many sign-ins a call makes within a time, each answered with a 429."""
    put_off = Answer(429, b"{}", headers=(("Retry-After", "0.05"),))
    with serve(rows=list(Rows())) as service:
        service.sign_in = lambda _: put_off
        async with Client(service.url, CREDENTIALS, time=CommandTime(seconds)) as client:
            with pytest.raises(ApiError):
                await client.record("lead", "ID000001")
        return len(service.sign_ins)


async def test_a_client_that_signs_in_without_end_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await count_sign_ins_put_off(2.0) == 4
    monkeypatch.setattr("cmdm_tui.api.auth._MOST_SIGN_INS", 1_000)
    assert await count_sign_ins_put_off(2.0) > 4


async def give_up(service: OddService, command_time: CommandTime) -> float:
    """Create a lead on a silent service and look for it; return the seconds that it took."""
    started = time.monotonic()
    async with Client(service.url, CREDENTIALS, time=command_time) as client:
        with pytest.raises(OutcomeUnknown) as doubt:
            await client.create("lead", {"LastName": "Jones"})
        with pytest.raises(ApiError):
            await client.reconcile(doubt.value)
    return time.monotonic() - started


async def test_without_a_limit_a_silence_ends_all_calls_together(is_over: threading.Event) -> None:
    with serve(silent(is_over)) as service:
        assert await give_up(service, CommandTime(silence=1.0)) < 1.0 + SLACK
        is_over.set()


async def test_a_command_whose_calls_do_not_share_the_silence_would_take_twice_as_long(
    is_over: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    command_time = CommandTime(silence=1.0)
    count_call = CommandTime.count_call

    def count_alone(self: CommandTime) -> object:
        self.start()
        return count_call(self)

    monkeypatch.setattr(CommandTime, "count_call", count_alone)
    with serve(silent(is_over)) as service:
        assert await give_up(service, command_time) >= 2.0
        is_over.set()


async def test_a_long_walk_is_not_ended_by_the_limit_on_silence() -> None:
    def slow(call: Call) -> None:
        time.sleep(0.03)

    with serve(slow, rows=list(Rows(40))) as service:
        command_time = CommandTime(silence=0.5)
        async with Client(service.url, CREDENTIALS, time=command_time) as client:
            pages = [page async for page in client.pages("lead", per_page=1, ahead=1)]
    assert len(pages) == 40


async def test_a_wait_for_the_quota_is_no_silence() -> None:
    def answer(call: Call) -> Answer | None:
        if call.nth == 1:
            return Answer(429, b"{}", headers=(("Retry-After", "1"),))
        return None

    with serve(answer, rows=list(Rows())) as service:
        async with Client(service.url, CREDENTIALS, time=CommandTime(silence=0.8)) as client:
            assert (await client.page("lead")).records
        async with Client(service.url, CREDENTIALS, time=CommandTime(0.8)) as client:
            service.calls.clear()
            with pytest.raises(HourLimitReached):
                await client.page("lead")


async def test_each_query_of_python_has_the_time(tmp_path: Path, is_over: threading.Event) -> None:
    has_begun = threading.Event()

    def answer(call: Call) -> Answer | None:
        if has_begun.is_set():
            is_over.wait(60)
        return None

    with serve(answer, rows=list(Rows())) as service:
        profile = Profile("odd", service.url, CREDENTIALS, "odd")
        async with cmdm_tui.connect(profile, catalogs=tmp_path, timeout=1.0) as account:
            for _ in range(2):
                await asyncio.sleep(0.6)
                assert len(await account.query("SELECT * FROM lead")) == 7
            has_begun.set()
            started = time.monotonic()
            with pytest.raises(TimeLimitReached):
                await account.query("SELECT LastName FROM lead WHERE City = 'York'")
            assert time.monotonic() - started < 1.0 + SLACK
            is_over.set()


SLOW_TO_LOAD = """
import time
from cmdm_tui.cli import main
from cmdm_tui.cli.context import CommandContext
load_profile = CommandContext.load_profile
def load_slowly(self, *given):
    time.sleep(2)
    return load_profile(self, *given)
CommandContext.load_profile = load_slowly
main()
"""


def test_the_time_counts_from_before_the_profile_is_loaded(tmp_path: Path) -> None:
    """A password command, a keyring or a slow disk takes of the time too."""
    words = ("--timeout", "2", "get", "lead", "ID000001")
    with serve(rows=list(Rows())) as service:
        with start_cmdm(words, tmp_path, service.environment, code=SLOW_TO_LOAD) as process:
            _, err = process.communicate(timeout=30)
        assert process.returncode == 6, err
        assert service.calls == service.sign_ins == []


def test_local_work_is_ended_too(tmp_path: Path) -> None:
    sql = "SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 3"
    with serve(rows=list(Rows())) as service:
        ended, seconds = timed(service, tmp_path, "--timeout", "1", "query", sql)
    assert ended.code == 6, ended.all
    assert seconds < 1 + 1 + SLACK
    assert "The 1 s that the command may take are over" in ended.err
