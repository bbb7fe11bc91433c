"""The SQLite store: how its file is read, and what is in it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from cmdm_tui.sandbox import seed
from cmdm_tui.sandbox.storage.sqlite.data_file import create_data_file
from cmdm_tui.sandbox.storage.sqlite.store import SqliteStore
from cmdm_tui.sandbox.storage.store import RecordOrder


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
