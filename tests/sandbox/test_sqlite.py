"""The SQLite store: how its file is read, what is in it, and what waits for the disk."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cmdm_tui.sandbox import seed
from cmdm_tui.sandbox.storage.sqlite import snapshots
from cmdm_tui.sandbox.storage.sqlite.data_file import create_data_file
from cmdm_tui.sandbox.storage.sqlite.store import SqliteStore
from cmdm_tui.sandbox.storage.store import RecordOrder


def fails(check: Callable[[], object]) -> None:
    """Assert that a check notices what has been broken."""
    with pytest.raises(AssertionError):
        check()


def test_reads_go_through_indexes(tmp_path: Path) -> None:
    """A page sorted by a field must not sort the table."""
    path = tmp_path / "sandbox.sqlite"
    create_data_file(path, seed.generate_records(20), sum(seed.count_records(20).values()))
    statements: list[str] = []
    with closing(sqlite3.connect(path)) as connection, closing(SqliteStore(path)) as store:
        connection.create_function("sort_key", 3, lambda *_: "", deterministic=True)
        store._reader.set_trace_callback(statements.append)
        try:
            for descending in (False, True):
                for field in ("Name", "ExternalID", None):
                    for offset in (0, 3):
                        store._pages.read("product", RecordOrder(field, descending), offset, 2)
        finally:
            store._reader.set_trace_callback(None)
        assert statements
        for statement in statements:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            assert not [step for *_, step in plan if "B-TREE" in step], (statement, plan)


def test_the_file_holds_no_second_copy_of_the_sort_keys(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    create_data_file(path, seed.generate_records(20), sum(seed.count_records(20).values()))
    with closing(sqlite3.connect(path)) as connection:
        columns = [row[1] for row in connection.execute('PRAGMA table_info("lead")')]
        assert columns == ["position", "external_id", "record"]
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        assert mode == "wal"


def make_store(path: Path, *, lasting: bool = True) -> SqliteStore:
    create_data_file(path, seed.generate_records(20), sum(seed.count_records(20).values()))
    return SqliteStore(path, lasting=lasting)


def list_commit_levels(path: Path, *, lasting: bool) -> list[str]:
    """Return how far each commit of a record, a token and the counts waits for the disk."""
    levels: list[str] = []
    level = ""

    def hear(statement: str) -> None:
        nonlocal level
        if statement.startswith("PRAGMA synchronous = "):
            level = statement.rpartition(" ")[2]
        elif statement == "COMMIT":
            levels.append(level)

    async def write(store: SqliteStore) -> None:
        store._set_level(store._write_level)
        for now in (10.0, 20.0):
            async with store.transaction() as transaction:
                await transaction.insert("product", {"Name": "Pen"})
            await store.add_token("digest", 99, now)
            await store.count_call(now)
        await store.reset_call_counts()
        async with store.transaction() as transaction:
            await transaction.insert("product", {"Name": "Pen"})

    with closing(make_store(path, lasting=lasting)) as store:
        store._writer.set_trace_callback(hear)
        asyncio.run(write(store))
        store._writer.set_trace_callback(None)
    return levels


def only_counts_do_not_wait_for_the_disk(path: Path) -> None:
    each = ["FULL", "FULL", "NORMAL"]
    assert list_commit_levels(path, lasting=True) == [*each, *each, "NORMAL", "FULL"]


def test_only_counts_do_not_wait_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_counts_do_not_wait_for_the_disk(tmp_path / "sandbox.sqlite")
    assert set(list_commit_levels(tmp_path / "brief.sqlite", lasting=False)) == {"OFF"}

    set_before: set[str] = set()

    def never_back(self: SqliteStore, level: str) -> None:
        set_before.add(level)
        if level == "NORMAL" or "NORMAL" not in set_before:
            self._writer.execute(f"PRAGMA synchronous = {level}")

    monkeypatch.setattr(SqliteStore, "_set_level", never_back)
    fails(lambda: only_counts_do_not_wait_for_the_disk(tmp_path / "broken.sqlite"))


def restore_some(path: Path, *, records: int, rounds: int) -> tuple[int, int]:
    """Add some records and restore, `rounds` times; return how many checkpoints, and the journal.

    The journal is in bytes.
    """
    statements: list[str] = []

    async def run(store: SqliteStore) -> None:
        await store.save_snapshot("mine")
        for _ in range(rounds):
            async with store.transaction() as transaction:
                for _ in range(records):
                    await transaction.insert("product", {"Name": "Pen"})
            await store.restore_snapshot("mine")
            assert (await store.page("product", RecordOrder(None), 0, 1)).total == before

    with closing(make_store(path, lasting=False)) as store:
        before = store._totals["product"]
        store._snapshots._connection.set_trace_callback(statements.append)
        asyncio.run(run(store))
        store._snapshots._connection.set_trace_callback(None)
        size = path.with_name(path.name + "-wal").stat().st_size
    return sum("wal_checkpoint" in one for one in statements), size


LONGEST_JOURNAL = 6 * 1024 * 1024
"""SQLite's own thousand pages, and what one transaction writes beyond them."""


def much_is_moved_at_once_and_little_by_the_writer(folder: Path) -> None:
    checkpoints, size = restore_some(folder / "few.sqlite", records=5, rounds=150)
    assert (checkpoints, size < LONGEST_JOURNAL) == (0, True)
    checkpoints, size = restore_some(folder / "many.sqlite", records=60, rounds=3)
    assert (checkpoints, size < LONGEST_JOURNAL) == (3, True)


@pytest.mark.parametrize("left", [0, 10**9])
def test_a_restore_moves_much_at_once_and_leaves_little_to_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    if not left:
        (tmp_path / "sound").mkdir()
        much_is_moved_at_once_and_little_by_the_writer(tmp_path / "sound")
    monkeypatch.setattr(snapshots, "_RECORDS_LEFT_TO_WRITER", left)
    fails(lambda: much_is_moved_at_once_and_little_by_the_writer(tmp_path))
