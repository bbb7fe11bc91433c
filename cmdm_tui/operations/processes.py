"""Sends signals to programs that this one runs, without losing how they end."""

import os
import signal
from asyncio.subprocess import Process
from contextlib import suppress


def send_signal(process: Process, number: signal.Signals) -> None:
    """Send a signal to a process; do nothing where it has ended.

    Until Python 3.13, asyncio's `terminate` and `kill` first look whether the process has ended. In
    doing so they may take its exit code from the thread that waits for it: asyncio then says 255.
    """
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
