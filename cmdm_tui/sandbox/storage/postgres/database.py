"""The sandbox's PostgreSQL database: locked, made with its first records, checked.

This is what happens before anything is served, on one connection and without an event loop.
"""

import time
import unicodedata
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg import Connection, errors, sql

from cmdm_tui.sandbox.credentials import AccountCredentials, CredentialHashes
from cmdm_tui.sandbox.errors import DatabaseError, DatabaseInUseError
from cmdm_tui.sandbox.schema import ENTITIES, EntitySchema
from cmdm_tui.sandbox.storage.postgres.address import build_conninfo, describe_error, describe_place
from cmdm_tui.sandbox.storage.postgres.keys import encode_record_keys
from cmdm_tui.sandbox.storage.postgres.pool import LOCK, LOCK_SHARED
from cmdm_tui.sandbox.storage.postgres.statements import (
    SCHEMA,
    TABLES,
    copy_records,
    create_indexes,
    create_table,
)
from cmdm_tui.sandbox.storage.sqlite.file_task import SeedProgress
from cmdm_tui.sandbox.storage.store import Seed, SeedRow

LAYOUT = "1"

_LOCK_ALONE = "SELECT pg_try_advisory_lock(%s)"
# The connections of a sandbox that has just ended are let go by the database a moment later.
_SECONDS_TO_LOCK = 1.0
_SECONDS_BETWEEN_LOCKS = 0.05
_UNLOCK_ALONE = "SELECT pg_advisory_unlock(%s)"

_SCHEMA_EXISTS = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
_META = "SELECT name, value FROM _meta"
_ADD_META = "INSERT INTO _meta (name, value) VALUES (%s, %s)"
_ADD_ENTITY = """
INSERT INTO _entity (name, total, last_position, version) VALUES (%s, %s, %s, 1)"""
_MAY_SAVE = "SELECT has_database_privilege(current_database(), 'TEMPORARY')"
_STEP = 2_000


class PostgresDatabase:
    """The database of one connection, which stays open and locked while the database is served."""

    def __init__(self, connection: Connection[Any], conninfo: str) -> None:
        self._connection = connection
        self.conninfo = conninfo

    @property
    def place(self) -> str:
        """Where the database is, for messages."""
        return describe_place(self.conninfo)

    def lock_shared(self) -> None:
        """Lock the database to serve it. Raises `DatabaseInUseError` while another makes it."""
        if not self._try_lock(LOCK_SHARED):
            raise DatabaseInUseError(
                f"Another sandbox is making the database {self.place}; try again when it is done."
            )

    def exists(self) -> bool:
        """Return whether the database holds something under the sandbox's name."""
        return self._connection.execute(_SCHEMA_EXISTS, [SCHEMA]).fetchone() is not None

    def check_snapshots_allowed(self) -> None:
        """Raise `DatabaseError` unless records can be saved, as a control plane does."""
        if self._connection.execute(_MAY_SAVE).fetchone() != (True,):
            raise DatabaseError(
                f"The database {self.place} does not let this user make temporary tables, "
                "where the control plane saves records; "
                "grant TEMPORARY on the database to the user, or leave out --control."
            )

    def create(
        self, credentials: AccountCredentials, seed: Seed, total: int, progress: SeedProgress | None
    ) -> None:
        """Make the sandbox's schema again, with the records of `seed`, `total` in number.

        It appears when it is complete. Raises `DatabaseInUseError` when others serve the database.
        """
        if not self._try_lock(_LOCK_ALONE):
            raise DatabaseInUseError(
                f"Another sandbox is using the database {self.place}; "
                "stop it, or choose another database with --database."
            )
        try:
            with self._connection.transaction():
                self._store_seed(credentials, seed, total, progress or (lambda _done, _total: None))
            # Pages are read off indexes alone only where the tables are known to be clean.
            for entity in ENTITIES:
                self._connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(_identifier(entity)))
            self.lock_shared()
        finally:
            self._connection.execute(_UNLOCK_ALONE, [LOCK])

    def check_credentials(self, credentials: AccountCredentials) -> CredentialHashes:
        """Return the database's credential hashes, which `credentials` must match.

        Raises `DatabaseError` when they do not, or when the database is not a sandbox's, or of
        another version.
        """
        meta = self._read_meta()
        if meta.get("layout") != LAYOUT:
            raise self._schema_error("was made by another version of this program")
        if meta.get("unicode") != unicodedata.unidata_version:
            # Case folding differs between Unicode versions, and with it the order of the keys.
            raise self._schema_error("was made by a Python of another Unicode version")
        account = msgspec.json.decode(meta["account"], type=CredentialHashes)
        values = (
            credentials.client_id,
            credentials.client_secret,
            credentials.username,
            credentials.password,
        )
        if not account.matches(*(value.encode() for value in values)):
            raise DatabaseError(
                f"The database {self.place} belongs to other credentials than this data folder's; "
                "serve it with the folder it was made with (--data), or start with --reset."
            )
        return account

    def _read_meta(self) -> dict[str, str]:
        try:
            return dict(self._connection.execute(_META).fetchall())
        except (errors.UndefinedTable, errors.UndefinedColumn) as error:
            raise self._schema_error("is another program's") from error

    def _store_seed(
        self, credentials: AccountCredentials, seed: Seed, total: int, progress: SeedProgress
    ) -> None:
        execute = self._connection.execute
        execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(_identifier(SCHEMA)))
        execute(sql.SQL("CREATE SCHEMA {}").format(_identifier(SCHEMA)))
        execute("SET LOCAL maintenance_work_mem = '256MB'")
        execute(TABLES.encode())
        account = msgspec.json.encode(CredentialHashes.of(credentials)).decode()
        meta = {"layout": LAYOUT, "unicode": unicodedata.unidata_version, "account": account}
        for pair in meta.items():
            execute(_ADD_META, pair)
        done = 0
        progress(done, total)
        for entity in ENTITIES.values():
            execute(create_table(entity))
            count = 0
            for count in self._copy_records(entity, seed.get(entity.name, ())):
                progress(done + count, total)
            done += count
            execute(_ADD_ENTITY, [entity.name, count, count])
            # Sorting all keys at once is far quicker than keeping indexes while records come in.
            for statement in create_indexes(entity):
                execute(statement)

    def _copy_records(self, entity: EntitySchema, rows: Iterable[SeedRow]) -> Generator[int]:
        """Store records, and yield how many they are from time to time and at the end."""
        count = 0
        types = ["int8", "bytea", "bytea", *("bytea" for _ in entity.fields)]
        with self._connection.cursor() as cursor, cursor.copy(copy_records(entity)) as copy:
            copy.set_types(types)
            for count, (external_id, record) in enumerate(rows, start=1):
                keys = encode_record_keys(entity, record)
                copy.write_row((count, external_id.encode(), record, *keys))
                if count % _STEP == 0:
                    yield count
        yield count

    def _try_lock(self, lock: LiteralString) -> bool:
        deadline = time.monotonic() + _SECONDS_TO_LOCK
        while self._connection.execute(lock, [LOCK]).fetchone() != (True,):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_SECONDS_BETWEEN_LOCKS)
        return True

    def _schema_error(self, how: str) -> DatabaseError:
        return DatabaseError(
            f"The schema {SCHEMA} of the database {self.place} {how}; "
            "start with --reset to make it again, or choose another database with --database."
        )


@contextmanager
def open_database(address: str) -> Generator[PostgresDatabase]:
    """Connect to the database at a `postgresql://` address while the block runs.

    Raises `DatabaseError` when it cannot be read, reached, or used.
    """
    wanted = build_conninfo(address)
    try:
        connection = psycopg.connect(wanted, autocommit=True)
    except psycopg.Error as error:
        raise DatabaseError(
            f"The database {describe_place(wanted)} cannot be reached "
            f"({describe_error(error, wanted)}); "
            "check that it runs, and its address, user and password."
        ) from error
    with connection:
        try:
            yield PostgresDatabase(connection, wanted)
        except psycopg.Error as error:
            raise DatabaseError(
                f"The database {describe_place(wanted)} cannot be used "
                f"({describe_error(error, wanted)}); "
                "give a user who may create a schema in it, or another database with --database."
            ) from error


def _identifier(identifier: str) -> sql.Identifier:
    return sql.Identifier(identifier)
