"""The SQL of one entity's table. Names come from the schema alone, values are always bound."""

from functools import cache

from cmdm_tui.sandbox.schema import ENTITIES, EXTERNAL_ID, EntitySchema
from cmdm_tui.sandbox.storage.tables import fill_names, name_index, name_key_column

SCHEMA = "cmdm_sandbox"

TABLES = """
CREATE TABLE _meta (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE _token (digest text COLLATE "C" PRIMARY KEY, ends bigint NOT NULL);
CREATE TABLE _usage (period text COLLATE "C" PRIMARY KEY, calls bigint NOT NULL)
    WITH (fillfactor = 10);
CREATE TABLE _entity (
    name text COLLATE "C" PRIMARY KEY,
    total bigint NOT NULL,
    last_position bigint NOT NULL,
    version bigint NOT NULL
) WITH (fillfactor = 10);
"""

# Records are JSON as it was encoded: jsonb would reorder their keys and refuse NUL, as text would.
_TABLE = """
CREATE TABLE "{table}" (
    position bigint NOT NULL,
    external_id bytea NOT NULL,
    record bytea NOT NULL{keys}
)"""
_KEY = """,
    "{key}" bytea NOT NULL"""
_PRIMARY = 'ALTER TABLE "{table}" ADD PRIMARY KEY (position)'
_UNIQUE = 'CREATE UNIQUE INDEX "{index}" ON "{table}" (external_id) INCLUDE (position)'
_INDEX = 'CREATE INDEX "{index}" ON "{table}" ("{key}", position)'

_COPY = 'COPY "{table}" (position, external_id, record{keys}) FROM STDIN (FORMAT BINARY)'
_INSERT = """
INSERT INTO "{table}" (position, external_id, record{keys}) VALUES (%s, %s, %s{marks})
ON CONFLICT (external_id) DO NOTHING"""
_REPLACE = 'UPDATE "{table}" SET record = %s{assignments} WHERE external_id = %s'
_NEIGHBOURS = """
SELECT record, "{key}" FROM "{table}" WHERE "{key}" >= %s AND "{key}" < %s AND external_id <> %s"""

# The total, the version and the records of a page are of one moment, as one statement reads them.
_PAGE = """
SELECT e.total, e.version, r.position, r.external_id, r.record, r.key
FROM _entity e LEFT JOIN LATERAL (
    SELECT t.position, t.external_id, t.record, t."{key}" AS key
    FROM ({positions}) w JOIN "{table}" t USING (position)
) r ON true
WHERE e.name = '{table}'{condition}
ORDER BY r.key {direction}, r.position"""
_ONLY_AT_VERSION = " AND e.version = %(version)s"

_FROM_OFFSET = """
    SELECT position FROM "{table}" ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s"""
_AFTER = """
    SELECT position FROM "{table}" WHERE {after} ORDER BY {order} LIMIT %(limit)s"""

# An index read backwards yields ties in the wrong order. So a descending page is put together by
# groups of equal keys: what is left of the group it starts in, whole groups, and the first records
# of the group that its end cuts through.
_FIRST_AT_OFFSET = """
    start AS MATERIALIZED (
        SELECT "{key}" AS key FROM "{table}"
        ORDER BY "{key}" DESC, position DESC LIMIT 1 OFFSET %(offset)s
    ),
    above AS MATERIALIZED (
        SELECT count(*) AS rows FROM "{table}" WHERE "{key}" > (SELECT key FROM start)
    ),
    first AS MATERIALIZED (
        SELECT position FROM "{table}" WHERE "{key}" = (SELECT key FROM start)
        ORDER BY position LIMIT %(limit)s OFFSET %(offset)s - (SELECT rows FROM above)
    ),"""
_FIRST_AFTER = """
    start AS MATERIALIZED (SELECT %(key)s::bytea AS key),
    first AS MATERIALIZED (
        SELECT position FROM "{table}" WHERE "{key}" = %(key)s AND position > %(position)s
        ORDER BY position LIMIT %(limit)s
    ),"""
_BY_GROUPS = """
    WITH {first}
    below AS MATERIALIZED (
        SELECT "{key}" AS key, position FROM "{table}" WHERE "{key}" < (SELECT key FROM start)
        ORDER BY "{key}" DESC, position DESC LIMIT %(limit)s - (SELECT count(*) FROM first)
    ),
    cut AS MATERIALIZED (
        SELECT key, count(*) AS rows FROM below GROUP BY key ORDER BY key LIMIT 1
    )
    SELECT position FROM first
    UNION ALL SELECT position FROM below WHERE key > (SELECT key FROM cut)
    UNION ALL (
        SELECT position FROM "{table}" WHERE "{key}" = (SELECT key FROM cut)
        ORDER BY position LIMIT (SELECT rows FROM cut)
    )"""

_EVERY = 'SELECT external_id, record FROM "{table}" ORDER BY {order}'


def create_table(entity: EntitySchema) -> bytes:
    """Return the statement that creates the entity's table, without its indexes."""
    keys = "".join(fill_names(_KEY, key=name_key_column(field.name)) for field in entity.fields)
    return fill_names(_TABLE, table=entity.name, keys=keys).encode()


def create_indexes(entity: EntitySchema) -> list[bytes]:
    """Return the statements that create an index for each order a client may ask for."""
    unique = fill_names(_UNIQUE, table=entity.name, index=name_index(entity.name, EXTERNAL_ID))
    others = [
        fill_names(
            _INDEX,
            table=entity.name,
            index=name_index(entity.name, field.name),
            key=name_key_column(field.name),
        )
        for field in entity.fields
    ]
    return [sql.encode() for sql in (fill_names(_PRIMARY, table=entity.name), unique, *others)]


def copy_records(entity: EntitySchema) -> bytes:
    """Return the statement that loads records with their keys."""
    return fill_names(_COPY, table=entity.name, keys=_key_list(entity)).encode()


@cache
def insert_record(table: str) -> bytes:
    """Return the statement that stores a record: position, external id, record, keys."""
    entity = ENTITIES[table]
    marks = ", %s" * len(entity.fields)
    return fill_names(_INSERT, table=table, keys=_key_list(entity), marks=marks).encode()


@cache
def replace_record(table: str) -> bytes:
    """Return the statement that changes a record: record, keys, external id."""
    columns = (name_key_column(field.name) for field in ENTITIES[table].fields)
    assignments = "".join(f', "{column}" = %s' for column in columns)
    return fill_names(_REPLACE, table=table, assignments=assignments).encode()


def select_neighbours(table: str, field: str) -> bytes:
    """Return the statement that reads the other records of a range of keys: from, to, id."""
    return fill_names(_NEIGHBOURS, table=table, key=name_key_column(field)).encode()


@cache
def select_page(table: str, field: str | None, *, descending: bool, is_after: bool) -> bytes:
    """Return the statement that reads a page from `offset` on, or after `key` and `position`."""
    key = name_key_column(field)
    if descending and field not in {None, EXTERNAL_ID}:
        positions = fill_names(_BY_GROUPS, first=_FIRST_AFTER if is_after else _FIRST_AT_OFFSET)
    else:
        positions = fill_names(
            _AFTER if is_after else _FROM_OFFSET, after=_after(field, descending)
        )
    return fill_names(
        _PAGE,
        positions=positions,
        order=order_columns(field, descending=descending),
        direction="DESC" if descending else "ASC",
        condition=_ONLY_AT_VERSION if is_after else "",
        key=key,
        table=table,
    ).encode()


@cache
def select_all(table: str, field: str | None, *, descending: bool) -> bytes:
    """Return the statement that reads all records in an order."""
    return fill_names(
        _EVERY, table=table, order=order_columns(field, descending=descending)
    ).encode()


def order_columns(field: str | None, *, descending: bool) -> str:
    """Return the columns to order by: ties are in the order of creation either way."""
    direction = " DESC" if descending else ""
    if field is None:
        return f"position{direction}"
    ties = "" if field == EXTERNAL_ID else ", position"
    return f'"{name_key_column(field)}"{direction}{ties}'


def _after(field: str | None, descending: bool) -> str:
    comparison = "<" if descending else ">"
    if field is None:
        return f"position {comparison} %(position)s"
    if field == EXTERNAL_ID:
        return f"external_id {comparison} %(key)s"
    return f'("{name_key_column(field)}", position) > (%(key)s, %(position)s)'


def _key_list(entity: EntitySchema) -> str:
    return "".join(f', "{name_key_column(field.name)}"' for field in entity.fields)
