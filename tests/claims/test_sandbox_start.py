"""Starting a sandbox: a signal is heard at once, and nothing half made is left."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cmdm_tui.sandbox.storage.sqlite import data_file
from cmdm_tui.sandbox.storage.sqlite.data_file import create_data_file
from cmdm_tui.sandbox.storage.sqlite.file_task import FileTask
from tests.claims.program import environment_of
from tests.claims.sandbox_process import COMMAND, end_with, serve_sandbox, start_sandbox

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
MANY = ("--port", "0", "--records", "150000", "--json")
SECONDS_TO_END = 1.5
"""A second, and what a loaded machine needs to end a process."""

TRIES = 3
"""One end may be late as the machine has other work; three in a row are late by themselves."""


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists() or not path.stat().st_size:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def seeding(home: Path, seconds: float) -> Generator["subprocess.Popen[bytes]"]:
    """Start a sandbox, and wait until it has been storing records for some seconds."""
    with start_sandbox(home, *MANY) as process:
        wait_for(home / "data" / "sandbox.sqlite.new")
        time.sleep(seconds)
        yield process


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_seeding_is_heard_at_once(
    tmp_path: Path, number: signal.Signals, runs_whole: bool
) -> None:
    # From the first records to the last indexes: everywhere.
    moments = [tenth / 10 for tenth in range(60)] if runs_whole else [0.0, 0.7]
    for moment in moments:
        tries = (seconds_to_end(tmp_path, moment, number) for _ in range(TRIES))
        assert any(seconds < SECONDS_TO_END for seconds in tries)


def seconds_to_end(home: Path, moment: float, number: signal.Signals) -> float:
    """Return how long a sandbox takes to end that has been seeding; it leaves nothing half made."""
    with seeding(home, moment) as process:
        began = time.monotonic()
        process.send_signal(number)
        output, errors = process.communicate(timeout=20)
        seconds = time.monotonic() - began
    assert (process.returncode, output, errors) == (0, b"", b"")
    assert {path.name for path in (home / "data").iterdir()} == {"lock", "credentials.json"}
    return seconds


def test_data_that_was_there_outlives_an_interrupted_reset(tmp_path: Path) -> None:
    with serve_sandbox(tmp_path) as (process, _):
        end_with(process, signal.SIGTERM)
    before = (tmp_path / "data" / "sandbox.sqlite").read_bytes()
    with start_sandbox(tmp_path, *MANY, "--reset") as process:
        wait_for(tmp_path / "data" / "sandbox.sqlite.new")
        assert end_with(process, signal.SIGINT) == 0
    assert (tmp_path / "data" / "sandbox.sqlite").read_bytes() == before


def test_a_kill_while_seeding_leaves_no_half_data_set(tmp_path: Path) -> None:
    with seeding(tmp_path, 0.3) as process:
        end_with(process, signal.SIGKILL)
    assert not (tmp_path / "data" / "sandbox.sqlite").exists()
    with serve_sandbox(tmp_path) as (process, _):
        assert not (tmp_path / "data" / "sandbox.sqlite.new").exists()
        end_with(process, signal.SIGTERM)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_it_when_it_serves(tmp_path: Path, number: signal.Signals) -> None:
    with serve_sandbox(tmp_path) as (process, _):
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, b"")
    assert not (tmp_path / "data" / "sandbox.sqlite-wal").exists()


def test_a_sighup_that_is_ignored_stays_so(tmp_path: Path) -> None:
    nohup = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh", *COMMAND)
    with serve_sandbox(tmp_path, command=nohup) as (process, _):
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        assert end_with(process, signal.SIGTERM) == 0


def test_a_second_sandbox_on_the_same_data_is_one_line(tmp_path: Path) -> None:
    with serve_sandbox(tmp_path) as (process, info):
        ended = subprocess.run(
            [*COMMAND, "--port", "0", "--data", str(tmp_path / "data")],
            capture_output=True,
            env=environment_of(tmp_path),
            timeout=20,
            check=False,
        )
        assert ended.returncode == 1
        assert ended.stdout == b""
        assert ended.stderr.count(b"\n") == 1
        assert b"Another sandbox is using the data folder" in ended.stderr
        assert f"(it serves {info.url}, process {process.pid})".encode() in ended.stderr
        assert end_with(process, signal.SIGTERM) == 0


# Where a signal gets lost

RAISING = """
import os, signal, sys, threading, time
from pathlib import Path
from cmdm_tui.sandbox.storage.sqlite import data_file, file_task

class Heard(BaseException):
    pass

def hear(number, frame):
    raise Heard

signal.signal(signal.SIGTERM, hear)
compute = data_file._compute_key
main = os.getpid()
keys = 0

def slow_key(record, name, kind):
    # The signal comes while SQLite waits for a key, whatever the machine does.
    global keys
    keys += 1
    if keys == 500:
        os.kill(main, signal.SIGTERM)
        time.sleep(0.05)
    return compute(record, name, kind)

data_file._compute_key = slow_key
BROKEN
from cmdm_tui.sandbox import seed
try:
    data_file.create_data_file(Path(sys.argv[1]), seed.generate_records(300), 1)
except Heard:
    print("heard")
except BaseException as error:
    print("lost:", error)
else:
    print("lost")
"""

# The broken twin: the work is done by the thread that hears signals.
IN_THE_SAME_THREAD = """
def run(self, progress):
    self._work(self)
file_task.FileTask.run = run
"""


def what_is_heard(tmp_path: Path, broken: str = "") -> str:
    program = RAISING.replace("BROKEN", broken)
    words = [sys.executable, "-c", program, str(tmp_path / "sandbox.sqlite")]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_signal_inside_a_function_that_sqlite_calls_is_heard(tmp_path: Path) -> None:
    assert what_is_heard(tmp_path) == "heard\n"
    assert list(tmp_path.iterdir()) == []


def test_without_a_thread_of_its_own_it_is_lost(tmp_path: Path) -> None:
    """The broken twin: SQLite says that a function failed, and nobody says why."""
    assert what_is_heard(tmp_path, IN_THE_SAME_THREAD).startswith("lost")


def test_what_goes_wrong_in_the_thread_is_raised(tmp_path: Path) -> None:
    def fail(_task: FileTask) -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        FileTask(fail).run(lambda _done, _total: None)


def test_a_progress_that_raises_ends_the_work(tmp_path: Path) -> None:
    def fail(_done: int, _total: int) -> None:
        raise BrokenPipeError

    from cmdm_tui.sandbox import seed

    with pytest.raises(BrokenPipeError):
        create_data_file(tmp_path / "file", seed.generate_records(2_000), 1, fail)
    assert list(tmp_path.iterdir()) == []
    assert not [one for one in threading.enumerate() if one.name == "sandbox data"]


def test_a_cancel_in_the_last_step_lets_it_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old file has gone and the new one is not there yet: no moment to stop at."""
    path = tmp_path / "file"
    create_data_file(path, {}, 0)
    moving = threading.Event()
    sync = data_file._sync

    def slow_sync(synced: Path) -> None:
        if synced == tmp_path:
            time.sleep(0.8)
        sync(synced)

    begin = FileTask.begin_last_step

    def begin_and_say(task: FileTask) -> None:
        begin(task)
        moving.set()
        time.sleep(0.8)

    def stop(_done: int, _total: int) -> None:
        assert moving.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr(data_file, "_sync", slow_sync)
    monkeypatch.setattr(FileTask, "begin_last_step", begin_and_say)
    with pytest.raises(KeyboardInterrupt):
        create_data_file(path, {}, 0, stop)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (data_file.LAYOUT,)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
