"""Starts `cmdm` by a fork of a process that has its modules loaded: a tenth of the time of a start.

Each run is still a process of its own, with its own environment, folder and streams, and it ends as
Python does. What Python reads before it runs anything (`PYTHON…`, the locale) cannot be given.

A run is a connection to a Unix socket: a line of JSON with three file descriptors (the standard
streams) goes in, a line with the process's number and one with its exit code come out. Streams that
are a terminal are the controlling one of the run.
"""

import fcntl
import gc
import json
import os
import signal
import socket
import sys
import termios
import time
from pathlib import Path

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
    "cmdm_tui.cli.commands.records",
    "cmdm_tui.connect",
    "cmdm_tui.repl",
    "duckdb",
)
"""What is made here is freed at a run's end, for DuckDB complains of what is not."""


def serve(path: str) -> None:
    """Answer runs until standard input ends. Returns in each new program, which then runs."""
    for name in PRELOADED:
        __import__(name)
    # No run has to look through all this for garbage: that took most of the time of a short one.
    gc.collect()
    gc.freeze()
    for name in PRELOADED_WITH_DUCKDB:
        __import__(name)
    from cmdm_tui.query.database.duckdb_session import aggregate_names

    aggregate_names()  # read once a process
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        os.write(1, b"ready\n")
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                break
            connection.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _become(connection)


def _become(connection: socket.socket) -> None:
    """Fork the program: it returns from here, and its parent reports how it ended."""
    message, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    while not message.endswith(b"\n"):
        message += connection.recv(1 << 20)
    run = json.loads(message)
    program = os.fork()
    if program:
        connection.sendall(f"{program}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
        connection.sendall(f"{code}\n".encode())
        os._exit(0)
    connection.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    if os.isatty(0):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
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


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    serve(sys.argv[1])
    from cmdm_tui.cli.main import main

    main()
