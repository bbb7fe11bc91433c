"""A signal to a process that is about to be waited for does not lose how it ended."""

import asyncio
import os
import signal
import sys
import threading
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path

import pytest

from cmdm_tui.operations.processes import send_signal

FAILS = "raise SystemExit(7)"


def has_ended(process: int) -> bool:
    """Return whether a process has ended and was not waited for."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


async def exit_code_after(end: Callable[[Process], object], patch: pytest.MonkeyPatch) -> int:
    """Return how a program ended that is signalled after its end, before asyncio knows of it."""
    has_signalled = threading.Event()
    wait = os.waitpid

    def wait_later(process: int, options: int) -> tuple[int, int]:
        has_signalled.wait(20)
        return wait(process, options)

    patch.setattr(os, "waitpid", wait_later)
    process = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", FAILS)
    async with asyncio.timeout(20):
        while not has_ended(process.pid):  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.005)
    end(process)
    has_signalled.set()
    return await process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_signal_that_comes_late_changes_no_exit_code(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await exit_code_after(lambda one: send_signal(one, number), monkeypatch) == 7


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="asyncio does it so itself")
async def test_a_code_that_is_lost_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: asyncio's own way."""
    assert await exit_code_after(lambda one: one.terminate(), monkeypatch) == 255


async def test_a_process_that_has_ended_is_sent_nothing() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", FAILS)
    assert await process.wait() == 7
    send_signal(process, signal.SIGKILL)
    assert process.returncode == 7
