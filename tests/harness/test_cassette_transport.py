"""The indexed transport reads what vcrpy reads, and answers each call once, for many at once."""

import asyncio
import threading
from collections import Counter
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vcr import serialize as vcr_serialize
from vcr.request import Request
from vcr.serializers import yamlserializer

from cmdm_tui.api import NO_RETRIES, Client, Credentials, SecretStr
from cmdm_tui.harness.cassettes import (
    CassetteUnreadable,
    Exhausted,
    IndexedTransport,
    NotInCassette,
    RecordedAnswer,
    read_cassette,
)
from cmdm_tui.harness.cassettes.canonical_yaml import parse_canonical
from cmdm_tui.harness.cassettes.format import ADDRESS
from cmdm_tui.harness.cassettes.library import built_in_folder
from cmdm_tui.harness.cassettes.network_block import block_network
from tests.harness.recorded_cases import ALL

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
WIDE = st.lists(TEXT, max_size=6).map(" ".join)
BODIES = WIDE.map(str.encode) | st.binary(max_size=60) | st.just(b"")
HEADERS = st.dictionaries(
    st.sampled_from(["allow", "content-type", "date", "x-token-reset"]),
    st.lists(
        st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20)), min_size=1, max_size=2
    ),
    max_size=3,
)
INTERACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["GET", "POST", "NULL", "NO"]), WIDE.map(lambda text: f"{ADDRESS}/{text}"),
        BODIES, st.sampled_from([200, 201, 404]), HEADERS, BODIES,
    ),
    min_size=1, max_size=3,
)  # fmt: skip


def as_vcrpy_reads(text: str) -> tuple[list[Any], list[Any]]:
    return cast("Any", vcr_serialize).deserialize(text, yamlserializer)


def written(interactions: list[Any]) -> str:
    content: Any = {"requests": [], "responses": []}
    for method, uri, sent, status, headers, body in interactions:
        content["requests"].append(
            Request(method, uri, sent, {"content-type": "a"} if sent else {})
        )
        said = {"status": {"code": status, "message": "OK"}, "headers": headers}
        content["responses"].append({**said, "body": {"string": body}})
    return cast("Any", vcr_serialize).serialize(content, yamlserializer)


@settings(deadline=None)
@given(INTERACTIONS)
def test_a_cassette_is_read_as_vcrpy_reads_it(interactions: list[Any]) -> None:
    text = written(interactions)
    requests, responses = as_vcrpy_reads(text)
    found = parse_canonical(text)
    assert len(found) == len(requests)
    for request, response, recording in zip(requests, responses, found, strict=True):
        assert recording.key == (request.method, request.uri, request.body)
        assert recording.status == response["status"]["code"]
        assert recording.body == response["body"]["string"]
        assert recording.headers == [
            (name.encode(), value.encode("latin-1"))
            for name, values in response["headers"].items()
            for value in values
        ]


def test_every_committed_cassette_is_read_as_vcrpy_reads_it() -> None:
    for entry in ALL[::7]:
        requests, responses = as_vcrpy_reads(entry.cassette.read_text("utf-8"))
        found = read_cassette(entry.cassette)
        assert [one.key for one in found] == [(one.method, one.uri, one.body) for one in requests]
        assert [one.body for one in found] == [one["body"]["string"] for one in responses]


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        "interactions:\n- request: {}\nversion: 1\n",
        "- 1\n",
        "interactions:\n- request:\n    body: 7\n",
        '{"interactions": []}',
    ],
)
def test_what_is_laid_out_otherwise_is_refused(tmp_path: Path, spoilt: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(spoilt)
    with pytest.raises(CassetteUnreadable, match=r"x\.yaml is not laid out"):
        read_cassette(path)


def recorded(path: str, body: bytes, sent: bytes = b"") -> RecordedAnswer:
    (one,) = parse_canonical(written([("GET", f"{ADDRESS}{path}", sent, 200, {}, body)]))
    return one


def test_calls_that_are_alike_are_answered_in_order_and_each_once() -> None:
    transport = IndexedTransport([recorded("/a", b"1"), recorded("/b", b"2"), recorded("/a", b"3")])
    with httpx.Client(transport=transport, base_url=ADDRESS) as http:
        assert [http.get("/a").content, http.get("/a").content] == [b"1", b"3"]
        assert transport.left == 1
        with pytest.raises(Exhausted, match="GET /a was not recorded more than 2 times"):
            http.get("/a")
        transport.rewind()
        assert http.get("/a").content == b"1"


def test_the_last_answer_is_given_again_where_that_is_asked_for() -> None:
    transport = IndexedTransport([recorded("/a", b"1"), recorded("/a", b"2")], repeats=True)
    with httpx.Client(transport=transport, base_url=ADDRESS) as http:
        assert [http.get("/a").content for _ in range(4)] == [b"1", b"2", b"2", b"2"]
    assert transport.left == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/a?page=", b""),
        ("GET", "/a?", b""),
        ("GET", "/A", b""),
        ("POST", "/a", b""),
        ("GET", "/a", b'{"a":1,"a":2}'),
        ("GET", "/a/", b""),
    ],
)
def test_a_call_is_found_by_its_method_whole_address_and_raw_body_alone(
    method: str, path: str, body: bytes
) -> None:
    transport = IndexedTransport([recorded("/a", b"1"), recorded("/a", b"2", b'{"a":2}')])
    with (
        httpx.Client(transport=transport, base_url=ADDRESS) as http,
        pytest.raises(NotInCassette, match="was not recorded"),
    ):
        http.request(method, path, content=body)


def test_threads_share_it_and_no_answer_is_given_twice() -> None:
    count = 400
    transport = IndexedTransport(recorded("/a", str(number).encode()) for number in range(count))
    answers: list[bytes] = []

    def work() -> None:
        with httpx.Client(transport=transport, base_url=ADDRESS) as http:
            answers.extend(http.get("/a").content for _ in range(count // 8))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answers) == Counter(str(number).encode() for number in range(count))


async def test_tasks_share_it() -> None:
    transport = IndexedTransport(recorded("/a", str(number).encode()) for number in range(100))
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as http:
        answers = await asyncio.gather(*[http.get("/a") for _ in range(100)])
    assert {answer.content for answer in answers} == {str(one).encode() for one in range(100)}


async def test_the_client_works_on_it_as_on_a_socket() -> None:
    anybody = Credentials(SecretStr("a"), SecretStr("b"), "c", SecretStr("d"))
    transport = IndexedTransport.of(built_in_folder() / "contract" / "retrieve-one.yaml")
    with block_network():
        async with Client(ADDRESS, anybody, policy=NO_RETRIES, transport=transport) as client:
            page = await client.page("lead", per_page=1, page=1)
            record = await client.record("lead", page.records[0].external_id)
    assert record.external_id == page.records[0].external_id
    assert transport.left == 0
