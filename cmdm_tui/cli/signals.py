"""Lets a command that is told to end do what it does when it is interrupted: put back, clean up."""

import signal
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def interrupt_on_sigterm() -> Generator[None]:
    """Raise KeyboardInterrupt in the block where the process is told to end (SIGTERM).

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
