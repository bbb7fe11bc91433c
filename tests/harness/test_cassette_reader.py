"""A cassette is read whatever its YAML layout; a broken one is refused with the line at fault."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from vcr import serialize as vcr_serialize
from vcr.request import Request
from vcr.serializers import yamlserializer

from cmdm_tui.harness.cassettes import (
    CassetteUnreadable,
    IndexedTransport,
    RecordedAnswer,
    read_cassette,
)
from cmdm_tui.harness.cassettes.format import ADDRESS
from tests.harness.recorded_cases import ALL

TEXT = f"""\
interactions:
- request:
    body: ''
    headers: {{}}
    method: GET
    uri: {ADDRESS}/api/v1/lead/ABC1D2E3
  response:
    body:
      string: '{{"ExternalID":"ABC1D2E3"}}'
    headers:
      content-type:
      - application/json
      x-rate-limit-limit:
      - '5000'
    status:
      code: 200
      message: OK
version: 1
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x.yaml"
    path.write_text(text, "utf-8")
    return path


def parts(answers: list[RecordedAnswer]) -> list[tuple[Any, ...]]:
    return [(one.key, one.status, one.headers, one.reason, one.body) for one in answers]


BY_HAND: dict[str, Callable[[str], str]] = {
    "a comment on top": lambda text: f"# recorded in May\n{text}",
    "a comment between": lambda text: text.replace("  response:", "  # the answer\n  response:"),
    "a comment behind": lambda text: text.replace("GET", "GET  # read"),
    "a comment behind quotes": lambda text: text.replace("E3\"}'", "E3\"}'  # it's 'the' body"),
    "no line at the end": lambda text: text.rstrip("\n"),
    "windows lines": lambda text: text.replace("\n", "\r\n"),
    "a document mark": lambda text: f"---\n{text}",
    "the version first": lambda text: "version: 1\n" + text.replace("version: 1\n", ""),
    "a block for a body": lambda text: text.replace(
        "string: '{\"ExternalID\":\"ABC1D2E3\"}'",
        "string: |-\n        {\"ExternalID\":\"ABC1D2E3\"}",
    ),
    "bare numbers": lambda text: text.replace("'5000'", "5000"),
    "a value without a list": lambda text: text.replace(
        "content-type:\n      - application/json", "Content-Type: application/json"
    ),
    "another key": lambda text: text.replace("    status:", "    elapsed: 'a' \n    status:"),
    "a key behind the body": lambda text: text.replace(
        "    headers:\n      content", "      encoding: 'utf-8'\n    headers:\n      content"
    ),
    "the body after the headers": lambda text: (
        text.replace("    body:\n      string: '{\"ExternalID\":\"ABC1D2E3\"}'\n", "").replace(
            "      message: OK\n",
            "      message: OK\n    body:\n      string: '{\"ExternalID\":\"ABC1D2E3\"}'\n",
        )
    ),
    "a null body": lambda text: text.replace("body: ''", "body: null"),
    "an anchor": lambda text: text.replace("headers: {}", "headers: &none {}"),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_a_cassette_edited_by_hand_is_read(tmp_path: Path, name: str) -> None:
    edited = BY_HAND[name](TEXT)
    assert edited != TEXT
    (answer,) = read_cassette(written(tmp_path, edited))
    assert answer.key == ("GET", f"{ADDRESS}/api/v1/lead/ABC1D2E3", b"")
    assert (answer.status, answer.reason) == (200, b"OK")
    assert answer.body == b'{"ExternalID":"ABC1D2E3"}'
    assert sorted(answer.headers) == [
        (b"content-type", b"application/json"),
        (b"x-rate-limit-limit", b"5000"),
    ]


def test_an_edited_cassette_answers_a_client(tmp_path: Path) -> None:
    path = written(tmp_path, BY_HAND["the body after the headers"](TEXT))
    transport = IndexedTransport.of(path)
    with httpx.Client(transport=transport, base_url=ADDRESS) as http:
        assert http.get("/api/v1/lead/ABC1D2E3").json() == {"ExternalID": "ABC1D2E3"}
    assert transport.left == 0


LAYOUTS: list[dict[str, Any]] = [
    {"sort_keys": False},
    {"default_flow_style": True},
    {"default_flow_style": False, "width": 20},
    {"default_style": '"'},
    {"indent": 6, "allow_unicode": True},
]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_committed_cassette_is_read_in_another_layout(
    tmp_path: Path, layout: dict[str, Any]
) -> None:
    for entry in ALL[::23]:
        content = yaml.load(entry.cassette.read_bytes(), Loader=yaml.CSafeLoader)
        text: str = cast("Any", yaml).dump(content, Dumper=yaml.CSafeDumper, **layout)
        path = written(tmp_path, text)
        # A file keeps the order of its keys, and so of its headers.
        ours, theirs = parts(read_cassette(path)), parts(read_cassette(entry.cassette))
        assert [(*one[:2], sorted(one[2]), *one[3:]) for one in ours] == [
            (*one[:2], sorted(one[2]), *one[3:]) for one in theirs
        ]


BODIES = st.text(st.characters(exclude_categories=("Cs",)), max_size=80).map(
    str.encode
) | st.binary(max_size=40)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            BODIES, BODIES, st.sampled_from(["Content-Type", "X-A"]),
            st.text("ab :#'\"", max_size=9),
        ),
        min_size=1, max_size=3,
    )
)  # fmt: skip
def test_what_vcrpy_writes_by_itself_is_read(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[bytes, bytes, str, str]]
) -> None:
    content: Any = {"requests": [], "responses": []}
    for sent, body, name, value in made:
        content["requests"].append(Request("POST", f"{ADDRESS}/lead", sent, {"Accept": "*/*"}))
        content["responses"].append(
            {
                "status": {"code": 201, "message": "Created"},
                "headers": {name: [value]},
                "body": {"string": body},
            }
        )
    serialize: Any = cast("Any", vcr_serialize).serialize
    path = tmp_path_factory.mktemp("vcrpy") / "x.yaml"
    path.write_text(serialize(content, yamlserializer), "utf-8")
    assert [(one.key[2], one.body, one.headers) for one in read_cassette(path)] == [
        (sent, body, [(name.lower().encode(), value.encode())]) for sent, body, name, value in made
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("method: GET", "method: [GET", 6, ""),
        ("    method: GET\n", "", 3, "method is missing"),
        ("code: 200", "code: two hundred", 16, "three digits"),
        ('string: \'{"ExternalID":"ABC1D2E3"}\'', "string: {a: b}", 9, "in quotes"),
        ('string: \'{"ExternalID":"ABC1D2E3"}\'', 'string: "\\q"', 9, "unknown escape"),
        ('string: \'{"ExternalID":"ABC1D2E3"}\'', "string: !!binary x=y", 9, "base64"),
        ("version: 1", "version: 2", 18, "version"),
        ("      - '5000'", "      - a: b", 14, "not a text"),
        ("GET", "GET # \x01", 5, "control characters|not allowed"),
        ("OK", "!!python/object/new:os.system [ls]", 17, "text"),
    ],
)
def test_a_broken_cassette_is_refused_with_the_line(
    tmp_path: Path, old: str, new: str, line: int, reason: str
) -> None:
    assert old in TEXT
    path = written(tmp_path, TEXT.replace(old, new))
    with pytest.raises(CassetteUnreadable, match=rf"x\.yaml .*line {line}: .*({reason})"):
        [one.body for one in read_cassette(path)]


def test_bytes_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(TEXT.encode() + b"\xff")
    with pytest.raises(CassetteUnreadable, match="not UTF-8"):
        read_cassette(path)


def test_a_file_that_nests_deep_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "[" * 100_000)
    with pytest.raises(CassetteUnreadable):
        read_cassette(path)
