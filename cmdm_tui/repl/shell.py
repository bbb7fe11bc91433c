"""Runs commands of the shell for a session, with a result as their input where there is one."""

import asyncio
import signal
import subprocess
from typing import BinaryIO

from cmdm_tui.operations.interrupts import handle_interrupt
from cmdm_tui.operations.processes import send_signal
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.text import one_line

_SECONDS_TO_END = 1.0


async def run_shell(
    command: str, streams: ReplStreams, *, standard_input: BinaryIO | None = None
) -> None:
    """Run a command of the shell, with the terminal as its own while it runs.

    What it writes goes where results go. `standard_input` is a file that it reads; without one it
    reads the session's own input, or nothing in a script. Raises ReplError where it fails.
    Cancelled, it ends the command.
    """
    streams.flush()
    handle = streams.output_handle
    # Ctrl-C is the command's while it has the terminal.
    with handle_interrupt(streams.end_line):
        process = await asyncio.create_subprocess_shell(
            command,
            stdin=_choose_input(streams, standard_input),
            stdout=subprocess.PIPE if handle is None else handle,
            stderr=None,
        )
        try:
            written, _ = await process.communicate()
        finally:
            await end_process(process)
    if written:
        streams.write_bytes(written)
    if process.returncode:
        shown = one_line(command, 60)
        end = (
            f"ended with exit code {process.returncode}"
            if process.returncode > 0
            else f"was ended by signal {-process.returncode}"
        )
        raise ReplError(f"The command {shown!r} {end}.")


async def end_process(process: asyncio.subprocess.Process) -> None:
    """End a process that still runs, as this program is about to go on without it."""
    if process.returncode is not None:
        return
    send_signal(process, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _SECONDS_TO_END)
    except TimeoutError:
        send_signal(process, signal.SIGKILL)
        await process.wait()


def _choose_input(streams: ReplStreams, given: BinaryIO | None) -> int | None:
    if given is not None:
        return given.fileno()
    # A script's own statements are on the standard input: a command must not read them.
    return None if streams.shares_input else subprocess.DEVNULL
