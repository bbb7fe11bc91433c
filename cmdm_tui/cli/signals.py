"""Ends a command on SIGTERM as Ctrl-C does, so that it restores and cleans up."""

import signal
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def interrupt_on_sigterm() -> Generator[None]:
    """Raise KeyboardInterrupt in the block on SIGTERM.

    Signals are the main thread's; in another one nothing changes.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
