"""The data folder: private, held by one sandbox at a time, keeping the credentials in a file."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cmdm_tui.sandbox.credentials import AccountCredentials
from cmdm_tui.sandbox.errors import DataFileError, DataFolderError, DataFolderInUseError

DATA_FILE = "sandbox.sqlite"
_CREDENTIALS = "credentials.json"
_LOCK = "lock"


@contextmanager
def hold_folder(folder: Path) -> Generator[Path]:
    """Make the folder if needed and keep other sandboxes out of it while the block runs.

    Yields where its database belongs. Raises `DataFolderError` or `DataFolderInUseError`.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A link that somebody else left here would have a file made where it points.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(folder / _LOCK, flags, 0o600)
    except OSError as error:
        raise DataFolderError(
            f"The data folder {folder} cannot be used ({error.strerror}); "
            "make it a writable folder, or choose another with --data."
        ) from error
    try:
        try:
            # The lock ends with the process, however it ends.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DataFolderInUseError(
                f"Another sandbox is using the data folder {folder}; "
                "stop it, or choose another folder with --data."
            ) from error
        yield folder / DATA_FILE
    finally:
        os.close(descriptor)


def load_credentials(folder: Path) -> AccountCredentials:
    """Return the folder's credentials, made at random when there are none yet.

    Raises `DataFileError` when their file cannot be read, `DataFolderError` when it cannot be made.
    """
    path = folder / _CREDENTIALS
    try:
        return msgspec.json.decode(path.read_bytes(), type=AccountCredentials)
    except FileNotFoundError:
        return _create_credentials(path)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise DataFileError(
            f"The credentials file {path} cannot be read ({error}); "
            "remove it to get new credentials, or choose another folder with --data."
        ) from error


def _create_credentials(path: Path) -> AccountCredentials:
    credentials = AccountCredentials.random()
    unfinished = path.with_name(path.name + ".new")
    try:
        unfinished.unlink(missing_ok=True)
        # Private from its first byte on, and never half written.
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 (a descriptor, not a path)
            file.write(msgspec.json.format(msgspec.json.encode(credentials)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise DataFolderError(
            f"The credentials file {path} cannot be written ({error.strerror}); "
            "make the folder writable, or choose another with --data."
        ) from error
    return credentials
