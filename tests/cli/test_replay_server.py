"""`cmdm replay --serve` as a program: any client, what it reports, and how it ends."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from cmdm_tui.harness.cassettes.library import built_in_folder
from tests.cli.conftest import Command

SERVE = [sys.executable, "-m", "cmdm_tui", "replay", "--serve"]
CASSETTE = built_in_folder() / "contract" / "get-lead.yaml"
SECRET = "sesame-3f9a1c77"


@contextmanager
def served(*words: str) -> Generator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Serve cassettes, and yield the process with the document of its first line."""
    process = subprocess.Popen(
        [*SERVE, "--json", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def end(
    process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM
) -> tuple[int, dict[str, Any], str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    return process.returncode, json.loads(out), err


def ask(
    url: str,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, bytes]:
    request = urllib.request.Request(f"{url}{path}", body, dict(headers), method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_client_is_answered_as_recorded_and_the_end_is_a_success(
    number: signal.Signals,
) -> None:
    with served(str(CASSETTE)) as (process, start):
        assert start["cassettes"] == [str(CASSETTE)]
        assert start["calls"] == 2
        url = start["url"]
        assert ask(url, "/api/v1/authenticate", "POST")[0] == 200
        status, body = ask(url, "/api/v1/lead?per_page=1&page=1")
        found = json.loads(body)["Entity"][0]["ExternalID"]
        assert ask(url, f"/api/v1/lead/{found}")[0] == status == 200
        code, document, err = end(process, number)
    assert (code, document["answered"], document["not_recorded"]) == (0, 3, 0)
    assert document["unused"] == []
    assert "200  GET    /api/v1/lead?per_page=1&page=1" in err


def test_what_is_not_recorded_is_refused_and_what_is_not_used_is_listed_without_a_secret() -> None:
    with served(str(CASSETTE)) as (process, start):
        url, bearer = start["url"], {"Authorization": f"Bearer {SECRET}"}
        assert ask(url, "/api/v1/authenticate", "POST", headers={"password": SECRET})[0] == 200
        status, body = ask(url, f"/api/v1/lead?per_page={SECRET}&page=1", headers=bearer)
        assert status == 501
        assert b"its parameter per_page was recorded as 1, and came as" in body
        assert ask(url, "/api/v1/lead?per_page=1&page=1", headers={"Host": "crm.example"})[0] == 421
        assert ask(url, "/api/v1/lead", "POST", b"x" * (17 * 1024 * 1024))[0] == 413
        code, document, err = end(process)
    assert code == 1
    assert (document["answered"], document["not_recorded"]) == (1, 1)
    assert len(document["unused"]) == 2
    assert "Not replayed as recorded: 1 call not recorded and 2 recorded answers not used" in err
    assert SECRET not in err + json.dumps(document)


def test_a_post_to_the_control_path_begins_again() -> None:
    path = "/api/v1/lead?per_page=1&page=1"
    with served("--allow-unused", str(CASSETTE)) as (process, start):
        url = start["url"]
        assert [ask(url, path)[0] for _ in range(2)] == [200, 501]
        assert ask(url, "/-/rewind")[0] == 501  # only a POST is meant
        assert ask(url, "/-/rewind", "POST")[0] == 204
        assert [ask(url, path)[0] for _ in range(2)] == [200, 501]
        _, document, _ = end(process)
    assert (document["answered"], document["not_recorded"]) == (2, 3)


def test_order_repeats_and_unused_answers_are_options(tmp_path: Path) -> None:
    words = ("--order-free", "--repeats", "2", "--allow-unused", "--from", str(tmp_path))
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "mine.yaml").write_bytes(CASSETTE.read_bytes())
    with served(*words) as (process, start):
        url = start["url"]
        codes = [ask(url, "/api/v1/lead?page=1&per_page=1")[0] for _ in range(3)]
        code, document, err = end(process)
    assert codes == [200, 200, 501]
    assert (code, len(document["unused"])) == (1, 1)
    assert "1 call not recorded; see above" in err


def test_a_port_in_use_is_one_sentence(cmdm: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = cmdm("replay", "--serve", "get-lead", "--port", port)
    assert (ended.code, ended.out) == (2, b"")
    assert f"cannot be served on port {port} (Address already in use). Choose another" in ended.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--serve"], "Name a cassette to serve: a file, a folder, or a case."),
        (["--serve", "lost.yaml"], "There is no cassette lost.yaml. Check the path, or record it"),
        (["--serve", "gte-lead"], "There is no case gte-lead. Did you mean get-lead"),
        (["--serve", "empty"], "There is no cassette in empty: a .yaml file is one."),
        (["--serve", "none.yaml"], "none.yaml holds no interaction: there is nothing to serve."),
        (["--serve", "cut.yaml"], "cut.yaml is not laid out as a cassette: line"),
        (["--serve", "mine.yaml", "--vcr"], "--vcr plays cases back; it does not go with --serve."),
        (["--port", "9000", "get-lead"], "--port goes with --serve"),
        (["--order-free"], "--order-free goes with --serve"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(
    cmdm: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "none.yaml").write_text("interactions: []\nversion: 1\n")
    whole = CASSETTE.read_text("utf-8")
    (tmp_path / "mine.yaml").write_text(whole)
    (tmp_path / "cut.yaml").write_text(whole[: len(whole) // 2])
    ended = cmdm("replay", *words)
    assert (ended.code, ended.out) == (2, b"")
    assert message in ended.err
    assert "Traceback" not in ended.err
