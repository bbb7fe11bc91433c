"""`cmdm sandbox serve` as a program: its first line, its data, its end."""

import json
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command

SERVE = [sys.executable, "-m", "cmdm_tui", "sandbox", "serve"]


@contextmanager
def served(data: Path, *words: str) -> Generator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Start the program and yield it with the object of its first line."""
    process = subprocess.Popen(
        [*SERVE, "--json", "--port", "0", "--records", "20", "--data", str(data), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def environment(info: dict[str, Any]) -> dict[str, str]:
    """Return the variables that name a sandbox, from the document that it has printed."""
    names = ("url", "client_id", "client_secret", "username", "password")
    return {f"CMDM_{name.upper()}": info[name] for name in names}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_serves_and_ends_cleanly(
    cmdm: Command, tmp_path: Path, number: signal.Signals
) -> None:
    with served(tmp_path / "data") as (process, info):
        assert set(info) >= {"url", "client_id", "client_secret", "username", "password"}
        assert cmdm("list", "lead", **environment(info)).json["Total Records"] == "20"
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (0, "")
        assert "GET    /api/v1/lead" in err
        for name in ("client_secret", "password"):
            assert info[name] not in err


def test_data_and_credentials_stay_between_starts_until_reset(
    cmdm: Command, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with served(data) as (_, info):
        before = environment(info)
        created = cmdm("create", "lead", "LastName=Kept", **before).json["ExternalID"]
    with served(data) as (_, info):
        after = environment(info)
        assert cmdm("get", "lead", created, **after).json["Properties"]["LastName"] == "Kept"
        assert {**after, "CMDM_URL": ""} == {**before, "CMDM_URL": ""}
    with served(data, "--reset") as (_, info):
        assert cmdm("get", "lead", created, **environment(info)).code == 4


def test_what_keeps_it_from_starting_is_one_line(cmdm: Command, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(data) as (_, info):
        port = info["url"].rpartition(":")[2]
        other = str(tmp_path / "other")
        in_use = cmdm("sandbox", "serve", "--port", port, "--data", other)
        locked = cmdm("sandbox", "serve", "--port", "0", "--data", str(data))
    (tmp_path / "file").write_text("no folder")
    no_folder = cmdm("sandbox", "serve", "--port", "0", "--data", str(tmp_path / "file"))
    (database,) = [path for path in data.iterdir() if path.suffix in {".db", ".sqlite"}]
    database.write_bytes(b"this is no database" * 1000)
    broken = cmdm("sandbox", "serve", "--port", "0", "--data", str(data))
    for ended, named in (
        (in_use, port),
        (locked, str(data)),
        (no_folder, "file"),
        (broken, database.name),
    ):
        assert ended.code == 1
        assert named in ended.err
        assert ended.err.count("\n") == 1
        assert "Traceback" not in ended.err


def test_a_setting_out_of_range_is_a_usage_error(cmdm: Command) -> None:
    for words in (["--port", "70000"], ["--records", "-1"], ["--token-ttl", "0"]):
        ended = cmdm("sandbox", "serve", *words)
        assert ended.code == 2
        assert words[1] in ended.err
