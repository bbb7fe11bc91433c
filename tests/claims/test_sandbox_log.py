"""The sandbox's log never keeps it from serving, whatever becomes of what the log is written to."""

import fcntl
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import IO

import pytest

from cmdm_tui.sandbox.http import log_writer
from cmdm_tui.sandbox.http.log_writer import LogWriter
from tests.claims.sandbox_process import (
    COMMAND,
    call_often,
    end_with,
    open_full_device,
    serve_sandbox,
)

# More than a small pipe holds: 4 KB are about 130 lines.
SMALL_PIPE = 4_096
MANY = 400

FEW_LINES = 1_000
FEW_LINES_WAIT = f"""
from cmdm_tui.cli.main import main
from cmdm_tui.sandbox.http import log_writer

log_writer.MAX_LINES = {FEW_LINES}
main()
"""
"""The program with room for fewer lines that wait to be written."""

# The broken twin: each line is written by the thread that serves.
WAITING = """
import os
from cmdm_tui.cli.main import main
from cmdm_tui.sandbox.http.log_writer import LogWriter

LogWriter.write = lambda self, line: os.write(self._descriptor, line.encode() + b"\\n")
main()
"""


def shrink(pipe: "int | IO[bytes] | None") -> None:
    """Let a pipe hold little, so that few calls fill it."""
    assert pipe is not None
    assert fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, SMALL_PIPE) == SMALL_PIPE


def test_an_unread_stderr_does_not_stop_it(tmp_path: Path) -> None:
    with serve_sandbox(tmp_path) as (process, info):
        shrink(process.stderr)
        assert call_often(info, MANY) == MANY
        began = time.monotonic()
        assert end_with(process, signal.SIGTERM) == 0
    assert time.monotonic() - began < 5


def test_a_log_that_waits_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin."""
    monkeypatch.setattr("tests.claims.sandbox_process.DEADLINE", 1.0)
    with serve_sandbox(tmp_path, code=WAITING) as (process, info):
        shrink(process.stderr)
        assert call_often(info, MANY) < MANY


def test_one_pipe_for_both_streams_that_nobody_reads(tmp_path: Path) -> None:
    with serve_sandbox(tmp_path, stderr=subprocess.STDOUT) as (process, info):
        shrink(process.stdout)
        assert call_often(info, MANY) == MANY
        assert end_with(process, signal.SIGINT) == 0


def test_what_uvicorn_logs_does_not_stop_it_either(tmp_path: Path) -> None:
    with serve_sandbox(tmp_path, "--quiet") as (process, info):
        shrink(process.stderr)
        for _ in range(MANY):
            assert call_often(info, 1, b"nonsense") == 1
        assert end_with(process, signal.SIGTERM) == 0


def test_a_reader_that_comes_late_learns_what_was_left_out(tmp_path: Path) -> None:
    with serve_sandbox(tmp_path, code=FEW_LINES_WAIT) as (process, info):
        assert process.stderr is not None
        shrink(process.stderr)
        calls = FEW_LINES + MANY
        assert call_often(info, calls) == calls
        process.send_signal(signal.SIGTERM)
        lines = process.stderr.read().decode().splitlines()
        assert process.wait(10) == 0
    notes = [line for line in lines if "left out here" in line]
    assert len(notes) == 1
    left_out = int(notes[0].split()[0].replace(",", ""))
    assert left_out > 0
    assert len(lines) - 1 + left_out == calls
    assert all(line.endswith("GET    /x") for line in lines if line not in notes)


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    with serve_sandbox(tmp_path) as (process, info):
        assert process.stderr is not None
        process.stderr.close()
        assert call_often(info, 300) == 300
        assert call_often(info, 1, b"nonsense") == 1
        assert end_with(process, signal.SIGTERM) == 0


def test_a_full_device(tmp_path: Path) -> None:
    full = open_full_device()
    try:
        with serve_sandbox(tmp_path, stderr=full) as (process, info):
            assert call_often(info, 300) == 300
            assert end_with(process, signal.SIGTERM) == 0
    finally:
        os.close(full)


def test_a_log_file_on_a_full_disk_is_told_once(tmp_path: Path) -> None:
    with serve_sandbox(tmp_path, "--log", "/dev/full") as (process, info):
        assert call_often(info, 300) == 300
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert errors == b"Calls cannot be logged (No space left on device).\n"
    assert process.returncode == 0


def test_a_log_that_is_a_pipe_without_a_reader_waits_for_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    opened: list[int] = []
    reader = threading.Thread(target=lambda: opened.append(os.open(pipe, os.O_RDONLY)))
    reader.start()
    with serve_sandbox(tmp_path, "--log", str(pipe)) as (process, info):
        reader.join()
        shrink(opened[0])
        assert call_often(info, MANY) == MANY
        assert end_with(process, signal.SIGTERM) == 0
    os.close(opened[0])


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(tmp_path: Path, closed: str) -> None:
    log = tmp_path / "calls.log"
    words = [*COMMAND, "--port", "0", "--records", "5", "--log", str(log)]
    # Its port is in the log of no one: it is found by ending it.
    shell = ("sh", "-c", f'exec "$@" {closed}', "sh", *words)
    data = tmp_path / "data"
    with subprocess.Popen(
        [*shell, "--data", str(data)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        deadline = time.monotonic() + 20
        while not (data / "sandbox.sqlite-shm").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, b"")


def test_a_full_stdout_is_one_line(tmp_path: Path) -> None:
    full = open_full_device()
    words = [*COMMAND, "--port", "0", "--records", "5", "--json", "--data", str(tmp_path / "data")]
    try:
        ended = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, timeout=20, check=False)
    finally:
        os.close(full)
    assert ended.returncode == 1
    assert ended.stderr.count(b"\n") == 1
    assert b"No space left on device" in ended.stderr


def wait_for_server(port: int) -> None:
    """Wait until it answers."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("nothing answers")


def test_a_full_stdout_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Another program has filled the pipe that the first line goes to."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4_096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    words = [*COMMAND, "--port", str(port), "--records", "5", "--data", str(tmp_path / "data")]
    with subprocess.Popen(words, stdout=writer, stderr=subprocess.PIPE) as process:
        wait_for_server(port)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=5)
    os.close(reader)
    os.close(writer)
    assert (process.returncode, errors) == (0, b"")


# The writer itself


def test_lines_arrive_whole_and_in_order() -> None:
    reader, writer = os.pipe()
    log = LogWriter(writer)
    lines = [f"{number} {'x' * (number % 300)}" for number in range(3_000)]
    for line in lines:
        log.write(line)
    received: list[bytes] = []

    def read() -> None:
        while piece := os.read(reader, 65_536):
            received.append(piece)

    thread = threading.Thread(target=read)
    thread.start()
    log.flush(10)
    log.close()
    os.close(writer)
    thread.join(10)
    os.close(reader)
    assert b"".join(received).decode().splitlines() == lines


def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "MAX_LINES", 100)
    reader, writer = os.pipe()
    log = LogWriter(writer)
    for _ in range(50):
        log.write("x" * 2_000)
    # The pipe is full and 100 more lines wait at most.
    for _ in range(1_000):
        log.write("y" * 2_000)
    assert len(log._lines) <= 101
    log.close()
    for descriptor in (reader, writer):
        os.close(descriptor)


def test_a_fork_leaves_the_log_to_both(tmp_path: Path) -> None:
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    log = LogWriter(descriptor)
    log.write("before")
    child = os.fork()
    if child == 0:
        log.write("child")
        log.close()
        os._exit(threading.active_count() - 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    log.write("parent")
    log.close()
    os.close(descriptor)
    assert path.read_text().splitlines() == ["before", "child", "parent"]
