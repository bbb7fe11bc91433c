"""Reading a page of an entity's records in an order, out of SQLite, through indexes alone."""

import sqlite3
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from cmdm_tui.sandbox.schema import ENTITIES, EXTERNAL_ID
from cmdm_tui.sandbox.storage.keyset_pages import PageBoundaries
from cmdm_tui.sandbox.storage.store import RecordOrder, StoredRecord, decode_properties
from cmdm_tui.sandbox.storage.tables import fill_names, name_index, name_key_column
from cmdm_tui.sandbox.wire_types import sort_key

# Joined in this order and no other: the records come in the order of the positions.
_ROWS = """
SELECT external_id, record
FROM json_each(?) AS wanted CROSS JOIN "{table}" ON position = wanted.value"""

_FROM_OFFSET = """
SELECT position FROM "{table}" INDEXED BY "{index}"
ORDER BY "{key}" {direction}, position {direction} LIMIT ? OFFSET ?"""
_CREATED_AFTER = 'SELECT position FROM "{table}" WHERE position > ? ORDER BY position LIMIT ?'
_CREATED_BEFORE = """
SELECT position FROM "{table}" WHERE position < ? ORDER BY position DESC LIMIT ?"""

_KEY_AT = """
SELECT "{key}" FROM "{table}" INDEXED BY "{index}"
ORDER BY "{key}" DESC, position DESC LIMIT 1 OFFSET ?"""
_COUNT_ABOVE = 'SELECT count(*) FROM "{table}" INDEXED BY "{index}" WHERE "{key}" > ?'
_COUNT_NOT_NULL = """SELECT count(*) FROM "{table}" INDEXED BY "{index}" WHERE "{key}" >= ''"""
_REST_OF_GROUP = """
SELECT position FROM "{table}" INDEXED BY "{index}"
WHERE "{key}" IS ? AND position > ? ORDER BY position LIMIT ? OFFSET ?"""
_ABOVE = """
SELECT position FROM "{table}" INDEXED BY "{index}"
WHERE "{key}" > ? ORDER BY "{key}", position LIMIT ?"""
_NOT_NULL = """
SELECT position FROM "{table}" INDEXED BY "{index}"
WHERE "{key}" >= '' ORDER BY "{key}", position LIMIT ?"""
_BELOW = """
SELECT "{key}", position FROM "{table}" INDEXED BY "{index}"
WHERE "{key}" < ? ORDER BY "{key}" DESC, position DESC LIMIT ?"""
_HIGHEST = """
SELECT "{key}", position FROM "{table}" INDEXED BY "{index}"
WHERE "{key}" >= '' ORDER BY "{key}" DESC, position DESC LIMIT ?"""

IndexKey = str | bytes | None


@dataclass(frozen=True, slots=True)
class _Boundary:
    """The last record of a page: what the next page begins after."""

    key: IndexKey
    position: int


class SqliteKeysetPages:
    """Pages of the tables of one connection, whose `text_factory` is bytes.

    A page costs a walk over index entries up to its offset, unless it begins where an earlier one
    ended. So these boundaries are kept, until `forget` is called when an entity's records change.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._boundaries = PageBoundaries[_Boundary]()

    def read(self, entity: str, order: RecordOrder, offset: int, limit: int) -> list[StoredRecord]:
        """Return at most `limit` records from `offset` on."""
        boundary = self._boundaries.get(entity, order, offset)
        if order.field is None:
            positions = self._read_by_creation(entity, order, offset, limit, boundary)
        else:
            walk = _IndexWalk(self._connection, entity, order.field, order.descending)
            if boundary is not None:
                positions = walk.read_after(boundary.key, boundary.position, limit)
            else:
                positions = walk.read_from_offset(offset, limit)
        records = self._read_rows(entity, positions)
        if len(records) == limit:
            key = _compute_boundary_key(entity, order.field, records[-1])
            self._boundaries.keep(entity, order, offset + limit, _Boundary(key, positions[-1]))
        return records

    def forget(self, entity: str) -> None:
        """Forget where an entity's pages ended: its records have changed."""
        self._boundaries.drop_entity(entity)

    def _read_by_creation(
        self, entity: str, order: RecordOrder, offset: int, limit: int, boundary: _Boundary | None
    ) -> list[int]:
        if boundary is not None:
            statement = _CREATED_BEFORE if order.descending else _CREATED_AFTER
            values = (boundary.position, limit)
        else:
            statement, values = _FROM_OFFSET, (limit, offset)
        sql = fill_names(
            statement,
            table=entity,
            index=name_index(entity, None),
            key="position",
            direction="DESC" if order.descending else "ASC",
        )
        return [position for (position,) in self._connection.execute(sql, values)]

    def _read_rows(self, entity: str, positions: list[int]) -> list[StoredRecord]:
        sql = fill_names(_ROWS, table=entity)
        rows = self._connection.execute(sql, (msgspec.json.encode(positions).decode(),))
        return [StoredRecord(external_id, record) for external_id, record in rows]


class _IndexWalk:
    """Steps over one index. Ties are in the order of creation in both directions.

    An index read backwards yields the ties in the wrong order, so a descending page is put
    together by groups of equal keys: one read backwards finds the groups, and each is reversed;
    of the group that the page's end cuts through, the first records are read again.
    """

    def __init__(
        self, connection: sqlite3.Connection, entity: str, field: str, descending: bool
    ) -> None:
        self._connection = connection
        self._descending = descending
        # SQLite walks the whole index to find nulls in a column that cannot hold any.
        self._has_nulls = field != EXTERNAL_ID
        self._names = {
            "table": entity,
            "index": name_index(entity, field),
            "key": name_key_column(field),
        }

    def read_from_offset(self, offset: int, limit: int) -> list[int]:
        """Return the positions of a page by its offset."""
        if not self._descending:
            return self._read_positions(_FROM_OFFSET, limit, offset)
        if offset == 0:
            return self._reorder_groups(self._read_rows(_HIGHEST, limit), limit)
        found = self._read_rows(_KEY_AT, offset)
        if not found:
            return []
        key = found[0][0]
        if key is None:
            (above,) = self._read_positions(_COUNT_NOT_NULL)
        else:
            (above,) = self._read_positions(_COUNT_ABOVE, key)
        first = self._read_positions(_REST_OF_GROUP, key, 0, limit, offset - above)
        return first + self._read_groups_after(key, limit - len(first))

    def read_after(self, key: IndexKey, position: int, limit: int) -> list[int]:
        """Return the positions of the page that follows the record of `key` and `position`."""
        first = self._read_positions(_REST_OF_GROUP, key, position, limit, 0)
        return first + self._read_groups_after(key, limit - len(first))

    def _read_groups_after(self, key: IndexKey, limit: int) -> list[int]:
        if limit == 0:
            return []
        if self._descending:
            # Nulls come last, so nothing follows them.
            if key is None:
                return []
            return self._reorder_groups(self._read_rows(_BELOW, key, limit), limit)
        if key is None:
            return self._read_positions(_NOT_NULL, limit)
        return self._read_positions(_ABOVE, key, limit)

    def _reorder_groups(self, found: list[tuple[IndexKey, int]], limit: int) -> list[int]:
        groups = [
            (key, [position for _, position in group])
            for key, group in groupby(found, key=itemgetter(0))
        ]
        if len(found) == limit:
            key, cut = groups.pop()
            groups.append((key, self._read_positions(_REST_OF_GROUP, key, 0, len(cut), 0)[::-1]))
        positions = [position for _, group in groups for position in reversed(group)]
        nulls = limit - len(positions) if self._has_nulls else 0
        if not nulls:
            return positions
        return positions + self._read_positions(_REST_OF_GROUP, None, 0, nulls, 0)

    def _read_positions(self, statement: str, *values: IndexKey | int) -> list[int]:
        return [number for (number,) in self._read_rows(statement, *values)]

    def _read_rows(self, statement: str, *values: IndexKey | int) -> list[Any]:
        sql = fill_names(statement, direction="ASC", **self._names)
        # The connection reads text as bytes; a key is bound as the text it is in the index.
        bound = [value.decode() if isinstance(value, bytes) else value for value in values]
        return self._connection.execute(sql, bound).fetchall()


def _compute_boundary_key(entity: str, field: str | None, record: StoredRecord) -> IndexKey:
    if field is None:
        return None
    if field == EXTERNAL_ID:
        return record.external_id
    value = decode_properties(record.properties)[field]
    return None if value is None else sort_key(ENTITIES[entity].by_name[field].type, value)
