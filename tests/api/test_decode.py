"""Every shape that api.md allows a service is taken; what is none of them is named."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cmdm_tui.api import Field, MalformedResponse, Response
from cmdm_tui.api.decode import (
    read_converted,
    read_created,
    read_error_message,
    read_field_page,
    read_page,
    read_record,
    read_token,
)
from cmdm_tui.api.errors import CallInfo
from cmdm_tui.api.models import Page
from cmdm_tui.text import visible

CALL = CallInfo(1, "GET", "/lead")
RECORD = {"ExternalID": "ABC1D2E3", "Properties": {"LastName": "Jones"}}


def answer(content: Any, status: int = 200, content_type: str = "application/json") -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = httpx.Headers({"content-type": content_type})
    return Response(1, "GET", "/lead", status, headers, body, 0.1)


def page_of(content: Any) -> Page:
    return read_page(answer(content), CALL, "lead", per_page=10, page=1)


@pytest.mark.parametrize(
    "content",
    [
        {"Total Records": "30", "Total Pages": "3", "Entity": [RECORD]},
        {"Total Records": 30, "Total Pages": 3, "Entity": [RECORD]},
        {"Total Records": "30", "Total Page": "3", "Entity": [RECORD]},
        {"Total Records": "30", "Total Page": "3", "lead": [RECORD]},
        {"Total Records": "30", "Total Pages": "3", "Lead": [RECORD]},
    ],
)
def test_totals_are_text_or_numbers_under_either_key(content: Any) -> None:
    page = page_of(content)
    assert (page.total_records, page.total_pages) == (30, 3)
    assert [record.external_id for record in page.records] == ["ABC1D2E3"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
)  # fmt: skip
ROW = {
    "ExternalID": st.just("A") | JSON_VALUES,
    "Properties": st.builds(dict[str, Any]) | JSON_VALUES,
}
ROWS = st.lists(st.fixed_dictionaries(ROW) | JSON_VALUES, max_size=3)
TOTALS = st.dictionaries(st.sampled_from(["Total Records", "Total Pages"]), JSON_VALUES)
ERRORS = st.dictionaries(st.sampled_from(["Message", "message", "error", "x"]), JSON_VALUES)


@settings(deadline=None)
@given(rows=ROWS, totals=TOTALS)
def test_a_list_reads_the_same_as_documented_and_under_the_entitys_own_name(
    rows: Any, totals: Any
) -> None:
    def read(key: str) -> Any:
        try:
            page = page_of({**totals, key: rows})
        except MalformedResponse:
            return "malformed"
        return page.records, page.total_records, page.total_pages

    assert read("Entity") == read("lead")


@pytest.mark.parametrize("total", [None, "many", -1, "", "9" * 40, True, {}])
def test_a_total_that_is_no_number_is_unknown(total: Any) -> None:
    assert page_of({"Total Records": total, "Entity": []}).total_records is None


def test_any_json_value_is_a_value_digit_for_digit() -> None:
    body = (
        b'{"Entity": [{"ExternalID": 7, "Properties": {"Amount": 12345678901234567890.10,'
        b' "Tags": ["a", {"b": null}], "Odd": "\\ud800"}}]}'
    )
    record = page_of(body).records[0]
    assert record.external_id == "7"
    assert record.properties["Amount"] == Decimal("12345678901234567890.10")
    assert record.properties["Tags"] == ["a", {"b": None}]


def test_a_number_beyond_any_decimal_comes_as_text_digit_for_digit() -> None:
    body = b'{"Entity": [{"ExternalID": "A", "Properties": {"a": -1.5E99999999999999999999}}]}'
    (record,) = page_of(body).records
    assert record.properties == {"a": "-1.5E99999999999999999999"}


def test_a_byte_order_mark_is_passed_over() -> None:
    assert page_of(b"\xef\xbb\xbf" + json.dumps({"Entity": [RECORD]}).encode()).records


NO_LISTS: list[Any] = [
    b"",
    b"<html>login</html>",
    b"[]",
    b"null",
    {"Entity": {}},
    {"Entity": [3]},
    {"Entity": [{"ExternalID": None, "Properties": {}}]},
    {"Entity": [{"ExternalID": "A"}]},
    b"[" * 100_000,
    b'{"Entity": [' + b"\xff" + b"]}",
]


@pytest.mark.parametrize("content", NO_LISTS)
def test_a_success_that_is_no_list_is_malformed(content: Any) -> None:
    with pytest.raises(MalformedResponse) as raised:
        page_of(content)
    assert "call 1" in str(raised.value)
    assert len(str(raised.value)) < 500


def test_a_malformed_answer_is_quoted_safely() -> None:
    with pytest.raises(MalformedResponse) as raised:
        read_record(answer(b"\x1b]52;c;x\x07 <html>"), CALL, "lead")
    assert "\x1b" not in str(raised.value)
    assert "␛]52" in str(raised.value)


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
@example(b'"\x80"')
@example(b'{"token": "\xff"}')
@example(b'{"Entity": [{"ExternalID": "A", "Properties": {"x": 1e9999999999999999999}}]}')
@example(b'{"Total Records": 1e9999999999999999999, "Entity": []}')
@example(b'{"ExternalID": 1e9999999999999999999, "token": 1e9999999999999999999}')
def test_no_body_at_all_gets_anything_but_a_value_or_malformed(body: bytes) -> None:
    for read in (
        lambda: page_of(body),
        lambda: read_record(answer(body), CALL, "lead"),
        lambda: read_created(answer(body), CALL),
        lambda: read_field_page(answer(body), CALL, "lead"),
        lambda: read_token(answer(body), CALL),
    ):
        try:
            read()
        except MalformedResponse as error:
            str(error).encode("utf-8")


@given(ERRORS | JSON_VALUES)
def test_any_error_body_gives_one_safe_line_or_none(content: Any) -> None:
    words = read_error_message(answer(content, 400))
    assert words is None or ("\n" not in words and words == visible(words))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"Message": "No such field: Foo"}', "No such field: Foo"),
        (b'{"error": "invalid_grant", "error_description": "bad password"}', "bad password"),
        (b'"plain"', "plain"),
        (b"just text\nin lines", "just text in lines"),
        (b"<html><body>502</body></html>", None),
        (b"", None),
        (b'{"Message": {"a": 1}}', None),
        (b'{"Message": "Caf\xe9"}', '{"Message": "Caf\N{REPLACEMENT CHARACTER}"}'),
    ],
)
def test_the_services_own_words_are_found(body: bytes, words: str | None) -> None:
    assert read_error_message(answer(body, 400)) == words


@pytest.mark.parametrize("key", ["Account ExternalID", "AccountExternalID"])
def test_the_key_of_a_conversion_holds_a_space_or_none(key: str) -> None:
    assert read_converted(answer({key: "ACC00001"}), CALL).account_external_id == "ACC00001"


def test_fields_are_read_as_documented() -> None:
    properties = {
        "Name": "Status",
        "Label": "Status",
        "Type": "Picklist",
        "Required": "false",
        "ReadOnly": "true",
        "MaxLength": "40",
        "Options": "New;Contacted",
        "LookupEntity": "",
    }
    content = {
        "Total Records": "1",
        "Total Page": "1",
        "Field": [{"ExternalID": "F0000001", "Properties": properties}],
    }
    assert read_field_page(answer(content), CALL, "lead").fields == (
        Field(
            name="Status",
            label="Status",
            type="Picklist",
            required=False,
            read_only=True,
            max_length=40,
            options=("New", "Contacted"),
            lookup_entity=None,
            external_id="F0000001",
        ),
    )


@pytest.mark.parametrize(
    ("properties", "name", "kind"),
    [
        ({"FieldName": "Amount", "DataType": "money"}, "Amount", "Currency"),
        ({"api_name": "Amount", "field type": "CURRENCY"}, "Amount", "Currency"),
        ({"InternalName": "When", "Kind": "DateTime"}, "When", "DateTime"),
        ({"DisplayName": "Amount due", "x": "Number"}, "Amount due", "Number"),
        ({}, "F0000001", None),
        ({"Name": "Odd", "Type": "Geo"}, "Odd", "Geo"),
    ],
)
def test_fields_told_in_other_words_are_found_by_what_is_there(
    properties: dict[str, str], name: str, kind: str | None
) -> None:
    content = {"Field": [{"ExternalID": "F0000001", "Properties": properties}]}
    (field,) = read_field_page(answer(content), CALL, "lead").fields
    assert (field.name, field.type) == (name, kind)
