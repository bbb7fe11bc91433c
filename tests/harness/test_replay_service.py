"""Cassettes as a service: recorded answers, repeats, sign-ins, and what was not recorded."""

import json

import pytest

from cmdm_tui.harness.cassettes import RecordedAnswer
from cmdm_tui.harness.cassettes.replay_service import MOST_KEPT, ReplayService

SIGN_IN = "/api/v1/authenticate"


def recorded(
    target: str = "/a",
    answer: bytes = b"1",
    *,
    method: str = "GET",
    sent: bytes = b"",
    status: int = 200,
    headers: list[tuple[bytes, bytes]] | None = None,
) -> RecordedAnswer:
    key = (method, f"https://crm.example{target}", sent)
    return RecordedAnswer(key, status, headers or [], b"OK", None, answer)


def test_equal_calls_are_answered_in_order_each_once() -> None:
    service = ReplayService([recorded(), recorded("/b"), recorded(answer=b"2")])
    assert [service.answer("GET", "/a", b"").body for _ in range(2)] == [b"1", b"2"]
    third = service.answer("GET", "/a", b"")
    assert third.status == 501
    assert third.problem == (
        "GET /a was not recorded more than 2 times. --repeats lets the last answer be given again."
    )
    assert json.loads(third.body) == {"Message": third.problem}
    assert [str(one) for one in service.list_unused()] == ["GET https://crm.example/b"]
    assert (service.answered, service.refused_count, len(service)) == (2, 1, 3)


@pytest.mark.parametrize(("most_plays", "answered"), [(1, 2), (3, 4), (None, 9)])
def test_the_last_answer_is_given_as_often_as_is_asked_for(
    most_plays: int | None, answered: int
) -> None:
    service = ReplayService([recorded(), recorded(answer=b"2")], most_plays=most_plays)
    answers = [service.answer("GET", "/a", b"") for _ in range(9)]
    assert [one.body for one in answers if one.status == 200] == [b"1", *[b"2"] * (answered - 1)]
    assert service.list_unused() == []


def test_an_order_is_told_apart_unless_it_is_not_to_be() -> None:
    kept = recorded("/a?x=1&y=2", method="POST", sent=b'{"a":1,"b":2}')
    exact, order_free = ReplayService([kept]), ReplayService([kept], is_order_free=True)
    refused = exact.answer("POST", "/a?y=2&x=1", b'{"b": 2, "a": 1}')
    assert refused.status == 501
    assert "--order-free accepts that." in refused.problem
    assert order_free.answer("POST", "/a?y=2&x=1", b'{"b": 2, "a": 1}').status == 200
    assert order_free.answer("POST", "/a?y=2&x=1", b'{"b": 2, "a": 3}').status == 501


def test_clients_sign_in_as_often_as_they_like() -> None:
    service = ReplayService([recorded()])
    assert [service.answer("POST", SIGN_IN, b"").status for _ in range(3)] == [200] * 3
    assert json.loads(service.answer("POST", SIGN_IN, b"").body) == {"token": "recorded-token"}
    assert service.refused_count == 0
    assert service.answer("GET", SIGN_IN, b"").status == 501


def test_a_recorded_sign_in_is_the_one_that_is_repeated() -> None:
    service = ReplayService([recorded(SIGN_IN, b"no", method="POST", status=401)])
    assert [service.answer("POST", SIGN_IN, b"").status for _ in range(3)] == [401] * 3
    assert service.list_unused() == []


def test_headers_of_a_connection_stay_behind() -> None:
    kept = [(b"content-type", b"text/plain"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]
    spoilt = [*kept, (b"transfer-encoding", b"chunked"), (b"content-length", b"999")]
    assert ReplayService([recorded(headers=spoilt)]).answer("GET", "/a", b"").headers == kept


def test_an_answer_that_ends_no_call_is_not_sent() -> None:
    refused = ReplayService([recorded(status=101)]).answer("GET", "/a", b"")
    assert (refused.status, refused.problem) == (
        501,
        "GET /a was recorded with 101, which ends no call.",
    )


def test_what_was_not_recorded_is_counted_without_an_end_and_kept_with_one() -> None:
    service = ReplayService([recorded()])
    for _ in range(MOST_KEPT + 5):
        service.answer("GET", "/other", b"")
    assert (service.refused_count, len(service.refused)) == (MOST_KEPT + 5, MOST_KEPT)
