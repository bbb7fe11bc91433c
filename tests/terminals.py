"""What a program that a test starts in a terminal finds there, and how it is ended."""

import signal
from contextlib import suppress
from typing import Any

import pexpect


def restore_interrupts() -> None:
    """Let Ctrl-C end the program, though whatever started the tests may ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def restore_signals() -> None:
    """Let every signal that ends a program do so, as `restore_interrupts` does for Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def end_program(process: "pexpect.spawn[Any]") -> None:
    """End a program on a terminal if it still runs, and close the terminal.

    pexpect gives up on a child that a loaded machine takes long to end, and knows nothing of one
    that was waited for elsewhere.
    """
    with suppress(OSError, pexpect.ExceptionPexpect):
        if process.isalive():
            process.kill(signal.SIGKILL)
            process.wait()
    with suppress(OSError):
        process.close(force=True)
