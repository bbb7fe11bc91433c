"""Reading a page of an entity's records in an order, out of PostgreSQL, in one statement."""

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from cmdm_tui.sandbox.storage.keyset_pages import PageBoundaries
from cmdm_tui.sandbox.storage.postgres import statements
from cmdm_tui.sandbox.storage.store import RecordOrder, RecordPage, StoredRecord

PageRow = tuple[int, int, int | None, bytes, bytes, Any]
"""The entity's total and version; a record's position, id, JSON and key, None where none is."""


@dataclass(frozen=True, slots=True)
class _Boundary:
    """The last record of a page, and the version of the entity that it was read from."""

    version: int
    key: Any
    position: int


class PostgresKeysetPages:
    """Pages of the tables, shared by the connections of one process.

    A page costs a walk over index entries up to its offset, unless it begins where an earlier one
    ended. Any process may change the records, so a boundary is good for one version of its entity.
    """

    def __init__(self) -> None:
        self._boundaries = PageBoundaries[_Boundary]()

    async def read(
        self,
        connection: AsyncConnection[Any],
        entity: str,
        order: RecordOrder,
        offset: int,
        limit: int,
    ) -> RecordPage:
        """Return at most `limit` records from `offset` on, and how many there are in all."""
        boundary = self._boundaries.get(entity, order, offset)
        rows = []
        if boundary is not None:
            rows = await _read_rows(connection, entity, order, limit, boundary)
            if rows:
                self._boundaries.keep(entity, order, offset, boundary)
            else:
                self._boundaries.drop(entity, order, offset)
        if not rows:
            rows = await _read_rows(connection, entity, order, limit, offset)
        total, version, position, _, _, key = rows[-1]
        if position is None:
            return RecordPage(total, [])
        if len(rows) == limit:
            self._boundaries.keep(entity, order, offset + limit, _Boundary(version, key, position))
        return RecordPage(total, [StoredRecord(row[3], row[4]) for row in rows])


async def _read_rows(
    connection: AsyncConnection[Any],
    entity: str,
    order: RecordOrder,
    limit: int,
    start: _Boundary | int,
) -> list[PageRow]:
    """Read a page from an offset on, or after a boundary: no row at all when that is outdated."""
    is_after = isinstance(start, _Boundary)
    sql = statements.select_page(
        entity, order.field, descending=order.descending, is_after=is_after
    )
    values: dict[str, Any] = {"limit": limit}
    if is_after:
        values |= {"version": start.version, "key": start.key, "position": start.position}
    else:
        values |= {"offset": start}
    cursor = await connection.execute(sql, values, binary=True)
    return await cursor.fetchall()
