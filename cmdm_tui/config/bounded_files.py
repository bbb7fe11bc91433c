"""Reads files that may be anything: a pipe, a device, a folder, one without end.

A path that a user or another program chose can lead anywhere. What is not a regular file, or is too
long, is an `OddFile`, whose `strerror` says so in plain words: no read waits, and none fills the
memory. The sandbox, which imports nothing from here, has its own (`sandbox/input_files.py`).
"""

import errno
import os
import select
import stat
from pathlib import Path
from typing import BinaryIO, cast

LARGEST_CACHE = 64 * 1024 * 1024
"""Bytes of the largest file of what was learnt that is read again."""

LARGEST_INPUT = 256 * 1024 * 1024
"""Bytes of the largest file named on the command line that is read whole."""

_CHUNK_SIZE = 1024 * 1024
_FLAGS = (
    os.O_RDONLY
    # Not every system has these; none of them changes how a regular file is read.
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_KINDS = (
    (stat.S_ISDIR, errno.EISDIR, "it is a folder"),
    (stat.S_ISFIFO, errno.EINVAL, "it is a pipe, not a file"),
    (stat.S_ISSOCK, errno.EINVAL, "it is a socket, not a file"),
    (stat.S_ISCHR, errno.EINVAL, "it is a device, not a file"),
    (stat.S_ISBLK, errno.EINVAL, "it is a device, not a file"),
)


class OddFile(OSError):
    """What is there is not a regular file, or too long; `strerror` says which."""


def read_bounded(path: Path, limit: int, *, accepts_pipe: bool = False) -> bytes:
    """Return the content of a regular file of at most `limit` bytes.

    With `accepts_pipe`, also what a pipe gives, such as `<(command)` of a shell; one that nothing
    writes to has an end at once. Raises OSError, whose `strerror` says what is odd.
    """
    with open_bounded(path, limit, accepts_pipe=accepts_pipe) as file:
        return read_to_end(file, limit)


def open_bounded(path: Path, limit: int, *, accepts_pipe: bool = False) -> BinaryIO:
    """Open a file as `read_bounded` does, for a caller that reads it piece by piece."""
    try:
        # Before it is opened: to open some devices does something.
        check_kind(path.stat(), limit, accepts_pipe=accepts_pipe)
        handle = os.open(path, _FLAGS)
    except ValueError:  # a NUL in it, say
        raise FileNotFoundError(errno.ENOENT, "no file has such a name") from None
    try:
        # And after it: another may stand there by now.
        check_kind(os.fstat(handle), limit, accepts_pipe=accepts_pipe)
        return os.fdopen(handle, "rb", buffering=0)
    except BaseException:
        os.close(handle)
        raise


def check_kind(status: os.stat_result, limit: int, *, accepts_pipe: bool = False) -> None:
    """Raise OSError for what is not a regular file of at most `limit` bytes."""
    if accepts_pipe and stat.S_ISFIFO(status.st_mode):
        return
    for is_kind, number, words in _KINDS:
        if is_kind(status.st_mode):
            raise OddFile(number, words)
    if not stat.S_ISREG(status.st_mode):
        raise OddFile(errno.EINVAL, "it is not a file")
    if status.st_size > limit:
        raise _too_long(limit)


def read_to_end(file: BinaryIO, limit: int) -> bytes:
    """Return all that an open file holds. Raises OSError where that is over `limit` bytes."""
    # What a size says is not always so, as of the files in /proc.
    pieces: list[bytes] = []
    left = limit + 1
    while left:
        piece = cast("bytes | None", file.read(min(left, _CHUNK_SIZE)))
        if piece is None:  # a pipe that somebody may still write to
            select.select([file], [], [])
            continue
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        left -= len(piece)
    raise _too_long(limit)


def _too_long(limit: int) -> OddFile:
    return OddFile(errno.EFBIG, f"it is over {limit:,} bytes long")
