"""The files of unsent drafts: one for each run of the explorer that has something to keep.

A file is its owner's alone, and is offered once the run that wrote it has ended, however that was:
while a run goes on it holds the lock of its file.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from cmdm_tui.config.private_files import (
    make_folder,
    read_private_file,
    remove_file,
    replace_file,
)
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.drafts import Draft

if TYPE_CHECKING:
    from filelock import FileLock

MOST_FILES = 20
"""Files of a profile that are kept, the newest."""

_LARGEST_FILE = 8 * 1024 * 1024
_VERSION = 1
_SURROGATES = "surrogatepass"
"""A value may hold half a character, as the service may."""


class DraftOwner(Struct, frozen=True):
    """Whose drafts they are: a profile, and the account that it opened."""

    profile: str
    address: str
    username: str

    @classmethod
    def of(cls, profile: str, address: str, username: str) -> "DraftOwner":
        """Return the owner. A service on this machine is the same at another port: the demo is."""
        parts = urlsplit(address)
        host = parts.hostname or ""
        is_here = host == "localhost"
        if not is_here:
            try:
                is_here = ip_address(host).is_loopback
            except ValueError:
                is_here = False
        return cls(profile, f"{parts.scheme}://{host}" if is_here else address, username)


class _DraftFile(Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    owner: DraftOwner
    saved: datetime
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft of an earlier run, the file that keeps it, and when it was written."""

    draft: Draft
    path: Path
    saved: datetime


@dataclass(frozen=True, slots=True)
class KeptDrafts:
    """The drafts of the earlier runs, the newest first, and safe sentences on broken files."""

    drafts: tuple[KeptDraft, ...] = ()
    troubles: tuple[str, ...] = ()


class DraftStore:
    """Keeps the drafts of one owner in a folder, those of each run in its own file."""

    def __init__(self, folder: Path, owner: DraftOwner) -> None:
        self._folder = folder
        self._owner = owner
        self._path = folder / f"{owner.profile}.{secrets.token_hex(8)}.json"
        self._lock: FileLock | None = None

    def save(self, drafts: Sequence[Draft]) -> tuple[str, ...]:
        """Keep these drafts of this run, and no others of it; return what had to go for that.

        Raises ConfigurationError where they cannot be kept.
        """
        if not drafts:
            remove_file(self._path)
            self.close()
            return ()
        _make_folder_of(self._path)
        self._lock = self._lock or _take_lock(self._path)
        file = _DraftFile(_VERSION, self._owner, datetime.now(UTC), tuple(drafts))
        _write_file(self._path, file)
        return self._remove_oldest()

    def close(self) -> None:
        """Let the next run have what is kept."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
            _lock_path(self._path).unlink(missing_ok=True)

    def load(self) -> KeptDrafts:
        """Return what runs of this owner kept that have ended."""
        found: list[KeptDraft] = []
        troubles: list[str] = []
        for path in self._list_files():
            if path == self._path or _is_held(path):
                continue
            file = _read_file(path)
            if file is None:
                troubles.append(
                    f"The unsent drafts in {one_line(str(path))} cannot be read: the file is "
                    "damaged, too large or not yours alone. Nothing of it is offered; remove it."
                )
            elif file.owner == self._owner:
                found += [KeptDraft(one, path, file.saved) for one in file.drafts]
        found.sort(key=lambda one: one.saved, reverse=True)
        return KeptDrafts(tuple(found), tuple(troubles))

    def holds(self, kept: KeptDraft) -> bool:
        """Return whether a draft is still in its file: another explorer may have used it."""
        file = _read_file(kept.path)
        return file is not None and kept.draft in file.drafts

    def remove(self, kept: KeptDraft) -> None:
        """Keep a draft no longer: it was used, or discarded. Raises ConfigurationError."""
        file = _read_file(kept.path)
        left = [] if file is None else list(file.drafts)
        if kept.draft in left:
            left.remove(kept.draft)
        if file is None or not left:
            remove_file(kept.path)
            _lock_path(kept.path).unlink(missing_ok=True)
        else:
            _write_file(kept.path, _DraftFile(_VERSION, file.owner, file.saved, tuple(left)))

    def _list_files(self) -> list[Path]:
        """Return the files of the profile, the oldest first; none without a folder."""
        try:
            found = list(self._folder.glob(f"{self._owner.profile}.*.json"))
            return sorted(found, key=lambda one: one.lstat().st_mtime)
        except OSError:
            return []

    def _remove_oldest(self) -> tuple[str, ...]:
        others = [one for one in self._list_files() if one != self._path and not _is_held(one)]
        removed = others[: max(len(others) + 1 - MOST_FILES, 0)]
        for path in removed:
            remove_file(path)
        if not removed:
            return ()
        return (f"Only the drafts of {MOST_FILES} runs are kept: the oldest were let go.",)


def _make_folder_of(path: Path) -> None:
    """Make the folder of a file. What is wrong with it is said when the file is written."""
    try:
        make_folder(path.parent)
    except OSError:
        return


def _write_file(path: Path, file: _DraftFile) -> None:
    content = json.dumps(msgspec.to_builtins(file), ensure_ascii=False, indent=2)
    replace_file(path, content.encode("utf-8", _SURROGATES) + b"\n")


def _read_file(path: Path) -> _DraftFile | None:
    """Return what a file holds, None where it cannot be trusted or read."""
    content = read_private_file(path, _LARGEST_FILE)
    if content is None:
        return None
    try:
        read: object = json.loads(content.decode("utf-8", _SURROGATES))
        file = msgspec.convert(read, _DraftFile)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None
    return file if file.version == _VERSION else None


def _lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")


def _take_lock(path: Path) -> "FileLock | None":
    """Hold the lock of this run's file; None where the system has no such lock there."""
    from filelock import FileLock, Timeout

    lock = FileLock(_lock_path(path), mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return None
    return lock


def _is_held(path: Path) -> bool:
    """Return whether the run that writes a file goes on."""
    from filelock import FileLock, Timeout

    if not _lock_path(path).exists():
        return False
    lock = FileLock(_lock_path(path), mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False
