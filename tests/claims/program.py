"""The installed program as a process of its own: what it printed, and how it ended."""

import atexit
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from typing import IO, Any

from tests.claims import fork_server
from tests.terminals import restore_signals

DEADLINE = 60.0

MAIN = "from cmdm_tui.cli.main import main\nmain()"
"""What the start of `cmdm` runs."""

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


def is_read_at_start(names: Iterable[str]) -> bool:
    """Tell whether Python reads one of these variables before it runs anything."""
    return any(name.startswith(_READ_AT_START) for name in names)


class ForkedProgram(subprocess.Popen[bytes]):
    """`cmdm` by a fork, a child of this process; `words` are those after its name.

    `code` is run in place of the program's own start, `first` before its modules are loaded.
    """

    def __init__(
        self,
        words: Sequence[str | bytes],
        home: Path,
        extra: Mapping[str, str] | None = None,
        *,
        code: str | None = None,
        first: str = "",
        stdin: "int | IO[Any]" = subprocess.PIPE,
        stdout: "int | IO[Any]" = subprocess.PIPE,
        stderr: "int | IO[Any]" = subprocess.PIPE,
        bufsize: int = -1,
    ) -> None:
        self._fork = partial(
            fork_child, words=words, home=home, extra=extra, code=code, first=first
        )
        super().__init__(
            ["cmdm", *words], stdin=stdin, stdout=stdout, stderr=stderr, bufsize=bufsize
        )

    def _execute_child(self, *given: Any) -> None:
        pipes: tuple[int, ...] = given[10:16]
        try:
            streams = pipes[0], pipes[3], pipes[5]
            assert -1 not in streams
            self.pid = self._fork(streams)
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


_ADOPTS = threading.Lock()
_ADOPT_ORPHANS = 36
"""PR_SET_CHILD_SUBREAPER: what is left behind becomes a child of this process."""


def fork_child(
    streams: tuple[int, int, int],
    words: Sequence[str | bytes],
    home: Path,
    extra: Mapping[str, str] | None = None,
    *,
    code: str | None = None,
    first: str = "",
    has_terminal: bool = False,
) -> int:
    """Fork a program that is a child of this process, with a session of its own in a terminal."""
    run = _describe_run(words, home, extra, code, is_child=True, has_terminal=has_terminal)
    libc = ctypes.CDLL(None)
    with _ADOPTS, socket.socket(socket.AF_UNIX) as connection:
        connection.connect(_start_fork_server(first))
        libc.prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)
        try:
            socket.send_fds(connection, [run], streams)
            with connection.makefile() as answers:
                return int(answers.readline())
        finally:
            libc.prctl(_ADOPT_ORPHANS, 0, 0, 0, 0)


def _describe_run(
    words: Sequence[str | bytes],
    home: Path,
    extra: Mapping[str, str] | None,
    code: str | None,
    *,
    is_child: bool = False,
    has_terminal: bool = False,
) -> bytes:
    run = {
        "words": [os.fsdecode(word) for word in words],
        "environment": environment_of(home, extra),
        "folder": str(home),
        "code": MAIN if code is None else code,
        "is_child": is_child,
        "has_terminal": has_terminal,
    }
    return json.dumps(run).encode() + b"\n"


def run_cmdm(
    *words: str | bytes,
    home: Path,
    extra: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    deadline: float = DEADLINE,
    on_start: Callable[[], object] | None = None,
    code: str | None = None,
    first: str = "",
) -> Ended:
    """Run `cmdm` to its end, by a fork where nothing is given that Python reads at its start.

    `on_start` is called once a forked process exists. `code` is run in place of the program's own
    start, `first` before its modules are loaded.
    """
    if is_read_at_start(extra or {}):
        assert not first
        return _run_process(words, home, extra, stdin, deadline, code)
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        run = _describe_run(words, home, extra, code)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(_start_fork_server(first))
            socket.send_fds(connection, [run], [one.fileno() for one in (given, out, err)])
            connection.settimeout(deadline)
            with connection.makefile() as answers:
                process = int(answers.readline())
                if on_start is not None:
                    on_start()
                try:
                    exit_code = int(answers.readline())
                except TimeoutError:
                    os.kill(process, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(list(map(str, words)), deadline) from None
        texts: list[str] = []
        for written in (out, err):
            written.seek(0)
            texts.append(written.read().decode(errors="replace"))
        return Ended(exit_code, *texts)


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
    code: str | None,
) -> Ended:
    with start_cmdm(words, home, extra, code=code) as process:
        try:
            out, err = process.communicate(stdin, deadline)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Ended(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


@cache
def _start_fork_server(first: str) -> str:
    """Start the process that forks the programs of these tests; return its address.

    It runs `first` before it loads anything of the program.
    """
    folder = mkdtemp(prefix="cmdm-tests-")
    path = f"{folder}/socket"
    server = subprocess.Popen(
        [sys.executable, fork_server.__file__, path, first],
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
