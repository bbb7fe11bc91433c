"""Runs pytest by a fork of a process that has loaded it, and what the product depends on.

Each run is a process of its own; the product and the plug-ins are loaded there, as in a new one.

A line of JSON comes in for each run, and a line with its exit code goes out.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import time
import warnings
from typing import Any

import _pytest
import pytest

PRELOADED = (
    "aiohttp",
    "asyncio",
    "filelock",
    "h11",
    "httpcore",
    "httpx",
    "requests",
    "msgspec",
    "rich.console",
    "sqlite3",
    "starlette.applications",
    "uvicorn.protocols.http.h11_impl",
    "vcr",
    "vcr.stubs.aiohttp_stubs",
    "vcr.stubs.requests_stubs",
)

_WITH_A_PLUG_IN = ("anyio",)
"""Packages that bring a plug-in of pytest, which is not to warn that it cannot rewrite them."""


def serve() -> None:
    """Run pytest until standard input ends. Returns in each run's process."""
    with warnings.catch_warnings():
        # As in a run: what is loaded here, and warns, would end it.
        warnings.simplefilter("error")
        for found in pkgutil.iter_modules(_pytest.__path__, "_pytest."):
            importlib.import_module(found.name)
        for name in PRELOADED:
            importlib.import_module(name)
        for name in _WITH_A_PLUG_IN:
            module = importlib.import_module(name)
            module.__doc__ = f"{module.__doc__ or ''}\nPYTEST_DONT_REWRITE"
    assert "cmdm_tui" not in sys.modules
    gc.collect()
    gc.freeze()
    while line := os.read(0, 1 << 20):
        run = json.loads(line)
        process = os.fork()
        if not process:
            _become(run)
            return
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        os.write(1, f"{code}\n".encode())
    os._exit(0)


def _become(run: dict[str, Any]) -> None:
    """Take on the streams, the environment and the folder of a run."""
    streams = [
        os.open(os.devnull, os.O_RDONLY),
        *(os.open(run[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for name in ("out", "err")),
    ]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(run["environment"])
    time.tzset()
    os.chdir(run["folder"])
    # Where `python -m pytest` searches first.
    sys.path[0] = run["folder"]
    sys.argv = ["pytest", *run["words"]]


if __name__ == "__main__":
    serve()
    sys.exit(pytest.console_main())
