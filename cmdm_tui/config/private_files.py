"""Reads and writes files that only this user can read: whole or not at all."""

import errno
import os
import stat
import tempfile
from pathlib import Path

from cmdm_tui.config.errors import ConfigurationError

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_OWNER_ONLY = 0o600
_OWNER_ONLY_FOLDER = 0o700
_OTHERS = 0o077
_READ_FLAGS = os.O_RDONLY | sum(
    getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
)
"""Each system has some of them."""


def replace_file(path: Path, content: bytes) -> None:
    """Replace the file by `content` in one step, readable by its owner only."""
    try:
        make_folder(path.parent)
        # What it makes is its owner's alone.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _cannot_write(path, error) from None


def append_to_file(path: Path, content: bytes) -> None:
    """Add `content` to the end of the file; it is on the disk when this returns.

    A file that is not there is made, readable by its owner only.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _OWNER_ONLY)
        with os.fdopen(handle, "ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: Path, error: OSError) -> ConfigurationError:
    hint = "Check its folder's permissions"
    if error.errno in _FULL:
        hint = "Make room there"
    elif error.errno in {errno.ENOENT, errno.ENOTDIR}:
        hint = "Check its path: that folder cannot be made"
    return ConfigurationError(f"{path} cannot be written: {error.strerror}. {hint}.")


def remove_file(path: Path) -> bool:
    """Remove the file and return whether there was one."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        message = f"{path} cannot be removed: {error.strerror}. Check its folder's permissions."
        raise ConfigurationError(message) from None
    return True


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, each for its owner only whatever the umask says.

    A folder that is there stays as it is (the XDG base directory specification asks for 0700).
    """
    if not folder.parent.exists():
        make_folder(folder.parent)
    folder.mkdir(mode=_OWNER_ONLY_FOLDER, exist_ok=True)


def read_private_file(path: Path, limit: int) -> bytes | None:
    """Return the content of a file that only this user could have written or read, else None.

    A link, a pipe, another's file, one that others may enter, or one over `limit` bytes is none.
    """
    try:
        handle = os.open(path, _READ_FLAGS)
    except (OSError, ValueError):
        return None
    try:
        if not _is_private(os.fstat(handle)):
            return None
        content = os.read(handle, limit + 1)
    except OSError:
        return None
    finally:
        os.close(handle)
    return content if len(content) <= limit else None


def is_open_to_others(path: Path) -> bool:
    """Return whether others than its owner may read or write the file."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def _is_private(status: os.stat_result) -> bool:
    if not hasattr(os, "geteuid"):
        # Windows: the user's own folder lets no one else in, and a mode says nothing.
        return stat.S_ISREG(status.st_mode)
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & _OTHERS
    )
