"""Locks a folder, so that two commands do not change the profiles at the same time."""

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
    from filelock import FileLock, Timeout

    path = folder / ".lock"
    lock = FileLock(path, mode=0o600, poll_interval=_RETRY_INTERVAL)
    try:
        make_folder(folder)
        lock.acquire(_TIMEOUT)
    except Timeout:
        message = f"Another cmdm is changing the profiles and holds {path}. Try again."
        raise ConfigurationError(message) from None
    except OSError as error:
        message = f"{path} cannot be used: {error.strerror}. Check its folder's permissions."
        raise ConfigurationError(message) from None
    try:
        yield
    finally:
        lock.release()
