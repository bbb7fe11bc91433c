"""Snapshots of all records of a SQLite file: temporary tables of the writer's connection.

Restoring one costs a comparison of every record, in the database itself, and a change for each
record that differs: the keys of the others are not computed again.
"""

import sqlite3
from collections.abc import Iterable

from cmdm_tui.sandbox.schema import ENTITIES
from cmdm_tui.sandbox.storage.tables import fill_names

_CREATE = """
CREATE TEMP TABLE "{saved}" (position INTEGER PRIMARY KEY, external_id TEXT, record TEXT)"""
_COPY = 'INSERT INTO "{saved}" SELECT position, external_id, record FROM main."{table}"'
_DROP = 'DROP TABLE IF EXISTS temp."{saved}"'
_REMOVE_NEW = """
DELETE FROM main."{table}"
WHERE position NOT IN (SELECT position FROM "{saved}")"""
_PUT_BACK = """
INSERT OR REPLACE INTO main."{table}" (position, external_id, record)
SELECT saved.position, saved.external_id, saved.record
FROM "{saved}" AS saved LEFT JOIN main."{table}" AS now USING (position)
WHERE now.record IS NOT saved.record OR now.external_id IS NOT saved.external_id"""
_SEQUENCES = "SELECT name, seq FROM main.sqlite_sequence"
_PUT_BACK_SEQUENCE = "UPDATE main.sqlite_sequence SET seq = ? WHERE name = ? AND seq <> ?"


class SqliteSnapshots:
    """The copies made through one connection, by name. Every call is one transaction's work."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sequences: dict[str, dict[str, int]] = {}

    @property
    def names(self) -> list[str]:
        """The names of the copies, the oldest first."""
        return list(self._sequences)

    def save(self, name: str) -> None:
        """Copy all records under `name`, in place of what was copied under it before."""
        for entity in ENTITIES:
            tables = {"saved": f"{name} {entity}", "table": entity}
            for statement in (_DROP, _CREATE, _COPY):
                self._connection.execute(fill_names(statement, **tables))
        self._sequences.pop(name, None)
        self._sequences[name] = dict(self._connection.execute(_SEQUENCES))

    def restore(self, name: str, entities: Iterable[str] = ENTITIES) -> None:
        """Restore the records of `name`, which must be one of `names`, in these entities."""
        for entity in entities:
            tables = {"saved": f"{name} {entity}", "table": entity}
            for statement in (_REMOVE_NEW, _PUT_BACK):
                self._connection.execute(fill_names(statement, **tables))
            sequence = self._sequences[name].get(entity, 0)
            self._connection.execute(_PUT_BACK_SEQUENCE, (sequence, entity, sequence))
