"""Locks of records, so that two runs on this machine do not change one at the same time.

The API has no conditional update: between reading a record again and writing it, another may write.
Runs on this machine keep out of each other's way by these locks; a person in a browser does not,
and has as long as one call takes.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from cmdm_tui.changes.errors import JournalError

_FILES = 256
"""Records share this number of files: two that share one are changed one after the other."""

_POLL_INTERVAL = 0.01


class RecordLocks:
    """The locks of all records, files in a folder; each ends with the process that holds it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def hold(self, address: str, entity: str, external_id: str) -> AsyncGenerator[None]:
        """Wait until no other run changes the record, and keep it so while the block runs."""
        from filelock import FileLock, Timeout

        name = f"{address}\n{entity.casefold()}\n{external_id}".encode("utf-8", "surrogatepass")
        number = int.from_bytes(hashlib.sha256(name).digest()[:4], "big") % _FILES
        path = self._folder / f"record-{number:03}.lock"
        lock = FileLock(path, mode=0o600, thread_local=False)
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:
                await asyncio.sleep(_POLL_INTERVAL)
            except OSError as error:
                message = f"A record cannot be locked by {path}: {error.strerror}"
                raise JournalError(message, hint="Check the folder and its permissions") from None
        try:
            yield
        finally:
            lock.release()
