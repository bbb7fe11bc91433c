"""A copy of a sandbox's SQLite file as it is at one moment; the file itself is only read."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from cmdm_tui.sandbox.errors import DataFileError
from cmdm_tui.sandbox.input_files import check_regular
from cmdm_tui.sandbox.storage.sqlite.data_file import (
    APPLICATION_ID,
    read_pragma,
    side_files,
)

_ATTEMPTS = 3
_PRIVATE = "DELETE FROM _token; DELETE FROM _usage;"


def copy_data_file(source: Path, target: Path) -> None:
    """Copy the records of the sandbox's file `source` into the new file `target`.

    A sandbox may be using the file meanwhile. Nothing is written to it or next to it, except the
    locks of SQLite's readers where a journal is there already. Tokens and counts of calls are left
    out. Raises `DataFileError` where it is not a sandbox's file, or cannot be read.
    """
    try:
        check_regular(source)
        for _ in range(_ATTEMPTS):
            before = _describe_file(source)
            target.unlink(missing_ok=True)
            target.touch(mode=0o600)
            _copy(source, target, has_journal=_has_journal(source))
            if _has_journal(source) or before == _describe_file(source):
                return
    except (OSError, sqlite3.Error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise DataFileError(
            f"The data file {source} cannot be read ({reason}); "
            "name the data folder of a sandbox that you can read."
        ) from error
    raise DataFileError(f"The data file {source} changes all the time; stop its sandbox first.")


def _copy(source: Path, target: Path, *, has_journal: bool) -> None:
    # Without a journal nobody has the file open, and a reader that is not told so would make one.
    mode = "ro" if has_journal else "ro&immutable=1"
    address = f"file:{quote(str(source.absolute()))}?mode={mode}"
    with (
        closing(sqlite3.connect(address, uri=True)) as original,
        closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        if read_pragma(original, "application_id") != APPLICATION_ID:
            raise DataFileError(
                f"The data file {source} is another program's database; "
                "name the data folder of a sandbox."
            )
        original.backup(copy)
        copy.executescript(_PRIVATE)


def _has_journal(path: Path) -> bool:
    return any(side.exists() for side in side_files(path))


def _describe_file(path: Path) -> tuple[int, int, int]:
    found = os.stat(path)  # noqa: PTH116 — as one call
    return found.st_ino, found.st_size, found.st_mtime_ns
