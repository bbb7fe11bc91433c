"""A sandbox's data, made when missing: in its folder's file, or in a PostgreSQL database."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cmdm_tui.sandbox.clock import Clock, SystemClock
from cmdm_tui.sandbox.config import SandboxConfig
from cmdm_tui.sandbox.credentials import AccountCredentials, CredentialHashes
from cmdm_tui.sandbox.errors import DatabaseError
from cmdm_tui.sandbox.storage.sqlite.data_file import (
    SeedProgress,
    check_data_file,
    create_data_file,
)
from cmdm_tui.sandbox.storage.sqlite.store import SqliteStore
from cmdm_tui.sandbox.storage.store import Seed, Store

_RECORDS_FOR_A_PROCESS = 20_000


@dataclass(frozen=True, slots=True)
class SandboxData:
    """The records and their user, and the clock that all who serve them go by."""

    store: Store
    account: CredentialHashes
    clock: Clock


@contextmanager
def open_data(
    path: Path,
    config: SandboxConfig,
    credentials: AccountCredentials,
    progress: SeedProgress | None,
) -> Generator[SandboxData]:
    """Hold the data while the block runs: in the file at `path`, unless `config` names a database.

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
    from cmdm_tui.sandbox.seed.spool import generate_in_process

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
