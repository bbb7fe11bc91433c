"""A sandbox's data, made when missing: in its folder's file, or in a PostgreSQL database."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cmdm_tui.sandbox.accounts import Account, Credentials
from cmdm_tui.sandbox.clock import Clock, SystemClock
from cmdm_tui.sandbox.config import SandboxConfig
from cmdm_tui.sandbox.datafile import Progress, build, check
from cmdm_tui.sandbox.errors import DatabaseError
from cmdm_tui.sandbox.sqlite import SqliteStore
from cmdm_tui.sandbox.store import Seed, Store

_RECORDS_WORTH_A_PROCESS = 20_000


@dataclass(frozen=True, slots=True)
class Data:
    """The records and their user, and the clock that all who serve them go by."""

    store: Store
    account: Account
    clock: Clock


@contextmanager
def opened(
    path: Path, config: SandboxConfig, credentials: Credentials, progress: Progress | None
) -> Generator[Data]:
    """Hold the data while the block runs: in the file at `path`, unless `config` names a database.

    Raises `SandboxError` when it cannot be used or made.
    """
    if config.database is not None:
        with _in_database(config.database, config, credentials, progress) as data:
            yield data
        return
    if config.reset or not path.exists():
        with _first_records(config) as (seed, total):
            build(path, seed, total, progress)
    else:
        check(path)
    yield Data(SqliteStore(path, lasting=config.lasting), Account.of(credentials), SystemClock())


@contextmanager
def _first_records(config: SandboxConfig) -> Generator[tuple[Seed, int]]:
    """Yield the records to begin with, and how many they are."""
    from cmdm_tui.sandbox import seed

    total = sum(seed.sizes(config.records).values())
    if config.records < _RECORDS_WORTH_A_PROCESS:
        yield seed.generate(config.records), total
        return
    from cmdm_tui.sandbox.seed.aside import generated_aside

    with generated_aside(config.records, config.data) as made:
        yield made, total


@contextmanager
def _in_database(
    address: str, config: SandboxConfig, credentials: Credentials, progress: Progress | None
) -> Generator[Data]:
    try:
        from cmdm_tui.sandbox.postgres import database
        from cmdm_tui.sandbox.postgres.store import PostgresStore
    except ImportError as error:
        raise DatabaseError(
            "A database needs psycopg, which is not installed; install cmdm-tui[postgres]."
        ) from error
    with database.opened(address) as held:
        if config.control:
            held.check_for_control()
        if config.reset or not held.is_made():
            with _first_records(config) as (seed, total):
                held.make(credentials, seed, total, progress)
        else:
            held.share()
        account = held.account(credentials)
        store = PostgresStore(held.conninfo)
        yield Data(store, account, store.clock)
