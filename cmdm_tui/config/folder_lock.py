"""Locks a folder, so that two commands do not change the profiles at the same time."""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.private_files import make_folder

_TIMEOUT = 10.0
_RETRY_INTERVAL = 0.02


@contextmanager
def lock_folder(folder: Path) -> Generator[None]:
    """Hold the folder's lock while the block runs; the lock ends with the process, however it ends.

    Raises ConfigurationError where another holds it for longer than ten seconds.
    """
    path = folder / ".lock"
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        make_folder(folder)
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        message = f"{path} cannot be used: {error.strerror}. Check its folder's permissions."
        raise ConfigurationError(message) from None
    try:
        _acquire(handle, path)
        yield
    finally:
        os.close(handle)


def _acquire(handle: int, path: Path) -> None:
    deadline = time.monotonic() + _TIMEOUT
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                message = f"Another cmdm is changing the profiles and holds {path}. Try again."
                raise ConfigurationError(message) from None
            time.sleep(_RETRY_INTERVAL)
        else:
            return
