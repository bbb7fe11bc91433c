"""Answers in other shapes than the documented one: read as far as they can be, and told otherwise.

`api.md`, where the documentation is silent: "what can be read is read, what cannot is named,
nothing else is lost".
"""

import gzip
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.api import (
    ApiError,
    Client,
    Event,
    MalformedResponse,
    NotFound,
    Page,
    Record,
    RecordsMissing,
    RecordsUnreadable,
    RetryPolicy,
    StatusError,
)
from cmdm_tui.config import Credentials, SecretStr
from tests.claims.odd_service import Answer, Call, OddService, Rows, serve
from tests.claims.program import run_cmdm

FIRST = {"ExternalID": "A1", "Properties": {"LastName": "Zoë £5"}}
SECOND = {"ExternalID": "A2", "Properties": {"LastName": "Bob"}}
CREDENTIALS = Credentials(SecretStr("client-1"), SecretStr("secret-1"), "odd", SecretStr("pass-1"))


def listed(rows: Any, total: Any = "2", pages: Any = "1", **more: Any) -> dict[str, Any]:
    return {"Total Records": total, "Total Pages": pages, "Entity": rows, **more}


def packed(
    content: Any, charset: str = "utf-8", content_type: str = "application/json", **headers: str
) -> Answer:
    """Return an answer whose text is in another encoding."""
    body = json.dumps(content, ensure_ascii=False).encode(charset)
    return Answer(200, body, tuple(headers.items()), content_type)


def answers_lists(answer: Answer) -> Callable[[Call], Answer | None]:
    def answering(call: Call) -> Answer | None:
        return answer if call.is_list else None

    return answering


def client_of(service: OddService, events: list[Event] | None = None) -> Client:
    return Client(
        service.url,
        CREDENTIALS,
        policy=RetryPolicy(attempts=1),
        listener=(lambda event: None) if events is None else events.append,
    )


async def read_page(answer: Answer, events: list[Event] | None = None) -> Page:
    with serve(answers_lists(answer)) as service:
        async with client_of(service, events) as client:
            return await client.page("lead", per_page=10, page=1)


async def read_names(answer: Answer) -> list[Any]:
    return [record.properties.get("LastName") for record in (await read_page(answer)).records]


# An empty list

EMPTY_LISTS: Mapping[str, Answer] = {
    "204": Answer(204, b"", (), None),
    "no list": Answer.of({"Total Records": "0", "Total Pages": "0"}),
    "no list, and a number": Answer.of({"Total Records": 0}),
    "null": Answer.of(listed(None, "0", "0")),
    "null without a total": Answer.of({"Entity": None}),
    "a text": Answer.of(listed("", "0", "0")),
    "an object": Answer.of(listed({}, "0", "0")),
    "null under its own name": Answer.of({"Total Records": "0.0", "lead": None}),
    "a list": Answer.of(listed([], "0", "0")),
}


@pytest.mark.parametrize("shape", EMPTY_LISTS)
async def test_an_empty_list_comes_in_many_forms(shape: str) -> None:
    assert (await read_page(EMPTY_LISTS[shape])).records == ()


NO_LISTS: Mapping[str, Answer] = {
    "an error": Answer.of({"success": False, "error": {"code": 101, "message": "Licence expired"}}),
    "an error with a total": Answer.of({"Total Records": "0", "error": "Licence expired"}),
    "a failure with an empty list": Answer.of({**listed([], "0"), "success": False}),
    "null, and five are counted": Answer.of(listed(None, "5")),
    "a text, and five are counted": Answer.of(listed("", "5")),
    "no list, and five are counted": Answer.of({"Total Records": "5"}),
    "false": Answer.of(listed(False, "0")),
    "HTML": Answer(200, b"<html><body>Please <b>sign in</b></body></html>", (), "text/html"),
    "HTML that says it is JSON": Answer(200, b"\n<!DOCTYPE html><p>Sign in", ()),
    "nothing": Answer(200, b"", ()),
    "a list of anything": Answer.of([1, 2]),
}


@pytest.mark.parametrize("shape", NO_LISTS)
async def test_what_is_no_list_stays_an_error(shape: str) -> None:
    with pytest.raises(MalformedResponse, match="holds no"):
        await read_page(NO_LISTS[shape])


async def test_a_page_of_html_is_named_with_its_words_not_its_tags() -> None:
    page = b"<html><head><style>p{}</style></head><h1>Wi-Fi</h1><p>Sign&nbsp;in &amp; pay"
    with pytest.raises(MalformedResponse, match=r"no JSON but a page of HTML: Wi-Fi Sign in & pay"):
        await read_page(Answer(200, page, (), "text/html"))


# One bad record

BAD_RECORDS: Mapping[str, tuple[Any, str]] = {
    "null": (None, "is null, not a record, so it is left out"),
    "a text": ("oops", "is text, not a record, so it is left out"),
    "a number": (7, "is a number, not a record"),
    "a list": ([FIRST], "is a list, not a record"),
    "without an id": ({"Properties": {"LastName": "Eve"}}, "has no ExternalID, so it is left out"),
    "with null as its id": ({"ExternalID": None, "Properties": {}}, "has no ExternalID"),
    "with nothing as its id": ({"ExternalID": "", "Properties": {}}, "has no ExternalID"),
    "with a list as its id": ({"ExternalID": ["A9"]}, "has a list as ExternalID"),
    "with true as its id": ({"ExternalID": True, "Properties": {}}, "has true as ExternalID"),
}
HALF_RECORDS: Mapping[str, tuple[Any, str]] = {
    "null properties": ({"ExternalID": "A9", "Properties": None}, "(A9) has null in place of prop"),
    "no properties": ({"ExternalID": "A9"}, "(A9) has no properties"),
    "a list of properties": ({"ExternalID": "A9", "Properties": ["x"]}, "(A9) has a list in place"),
    "a text of properties": ({"ExternalID": "A9", "Properties": "x"}, "(A9) has text in place of"),
}


@pytest.mark.parametrize("shape", BAD_RECORDS)
async def test_a_record_that_cannot_be_read_is_named_and_the_others_stay(shape: str) -> None:
    row, words = BAD_RECORDS[shape]
    events: list[Event] = []
    page = await read_page(Answer.of(listed([FIRST, row, SECOND], "3")), events)
    assert [record.external_id for record in page.records] == ["A1", "A2"]
    assert (page.lost_count, page.row_count) == (1, 3)
    (told,) = [event for event in events if isinstance(event, RecordsUnreadable)]
    assert told.description.startswith("lead, page 1: record 2 ")
    assert words in told.description


@pytest.mark.parametrize("shape", HALF_RECORDS)
async def test_of_a_record_with_an_id_what_can_be_read_stays(shape: str) -> None:
    row, words = HALF_RECORDS[shape]
    events: list[Event] = []
    page = await read_page(Answer.of(listed([FIRST, row, SECOND], "3")), events)
    assert [record.external_id for record in page.records] == ["A1", "A9", "A2"]
    assert page.records[1].properties == {}
    (told,) = [event for event in events if isinstance(event, RecordsUnreadable)]
    assert words in told.description


@pytest.mark.parametrize("shape", [*HALF_RECORDS, "NaN", "bytes that are no text"])
async def test_of_one_record_what_cannot_be_read_is_named(shape: str) -> None:
    row, words = HALF_RECORDS.get(shape, (None, shape))
    answer = Answer.of(row)
    if row is None:
        value = b"NaN" if shape == "NaN" else b'"\xff"'
        answer = Answer(200, b'{"ExternalID": "A9", "Properties": {"LastName": ' + value + b"}}")
    events: list[Event] = []
    with serve(lambda call: answer if len(call.segments) == 2 else None) as service:
        async with client_of(service, events) as client:
            if shape == "no properties":
                with pytest.raises(MalformedResponse, match="holds no record"):
                    await client.record("lead", "A9")
                return
            record = await client.record("lead", "A9")
    assert record.external_id == "A9"
    (told,) = [event for event in events if isinstance(event, RecordsUnreadable)]
    assert told.description.startswith("lead: record (A9) has ")
    assert words.removeprefix("(A9) ") in told.description


async def test_one_record_that_can_be_read_is_told_nothing_of() -> None:
    events: list[Event] = []
    with serve(lambda call: Answer.of(FIRST) if len(call.segments) == 2 else None) as service:
        async with client_of(service, events) as client:
            await client.record("lead", "A1")
    assert not [event for event in events if isinstance(event, RecordsUnreadable)]


async def test_a_good_page_is_told_nothing_of() -> None:
    events: list[Event] = []
    page = await read_page(Answer.of(listed([FIRST, SECOND])), events)
    assert page.faults == ()
    assert not [event for event in events if isinstance(event, RecordsUnreadable)]


async def test_many_bad_records_are_told_in_one_short_line() -> None:
    events: list[Event] = []
    rows = [FIRST, *[{"Properties": {"x" * 5_000: 1}}] * 900]
    await read_page(Answer.of(listed(rows, "901")), events)
    (told,) = [event for event in events if isinstance(event, RecordsUnreadable)]
    assert told.description.endswith("; and 897 more like these")
    assert len(told.description) < 400


async def test_a_walk_with_bad_records_asks_for_the_same_pages_and_ends() -> None:
    rows = [{"ExternalID": f"A{n:02}", "Properties": {"LastName": "x"}} for n in range(25)]
    rows[3] = rows[14] = None  # type: ignore[call-overload] — what is wrong with them

    def odd(call: Call) -> Answer | None:
        if not call.is_list:
            return None
        size, number = int(call.query["per_page"]), int(call.query["page"])
        return Answer.of(listed(rows[(number - 1) * size : number * size], "25", "3"))

    with serve(odd) as service:
        async with client_of(service) as client:
            ids = [one.external_id async for page in client.pages("lead", per_page=10)
                   for one in page.records]  # fmt: skip
        asked = [(call.query["per_page"], call.query["page"]) for call in service.calls]
    assert len(ids) == len(set(ids)) == 23
    assert asked == [("10", "1"), ("10", "2"), ("10", "3")]


async def test_a_walk_that_lost_records_reports_a_shortfall_though_none_are_counted() -> None:
    events: list[Event] = []
    answer = Answer.of({"Total Pages": "1", "Entity": [FIRST, None, SECOND]})
    with serve(answers_lists(answer)) as service:
        async with client_of(service, events) as client:
            assert [len(page.records) async for page in client.pages("lead", per_page=10)] == [2]
    assert RecordsMissing("lead", 3, 2) in events


async def test_a_walk_that_lost_nothing_reports_none() -> None:
    events: list[Event] = []
    answer = Answer.of({"Total Pages": "1", "Entity": [FIRST, SECOND]})
    with serve(answers_lists(answer)) as service:
        async with client_of(service, events) as client:
            assert [len(page.records) async for page in client.pages("lead", per_page=10)] == [2]
    assert not [event for event in events if isinstance(event, RecordsMissing)]


# Values and totals in other forms


@pytest.mark.parametrize(
    ("total", "meant"),
    [("2", 2), (2, 2), (2.0, 2), ("2.0", None), (" 2 ", 2), ("1,234", 1234), ("1,2", None),
     (None, None), (True, None), ([], None), ({}, None), ("two", None), (-1, None), (2.5, None)],
)  # fmt: skip
async def test_totals_of_other_types_are_read_or_unknown(total: Any, meant: int | None) -> None:
    page = await read_page(Answer.of(listed([FIRST, SECOND], total, total)))
    assert (page.total_records, page.total_pages) == (meant, meant)
    assert len(page.records) == 2


@pytest.mark.parametrize(
    "rows",
    [FIRST, [{"externalid": "A1", "properties": {"LastName": "Zoë £5"}}],
     [{"ExternalID": "A1", "LastName": "Zoë £5"}]],
    ids=["one record as an object", "other capitals", "fields beside the id"],
)  # fmt: skip
async def test_a_record_in_another_dress_is_read(rows: Any) -> None:
    page = await read_page(Answer.of(listed(rows, "1")))
    assert page.records == (Record("lead", "A1", {"LastName": "Zoë £5"}),)
    assert page.faults == ()


async def test_nan_is_taken_as_its_word_and_named() -> None:
    body = json.dumps(listed([FIRST, SECOND])).encode().replace(b'"Bob"', b"NaN")
    events: list[Event] = []
    page = await read_page(Answer(200, body), events)
    assert [one.properties["LastName"] for one in page.records] == ["Zoë £5", "NaN"]
    assert [type(one.properties["LastName"]) for one in page.records] == [str, str]
    assert "record 2 (A2) has LastName NaN" in page_description(events)


async def test_a_name_that_stands_twice_is_named() -> None:
    body = json.dumps(listed([FIRST, SECOND])).encode()
    body = body.replace(b'"Bob"', b'"Ann", "LastName": "Bob"')
    events: list[Event] = []
    page = await read_page(Answer(200, body), events)
    assert [one.properties["LastName"] for one in page.records] == ["Zoë £5", "Bob"]
    assert "record 2 (A2) names LastName more than once" in page_description(events)


async def test_a_name_in_a_text_does_not_count_as_one_that_stands_twice() -> None:
    text = r'He said "LastName": "x" and \"LastName\": 10:30'
    events: list[Event] = []
    rows = [FIRST, {"ExternalID": "A2", "Properties": {"LastName": text}}]
    page = await read_page(Answer.of(listed(rows)), events)
    assert page.records[1].properties["LastName"] == text
    assert page.faults == ()


def page_description(events: Sequence[Event]) -> str:
    return "\n".join(one.description for one in events if isinstance(one, RecordsUnreadable))


# Encodings

TEXTS: Mapping[str, Answer] = {
    "as declared: iso-8859-1": packed(
        listed([FIRST, SECOND]), "latin-1", "application/json; charset=iso-8859-1"
    ),
    "as declared: windows-1252, in quotes": packed(
        listed([FIRST, SECOND]), "cp1252", 'application/json;charset="Windows-1252"'
    ),
    "as declared: utf-16": packed(
        listed([FIRST, SECOND]), "utf-16", "application/json; charset=utf-16"
    ),
    "as declared: utf-16be": packed(
        listed([FIRST, SECOND]), "utf-16-be", "application/json; charset=UTF-16BE"
    ),
    "UTF-16, undeclared": packed(listed([FIRST, SECOND]), "utf-16-le"),
    "UTF-32, declared as UTF-8": packed(
        listed([FIRST, SECOND]), "utf-32", "application/json; charset=utf-8"
    ),
    "UTF-8 with a byte order mark": packed(listed([FIRST, SECOND]), "utf-8-sig"),
    "UTF-8 as text/html": packed(listed([FIRST, SECOND]), content_type="text/html"),
    "UTF-8 that says ASCII": packed(
        listed([FIRST, SECOND]), content_type="application/json; charset=us-ascii"
    ),
    "UTF-8 of a kind that nobody knows": packed(
        listed([FIRST, SECOND]), content_type="application/json; charset=x-klingon"
    ),
    "UTF-8 without a type": packed(listed([FIRST, SECOND]), content_type=""),
}


@pytest.mark.parametrize("encoding", TEXTS)
async def test_text_is_read_in_any_encoding(encoding: str) -> None:
    assert await read_names(TEXTS[encoding]) == ["Zoë £5", "Bob"]


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PLAIN = json.dumps(listed([FIRST, SECOND]), ensure_ascii=False).encode()
COMPRESSED: Mapping[str, Answer] = {
    "gzip": Answer(200, gzip.compress(PLAIN), [("Content-Encoding", "gzip")]),
    "gzip in two members": Answer(
        200, gzip.compress(PLAIN[:50]) + gzip.compress(PLAIN[50:]), [("Content-Encoding", "GZIP")]
    ),
    "deflate": Answer(200, zlib.compress(PLAIN), [("Content-Encoding", "deflate")]),
    "deflate without its header": Answer(200, deflated(PLAIN), [("Content-Encoding", "deflate")]),
    "none, under a name that nobody knows": Answer(200, PLAIN, [("Content-Encoding", "utf-8")]),
}


@pytest.mark.parametrize("kind", COMPRESSED)
async def test_a_compressed_body_is_read(kind: str) -> None:
    assert await read_names(COMPRESSED[kind]) == ["Zoë £5", "Bob"]


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x-odd"])
async def test_a_compression_that_is_unknown_is_named(encoding: str) -> None:
    body = gzip.compress(gzip.compress(PLAIN))
    with pytest.raises(MalformedResponse, match=f"no JSON .* it is encoded as {encoding} "):
        await read_page(Answer(200, body, [("Content-Encoding", encoding)]))


async def test_a_charset_that_is_unknown_is_named_where_it_matters() -> None:
    answer = packed(listed([FIRST, SECOND]), "latin-1", "application/json; charset=x-klingon")
    events: list[Event] = []
    page = await read_page(answer, events)
    assert [one.properties["LastName"] for one in page.records] == ["Zo\ufffd \ufffd5", "Bob"]
    assert "record 1 (A1) has bytes that are no text in LastName" in page_description(events)
    assert "the encoding x-klingon is unknown" in page_description(events)


async def test_one_record_with_broken_bytes_is_named_and_the_others_stay() -> None:
    body = PLAIN.replace("ë".encode(), b"\xeb")
    events: list[Event] = []
    page = await read_page(Answer(200, body), events)
    assert [one.properties["LastName"] for one in page.records] == ["Zo\ufffd £5", "Bob"]
    assert [fault.position for fault in page.faults] == [1]


async def test_the_reading_of_encodings_notices_when_it_is_taken_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broken twin: without it, the same answers are errors, or other text."""

    def as_it_came(body: bytes, _: str) -> bytes:
        return body

    monkeypatch.setattr("cmdm_tui.api.models.to_utf8", as_it_came)
    read = 0
    for answer in TEXTS.values():
        try:
            read += await read_names(answer) == ["Zoë £5", "Bob"]
        except ApiError:
            continue
    assert read < len(TEXTS) - 3


# One record


@pytest.mark.parametrize(
    "content",
    [FIRST, {"lead": FIRST}, {"Entity": [FIRST]}, {"Properties": FIRST["Properties"]}],
    ids=["as documented", "within its name", "in a list of one", "without its id"],
)
async def test_one_record_is_read_in_other_shapes(content: Any) -> None:
    with serve(lambda call: Answer.of(content) if len(call.segments) == 2 else None) as service:
        async with client_of(service) as client:
            record = await client.record("lead", "A1")
    assert (record.external_id, record.properties) == ("A1", {"LastName": "Zoë £5"})


@pytest.mark.parametrize(
    "content",
    [{"success": False, "error": {"code": 101}}, {"error": "no"}, {}, None, [], [FIRST, SECOND]],
)
async def test_one_record_that_is_none_is_an_error(content: Any) -> None:
    with serve(lambda call: Answer.of(content) if len(call.segments) == 2 else None) as service:
        async with client_of(service) as client:
            with pytest.raises(MalformedResponse, match="holds no"):
                await client.record("lead", "A1")


# What is done, and what is not

NOT_DONE: Mapping[str, tuple[Answer, str]] = {
    "an error": (
        Answer.of({"success": False, "error": {"code": 101, "message": "Licence expired"}}),
        "it holds an error: Licence expired",
    ),
    "errors": (Answer.of({"errors": [{"message": "City is odd"}]}), "an error: City is odd"),
    "false": (Answer(200, b"false"), "it holds an error"),
    "HTML": (Answer(200, b"<html><h1>Sign in</h1>", (), "text/html"), "a page of HTML: Sign in"),
    "HTML as JSON": (Answer(200, b"<!doctype html>Sign in"), "a page of HTML: Sign in"),
}
DONE: Mapping[str, Answer] = {
    "as documented": Answer.of({"Message": "Record updated."}),
    "204": Answer(204, b"", (), None),
    "nothing": Answer(200, b""),
    "a text": Answer(200, b"OK", (), "text/plain"),
    "202": Answer.of({"Message": "Queued"}, 202),
    "null": Answer(200, b"null"),
    "the record": Answer.of(FIRST),
    "no error": Answer.of({"success": True, "error": None, "errors": []}),
}


@pytest.mark.parametrize("shape", NOT_DONE)
async def test_a_change_that_is_answered_by_an_error_is_not_said_to_be_done(shape: str) -> None:
    answer, words = NOT_DONE[shape]
    with serve(lambda call: answer if call.method != "GET" else None) as service:
        async with client_of(service) as client:
            for change in (
                client.update("lead", "A1", {"LastName": "x"}),
                client.delete("lead", "A1"),
                client.close_task("A1"),
            ):
                with pytest.raises(MalformedResponse, match=words):
                    await change


@pytest.mark.parametrize("shape", DONE)
async def test_a_change_is_done_in_any_words(shape: str) -> None:
    with serve(lambda call: DONE[shape]) as service:
        async with client_of(service) as client:
            assert (await client.update("lead", "A1", {"LastName": "x"})).response.status < 300
            assert (await client.delete("lead", "A1")).response.status < 300


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"errors": [{"message": "City is odd"}]}', "City is odd"),
        (b'{"error": {"code": 101, "message": "Licence expired"}}', "Licence expired"),
        (b'{"errors": ["first", "second"]}', "first"),
        (b'["City is odd"]', "City is odd"),
        (b'{"Message": null, "detail": "City is odd"}', "City is odd"),
        (b"City is odd", "City is odd"),
        (b"<html>City</html>", "The service answered 400 Bad Request"),
        (b"", "The service answered 400 Bad Request"),
        (b'{"a": [[[[1]]]]}', "The service answered 400 Bad Request"),
        (b"[" * 100_000, "[[[["),
    ],
)
async def test_the_words_of_an_error_are_found_in_any_body(body: bytes, words: str) -> None:
    with serve(lambda call: Answer(400, body)) as service:
        async with client_of(service) as client:
            with pytest.raises(ApiError) as raised:
                await client.page("lead")
    assert raised.value.message.startswith(words)


# Stricter limits, and answers from elsewhere


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://login.example.com/sso?token=abc#x", " to https://login.example.com/sso,"),
        ("/login?next=abc", " to /login,"),
        ("https://user:pass-1@login.example.com:8443/a", " to https://login.example.com:8443/a,"),
        ("", "redirect, which"),
    ],
)
async def test_a_redirect_is_named_and_no_secret_follows_it(location: str, named: str) -> None:
    with serve(lambda call: Answer(302, b"", [("Location", location)], None)) as service:
        async with client_of(service) as client:
            with pytest.raises(ApiError) as raised:
                await client.page("lead")
    assert named in str(raised.value)
    assert "abc" not in str(raised.value)
    assert "pass-1" not in str(raised.value)


async def test_a_redirect_to_another_host_gets_no_request() -> None:
    with serve() as other:
        target = [("Location", f"{other.url}/api/v1/lead")]
        with serve(lambda call: Answer(307, b"", target, None)) as service:
            async with client_of(service) as client:
                for call in (client.page("lead"), client.update("lead", "A1", {"a": "b"})):
                    with pytest.raises(ApiError, match="which is not followed"):
                        await call
        assert other.calls == other.sign_ins == []


@pytest.mark.parametrize(
    ("status", "hint"),
    [(413, "Send less"), (414, "fewer fields"), (415, "does not take JSON"), (431, "fewer fields")],
)
async def test_a_limit_on_a_request_is_named_with_what_to_do(status: int, hint: str) -> None:
    with serve(lambda call: Answer(status, b"")) as service:
        async with client_of(service) as client:
            with pytest.raises(ApiError, match=hint):
                await client.page("lead")


def capped(limit: int, words: str) -> Callable[[Call], Answer | None]:
    def answering(call: Call) -> Answer | None:
        if call.method == "GET" and int(call.query.get("per_page", "0")) > limit:
            return Answer.of({"Message": words}, 400)
        return None

    return answering


async def test_a_page_smaller_than_all_that_are_tried_at_first_is_found() -> None:
    with serve(capped(30, "per_page is at most 30"), tuple(Rows(60))) as service:
        service.fields = [{"Name": f"F{number}", "Type": "Text"} for number in range(60)]
        async with client_of(service) as client:
            assert len(await client.all_fields("lead")) == 60
            came = [len(page.records) async for page in client.pages("lead")]
            refused = [call for call in service.calls if int(call.query["per_page"]) > 30]
    assert came == [25, 25, 10]
    # The size that was granted is known from then on.
    assert [call.query["per_page"] for call in refused] == ["200", "100", "50"]


async def test_a_refusal_that_is_not_about_the_page_is_asked_for_once() -> None:
    with serve(lambda call: Answer.of({"Message": "No such entity"}, 400)) as service:
        async with client_of(service) as client:
            with pytest.raises(ApiError, match="No such entity"):
                await client.all_fields("lead")
    assert len(service.calls) == 1


async def test_a_service_that_wants_a_content_type_and_knows_no_other_parameter() -> None:
    known = {"fields", "per_page", "page", "sort_by", "sort_order"}

    def strict(call: Call) -> Answer | None:
        if call.body and call.headers.get("content-type") != "application/json":
            return Answer(415, b"")
        if not set(call.query) <= known:
            return Answer(400, b"")
        return None

    with serve(strict, tuple(Rows(3))) as service:
        service.fields = [{"Name": "LastName", "Type": "Text"}]
        async with client_of(service) as client:
            await client.page("lead", fields=["LastName"], per_page=2, page=1, sort_by="LastName")
            await client.all_fields("lead")
            await client.create("lead", {"LastName": "x"})
            await client.update("lead", "ID000001", {"LastName": "x"})
            await client.close_task("ID000001")
            await client.delete("lead", "ID000001")


# A token that ended, and a method that is not for the path


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "x"), (403, "x"), (403, ""), (400, "The token has expired"), (400, "Authorization")],
)
async def test_a_token_that_ended_may_be_told_by_any_refusal(status: int, words: str) -> None:
    """A read is sent again under a new token; a create only after a 401."""
    ended: set[str] = set()

    def odd(call: Call) -> Answer | None:
        token = call.headers["authorization"]
        if not ended:
            ended.add(token)
        return Answer.of({"Message": words}, status) if token in ended else None

    with serve(odd, tuple(Rows(3))) as service:
        async with client_of(service) as client:
            page = await client.page("lead", per_page=10, page=1)
    assert len(page.records) == 3
    assert service.count("GET", "lead") == 2


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("allow", [None, "GET, PUT"])
async def test_a_method_that_is_not_for_the_path_is_refused_in_two_ways(
    status: int, allow: str | None
) -> None:
    """`api.md`: 405 with Allow, or 404; neither is taken as done, and neither is sent again."""
    headers = () if allow is None else (("Allow", allow),)
    body = json.dumps({"Message": "DELETE is not for leads"}).encode()

    def odd(call: Call) -> Answer | None:
        return Answer(status, body, headers) if call.method == "DELETE" else None

    with serve(odd, tuple(Rows(3))) as service:
        async with client_of(service) as client:
            with pytest.raises(StatusError, match="DELETE is not for leads") as told:
                await client.delete("lead", "ID000001")
    assert told.value.status == status
    assert [call.method for call in service.calls] == ["DELETE"]


# The program


def test_a_list_with_a_bad_record_is_printed_whole_named_and_partial(tmp_path: Path) -> None:
    answer = Answer.of(listed([FIRST, None, SECOND], "3"))
    with serve(answers_lists(answer)) as service:
        ended = run_cmdm("list", "lead", home=tmp_path, extra=service.environment)
    assert json.loads(ended.out)["Entity"] == [FIRST, None, SECOND]
    assert "lead, page 1: record 2 is null, not a record, so it is left out" in ended.err
    assert ended.code == 8


def test_a_list_without_totals_that_loses_a_record_is_partial_too(tmp_path: Path) -> None:
    answer = Answer.of({"Entity": [FIRST, "oops"]})
    with serve(answers_lists(answer)) as service:
        ended = run_cmdm("list", "lead", home=tmp_path, extra=service.environment)
    assert "The result is partial: 1 of 2 records could be read" in ended.err
    assert ended.code == 8


def test_a_query_goes_on_with_the_records_that_can_be_read(tmp_path: Path) -> None:
    answer = Answer.of(listed([FIRST, {"ExternalID": "A9", "Properties": None}, SECOND], "3"))
    with serve(answers_lists(answer)) as service:
        ended = run_cmdm(
            "query", "-o", "csv", "SELECT * FROM lead", home=tmp_path, extra=service.environment
        )
    assert ended.out.split() == ["ExternalID,LastName", "A1,Zoë", "£5", "A9,", "A2,Bob"]
    assert "record 2 (A9) has null in place of properties" in ended.err
    assert ended.code == 0


@pytest.mark.parametrize("shape", ["204", "null", "no list"])
def test_an_empty_entity_gives_no_rows_and_no_error(shape: str, tmp_path: Path) -> None:
    with serve(answers_lists(EMPTY_LISTS[shape])) as service:
        service.fields = [{"Name": "LastName", "Type": "Text"}]
        ended = run_cmdm(
            "query", "-o", "csv", "SELECT LastName FROM lead",
            home=tmp_path, extra=service.environment,
        )  # fmt: skip
    assert (ended.code, ended.out.split()) == (0, ["LastName"])


def test_a_list_in_another_encoding_is_printed_in_utf_8(tmp_path: Path) -> None:
    with serve(answers_lists(TEXTS["as declared: utf-16"])) as service:
        ended = run_cmdm("list", "lead", home=tmp_path, extra=service.environment)
    assert json.loads(ended.out)["Entity"][0] == FIRST
    assert ended.code == 0


BAD_FIELDS: Mapping[str, tuple[Any, str]] = {
    "null": (None, "field 2 is null, not a field, so it is left out"),
    "a number": (7, "field 2 is a number, not a field"),
    "a list": (["City"], "field 2 is a list, not a field"),
    "an empty text": ("", "field 2 is an empty text"),
    "an empty object": ({}, "field 2 has neither a name nor an ExternalID"),
    "null as its name": ({"Properties": {"Name": None, "Type": "Text"}}, "field 2 has neither a"),
}


@pytest.mark.parametrize("shape", BAD_FIELDS)
async def test_a_field_that_cannot_be_read_is_named_and_the_others_stay(shape: str) -> None:
    row, words = BAD_FIELDS[shape]
    good = {"ExternalID": "F1", "Properties": {"Name": "LastName", "Type": "Text"}}
    content = {"Total Records": "3", "Total Page": "1", "Field": [good, row, "City"]}
    events: list[Event] = []
    with serve(lambda call: Answer.of(content) if call.segments[-1] == "fields" else None) as odd:
        async with client_of(odd, events) as client:
            fields = await client.all_fields("lead")
    assert [field.name for field in fields] == ["LastName", "City"]
    (told,) = [event for event in events if isinstance(event, RecordsUnreadable)]
    assert told.description.startswith("lead, page 1: ")
    assert words in told.description


async def test_fields_that_can_all_be_read_are_told_nothing_of() -> None:
    content = {"Field": [{"Name": "LastName"}, "City", {"ExternalID": "F3", "Properties": None}]}
    events: list[Event] = []
    with serve(lambda call: Answer.of(content) if call.segments[-1] == "fields" else None) as odd:
        async with client_of(odd, events) as client:
            await client.fields("lead")
    assert not [event for event in events if isinstance(event, RecordsUnreadable)]


def test_a_bad_field_is_named_by_the_command_which_is_partial(tmp_path: Path) -> None:
    content = {"Total Records": "2", "Total Page": "1", "Field": [{"Name": "LastName"}, None]}
    with serve(lambda call: Answer.of(content) if call.segments[-1] == "fields" else None) as odd:
        ended = run_cmdm("fields", "lead", home=tmp_path, extra=odd.environment)
    assert "lead, page 1: field 2 is null, not a field, so it is left out" in ended.err
    assert (ended.code, json.loads(ended.out)) == (8, content)


def test_task_fields_that_are_there_are_read(tmp_path: Path) -> None:
    with serve(None, tuple(Rows(2))) as service:
        service.fields = [{"Name": "Subject", "Type": "Text"}]
        ended = run_cmdm("fields", "task", home=tmp_path, extra=service.environment)
    assert (ended.code, json.loads(ended.out)["Field"][0]["Properties"]["Name"]) == (0, "Subject")


async def test_a_page_past_the_last_may_be_not_found() -> None:
    def odd(call: Call) -> Answer | None:
        if call.is_list and call.query.get("page") != "1":
            return Answer.of({"Message": "No such page"}, 404)
        return None

    with serve(odd, tuple(Rows(7))) as service:
        async with client_of(service) as client:
            assert [len(page.records) async for page in client.pages("lead", per_page=10)] == [7]
            with pytest.raises(NotFound):
                await client.page("lead", per_page=10, page=2)


def test_an_update_behind_a_sign_in_page_does_not_end_with_0(tmp_path: Path) -> None:
    answer, words = NOT_DONE["HTML"]
    with serve(lambda call: answer) as service:
        ended = run_cmdm(
            "update", "lead", "A1", "LastName=x", home=tmp_path, extra=service.environment
        )
    assert (ended.code, ended.out) == (1, "")
    assert words in ended.err
