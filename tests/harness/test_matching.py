"""Which recorded call a call is, exactly and without the order, and what is said of the nearest."""

import json
import random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.harness.cassettes.canonical_yaml import CallKey
from cmdm_tui.harness.cassettes.matching import (
    describe_nearest,
    make_exact_key,
    make_order_free_key,
    strip_origin,
    without_origin,
)

TEXT = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def call(target: str = "/api/v1/lead", body: bytes = b"", method: str = "POST") -> CallKey:
    return method, target, body


def shuffled(value: Any, source: random.Random) -> Any:
    if isinstance(value, dict):
        members = list(cast("dict[str, Any]", value).items())
        source.shuffle(members)
        return {name: shuffled(one, source) for name, one in members}
    if isinstance(value, list):
        return [shuffled(one, source) for one in cast("list[Any]", value)]
    return value


@given(JSON, st.randoms(use_true_random=False))
def test_json_is_the_same_in_any_order_and_spacing(value: Any, source: random.Random) -> None:
    one = json.dumps(value).encode()
    other = json.dumps(shuffled(value, source), ensure_ascii=False, indent=2).encode()
    assert make_order_free_key(call(body=one)) == make_order_free_key(call(body=other))


@given(JSON, JSON)
def test_json_that_differs_is_another_call(value: Any, other: Any) -> None:
    keys = {make_order_free_key(call(body=json.dumps(one).encode())) for one in (value, other)}
    assert len(keys) == 1 + (repr_of(value) != repr_of(other))


def repr_of(value: Any) -> str:
    # In Python, 1 == True.
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a":1}', b'{"a":1.0}'),
        (b'{"a":1}', b'{"a":"1"}'),
        (b'{"a":9007199254740993}', b'{"a":9007199254740992}'),
        (b'{"a":[1,2]}', b'{"a":[2,1]}'),
        (b'{"a":1,"a":2}', b'{"a":2,"a":1}'),
        (b'{"a":1}', b"{'a':1}"),
        (b"", b"{}"),
        (b"{}", b"json:('object', [])"),
        (b'{"a":true}', b'{"a":1}'),
    ],
)
def test_what_is_not_the_same_json_stays_apart(one: bytes, other: bytes) -> None:
    assert make_order_free_key(call(body=one)) != make_order_free_key(call(body=other))


def test_parameters_have_no_order_and_one_spelling_but_their_values_count() -> None:
    key = make_order_free_key(call("/api/v1/lead?fields=A%2CB&page=1&per_page=5"))
    assert key == make_order_free_key(call("/api/v1/lead?per_page=5&page=1&fields=A,B"))
    assert key != make_order_free_key(call("/api/v1/lead?per_page=5&page=2&fields=A,B"))
    assert key != make_order_free_key(call("/api/v1/lead?per_page=5&page=1&fields=A,B&x="))
    twice = make_order_free_key(call("/x?a=1&a=2"))
    assert twice != make_order_free_key(call("/x?a=2&a=1"))


def test_exact_is_exact() -> None:
    assert make_exact_key(call("/x?a=1&b=2")) != make_exact_key(call("/x?b=2&a=1"))
    assert make_exact_key(call(body=b'{"a": 1}')) != make_exact_key(call(body=b'{"a":1}'))


def test_a_long_body_is_compared_by_its_hash() -> None:
    body = b'{"a": "%s"}' % (b"x" * 20_000)
    assert make_order_free_key(call(body=body)) == make_order_free_key(
        make_exact_key(call(body=body))
    )
    assert make_order_free_key(call(body=body)) != make_order_free_key(call(body=body + b" "))


def test_a_hostile_body_is_compared_as_it_is() -> None:
    deep = b"[" * 12_000
    assert make_order_free_key(call(body=deep)) == make_order_free_key(call(body=deep))


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("http://127.0.0.1:8765/api/v1/lead?a=1", "/api/v1/lead?a=1"),
        ("https://x.example", "/"),
        ("https://x.example?a=/b", "/?a=/b"),
        ("/api/v1", "/api/v1"),
        ("nonsense", "/"),
    ],
)
def test_the_server_is_left_out_where_it_does_not_matter(address: str, target: str) -> None:
    assert strip_origin(address) == target
    make = without_origin(make_exact_key)
    assert make(call(address)) == make(call(target))


LISTED = "GET /api/v1/lead?per_page=1&page=1"
RECORDED = [
    call("http://127.0.0.1:8765/api/v1/lead?per_page=1&page=1", method="GET"),
    call("http://127.0.0.1:8765/api/v1/lead", b'{"LastName":"Jones","City":"York"}'),
    call("http://127.0.0.1:8765/api/v1/lead/8RR4CB5Q", method="GET"),
]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (
            call("/api/v1/lead?per_page=2&page=1", method="GET"),
            f"{LISTED}: its parameter per_page was recorded as 1, and came as 2.",
        ),
        (
            call("/api/v1/lead?page=1&per_page=1", method="GET"),
            "GET /api/v1/lead?per_page=1&page=1: its query has another order or spelling.",
        ),
        (
            call("/api/v1/lead?per_page=1&page=1&sort_by=City", method="GET"),
            f"{LISTED}: its parameter sort_by was recorded as missing, and came as City.",
        ),
        (
            call(body=b'{"LastName":"Smith","City":"York"}'),
            "POST /api/v1/lead: LastName in its body was recorded as Jones, and came as Smith.",
        ),
        (
            call(body=b'{"City": "York", "LastName": "Jones"}'),
            "POST /api/v1/lead: its body has another order or spelling.",
        ),
        (call(body=b""), "POST /api/v1/lead: its body has 34 bytes, not 0, or other ones."),
        (
            call("/api/v1/lead/8RR4CB5Q", method="DELETE"),
            "GET /api/v1/lead/8RR4CB5Q: its method is GET, not DELETE.",
        ),
        (call("/api/v1/lead/OTHER", method="GET"), "GET /api/v1/lead/8RR4CB5Q: its path differs."),
        (
            call("https://crm.example/api/v1/lead/8RR4CB5Q", method="GET"),
            "GET /api/v1/lead/8RR4CB5Q: it is a call of http://127.0.0.1:8765.",
        ),
    ],
)
def test_what_differs_from_the_nearest_recorded_call_is_said(made: CallKey, words: str) -> None:
    assert describe_nearest(made, RECORDED) == f"The nearest recorded call is {words}"


@pytest.mark.parametrize("path", ["/api/v1/nosuch", "/", "/api/v1/contact?per_page=5"])
def test_a_call_of_another_entity_is_like_none(path: str) -> None:
    words = describe_nearest(call(path, method="GET"), RECORDED)
    assert words == "No call of its path, or of a like one, was recorded."


def test_there_may_be_no_nearest_call() -> None:
    assert describe_nearest(call(), []) == "The cassette holds no call."


@given(st.text(), st.binary(max_size=30), st.sampled_from(RECORDED))
def test_any_call_is_described_on_one_safe_line(target: str, body: bytes, other: CallKey) -> None:
    words = describe_nearest(("G\x1bT", f"/{target}", body), [other])
    assert "\x1b" not in words
    assert "\n" not in words
    assert len(words) < 1_000
