"""A body of JSON is measured before a value is made of it."""

import gzip
import json
import tracemalloc
from collections.abc import Mapping
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.api import ResponseTooLarge, charset, json_body
from cmdm_tui.api.charset import to_utf8
from cmdm_tui.api.decode_lists import read_documented_rows
from cmdm_tui.api.json_body import MAX_DEPTH, MAX_DIGITS, check_depth, check_size, decode_json
from tests.claims.odd_service import Answer
from tests.claims.test_shapes import read_page

LIST = b'{"Total Records": "1", "Entity": [{"ExternalID": "A1", "Properties": {"x": %b}}]}'
TOO_MUCH: Mapping[str, tuple[bytes, str]] = {
    "deep lists": (LIST % (b"[" * 500 + b"]" * 500), "nests values more than 100 deep"),
    "deep objects": (LIST % (b'{"a":' * 500 + b"1" + b"}" * 500), "more than 100 deep"),
    "deep lists with friends": (
        LIST % (b'[1,"[",' * 500 + b"2" + b"]" * 500),
        "more than 100 deep",
    ),
    "a long number": (LIST % (b"7" * 100_000), "a number of more than 1,000 digits"),
    "a long fraction": (LIST % (b"0." + b"7" * 2_000), "a number of more than 1,000 digits"),
    "a long negative": (LIST % (b"-" + b"7" * 1_001), "a number of more than 1,000 digits"),
}


@pytest.mark.parametrize("kind", TOO_MUCH)
async def test_what_is_too_much_is_named_with_what_to_do(kind: str) -> None:
    body, words = TOO_MUCH[kind]
    with pytest.raises(ResponseTooLarge, match=words) as raised:
        await read_page(Answer(200, body))
    assert "Leave its field out with --fields" in str(raised.value)
    assert "GET /lead" in str(raised.value)


async def test_a_small_body_that_unfolds_into_millions_of_objects_costs_no_memory() -> None:
    plain = b'{"Total Records": "1", "Entity": [' + b"{}," * 20_000_000 + b"{}]}"
    packed = gzip.compress(plain, 9)
    assert len(packed) < 64 * 1024 < len(plain) // 500
    del plain
    tracemalloc.start()
    with pytest.raises(ResponseTooLarge, match="more than 3,000,000 values") as raised:
        await read_page(Answer(200, packed, [("Content-Encoding", "gzip")]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200 * 1024 * 1024
    assert "Ask for fewer records or fields at a time" in str(raised.value)


async def test_an_error_body_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_body, "MAX_VALUES", 1_000)
    body = b"[" + b"{}," * 2_000 + b"{}]"
    with pytest.raises(Exception, match=r"^\[\{\},\{\}"):
        await read_page(Answer(400, body))


def test_the_check_of_the_number_of_values_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: without the check, the same body is decoded."""
    monkeypatch.setattr(json_body, "MAX_VALUES", 1_000)
    body = b"[" + b"{}," * 2_000 + b"{}]"
    with pytest.raises(ResponseTooLarge):
        decode_json(body)
    monkeypatch.setattr(json_body, "check_size", lambda _: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert len(decode_json(body)) == 2_001


@pytest.mark.parametrize(
    "body",
    [
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        b'{"a": ' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH,
        b"[" + b"[[],{}]," * 50_000 + b"[]]",
        b"[" + b"7" * MAX_DIGITS + b"]",
        b'["' + b"7" * 100_000 + b'"]',
        b'["' + b"[" * 100_000 + b'"]',
        b'["' + b'\\\\\\"' * 10_000 + b"[" * 1_000 + b'"]',
    ],
)
def test_what_is_within_the_bounds_is_decoded(body: bytes) -> None:
    assert decode_json(body) == json.loads(body)


def test_commas_and_brackets_in_texts_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_body, "MAX_VALUES", 1_000)
    text = '",[{:}]\\,' * 500
    assert decode_json(json.dumps([text]).encode()) == [text]


NESTED = st.recursive(
    st.integers() | st.text(st.sampled_from('[]{}",\\:7é'), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
)


def depth_of(value: Any) -> int:
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = list(cast("dict[str, Any]", value).values())
    elif isinstance(value, list):
        inner = cast("list[Any]", value)
    return isinstance(value, dict | list) + max(map(depth_of, inner), default=0)


@given(NESTED, st.integers(1, 6))
def test_the_depth_is_that_of_the_value(value: Any, limit: int) -> None:
    body = json.dumps(value).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_body, "MAX_DEPTH", limit)
        try:
            check_depth(body)
        except ResponseTooLarge:
            assert depth_of(value) > limit
        else:
            # Brackets too few to be worth a look may nest one in the other.
            assert depth_of(value) <= 2 * limit


@given(st.integers(0, 3_000), st.integers(0, 1_500), st.sampled_from([b"", b"-", b"0."]))
def test_a_long_number_is_found_wherever_it_is(before: int, digits: int, sign: bytes) -> None:
    body = b'["' + b"x" * before + b'",' + sign + b"1" * digits + b"0]"
    is_long = digits + 1 > MAX_DIGITS
    try:
        check_size(body)
    except ResponseTooLarge:
        assert is_long
    else:
        assert not is_long


@pytest.mark.parametrize("count", [100_000, 400_000])
def test_measuring_takes_time_in_proportion_to_the_body(count: int) -> None:
    """A text that never ends is not searched again from each of its quotes."""
    body = b'["' + b'\\"' * count + b"[" * 200
    check_size(body)
    check_depth(body)


def test_a_page_as_documented_is_decoded_once_and_not_searched_for_texts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Unused:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    monkeypatch.setattr(json_body, "_TEXT", Unused())
    monkeypatch.setattr(json_body, "_SPACED_NAME", Unused())
    rows = [
        {"ExternalID": f"ID{n:06}", "Properties": {"LastName": "A [b] c", "At": "10:30:00"}}
        for n in range(90)
    ]
    content = {"Total Records": "90", "Total Pages": "1", "Entity": rows}
    found = read_documented_rows(json.dumps(content).encode(), "lead")
    assert found is not None
    assert len(found.records) == 90


@pytest.mark.parametrize("place", ["list", "record"])
def test_what_nests_too_deep_is_refused_where_no_value_is_read_too(place: str) -> None:
    """On a page of any length: of a long one the names are not counted."""
    deep: list[Any] = []
    for _ in range(MAX_DEPTH + 20):
        deep = [deep]
    rows: list[dict[str, Any]] = [
        {"ExternalID": f"ID{n:06}", "Properties": {"Notes": "x" * 1_000}} for n in range(400)
    ]
    content: dict[str, Any] = {"Total Records": "400", "Entity": rows}
    (content if place == "list" else rows[7])["Extra"] = deep
    with pytest.raises(ResponseTooLarge, match="deep"):
        read_documented_rows(json.dumps(content).encode(), "lead")


CHARSETS = ["utf-8", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "shift_jis", "koi8-r"]


@given(st.text(st.characters(codec="ascii"), max_size=20), st.sampled_from(CHARSETS))
def test_text_comes_back_from_any_declared_encoding(text: str, name: str) -> None:
    body = json.dumps({"a": text}).encode(name)
    assert json.loads(to_utf8(body, f"application/json; charset={name}")) == {"a": text}


@given(st.binary(max_size=60), st.text(max_size=20))
def test_no_body_and_no_declaration_breaks_the_reading(body: bytes, said: str) -> None:
    to_utf8(body, f"text/html; charset={said}")


@pytest.mark.parametrize("name", ["hex", "zlib", "rot13", "idna", "punycode", "unicode_escape"])
def test_what_is_no_encoding_of_text_is_unknown(name: str) -> None:
    assert not charset.is_known_charset(name)
    assert to_utf8(b"{}", f"application/json; charset={name}") == b"{}"
