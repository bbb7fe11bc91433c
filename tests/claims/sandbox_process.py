"""`cmdm sandbox serve` as a process of its own, and requests to it written by hand."""

import os
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from cmdm_tui.sandbox import RunningInfo
from tests.claims.program import ForkedProgram, environment_of
from tests.terminals import restore_signals

DEADLINE = 20.0
COMMAND = (sys.executable, "-m", "cmdm_tui", "sandbox", "serve")
_FEW = ("--port", "0", "--records", "5", "--rate-limit", "1000000", "--json")


@contextmanager
def start_sandbox(
    home: Path,
    *options: str,
    stderr: "int | IO[Any]" = subprocess.PIPE,
    command: Sequence[str] | None = None,
    code: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> Generator["subprocess.Popen[bytes]"]:
    """Start a sandbox with its data in `home`/data; what is left of it is killed.

    It is forked unless a command is given; `code` is run in place of the program's own start.
    """
    words = ["--data", str(home / "data"), *options]
    if command is None:
        started: subprocess.Popen[bytes] = ForkedProgram(
            ["sandbox", "serve", *words], home, extra, code=code,
            stdin=subprocess.DEVNULL, stderr=stderr,
        )  # fmt: skip
    else:
        started = subprocess.Popen(
            [*command, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment_of(home, extra),
            preexec_fn=restore_signals,  # noqa: PLW1509 — it does no more than that
        )
    with started as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def serve_sandbox(
    home: Path, *options: str, **given: Any
) -> Generator[tuple["subprocess.Popen[bytes]", RunningInfo]]:
    """Start a sandbox with five leads, and wait until it accepts connections."""
    with start_sandbox(home, *_FEW, *options, **given) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            errors = process.stderr.read() if process.stderr else b""
            raise AssertionError(f"no sandbox: {errors!r}")
        yield process, msgspec.json.decode(line, type=RunningInfo)


def end_with(process: "subprocess.Popen[bytes]", number: int) -> int:
    """Send a signal and return the exit code; nothing of its output is read."""
    process.send_signal(number)
    return process.wait(DEADLINE)


def connect(info: RunningInfo) -> socket.socket:
    """Open a connection."""
    host, _, port = info.url.partition("://")[2].rpartition(":")
    return socket.create_connection((host, int(port)), timeout=DEADLINE)


def host_of(info: RunningInfo) -> bytes:
    """Return what `Host` must say."""
    return info.url.partition("://")[2].encode()


def exchange(info: RunningInfo, request: bytes) -> tuple[int, bytes]:
    """Send a request on a connection of its own; return the status, 0 for none, and all bytes."""
    with connect(info) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    return (int(answer.split(b" ", 2)[1]) if answer else 0), answer


def call_often(info: RunningInfo, calls: int, line: bytes = b"GET /x HTTP/1.1") -> int:
    """Make calls one after another on one connection, and return how many were answered."""
    request = line + b"\r\nHost: " + host_of(info) + b"\r\n\r\n"
    with connect(info) as connection:
        for number in range(calls):
            connection.sendall(request)
            try:
                if not connection.recv(65_536):
                    return number
            except TimeoutError:
                return number
    return calls


def open_full_device() -> int:
    """Open a device that is always full."""
    return os.open("/dev/full", os.O_WRONLY)
