"""The description, held against what is served: by schemathesis, and by a plain walk of our own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import httpx
import pytest

from cmdm_tui.sandbox import app
from cmdm_tui.sandbox.openapi.description import describe_api
from cmdm_tui.sandbox.variants import description
from cmdm_tui.sandbox.variants.choices import BEHAVIOURS

if TYPE_CHECKING:
    from tests.sandbox.conftest import Running, Start
    from tests.sandbox.control_client import ControlPlaneClient

Json = dict[str, Any]
LIMITS = {"rate_limit": 10**9, "month_limit": 10**9}

# Every operation and every check, or a part of them that takes seconds.
SAMPLE = ["--max-examples", "4", "--include-path-regex", "lead|authenticate|task/close"]
WHOLE = ["--max-examples", "40"]


def schemathesis(
    running: "Running", folder: Path, *words: str
) -> "subprocess.CompletedProcess[str]":
    """Run schemathesis as anybody would, all checks on."""
    command = [sys.executable, "-m", "schemathesis.cli", "run"]
    bearer = f"Authorization: {running.http.headers['authorization']}"
    options = ["--checks", "all", "--seed", "1", "--header", bearer, *words]
    return subprocess.run(
        [*command, f"{running.info.url}/openapi.json", *options],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(900)
def test_schemathesis_finds_no_failure(start: "Start", tmp_path: Path, runs_whole: bool) -> None:
    with start(**LIMITS) as running:
        ended = schemathesis(running, tmp_path, *(WHOLE if runs_whole else SAMPLE))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    tested = re.search(r"([0-9]+) generated, ([0-9]+) passed", ended.stdout)
    assert tested is not None, ended.stdout
    assert int(tested[1]) == int(tested[2]) > 300


def lying(url: str) -> Json:
    """Describe what is not so: totals that are numbers."""
    document = describe_api(url)
    totals = document["components"]["schemas"]["LeadList"]["properties"]
    totals["Total Records"] = {"type": "integer"}
    return document


def test_schemathesis_finds_a_lie(
    start: "Start", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: a description that does not say what is served."""
    monkeypatch.setattr(app, "describe_api", lying)
    with start(**LIMITS) as running:
        # Drawn requests show it at once; those that try every limit come first otherwise.
        words = ["--phases", "fuzzing", "--max-examples", "4", "--max-failures", "1"]
        ended = schemathesis(running, tmp_path, *words, "--include-path", "/api/v1/lead")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Response violates schema" in ended.stdout


# A plain walk: one good request of each operation, and what the description says of its answer


def resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def faults(document: Json, schema: Json, value: Any, place: str = "$") -> Iterator[str]:
    """Yield where `value` is not what `schema` says: as much of JSON Schema as is used here."""
    schema = resolved(document, schema)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, TYPES[kind]) for kind in kinds):
        yield f"{place} is no {kinds}"
    ways = [list(faults(document, way, value, place)) for way in schema.get("anyOf", [])]
    if ways and all(ways):
        yield f"{place} is nothing of {ways}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place} is none of its choices"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{place} has another form"
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(cast("list[Any]", value)):
            yield from faults(document, schema["items"], item, f"{place}[{number}]")
    if isinstance(value, dict):
        yield from object_faults(document, schema, cast("Json", value), place)


def object_faults(document: Json, schema: Json, value: Json, place: str) -> Iterator[str]:
    """Yield where an object's properties are not what `schema` says."""
    known = schema.get("properties", {})
    required = schema.get("required", [])
    yield from (f"{place}.{name} is missing" for name in required if name not in value)
    for name, item in value.items():
        if name in known:
            yield from faults(document, known[name], item, f"{place}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{place}.{name} is not described"


def answer_faults(document: Json, operation: Json, answer: httpx.Response) -> Iterator[str]:
    """Yield where an answer is not what its operation says."""
    described = operation["responses"].get(str(answer.status_code))
    if described is None:
        yield f"{answer.status_code} is not described"
        return
    described = resolved(document, described)
    for name, header in described.get("headers", {}).items():
        if header.get("required") and name not in answer.headers:
            yield f"{name} is missing"
        pattern = header["schema"].get("pattern", "")
        if not re.search(pattern, answer.headers.get(name, "0")):
            yield f"{name} has another form"
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind not in described["content"]:
        if kind or answer.content or described["content"]:
            yield f"{kind or 'nothing'} is not described"
    elif kind == "application/json":
        yield from faults(document, described["content"][kind]["schema"], answer.json())


GOOD: dict[str, Json] = {
    "account": {"Name": "Acme", "Rating": "Hot"},
    "lead": {"LastName": "Shaw", "Score": "5"},
    "contact": {"LastName": "Shaw", "Birthday": "2000-02-29"},
    "task": {"Subject": "Ring"},
    "opportunity": {"Name": "Chairs", "Amount": "12.50"},
    "event": {"Title": "Fair", "StartsAt": "2026-03-31T09:30:00Z"},
    "product": {"Name": "Chair", "SKU": "C-1"},
}


def walk(running: "Running", paths: str = "") -> dict[str, list[str]]:
    """Call every operation rightly and wrongly; return what is not as described, by operation.

    `paths` is a pattern of those to call.
    """
    document = httpx.get(f"{running.info.url}/openapi.json", verify=False).json()
    found: dict[str, list[str]] = {}
    called = {path: item for path, item in document["paths"].items() if re.search(paths, path)}
    for path, item in called.items():
        for method in ("get", "post", "put", "delete"):
            if method in item:
                operation = item[method]
                for answer in answers(running, path, method):
                    for fault in answer_faults(document, operation, answer):
                        found.setdefault(operation["operationId"], []).append(fault)
    return found


def answers(running: "Running", path: str, method: str) -> Iterator[httpx.Response]:
    http, own = running.http, path.removeprefix("/api/v1")
    if own == "/authenticate":
        yield running.sign_in()
        yield running.anonymous("POST", own)
        return
    words = own.strip("/").split("/")
    entity = words[0]
    made = words[-1] if method == "post" else entity
    body: Json | None = GOOD[made] if method in {"post", "put"} else None
    if words[1:2] in (["convert"], ["close"]):
        body = {}
    external_id = quote(http.post(f"/{entity}", json=GOOD[entity]).json()["ExternalID"], safe="")
    good = http.request(method, own.replace("{external_id}", external_id), json=body)
    assert good.status_code == (201 if method == "post" else 200), good.text
    yield good
    yield http.request(method, own.replace("{external_id}", "ZZZZZZZZ"), json=body)
    yield running.anonymous(method, own.replace("{external_id}", external_id))
    if body is not None:
        yield http.request(method, own.replace("{external_id}", external_id), content=b"[]")
    if method == "get" and "{" not in own:
        yield http.get(f"{own}?per_page=2&page=1")
        yield http.get(f"{own}?per_page=2")
        yield http.get(f"{own}?per_page=2&page=999999")
    yield http.patch(own.replace("{external_id}", external_id))


def test_every_operation_answers_as_described(start: "Start") -> None:
    with start(**LIMITS) as running:
        assert walk(running) == {}


def test_the_walk_finds_lies(start: "Start", monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: a total, a status, a header and a field that are not so."""

    def liar(url: str) -> Json:
        document = lying(url)
        post = document["paths"]["/api/v1/event"]["post"]
        post["responses"]["200"] = post["responses"].pop("201")
        headers = document["paths"]["/api/v1/product"]["get"]["responses"]["200"]["headers"]
        headers["x-nothing"] = {"required": True, "schema": {}}
        task = document["components"]["schemas"]["Task"]["properties"]["Properties"]
        del task["properties"]["Owner"]
        return document

    monkeypatch.setattr(app, "describe_api", liar)
    with start(**LIMITS) as running:
        found = walk(running)
    assert set(found) == {"listLead", "createEvent", "listProduct", "listTask", "getTask"}


def test_every_call_of_the_api_is_described(start: "Start") -> None:
    """What is described is what there is: each path has the methods that `Allow` names."""
    with start(**LIMITS) as running:
        document = httpx.get(f"{running.info.url}/openapi.json", verify=False).json()
        assert document["openapi"] == "3.1.0"
        assert document["servers"] == [{"url": running.info.url}]
        for path, item in document["paths"].items():
            own = path.removeprefix("/api/v1").replace("{external_id}", "ZZZZZZZZ")
            allowed = running.http.patch(own).headers["allow"].lower().split(", ")
            assert set(allowed) == set(item) - {"parameters"}, path


def test_it_takes_no_token_and_holds_no_data(shared: "Running") -> None:
    url = f"{shared.info.url}/openapi.json"
    answer = httpx.get(url, verify=False)
    assert answer.headers["content-type"] == "application/json"
    assert "x-rate-limit-remaining" not in answer.headers
    for secret in (shared.info.client_id, shared.info.username, shared.info.password):
        assert secret not in answer.text
    other = httpx.post(url, verify=False)
    assert (other.status_code, other.headers["allow"]) == (405, "GET")


# The description of a sandbox that behaves otherwise

A_PART = r"/(authenticate|task/close/.*|task/fields|lead(/fields|/\{external_id\}(/task)?)?)$"


def every_choice() -> list[tuple[str, str]]:
    return [
        (one.name, choice)
        for one in BEHAVIOURS.values()
        for choice in (*one.choices[1:], *map(str, one.numbers[:1] if one.numbers else ()))
    ]


@pytest.mark.parametrize(("name", "choice"), every_choice())
def test_it_is_true_whatever_the_behaviour(
    controlled: "Running", control: "ControlPlaneClient", runs_whole: bool, name: str, choice: str
) -> None:
    control.settings(rate_limit=10**9, month_limit=10**9)
    own = httpx.get(f"{controlled.info.url}/openapi.json", verify=False).json()
    control.behave(**{name: choice})
    assert walk(controlled, "" if runs_whole else A_PART) == {}
    told = httpx.get(f"{controlled.info.url}/openapi.json", verify=False).json()
    assert f"{name}={choice}" in told["info"]["description"]
    control.behave()
    assert httpx.get(f"{controlled.info.url}/openapi.json", verify=False).json() == own


def test_it_is_true_whatever_the_behaviours_together(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    control.settings(rate_limit=10**9, month_limit=10**9)
    for number in (-1, 1):
        choices = {one.name: one.choices[number] for one in BEHAVIOURS.values() if not one.numbers}
        control.behave(**choices)
        assert walk(controlled, A_PART) == {}


@pytest.mark.parametrize(
    ("name", "choice"),
    [
        ("totals", "numbers"),
        ("list_key", "entity"),
        ("error_body", "html"),
        ("error_body", "empty"),
        ("error_body", "array"),
        ("rate_headers", "missing"),
        ("token_header", "garbage"),
        ("external_ids", "odd"),
        ("field_metadata", "other-names"),
        ("values", "nested"),
        ("malformed_body", "422"),
        ("system_fields", "absent"),
    ],
)
def test_a_description_that_is_not_turned_would_be_noticed(
    controlled: "Running",
    control: "ControlPlaneClient",
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    choice: str,
) -> None:
    """The broken twin: the sandbox's own description, whatever it does."""

    def unturned(document: Json, _behaviours: object) -> Json:
        return document

    monkeypatch.setattr(description, "describe_variant", unturned)
    control.behave(**{name: choice})
    assert walk(controlled, A_PART) != {}
