"""Cassettes are canonical, short, named in the manifest, and hold no secret."""

import asyncio
import gzip
import json
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml
from vcr.request import Request  # pyright: ignore[reportMissingTypeStubs]

from cmdm_tui.harness.cassettes.case_recorder import record_case, record_cases
from cmdm_tui.harness.cassettes.format import (
    REQUEST_HEADERS,
    RESPONSE_HEADERS,
    IdAliases,
    Interaction,
)
from cmdm_tui.harness.cassettes.format import make_canonical as canonical_of
from cmdm_tui.harness.cassettes.library import (
    LibraryEntry,
    built_in_folder,
    select_entries,
)
from cmdm_tui.harness.cassettes.manifest import find_faults, read_manifest
from cmdm_tui.harness.cassettes.recorder import (
    UndecodableBody,
    from_vcrpy,
    record_cassette,
    write_cassette,
)
from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak
from cmdm_tui.sandbox import RunningInfo
from tests.harness.conftest import ControlledSandbox
from tests.harness.recorded_cases import ALL

CASSETTES = built_in_folder()

TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])[\w-]{43}(?![\w-])")
"""What a token of the sandbox looks like: 32 bytes, as base64 for addresses; no case's name."""


def test_every_case_has_its_cassette_in_the_manifest() -> None:
    manifest = read_manifest(CASSETTES)
    assert set(manifest) == {entry.key for entry in ALL}
    assert [fault for entry in ALL for fault in find_faults(entry, manifest)] == []


def wrong_in(content: Any) -> list[str]:
    """Return what a cassette holds that none may hold."""
    found: list[str] = []
    if not 0 < len(content["interactions"]) < 50:
        found.append("length")
    for interaction in content["interactions"]:
        request, response = interaction["request"], interaction["response"]
        found += ["request header"] * (not set(request["headers"]) <= REQUEST_HEADERS)
        found += ["response header"] * (not set(response["headers"]) <= RESPONSE_HEADERS)
        of_api = ("http://127.0.0.1:8765/api/v1/", "http://127.0.0.1:8765/api/v0/")
        found += ["address"] * (not request["uri"].startswith(of_api))
        body = response["body"]["string"]
        text = body if isinstance(body, str) else body.decode("latin-1")
        is_sign_in = request["uri"].lower().partition("?")[0].endswith("/authenticate")
        is_token = is_sign_in and response["status"]["code"] == 200
        found += ["token"] * ((text == '{"token":"recorded-token"}') != is_token)
        everything = json.dumps(interaction, default=repr)
        found += ["looks like a token"] * bool(TOKEN.search(everything))
        found += ["bearer"] * ("bearer" in everything.lower())
    return found


@pytest.mark.parametrize("kind", ["contract", "stateful", "stories"])
def test_no_committed_cassette_holds_what_none_may_hold(kind: str) -> None:
    for entry in ALL:
        if entry.kind == kind:
            content = yaml.load(entry.cassette.read_bytes(), Loader=yaml.CSafeLoader)
            assert (entry.case.name, wrong_in(content)) == (entry.case.name, [])


def test_nothing_in_the_tree_looks_like_a_token() -> None:
    files = [path for path in CASSETTES.rglob("*") if path.is_file() and path.parent.name != "live"]
    assert len(files) > 2 * len(ALL)
    for path in files:
        assert (path.name, TOKEN.findall(path.read_text("utf-8"))) == (path.name, [])


def test_what_none_may_hold_is_noticed() -> None:
    (entry,) = select_entries(ALL, ["authenticate-valid"])
    text = entry.cassette.read_text()
    token = "X" * 43
    spoilt = {
        "token": text.replace("recorded-token", "another"),
        "looks like a token": text.replace("per_page=1", f"per_page={token}"),
        "request header": text.replace("headers: {}", "headers: {authorization: [x]}", 1),
        "response header": text.replace("      date:", "      set-cookie:", 1),
        "address": text.replace("http://127.0.0.1:8765", "https://crm.example.com", 1),
        "bearer": text.replace("per_page=1", "per_page=Bearer", 1),
    }
    for wrong, content in spoilt.items():
        assert content != text
        assert wrong in wrong_in(yaml.safe_load(content))


def test_the_tree_holds_none_of_the_credentials_it_was_recorded_with(
    controlled: ControlledSandbox, tmp_path: Path
) -> None:
    # Those of a recording are drawn anew each time, so it is made here and searched.
    info = controlled.info
    found = select_entries(ALL, ["authenticate*", "create-lead", "token-ended"])
    with controlled.service() as target:
        list(record_cases(found, target, tmp_path, name="sandbox"))
        scanner = LeakScanner({info.client_id, info.client_secret, info.username, info.password})
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(files) == 2 * len(found) + 1
        for path in files:
            scanner.check(path.read_bytes(), str(path))
            target.leak_scanner.check(path.read_bytes(), str(path))
        files[0].write_bytes(files[0].read_bytes() + info.password.encode())
        with pytest.raises(SecretLeak):
            scanner.check(files[0].read_bytes(), "spoilt")


SAMPLE = [
    "authenticate", "convert-*", "*-limit-*", "list-order-words", "create-body-*", "close",
    "lost-answer-reconciled", "run-into-the-limit", "bulk-create-from-rows",
]  # fmt: skip


def test_recording_again_gives_the_same_bytes(
    controlled: ControlledSandbox, tmp_path: Path, runs_whole: bool
) -> None:
    found = ALL if runs_whole else select_entries(ALL, SAMPLE)
    with controlled.service() as target:
        for result in record_cases(found, target, tmp_path, name="sandbox"):
            assert (result.entry.case.name, result.problems) == (result.entry.case.name, ())
            assert result.cassette.read_bytes() == result.entry.cassette.read_bytes()
    again = read_manifest(tmp_path)
    manifest = read_manifest(CASSETTES)
    for entry in found:
        assert again[entry.key].sha256 == manifest[entry.key].sha256


def changed_case(entry: LibraryEntry, status: int) -> LibraryEntry:
    step = entry.case.steps[-1]
    other = msgspec.structs.replace(
        step, expect=msgspec.structs.replace(step.expect, status=status)
    )
    case = msgspec.structs.replace(entry.case, steps=(*entry.case.steps[:-1], other))
    return LibraryEntry(case, entry.kind, entry.path)


def test_what_is_not_as_expected_is_not_recorded(
    controlled: ControlledSandbox, tmp_path: Path
) -> None:
    (entry,) = select_entries(ALL, ["get-lead"])
    path = tmp_path / "get-lead.yaml"
    path.write_bytes(b"what was there")
    with controlled.service() as target:
        problems = record_case(changed_case(entry, 404).case, path, target)
    assert problems == ("Step 2: The status is 200, not 404.",)
    assert path.read_bytes() == b"what was there"


def record_with(path: Path, info: RunningInfo, secrets: set[str], target: str) -> None:
    """Record a sign-in and a call whose answer may echo something."""

    async def session() -> None:
        async with httpx.AsyncClient(base_url=f"{info.url}/api/v1/", verify=False) as http:
            headers = {
                "client_id": info.client_id,
                "client_secret": info.client_secret,
                "username": info.username,
                "password": info.password,
            }
            answer = await http.post("authenticate", headers=headers)
            token = answer.json()["token"]
            await http.get(target.format(token=token), headers={"Authorization": f"Bearer {token}"})

    with record_cassette(path, url=info.url, scanner=LeakScanner(secrets)):
        asyncio.run(session())


def test_nothing_of_a_sign_in_is_recorded(tmp_path: Path, sandbox: RunningInfo) -> None:
    path = tmp_path / "cassette.yaml"
    secrets = {sandbox.client_id, sandbox.client_secret, sandbox.username, sandbox.password}
    record_with(path, sandbox, secrets, "lead?per_page=1&page=1")
    content = path.read_bytes()
    assert b"recorded-token" in content
    assert not any(secret.encode() in content for secret in secrets)


@pytest.mark.parametrize("target", ["lead/{token}", "lead?sort_by={token}"])
def test_a_token_that_is_echoed_is_not_written(
    tmp_path: Path, sandbox: RunningInfo, target: str
) -> None:
    path = tmp_path / "cassette.yaml"
    with pytest.raises(SecretLeak):
        record_with(path, sandbox, set(), target)
    assert not path.exists()


def test_a_password_that_is_echoed_is_not_written(tmp_path: Path, sandbox: RunningInfo) -> None:
    path = tmp_path / "cassette.yaml"
    with pytest.raises(SecretLeak):
        record_with(path, sandbox, {sandbox.password}, f"lead/{sandbox.password}")
    assert not path.exists()


def interaction(**changed: Any) -> Interaction:
    plain: dict[str, Any] = {
        "method": "GET", "uri": "http://127.0.0.1:8765/api/v1/lead", "request_headers": {},
        "request_body": b"", "status": 200, "reason": "OK", "headers": {}, "body": b"{}",
    }  # fmt: skip
    return Interaction(**{**plain, **changed})


def test_a_sign_in_keeps_its_form_and_nothing_else() -> None:
    answer = {"token": "abc-def-ghi", "expires": 3600, "user": {"Mail": "a@b"}, "scopes": ["x"]}
    sign_in = interaction(
        method="POST", uri="http://127.0.0.1:8765/api/v1/Authenticate",
        body=json.dumps(answer).encode(),
    )  # fmt: skip
    scanner = LeakScanner()
    (recorded,) = canonical_of([sign_in], IdAliases(), scanner)
    assert json.loads(recorded.body) == {
        "token": "recorded-token",
        "expires": 0,
        "user": {"Mail": "recorded-mail"},
        "scopes": ["recorded-scopes"],
    }
    with pytest.raises(SecretLeak):
        scanner.check("abc-def-ghi", "x")


def test_ids_are_numbered_wherever_and_however_they_stand() -> None:
    odd = 'a/b "é"'
    made = interaction(method="POST", status=201, body=json.dumps({"ExternalID": odd}).encode())
    read = interaction(
        uri="http://127.0.0.1:8765/api/v1/lead/a%2Fb%20%22%C3%A9%22",
        body=json.dumps({"ExternalID": odd}, ensure_ascii=False).encode(),
    )
    first, second = canonical_of([made, read], IdAliases(), LeakScanner())
    assert json.loads(first.body) == json.loads(second.body) == {"ExternalID": "NEW00001"}
    assert second.uri.endswith("/lead/NEW00001")


def test_an_id_inside_a_longer_word_is_not_numbered() -> None:
    aliases = IdAliases()
    aliases.learn("1234")
    assert aliases.replace_in_text("1234 01234 1234x 1234-") == "NEW00001 01234 1234x NEW00001-"


def test_a_compressed_answer_is_recorded_as_what_it_says(tmp_path: Path) -> None:
    body = gzip.compress(b'{"Message":"hunter2"}')
    said = Exchange(
        1, "GET", "/api/v1/lead", (), b"", 200, (("content-type", "application/json"),), body, 0.0
    )
    with pytest.raises(SecretLeak):
        write_cassette(tmp_path / "x.yaml", [said], LeakScanner({"hunter2"}))


@pytest.mark.parametrize(
    ("coding", "body", "said"),
    [
        ("gzip", gzip.compress(b"{}")[:-4], "it is not the gzip that its answer says"),
        ("deflate", b"\x78\x9cxx", "it is not the deflate that its answer says"),
        ("br", b"\x8b\x00\x80", "the coding br cannot be recorded"),
    ],
)
def test_a_body_that_cannot_be_read_is_said_in_a_sentence(
    coding: str, body: bytes, said: str
) -> None:
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Encoding": [coding]},
        "body": {"string": body},
    }
    sent: dict[str, str] = {}
    with pytest.raises(UndecodableBody, match=said):
        from_vcrpy(Request("GET", "http://127.0.0.1:8765/api/v1/lead", b"", sent), response)


def test_long_bodies_are_told_by_their_hash_and_tell_apart() -> None:
    sent = [interaction(method="POST", request_body=letter * 1_048_577) for letter in (b"x", b"y")]
    first, second = canonical_of(sent, IdAliases(), LeakScanner())
    assert len(first.request_body) < 100
    assert first.request_body != second.request_body


def test_a_recording_that_is_refused_leaves_nothing_patched(
    tmp_path: Path, sandbox: RunningInfo
) -> None:
    before = httpx.AsyncHTTPTransport.handle_async_request
    with pytest.raises(SecretLeak):
        record_with(tmp_path / "x.yaml", sandbox, {sandbox.password}, f"lead/{sandbox.password}")
    assert httpx.AsyncHTTPTransport.handle_async_request is before
