"""A sandbox's data: its private folder, and its records there or in a PostgreSQL database.

The folder keeps the credentials, and lets in one sandbox at a time.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from filelock import FileLock, Timeout

from cmdm_tui.sandbox.clock import Clock, SystemClock
from cmdm_tui.sandbox.config import SandboxConfig
from cmdm_tui.sandbox.credentials import AccountCredentials, CredentialHashes
from cmdm_tui.sandbox.errors import (
    DatabaseError,
    DataFileError,
    DataFolderError,
    DataFolderInUseError,
)
from cmdm_tui.sandbox.input_files import read_input
from cmdm_tui.sandbox.storage.sqlite.data_copy import copy_data_file
from cmdm_tui.sandbox.storage.sqlite.data_file import (
    SeedProgress,
    check_data_file,
    create_data_file,
)
from cmdm_tui.sandbox.storage.sqlite.store import SqliteStore
from cmdm_tui.sandbox.storage.store import Seed, Store

_RECORDS_FOR_A_PROCESS = 20_000
DATA_FILE = "sandbox.sqlite"
_CREDENTIALS = "credentials.json"
_LOCK = "lock"
_USER = "server.json"


@dataclass(frozen=True, slots=True)
class SandboxData:
    """The records, the hashes of their user's credentials, and the clock of all who serve them."""

    store: Store
    credential_hashes: CredentialHashes
    clock: Clock


@contextmanager
def open_data(
    path: Path,
    config: SandboxConfig,
    credentials: AccountCredentials,
    progress: SeedProgress | None,
) -> Generator[SandboxData]:
    """Open the data while the block runs: in the file at `path`, unless `config` names a database.

    Raises `SandboxError` when it cannot be used or made.
    """
    if config.database is not None:
        with _open_database(config.database, config, credentials, progress) as data:
            yield data
        return
    if config.reset or not path.exists():
        with _make_records(config) as (seed, total):
            create_data_file(path, seed, total, progress)
    else:
        check_data_file(path)
    yield SandboxData(
        SqliteStore(path, lasting=config.lasting), CredentialHashes.of(credentials), SystemClock()
    )


@contextmanager
def _make_records(config: SandboxConfig) -> Generator[tuple[Seed, int]]:
    """Yield the records to begin with, and how many they are."""
    from cmdm_tui.sandbox import seed

    total = sum(seed.count_records(config.records).values())
    if config.records < _RECORDS_FOR_A_PROCESS:
        yield seed.generate_records(config.records), total
        return
    from cmdm_tui.sandbox.seed.record_spool import generate_in_process

    with generate_in_process(config.records, config.data) as made:
        yield made, total


@contextmanager
def _open_database(
    address: str,
    config: SandboxConfig,
    credentials: AccountCredentials,
    progress: SeedProgress | None,
) -> Generator[SandboxData]:
    try:
        from cmdm_tui.sandbox.storage.postgres import database
        from cmdm_tui.sandbox.storage.postgres.store import PostgresStore
    except ImportError as error:
        raise DatabaseError(
            "A database needs psycopg, which is not installed; install cmdm-tui[postgres]."
        ) from error
    with database.open_database(address) as held:
        if config.control:
            held.check_snapshots_allowed()
        if config.reset or not held.exists():
            with _make_records(config) as (seed, total):
                held.create(credentials, seed, total, progress)
        else:
            held.lock_shared()
        account = held.check_credentials(credentials)
        store = PostgresStore(held.conninfo)
        yield SandboxData(store, account, store.clock)


@contextmanager
def hold_folder(folder: Path) -> Generator[Path]:
    """Make the folder if needed and keep other sandboxes out of it while the block runs.

    Yields where its database belongs. Raises `DataFolderError` or `DataFolderInUseError`.
    """
    # The lock ends with the process, however it ends.
    lock = FileLock(folder / _LOCK, mode=0o600, thread_local=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # It follows no link: one that somebody else left would have a file made where it points.
        lock.acquire(timeout=0)
    except Timeout as error:
        raise DataFolderInUseError(
            f"Another sandbox is using the data folder {folder}{_describe_user(folder)}; "
            "stop it, or choose another folder with --data."
        ) from error
    except OSError as error:
        raise DataFolderError(
            f"The data folder {folder} cannot be used ({error.strerror}); "
            "make it a writable folder, or choose another with --data."
        ) from error
    try:
        yield folder / DATA_FILE
    finally:
        lock.release()


class FolderUser(msgspec.Struct, frozen=True):
    """The sandbox that uses a data folder: its process, and the address that it serves."""

    pid: Annotated[int, msgspec.Meta(ge=1)]
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[A-Za-z0-9.:_%\[\]-]{1,200}$")]


@contextmanager
def note_folder_user(folder: Path, url: str) -> Generator[None]:
    """Say in the folder who serves it while the block runs; one that cannot be written is none."""
    path = folder / _USER
    with suppress(OSError):
        path.write_bytes(msgspec.json.encode(FolderUser(os.getpid(), url)))
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()


def _describe_user(folder: Path) -> str:
    """Return where the sandbox is that uses the folder, and its process; empty if not known."""
    try:
        user = msgspec.json.decode(read_input(folder / _USER), type=FolderUser)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return f" (it serves {user.url}, process {user.pid})"


def copy_data(folder: Path, target: Path) -> None:
    """Copy a data folder's records, as they are at this moment, into the new folder `target`.

    A sandbox may be using the folder, which stays as it is; its credentials are not copied. Raises
    `DataFileError` where the folder holds no records that can be read.
    """
    path = folder / DATA_FILE
    if not path.exists():
        raise DataFileError(
            f"The folder {folder} has no {DATA_FILE}; name the data folder of a sandbox. "
            "Records in a database are not in the folder."
        )
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy_data_file(path, target / DATA_FILE)
    try:
        check_data_file(target / DATA_FILE)
    except DataFileError as error:
        raise DataFileError(
            f"The data file {path} is damaged, or was made by another version of this program; "
            "name the data folder of another sandbox."
        ) from error


def load_credentials(folder: Path) -> AccountCredentials:
    """Return the folder's credentials, made at random when there are none yet.

    Raises `DataFileError` when their file cannot be read, `DataFolderError` when it cannot be made.
    """
    path = folder / _CREDENTIALS
    try:
        return msgspec.json.decode(read_input(path), type=AccountCredentials)
    except FileNotFoundError:
        return _create_credentials(path)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataFileError(
            f"The credentials file {path} cannot be read ({reason}); "
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
