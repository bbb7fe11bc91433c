"""The sandbox's SQLite file: making it with its first records, checking and opening it."""

import os
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from cmdm_tui.sandbox.errors import DataFileError, DataFolderError
from cmdm_tui.sandbox.input_files import open_input
from cmdm_tui.sandbox.schema import ENTITIES, EXTERNAL_ID, EntitySchema
from cmdm_tui.sandbox.storage.sqlite.file_task import FileTask, SeedProgress
from cmdm_tui.sandbox.storage.store import Seed, SeedRow
from cmdm_tui.sandbox.storage.tables import fill_names, name_index, name_key_column
from cmdm_tui.sandbox.wire_types import sort_key

APPLICATION_ID = 0x434D444D  # "CMDM": SQLite's own mark for whose file this is
LAYOUT = 1
_SQLITE_HEADER = b"SQLite format 3\x00"
_BATCH = 2_000
_MAPPED_BYTES = 4 * 1024**3
# Of the time that a record takes; sorting it into the indexes takes the rest.
_SHARE_OF_STORING = 0.3
# A full check reads the whole file: worth it while that is a matter of milliseconds.
_CHECK_WHOLE_BELOW = 32 * 1024 * 1024

_TABLES = """
CREATE TABLE _meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE _token (digest TEXT PRIMARY KEY, ends INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE _usage (period TEXT PRIMARY KEY, calls INTEGER NOT NULL) WITHOUT ROWID;
"""
# The record is JSON text. A key is computed, never stored in the row: its index holds it, and ends
# in the rowid, which is the order of creation. A table WITHOUT ROWID makes deep offsets far slower.
_TABLE = """
CREATE TABLE "{table}" (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    external_id TEXT NOT NULL,
    record TEXT NOT NULL
)"""
_KEY = """
ALTER TABLE "{table}" ADD COLUMN
    "{key}" TEXT GENERATED ALWAYS AS (sort_key(record, '{name}', '{type}')) VIRTUAL"""
_INDEX = 'CREATE {unique} INDEX "{index}" ON "{table}" ("{key}")'
_INSERT = 'INSERT INTO "{table}" (external_id, record) VALUES (?, CAST(? AS TEXT))'


@cache
def _make_key_function(name: str, kind: str) -> Callable[[str], str | None]:
    """Return the function that computes the sort key of one field of a record's JSON.

    The rest of the record is skipped, which is several times quicker than reading it.
    """
    one = msgspec.defstruct("OneValue", [("value", str | None, None)], rename={"value": name})
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(one)
    decode = decoder.decode

    def key(record: str) -> str | None:
        value: str | None = decode(record).value
        return None if value is None else sort_key(kind, value)

    return key


def _compute_key(record: str, name: str, kind: str) -> str | None:
    """Compute the SQL function `sort_key(record, field, type)`."""
    return _make_key_function(name, kind)(record)


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, durable at every commit, with the functions its indexes need."""
    # Made by one thread and used by another, never by two at once.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.create_function("sort_key", 3, _compute_key, deterministic=True)
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -32000")
    # The records of a page lie all over the file: mapped, each is read without a system call.
    connection.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
    return connection


def create_data_file(
    path: Path, seed: Seed, total: int, progress: SeedProgress | None = None
) -> None:
    """Make the file at `path` again, with the records of `seed`, `total` in number.

    It is made next to its place and moved there when complete, so an interrupted start leaves no
    half data set. A signal whose handler raises is heard at once. Raises `DataFolderError` when the
    folder cannot be written or is full.
    """

    def make(task: FileTask) -> None:
        try:
            _make_file(path, seed, total, task)
        except (OSError, sqlite3.OperationalError) as error:
            raise DataFolderError(
                f"The sandbox's data cannot be written to {path.parent} ({error}); "
                "make the folder writable, free space, or choose another with --data."
            ) from error

    unfinished = _name_unfinished(path)
    try:
        FileTask(make).run(progress or (lambda _done, _total: None))
    finally:
        for left_over in (unfinished, *side_files(unfinished)):
            with suppress(OSError):
                left_over.unlink(missing_ok=True)


def _name_unfinished(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _make_file(path: Path, seed: Seed, total: int, task: FileTask) -> None:
    unfinished = _name_unfinished(path)
    for left_over in (unfinished, *side_files(unfinished)):
        left_over.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    connection = sqlite3.connect(unfinished, isolation_level=None, check_same_thread=False)
    try:
        task.watch(connection)
        _store_seed(connection, seed, total, task.note_step)
    finally:
        connection.close()
    _sync(unfinished)
    task.begin_last_step()
    # An old journal must never be applied to the new file.
    for old in (path, *side_files(path)):
        old.unlink(missing_ok=True)
    unfinished.replace(path)
    _sync(path.parent)


def check_data_file(path: Path) -> None:
    """Check that the file at `path` is a sandbox's, whole and of this version's layout.

    Raises `DataFileError` otherwise.
    """
    try:
        with open_input(path) as file:
            header = file.read(len(_SQLITE_HEADER))
    except OSError as error:
        raise DataFileError(
            f"The data file {path} cannot be read ({error.strerror}); "
            "make it readable, or choose another folder with --data."
        ) from error
    if header != _SQLITE_HEADER:
        raise _file_error(path, "is not a database")
    try:
        FileTask(partial(_check_file, path)).run(lambda _done, _total: None)
    except sqlite3.Error as error:
        raise _file_error(path, f"is damaged or cannot be opened: {error}") from error


def _check_file(path: Path, task: FileTask) -> None:
    connection = connect(path)
    try:
        task.watch(connection)
        _check_contents(connection, path)
    finally:
        connection.close()


def _store_seed(
    connection: sqlite3.Connection, seed: Seed, total: int, progress: SeedProgress
) -> None:
    connection.create_function("sort_key", 3, _compute_key, deterministic=True)
    # Safe without a journal: a file that is not finished is never used.
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    # A key of a million records is sorted in memory.
    connection.execute("PRAGMA cache_size = -96000")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {LAYOUT}")
    connection.executescript(_TABLES)
    done = reported = 0
    progress(done, total)
    connection.execute("BEGIN")
    for entity in ENTITIES.values():
        for share, count in _store_entity(connection, entity, seed.get(entity.name, ())):
            so_far = done + round(count * share)
            if so_far > reported:
                progress(so_far, total)
                reported = so_far
        done = reported
    _record_unicode_version(connection)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")


def _store_entity(
    connection: sqlite3.Connection, entity: EntitySchema, rows: Iterable[SeedRow]
) -> Iterator[tuple[float, int]]:
    """Store an entity, and yield which share of the work is done for how many records."""
    connection.execute(_create_table(entity))
    insert = fill_names(_INSERT, table=entity.name)
    count = 0
    for batch in _split_batches(rows):
        connection.executemany(insert, batch)
        count += len(batch)
        yield _SHARE_OF_STORING, count
    for statement in _add_keys(entity):
        connection.execute(statement)
    # Sorting all keys at once is far quicker than keeping indexes while records come in.
    statements = _create_indexes(entity)
    for number, statement in enumerate(statements, start=1):
        connection.execute(statement)
        yield _SHARE_OF_STORING + (1 - _SHARE_OF_STORING) * number / len(statements), count


def _create_table(entity: EntitySchema) -> str:
    """Return the statement that creates the entity's table, without its keys and indexes."""
    return fill_names(_TABLE, table=entity.name)


def _add_keys(entity: EntitySchema) -> list[str]:
    """Return the statements that add the sort keys.

    Where they exist an insertion computes them all, once for itself and once for the indexes.
    """
    return [
        fill_names(
            _KEY,
            table=entity.name,
            key=name_key_column(field.name),
            name=field.name,
            type=str(field.type),
        )
        for field in entity.fields
    ]


def _create_indexes(entity: EntitySchema) -> list[str]:
    """Return the statements that create an index for each order a client may ask for.

    The order of creation has one too: it is many times smaller than the table, so that stepping to
    a far page reads few disk pages.
    """
    names = [None, EXTERNAL_ID, *(field.name for field in entity.fields)]
    return [
        fill_names(
            _INDEX,
            unique="UNIQUE" if name == EXTERNAL_ID else "",
            index=name_index(entity.name, name),
            table=entity.name,
            key=name_key_column(name),
        )
        for name in names
    ]


def _split_batches(rows: Iterable[SeedRow]) -> Iterator[list[SeedRow]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _check_contents(connection: sqlite3.Connection, path: Path) -> None:
    if read_pragma(connection, "application_id") != APPLICATION_ID:
        raise _file_error(path, "is another program's database")
    if read_pragma(connection, "user_version") != LAYOUT:
        raise _file_error(path, "was made by another version of this program")
    if path.stat().st_size < _CHECK_WHOLE_BELOW:
        (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if result != "ok":
            raise _file_error(path, "is damaged")
    known = "SELECT value FROM _meta WHERE name = 'unicode'"
    if connection.execute(known).fetchone() != (unicodedata.unidata_version,):
        # Case folding differs between Unicode versions, and with it the order of the indexes.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("REINDEX")
        _record_unicode_version(connection)
        connection.execute("COMMIT")


def _record_unicode_version(connection: sqlite3.Connection) -> None:
    mark = "INSERT OR REPLACE INTO _meta (name, value) VALUES ('unicode', ?)"
    connection.execute(mark, (unicodedata.unidata_version,))


def read_pragma(connection: sqlite3.Connection, name: str) -> int:
    """Return a number that the file keeps about itself."""
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return value


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def side_files(path: Path) -> list[Path]:
    """Return where SQLite keeps the journals of the file at `path`."""
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def _file_error(path: Path, how: str) -> DataFileError:
    return DataFileError(
        f"The data file {path} {how}; "
        "start with --reset to make it again, or choose another folder with --data."
    )
