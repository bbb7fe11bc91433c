"""Starts `cmdm` by a fork of a process that has its modules loaded: a tenth of the time of a start.

Each run is still a process of its own, with its own environment, folder and streams, and it ends as
Python does. What Python reads before it runs anything (`PYTHON…`, the locale) cannot be given.

A run is a connection to a Unix socket: a line of JSON with three file descriptors (the standard
streams) goes in; a line with the process's number comes out, and one with its exit code unless the
program becomes the caller's own child.

A server may be given code that it runs before it loads anything of the program.
"""

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
    "filelock",
    "h11",
    "httpcore",
    "httpx",
    "prompt_toolkit",
    "pygments.lexers.sql",
    "sqlglot.optimizer",
)
PRELOADED_PACKAGES = (
    "cmdm_tui.api",
    "cmdm_tui.catalog",
    "cmdm_tui.cli",
    "cmdm_tui.config",
    "cmdm_tui.query.collation",
    "cmdm_tui.query.parsing",
    "cmdm_tui.query.seek",
    "cmdm_tui.redaction",
    "cmdm_tui.repl",
    "cmdm_tui.sandbox",
    "cmdm_tui.tui",
)
"""Packages that are loaded whole, but for what loads DuckDB."""

PRELOADED_WITH_DUCKDB = (
    "cmdm_tui.connect",
    "duckdb",
)
"""What is made here is freed at a run's end, for DuckDB complains of what is not.

All else is frozen before: a run would take three times as long to end if it freed that too.
"""


def serve(path: str, first: str) -> str:
    """Answer runs until standard input ends.

    Returns in each new program the code that it is then to run.
    """
    exec(first, {"__name__": "first"})
    postponed = _load_modules()
    # No program is to search for garbage among these, not even as it ends.
    gc.collect()
    gc.freeze()
    for name in (*postponed, *PRELOADED_WITH_DUCKDB):
        import_module(name)
    # Read once a process.
    import_module("cmdm_tui.query.database.duckdb_functions").list_functions()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        os.write(1, b"ready\n")
        while True:
            connection, _ = listener.accept()
            if fork() == 0:
                listener.close()
                break
            connection.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    return _become(connection)


def _load_modules() -> list[str]:
    """Load what does not load DuckDB; return the names of what does."""
    # Whatever loads it fails, and is forgotten.
    sys.modules["duckdb"] = None  # pyright: ignore[reportArgumentType]
    names = list(PRELOADED)
    for package in PRELOADED_PACKAGES:
        found = pkgutil.walk_packages(import_module(package).__path__, f"{package}.")
        names += [one.name for one in found if "postgres" not in one.name]
    postponed: list[str] = []
    for name in names:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            if error.name != "duckdb":
                raise
            # Textual keeps what it knows of a class where a run's end does not free it.
            if not name.startswith("cmdm_tui.tui."):
                postponed.append(name)
    del sys.modules["duckdb"]
    # A sandbox's password is hashed at the least cost, as in tests/conftest.py.
    import_module("cmdm_tui.sandbox.credentials")._SCRYPT["n"] = 2**4
    return postponed


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
