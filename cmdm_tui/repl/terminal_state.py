"""The terminal's own settings, which a program that had the terminal may leave as others."""

import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress


@contextmanager
def keep_terminal() -> Generator[None]:
    """Put the terminal's attributes back after the block, in which a program has the terminal."""
    try:
        import termios
    except ImportError:
        yield
        return
    try:
        handle = sys.stdin.fileno()
        before = termios.tcgetattr(handle)
    except (OSError, ValueError, termios.error):
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError, ValueError, termios.error):
            termios.tcsetattr(handle, termios.TCSANOW, before)
