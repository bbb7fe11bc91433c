"""HAR files of browsers and proxies are read whatever is odd in them."""

import json
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.harness.cassettes.har import HarUnreadable, parse_har
from cmdm_tui.harness.cassettes.reader import read_cassette

HEADERS = [{"name": "Content-Type", "value": "application/json"}]


def write_har(*contents: dict[str, Any], headers: list[dict[str, str]] = HEADERS) -> str:
    """Return a HAR file of calls with these contents in their answers."""
    entries = [
        {
            "request": {
                "url": f"https://crm.example/api/v1/lead/{number}",
                "method": "GET",
                "headers": headers,
            },
            "response": {"status": 200, "statusText": "OK", "headers": headers, "content": content},
        }
        for number, content in enumerate(contents)
    ]
    return json.dumps({"log": {"entries": entries}})


def test_an_answer_whose_body_the_file_does_not_have_is_not_played_as_an_empty_one(
    tmp_path: Path,
) -> None:
    file = tmp_path / "browser.har"
    file.write_text(write_har({"size": 2, "text": "{}"}, {"size": 2}, {"size": 0}), "utf-8")
    found = read_cassette(file)
    assert [(one.key[1][-6:], one.body) for one in found] == [("lead/0", b"{}"), ("lead/2", b"")]


def test_a_header_whose_name_no_request_can_have_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "browser.har"
    odd = [{"name": "N\u20acw", "value": "x"}, {"name": ":status", "value": "200"}]
    file.write_text(write_har({"size": 0}, headers=[*odd, *HEADERS]), "utf-8")
    (answer,) = read_cassette(file)
    assert answer.headers == [(b"content-type", b"application/json")]


def test_a_body_that_is_not_base64_is_named() -> None:
    with pytest.raises(HarUnreadable, match="a body is not base64"):
        parse_har(write_har({"size": 3, "text": "a*b", "encoding": "base64"}))
