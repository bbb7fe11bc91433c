"""Starts `cmdm` by a fork of a process that has its modules loaded: a tenth of the time of a start.

Each run is still a process of its own, with its own environment, folder and streams, and it ends as
Python does. What Python reads before it runs anything (`PYTHON…`, the locale) cannot be given.

A run is a connection to a Unix socket: a byte that says what is to be loaded, and a line of JSON
with three file descriptors (the standard streams) go in; a line with the process's number comes
out, and one with its exit code unless the program becomes the caller's own child.

A server may be given code that it runs before it loads anything of the program.
"""

import atexit
import fcntl
import gc
import json
import os
import pkgutil
import signal
import socket
import sys
import termios
import time
from importlib import import_module

# Before the code that is run first takes it away.
from os import fork

PRELOADED = (
    "anyio._backends._asyncio",
    "certifi",
    "cmdm_tui.api",
    "cmdm_tui.cli.call_log",
    "cmdm_tui.cli.main",
    "cmdm_tui.config.process_start",
    "cmdm_tui.formats.csv",
    "cmdm_tui.formats.json",
    "cmdm_tui.formats.table",
    "cmdm_tui.redaction.leak_scanner",
    "filelock",
    "h11",
    "httpcore",
    "httpx",
    "prompt_toolkit",
    "pygments.lexers.sql",
    "sqlglot.optimizer",
)
PRELOADED_WITH_DUCKDB = (
    "cmdm_tui.cli.commands.query",
    "cmdm_tui.cli.commands.query_run",
    "cmdm_tui.cli.commands.record_changes",
    "cmdm_tui.cli.commands.records",
    "cmdm_tui.connect",
    "cmdm_tui.repl",
    "duckdb",
)
"""What is made here is freed at a run's end, for DuckDB complains of what is not."""

FACES = ("cmdm_tui.tui", "cmdm_tui.repl", "cmdm_tui.sandbox")
"""Packages that are loaded, whole, when a run first asks for it."""


def serve(path: str, first: str) -> str:
    """Answer runs until standard input ends.

    Returns in each new program the code that it is then to run.
    """
    exec(first, {"__name__": "first"})
    for name in PRELOADED:
        import_module(name)
    _forget_garbage()
    for name in PRELOADED_WITH_DUCKDB:
        import_module(name)
    # Read once a process.
    import_module("cmdm_tui.query.database.duckdb_session").aggregate_names()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    loads_faces = False
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        os.write(1, b"ready\n")
        while True:
            connection, _ = listener.accept()
            if connection.recv(1) == b"f" and not loads_faces:
                _load_faces()
                loads_faces = True
                _forget_garbage()
            if fork() == 0:
                listener.close()
                break
            connection.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = _become(connection)
    if loads_faces:
        atexit.register(gc.unfreeze)
    return code


def _load_faces() -> None:
    for package in FACES:
        for found in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            if "postgres" not in found.name:
                import_module(found.name)

    # A sandbox's password is hashed at the least cost, as in tests/conftest.py.
    import_module("cmdm_tui.sandbox.credentials")._SCRYPT["n"] = 2**4


def _forget_garbage() -> None:
    """Let no program search for garbage among the modules before it ends."""
    gc.collect()
    gc.freeze()


def _become(connection: socket.socket) -> str:
    """Fork the program: it returns from here, and its parent reports how it ended."""
    message, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    while not message.endswith(b"\n"):
        message += connection.recv(1 << 20)
    run = json.loads(message)
    parent = os.getpid()
    program = fork()
    if program:
        if not run["is_child"]:
            connection.sendall(f"{program}\n".encode())
            code = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
            connection.sendall(f"{code}\n".encode())
        os._exit(0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(run["environment"])
    time.tzset()
    os.chdir(run["folder"])
    sys.argv = ["cmdm", *run["words"]]
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(  # noqa: SIM115
        2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1
    )
    if run["has_terminal"]:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if run["is_child"]:
        while os.getppid() == parent:
            os.sched_yield()
        connection.sendall(f"{os.getpid()}\n".encode())
    connection.close()
    return run["code"]


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(__file__))))  # noqa: PTH120
    exec(serve(*sys.argv[1:]), {"__name__": "__main__"})
