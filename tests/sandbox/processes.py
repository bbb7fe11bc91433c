"""Sandboxes in processes of their own, as `cmdm sandbox serve` starts them."""

import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cmdm_tui.sandbox import RunningInfo

SECONDS_TO_END = 20


@contextmanager
def serving(
    data: Path, *options: str, database: str | None = None, program: str | None = None
) -> Generator[tuple["subprocess.Popen[str]", RunningInfo]]:
    """Run a sandbox until the block ends, which kills what is still there of it.

    `program` is Python to run in place of the command.
    """
    start = ["-m", "cmdm_tui"] if program is None else ["-c", program]
    command = [sys.executable, *start, "sandbox", "serve", "--json", "--quiet"]
    command += ["--port", "0", "--data", str(data), *options]
    if database is not None:
        command += ["--database", database]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                assert process.stderr is not None
                raise AssertionError(process.stderr.read())
            yield process, msgspec.json.decode(line, type=RunningInfo)
        finally:
            process.kill()


def ended(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str]:
    """Send a signal, and return the exit code and what was said on stderr."""
    process.send_signal(number)
    _, errors = process.communicate(timeout=SECONDS_TO_END)
    return process.returncode, errors
