"""The policy: what is sent again, how patiently, and what is in doubt."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.api.errors import (
    ApiError,
    AuthenticationFailed,
    BadRequest,
    CallInfo,
    DeadlineExceeded,
    HourLimitReached,
    MalformedResponse,
    MonthLimitReached,
    NetworkError,
    NotFound,
    ResponseTooLarge,
    ServerError,
)
from cmdm_tui.api.retry import AlreadyDone, Attempt, GiveUp, InDoubt, RetryAfter, RetryPolicy

CALL = CallInfo(1, "GET", "/lead")
POLICY = RetryPolicy(attempts=3, first_wait=1.0, longest_wait=3.0, draw=lambda: 1.0)
BROKEN = NetworkError("broken off", call=CALL)
FAILED = ServerError("oops", call=CALL, status=500)
MISSING = NotFound("gone", call=CALL, status=404)
LIMIT = HourLimitReached("limit", call=CALL, status=429, hint="", reset=None)
FINAL: list[ApiError] = [
    BadRequest("no", call=CALL, status=400),
    AuthenticationFailed("no", call=CALL, status=401),
    MISSING,
    MonthLimitReached("no", call=CALL, status=429),
    DeadlineExceeded("late", call=CALL),
    MalformedResponse("odd", call=CALL),
    ResponseTooLarge("long", call=CALL),
]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
@pytest.mark.parametrize("failure", [BROKEN, FAILED])
def test_what_can_be_done_twice_is_sent_again_until_the_attempts_are_used_up(
    method: str, failure: ApiError
) -> None:
    decisions = [POLICY.decide(Attempt(method, number), failure) for number in (1, 2, 3)]
    assert decisions == [RetryAfter(1.0), RetryAfter(2.0), GiveUp()]


@pytest.mark.parametrize("failure", [BROKEN, FAILED, DeadlineExceeded("late", call=CALL)])
@pytest.mark.parametrize("attempt", [Attempt("POST", 1, once=True), Attempt("PUT", 1, once=True)])
def test_what_must_not_be_done_twice_is_in_doubt_once_it_was_sent(
    attempt: Attempt, failure: ApiError
) -> None:
    assert POLICY.decide(attempt, failure) == InDoubt()


@pytest.mark.parametrize("failure", [FINAL[-1], FINAL[-2]])
def test_an_unreadable_answer_to_what_must_not_be_done_twice_is_in_doubt(
    failure: ApiError,
) -> None:
    assert POLICY.decide(Attempt("POST", 1, once=True), failure) == InDoubt()
    assert POLICY.decide(Attempt("GET", 1), failure) == GiveUp()


@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "PATCH"])
@pytest.mark.parametrize("once", [True, False])
def test_what_was_never_sent_is_sent_again_whatever_it_is(method: str, once: bool) -> None:
    attempt = Attempt(method, 1, once=once, was_sent=False)
    assert POLICY.decide(attempt, BROKEN) == RetryAfter(1.0)


@pytest.mark.parametrize(("once", "was_sent"), [(False, True), (False, False), (True, False)])
@pytest.mark.parametrize("number", [1, 50])
def test_the_hours_limit_did_nothing_so_it_waits_for_the_rate_limiter(
    number: int, once: bool, was_sent: bool
) -> None:
    attempt = Attempt("POST", number, once=once, was_sent=was_sent)
    assert POLICY.decide(attempt, LIMIT) == RetryAfter(None)


def test_what_must_not_be_done_twice_is_not_sent_again_after_a_limit_that_it_met() -> None:
    assert POLICY.decide(Attempt("POST", 1, once=True), LIMIT) == GiveUp()


@pytest.mark.parametrize(("asked", "seconds"), [(None, 1.0), (0.0, 1.0), (0.5, 1.0), (9.0, 9.0)])
def test_a_wait_that_the_service_asks_for_is_kept(asked: float | None, seconds: float) -> None:
    failure = ServerError("busy", call=CALL, status=503, retry_after=asked)
    assert POLICY.decide(Attempt("GET", 1), failure) == RetryAfter(seconds)
    assert POLICY.decide(Attempt("POST", 1, once=True), failure) == InDoubt()


@pytest.mark.parametrize("failure", FINAL, ids=lambda failure: type(failure).__name__)
def test_every_other_failure_stands(failure: ApiError) -> None:
    assert POLICY.decide(Attempt("GET", 1), failure) == GiveUp()


def test_a_repeated_delete_that_finds_nothing_has_done_it() -> None:
    assert POLICY.decide(Attempt("DELETE", 2, may_be_done=True), MISSING) == AlreadyDone()
    assert POLICY.decide(Attempt("DELETE", 2), MISSING) == GiveUp()
    assert POLICY.decide(Attempt("GET", 2, may_be_done=True), MISSING) == GiveUp()


@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True))
def test_waits_grow_to_a_limit_and_differ(number: int, drawn: float) -> None:
    policy = RetryPolicy(first_wait=0.25, longest_wait=8.0, draw=lambda: drawn)
    span = min(0.25 * 2 ** (number - 1), 8.0)
    assert span / 2 <= policy.draw_wait(number) <= span


def test_nothing_that_may_be_done_is_ever_sent_again_where_twice_is_not_once() -> None:
    """The law that all else serves, over every combination."""
    every = [*FINAL, BROKEN, FAILED, LIMIT]
    for failure, number, may in itertools.product(every, (1, 2), (True, False)):
        attempt = Attempt("POST", number, once=True, was_sent=True, may_be_done=may)
        assert not isinstance(POLICY.decide(attempt, failure), RetryAfter)
