"""The commands on a system without what only POSIX has, as far as it can be tried on one."""

import json
from pathlib import Path

import pytest

from cmdm_tui.sandbox import RunningInfo
from tests.claims.program import MAIN, run_cmdm, start_cmdm
from tests.claims.terminal import ProgramTerminal

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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_needs_nothing_that_only_posix_has(
    tmp_path: Path, environment: dict[str, str], name: str, kind: str
) -> None:
    words, stdin, printed = COMMANDS[name]
    if words[0] in {"verify", "fuzz"}:
        environment = {}
    ended = run_cmdm(*words, home=tmp_path, stdin=stdin, extra=environment, first=KINDS[kind])
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


OTHER_DRIVER = """
import os, sys
from textual import constants
sys.path.insert(0, os.environ["OTHER_DRIVER"])
constants.DRIVER = "other_driver:OtherDriver"
"""
# As the driver of Windows: what is painted goes to a stream, and a thread reads keys.
DRIVER_MODULE = """
import asyncio, os, sys, threading
from textual import events
from textual.drivers.headless_driver import HeadlessDriver

class OtherDriver(HeadlessDriver):
    is_headless = False
    can_suspend = False

    def write(self, data):
        os.write(1, data.encode())

    def start_application_mode(self):
        super().start_application_mode()
        self.write("\\x1b[?1049h")
        self.loop = asyncio.get_running_loop()
        threading.Thread(target=self.read_keys, daemon=True).start()

    def read_keys(self):
        while keys := os.read(0, 1):
            key = keys.decode()
            if key.isalpha():
                self.loop.call_soon_threadsafe(self.process_message, events.Key(key, key))

    def stop_application_mode(self):
        self.write("\\x1b[?1049l")
"""


def start_explorer_without(home: Path, missing: str, code: str = "") -> ProgramTerminal:
    folder = home / "without"
    folder.mkdir()
    (folder / "other_driver.py").write_text(DRIVER_MODULE)
    extra = {"OTHER_DRIVER": str(folder)}
    return ProgramTerminal(["demo"], home, extra, code=code + MAIN, first=missing)


@pytest.mark.parametrize("kind", KINDS)
def test_the_explorer_needs_nothing_that_only_posix_has(tmp_path: Path, kind: str) -> None:
    """Textual reads a POSIX terminal with `termios`; another driver stands in, as on Windows."""
    terminal = start_explorer_without(tmp_path, KINDS[kind], OTHER_DRIVER)
    try:
        terminal.wait_for("ExternalID", "of 400 · 100 read")
        terminal.press("q\n")
        assert terminal.wait_for_exit() == 0
    finally:
        terminal.close()
    assert b"Traceback" not in terminal.raw
    assert b"fault of cmdm" not in terminal.raw
    assert terminal.modes_left_on == []


def test_an_explorer_that_reads_a_posix_terminal_would_be_noticed(tmp_path: Path) -> None:
    """The broken twin: with Textual's usual driver it does need one of the modules."""
    terminal = start_explorer_without(tmp_path, NO_MODULES)
    try:
        assert terminal.wait_for_exit() != 0
    finally:
        terminal.close()


EVERY_MODULE = """
import importlib, pkgutil, warnings
import cmdm_tui
warnings.simplefilter("ignore")
for found in pkgutil.walk_packages(cmdm_tui.__path__, "cmdm_tui."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
        print(found.name)
"""


def test_every_module_of_ours_is_imported_without_it(tmp_path: Path) -> None:
    with start_cmdm([], tmp_path, code=NO_MODULES + EVERY_MODULE) as process:
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    assert b"cmdm_tui.tui.app" in out
    assert len(out.splitlines()) > 200


def test_a_module_that_is_needed_after_all_is_noticed(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """As it was with `fcntl`, here with a module that the program does use."""
    folder = tmp_path / "without"
    folder.mkdir()
    missing = NO_MODULES + "sys.modules['filelock'] = None\n"
    (folder / "sitecustomize.py").write_text(missing, encoding="utf-8")
    path = {"PYTHONPATH": str(folder)}
    ended = run_cmdm("list", "lead", home=tmp_path, extra={**environment, **path})
    assert ended.code != 0
