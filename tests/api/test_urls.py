"""Addresses: https or this machine, below one base, and nowhere else."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.api import InsecureAddress, InvalidCall
from cmdm_tui.api.urls import (
    add_parameters,
    encode_segment,
    is_on_this_machine,
    join_path,
    parse_base_url,
)

BASE = parse_base_url("https://crm.example.com")


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("https://crm.example.com", "https://crm.example.com/api/v1"),
        ("https://crm.example.com/", "https://crm.example.com/api/v1"),
        ("https://crm.example.com/api/v2", "https://crm.example.com/api/v2"),
        ("https://crm.example.com/api/v2/", "https://crm.example.com/api/v2"),
        ("https://example.com/crm", "https://example.com/crm/api/v1"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765/api/v1"),
        ("http://localhost:1", "http://localhost:1/api/v1"),
        ("http://[::1]:8765", "http://[::1]:8765/api/v1"),
        ("  https://crm.example.com ", "https://crm.example.com/api/v1"),
    ],
)
def test_the_base_is_found_in_what_is_written(written: str, base: str) -> None:
    assert str(parse_base_url(written)) == base


@pytest.mark.parametrize(
    "written",
    [
        "http://crm.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "http://0.0.0.0:8765",
    ],
)
def test_plain_http_to_another_machine_is_refused(written: str) -> None:
    with pytest.raises(InsecureAddress, match="is not https"):
        parse_base_url(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "crm.example.com",
        "ftp://x",
        "https://",
        "https://u:p@x",
        "https://x?y",
        "https://a b",
        "https://[",
    ],
)
def test_what_is_no_address_is_refused_in_words(written: str) -> None:
    with pytest.raises(InvalidCall) as raised:
        parse_base_url(written)
    assert "https://host" in str(raised.value)
    assert "u:p" not in str(raised.value)


@given(st.text(min_size=1).filter(lambda text: text not in {".", ".."}))
def test_any_external_id_is_one_segment(external_id: str) -> None:
    try:
        encoded = encode_segment("external id", external_id)
    except InvalidCall:
        external_id.encode("utf-8", "surrogatepass")
        return
    address = join_path(BASE, f"lead/{encoded}")
    assert address.path == f"/api/v1/lead/{external_id}"
    assert address.raw_path.count(b"/") == 4
    assert address.host == BASE.host


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_segment_that_no_path_carries_is_refused(value: str) -> None:
    with pytest.raises(InvalidCall):
        encode_segment("external id", value)


@pytest.mark.parametrize(
    "path",
    ["https://evil.example/x", "//evil.example/x", "../v2/lead", "lead/../../x", "a/%2e%2E/b", "#"],
)
def test_no_path_leaves_the_service(path: str) -> None:
    with pytest.raises(InvalidCall):
        join_path(BASE, path)


def test_a_query_stays_a_query() -> None:
    address = join_path(BASE, "lead?per_page=5&page=1&sort_by=Last Name")
    assert dict(httpx.QueryParams(address.query)) == {
        "per_page": "5",
        "page": "1",
        "sort_by": "Last Name",
    }


@pytest.mark.parametrize("value", ["\ud800", "x" * 70_000])
def test_a_parameter_that_no_address_carries_is_refused(value: str) -> None:
    with pytest.raises(InvalidCall, match="sort_by"):
        add_parameters(BASE, {"sort_by": value})


@pytest.mark.parametrize(
    ("address", "is_here"),
    [
        ("http://127.0.0.1:8080", True), ("https://LOCALHOST/api/v1", True),
        ("http://[::1]:8080", True), ("https://crm.example.com", False),
        ("https://localhost.example.com", False), ("https://10.0.0.1", False),
    ],
)  # fmt: skip
def test_a_service_is_on_this_machine_by_its_address(address: str, *, is_here: bool) -> None:
    assert is_on_this_machine(address) is is_here
