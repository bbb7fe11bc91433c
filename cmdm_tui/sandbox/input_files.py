"""Reads files that may be anything: a pipe, a device, a folder, one without end.

What is not a regular file, or is too long, is an OSError whose `strerror` says so: no read waits,
and none fills the memory. The client has its own (`config/bounded_files.py`): the sandbox imports
nothing of it.
"""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

LARGEST_INPUT = 16 * 1024 * 1024
"""Bytes of the largest file that is read whole: faults, credentials, a certificate."""


def read_input(path: Path) -> bytes:
    """Return the content of a regular file of at most `LARGEST_INPUT` bytes.

    Raises OSError, whose `strerror` says what is odd.
    """
    with open_input(path) as file:
        return read_whole(file)


def open_input(path: Path) -> BinaryIO:
    """Open a regular file. Raises OSError for anything else, and does not wait for it."""
    check_regular(path)
    # Should something else stand there by now, this does not wait for it.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is not a regular file")
    return os.fdopen(handle, "rb")


def read_whole(file: BinaryIO) -> bytes:
    """Return all that an open file holds. Raises OSError where that is too long."""
    content = file.read(LARGEST_INPUT + 1)
    if len(content) > LARGEST_INPUT:
        raise OSError(errno.EFBIG, f"it is over {LARGEST_INPUT:,} bytes long")
    return content


def check_regular(path: Path) -> None:
    """Raise OSError for what is not a regular file, before anything opens it and waits."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a pipe, a device or a socket, not a file")
