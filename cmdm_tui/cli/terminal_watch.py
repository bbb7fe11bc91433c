"""Ends an interactive command whose terminal is gone, even where no signal says so.

A terminal that closes sends SIGHUP. Where that is ignored, as nohup does, a screen would go on for
ever: it reads the end of its input again and again, and writes to no one.
"""

import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

_SECONDS_BETWEEN = 2.0


@contextmanager
def end_without_terminal(seconds: float = _SECONDS_BETWEEN) -> Generator[None]:
    """End the block as SIGTERM does once the standard input is a terminal no more."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(seconds):
            if is_terminal_lost():
                os.kill(os.getpid(), signal.SIGTERM)
                return

    if hasattr(os, "ttyname"):  # Windows has no such terminal
        threading.Thread(target=watch, name="cmdm terminal", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def is_terminal_lost() -> bool:
    """Return whether the standard input was a terminal that is closed by now."""
    import termios

    try:
        termios.tcgetattr(sys.stdin.fileno())
    except (OSError, ValueError, termios.error):
        return True
    return False
