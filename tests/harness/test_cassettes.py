"""Cassettes are canonical, short, named in the manifest, and hold no secret."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.cli.recording import record_case
from cmdm_tui.harness import CASES, SecretLeak, recording
from cmdm_tui.harness.guard import refuse_secrets
from cmdm_tui.sandbox import RunningInfo

CASSETTES = Path(__file__).parents[2] / "cassettes"
FILES = sorted(CASSETTES.rglob("*.yaml"))
BY_NAME = {case.name: case for case in CASES}


def test_every_case_has_its_cassette_in_the_manifest() -> None:
    manifest = json.loads((CASSETTES / "manifest.json").read_bytes())["cassettes"]
    assert {Path(name).stem for name in manifest} == set(BY_NAME)
    for name, entry in manifest.items():
        assert hashlib.sha256((CASSETTES / name).read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_committed_cassette_holds_nothing_but_what_is_allowed(path: Path) -> None:
    content: Any = yaml.safe_load(path.read_bytes())
    assert len(content["interactions"]) < 50
    for interaction in content["interactions"]:
        request, response = interaction["request"], interaction["response"]
        assert set(request["headers"]) <= {"content-type"}
        assert request["uri"].startswith("http://127.0.0.1:8765/api/v1/")
        assert not {"set-cookie", "server"} & set(response["headers"])
        body = response["body"]["string"]
        if request["uri"].endswith("/authenticate") and response["status"]["code"] == 200:
            assert body == '{"token":"recorded-token"}'
        else:
            assert '"token"' not in body


@pytest.mark.parametrize("name", ["authenticate", "convert", "hour-limit"])
def test_recording_again_gives_the_same_bytes(tmp_path: Path, name: str, runs_whole: bool) -> None:
    names = list(BY_NAME) if runs_whole and name == "authenticate" else [name]
    for each in names:
        record_case(BY_NAME[each], tmp_path)
        for suffix in (".yaml", ".outcome.json"):
            again = (tmp_path / each).with_suffix(suffix).read_bytes()
            assert again == (CASSETTES / "contract" / each).with_suffix(suffix).read_bytes()


SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "raw": str.encode,
    "JSON": lambda text: json.dumps(text)[1:-1].encode(),
    "percent": lambda text: quote(text, safe="").encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "HEX": lambda text: text.encode().hex().upper().encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 of a pair": lambda text: base64.b64encode(b"u:" + text.encode() + b"!"),
    "base64 of more": lambda text: base64.urlsafe_b64encode(b"user:" + text.encode()),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(secret=st.text(st.characters(exclude_categories=("Cs",)), min_size=6, max_size=40))
def test_a_secret_is_found_however_it_is_spelt(spelling: str, secret: str) -> None:
    content = b"before " + SPELLINGS[spelling](secret) + b" after"
    with pytest.raises(SecretLeak) as raised:
        refuse_secrets(content, {secret}, place="x.yaml")
    assert "x.yaml" in str(raised.value)


@given(st.binary(max_size=200))
def test_what_holds_no_secret_is_not_refused(content: bytes) -> None:
    secret = "s3cret-never-drawn-by-chance"
    if secret.encode() not in content:
        refuse_secrets(content, {secret}, place="x")


def record_with(path: Path, info: RunningInfo, secrets: set[str], target: str) -> None:
    """Record a sign-in and a call whose answer may echo something."""

    async def session() -> None:
        async with httpx.AsyncClient(base_url=f"{info.url}/api/v1/") as http:
            headers = {
                "client_id": info.client_id,
                "client_secret": info.client_secret,
                "username": info.username,
                "password": info.password,
            }
            answer = await http.post("authenticate", headers=headers)
            token = answer.json()["token"]
            await http.get(target.format(token=token), headers={"Authorization": f"Bearer {token}"})

    with recording(path, url=info.url, secrets=secrets):
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
