"""A command whose terminal is gone ends, even where no signal tells it so."""

import os
import pty
import signal
import subprocess
import sys

import pytest

PROGRAM = """
import sys, time
from cmdm_tui.cli.terminal_watch import end_without_terminal
print("ready", flush=True)
with end_without_terminal(0.05):
    time.sleep({seconds})
print("done", flush=True)
"""


def start(seconds: float, terminal: int) -> subprocess.Popen[bytes]:
    """Start the program on a terminal, with the signal of one that closes ignored."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(seconds=seconds)],
        stdin=terminal,
        stdout=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # noqa: PLW1509
    )


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_command_ends_when_its_terminal_is_closed_and_not_before(*, is_closed: bool) -> None:
    controller, terminal = pty.openpty()
    running = start(60.0 if is_closed else 0.3, terminal)
    os.close(terminal)
    assert running.stdout is not None
    assert running.stdout.readline() == b"ready\n"
    if is_closed:
        os.close(controller)
    output, _ = running.communicate(timeout=20)
    assert running.returncode == (-signal.SIGTERM if is_closed else 0)
    assert output == (b"" if is_closed else b"done\n")
    if not is_closed:
        os.close(controller)
