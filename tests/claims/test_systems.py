"""The commands on a system without what only POSIX has, as far as it can be tried on one."""

import json
from pathlib import Path

import pytest

from cmdm_tui.sandbox import RunningInfo
from tests.claims.program import Ended, run_cmdm, start_cmdm

NO_MODULES = """
import sys
for name in ("fcntl", "resource", "termios", "tty", "pty", "pwd", "grp", "curses", "readline"):
    sys.modules[name] = None
"""
NO_CALLS = """
import os, signal
import asyncio, subprocess, multiprocessing, tempfile, shutil, socket, threading, platformdirs
for name in ("geteuid", "getuid", "getegid", "getgid", "killpg", "fork",
             "getpgrp", "tcgetpgrp", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY"):
    if hasattr(os, name):
        delattr(os, name)
def no_handler(*_):
    raise NotImplementedError
asyncio.unix_events._UnixSelectorEventLoop.add_signal_handler = no_handler
asyncio.unix_events._UnixSelectorEventLoop.remove_signal_handler = no_handler
"""
KINDS = {"modules": NO_MODULES, "calls": NO_MODULES + NO_CALLS}

COMMANDS: dict[str, tuple[list[str], bytes, str]] = {
    "whoami": (["whoami"], b"", "user"),
    "doctor": (["doctor"], b"", "sign-in"),
    "list": (["list", "lead"], b"", "ExternalID"),
    "create": (["create", "lead", "LastName=Jones"], b"", ""),
    "query": (["query", "SHOW ENTITIES"], b"", "lead"),
    "file": (["query", "--out", "one.csv", "SELECT count(*) FROM lead"], b"", ""),
    "prompt": (["repl"], b"GET lead?per_page=1&page=1\nSELECT count(*) FROM lead;\n", "ExternalID"),
    "cases": (["cases", "list", "get-lead"], b"", "get-lead"),
    "verify": (["verify", "get-lead"], b"", ""),
    "fuzz": (["fuzz", "--plain", "--max-requests", "5"], b"", "No failure"),
    "profile": (["profile", "list"], b"", ""),
    "probe": (["probe", "--help"], b"", "Usage"),
}
"""Each command: its words, its standard input, and a text that it prints."""


@pytest.fixture
def environment(sandbox: RunningInfo) -> dict[str, str]:
    names = ("url", "client_id", "client_secret", "username", "password")
    return {f"CMDM_{name.upper()}": getattr(sandbox, name) for name in names}


def run_without(
    missing: str, words: list[str], stdin: bytes, home: Path, environment: dict[str, str]
) -> Ended:
    folder = home / "without"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(missing, encoding="utf-8")
    path = {"PYTHONPATH": str(folder)}
    return run_cmdm(*words, home=home, stdin=stdin, extra={**environment, **path})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_needs_nothing_that_only_posix_has(
    tmp_path: Path, environment: dict[str, str], name: str, kind: str
) -> None:
    words, stdin, printed = COMMANDS[name]
    if words[0] in {"verify", "fuzz"}:
        environment = {}
    ended = run_without(KINDS[kind], words, stdin, tmp_path, environment)
    assert "Traceback" not in ended.all
    assert ended.code == 0, ended.all
    assert printed in ended.all


def test_the_sandbox_serves_and_logs_without_it(tmp_path: Path) -> None:
    folder = tmp_path / "without"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(KINDS["calls"], encoding="utf-8")
    words = ["sandbox", "serve", "--json", "--port", "0", "--records", "1"]
    words += ["--data", str(tmp_path / "crm"), "--log", str(tmp_path / "calls.log")]
    with start_cmdm(words, tmp_path, {"PYTHONPATH": str(folder)}) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        names = ("url", "client_id", "client_secret", "username", "password")
        environment = {f"CMDM_{name.upper()}": told[name] for name in names}
        listed = run_cmdm("list", "lead", home=tmp_path, extra=environment)
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert listed.code == 0, listed.err
    assert b"Traceback" not in errors
    assert "lead" in (tmp_path / "calls.log").read_text()


def test_a_module_that_is_needed_after_all_is_noticed(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """As it was with `fcntl`, here with a module that the program does use."""
    missing = NO_MODULES + "sys.modules['filelock'] = None\n"
    ended = run_without(missing, ["list", "lead"], b"", tmp_path, environment)
    assert ended.code != 0
