"""The installed program as a process of its own: what it printed, and how it ended."""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from typing import Self

from tests.claims import fork_server
from tests.terminals import restore_signals

DEADLINE = 60.0

_READ_AT_START = ("PYTHON", "LC_", "LANG")
"""Names of variables that Python reads before it runs anything."""


@dataclass(frozen=True)
class Ended:
    """A process that ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


def environment_of(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment with a home of its own and no service named."""
    # Nor what would hide how Python buffers, or would have each process compile the program.
    own = ("CMDM_", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    folders = {
        f"XDG_{kind}_HOME": str(home / kind.lower())
        for kind in ("CONFIG", "DATA", "CACHE", "STATE")
    }
    return {**kept, "HOME": str(home), **folders, **(extra or {})}


def start_cmdm(
    words: Sequence[str | bytes],
    home: Path,
    extra: Mapping[str, str] | None = None,
    *,
    code: str | None = None,
) -> "subprocess.Popen[bytes]":
    """Start `cmdm` with pipes for its three streams; `code` is run in place of its own start."""
    return subprocess.Popen(
        [sys.executable, *(["-m", "cmdm_tui"] if code is None else ["-c", code]), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment_of(home, extra),
        cwd=home,
        preexec_fn=restore_signals,  # noqa: PLW1509 — it does no more than that
    )


class ForkedProgram:
    """A run of `cmdm` by a fork, with these three streams; a terminal is its controlling one."""

    def __init__(
        self,
        words: Sequence[str | bytes],
        environment: Mapping[str, str],
        folder: Path,
        streams: Sequence[int],
    ) -> None:
        self.words = [os.fsdecode(word) for word in words]
        run = {"words": self.words, "environment": dict(environment), "folder": str(folder)}
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(_start_fork_server())
        socket.send_fds(self._connection, [json.dumps(run).encode() + b"\n"], streams)
        self._answers = self._connection.makefile()
        self.pid = int(self._answers.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._connection.close()

    def wait(self, seconds: float = DEADLINE) -> int:
        """Return the exit code, below 0 for a signal; kill what runs for longer than this."""
        self._connection.settimeout(seconds)
        try:
            return int(self._answers.readline())
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(self.words, seconds) from None


def run_cmdm(
    *words: str | bytes,
    home: Path,
    extra: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    deadline: float = DEADLINE,
    on_start: Callable[[], object] | None = None,
) -> Ended:
    """Run `cmdm` to its end, by a fork where nothing is given that Python reads at its start.

    `on_start` is called once a forked process exists.
    """
    if any(name.startswith(_READ_AT_START) for name in extra or {}):
        return _run_process(words, home, extra, stdin, deadline)
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        streams = [one.fileno() for one in (given, out, err)]
        with ForkedProgram(words, environment_of(home, extra), home, streams) as program:
            if on_start is not None:
                on_start()
            code = program.wait(deadline)
        texts: list[str] = []
        for written in (out, err):
            written.seek(0)
            texts.append(written.read().decode(errors="replace"))
        return Ended(code, *texts)


def run_together(
    words: Sequence[str],
    home: Path,
    extras: Sequence[Mapping[str, str]],
    on_start: Callable[[], None] | None = None,
) -> list[Ended]:
    """Run `cmdm` once with each of these environments, all at once; wait for all of them.

    `on_start` is called once all exist.
    """
    are_there = threading.Barrier(len(extras), on_start)

    def run(extra: Mapping[str, str]) -> Ended:
        return run_cmdm(*words, home=home, extra=extra, on_start=are_there.wait)

    with ThreadPoolExecutor(len(extras)) as threads:
        return list(threads.map(run, extras))


def _run_process(
    words: Sequence[str | bytes],
    home: Path,
    extra: Mapping[str, str] | None,
    stdin: bytes,
    deadline: float,
) -> Ended:
    with start_cmdm(words, home, extra) as process:
        try:
            out, err = process.communicate(stdin, deadline)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Ended(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


@cache
def _start_fork_server() -> str:
    """Start the process that forks the programs of these tests; return its address."""
    folder = mkdtemp(prefix="cmdm-tests-")
    path = f"{folder}/socket"
    server = subprocess.Popen(
        [sys.executable, fork_server.__file__, path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=environment_of(Path(folder)),
        preexec_fn=restore_signals,  # noqa: PLW1509 — it does no more than that
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"

    def end() -> None:
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return path
