"""The SQL of one entity's table. Names come from the schema alone, values are always bound."""

from cmdm_tui.sandbox.schema import EXTERNAL_ID, EntitySchema

CREATION = "creation"

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


def fill_names(statement: str, **names: str) -> str:
    """Return `statement` with its `{placeholders}` replaced by names of the schema."""
    for placeholder, name in names.items():
        statement = statement.replace(f"{{{placeholder}}}", name)
    return statement


def key_column(field: str | None) -> str:
    """Return the column that holds the sort key of `field`, None being the order of creation."""
    if field is None:
        return "position"
    return "external_id" if field == EXTERNAL_ID else f"key of {field}"


def index_name(entity: str, field: str | None) -> str:
    """Return the name of the index in the order of `field`."""
    return f"{entity} by {field or CREATION}"


def create_table(entity: EntitySchema) -> str:
    """Return the statement that creates the entity's table, without its keys and indexes."""
    return fill_names(_TABLE, table=entity.name)


def add_keys(entity: EntitySchema) -> list[str]:
    """Return the statements that add the sort keys.

    Where they exist an insertion computes them all, once for itself and once for the indexes.
    """
    return [
        fill_names(
            _KEY,
            table=entity.name,
            key=key_column(field.name),
            name=field.name,
            type=str(field.type),
        )
        for field in entity.fields
    ]


def create_indexes(entity: EntitySchema) -> list[str]:
    """Return the statements that create an index for each order a client may ask for.

    The order of creation has one too: it is many times smaller than the table, so that stepping to
    a far page reads few disk pages.
    """
    names = [None, EXTERNAL_ID, *(field.name for field in entity.fields)]
    return [
        fill_names(
            _INDEX,
            unique="UNIQUE" if name == EXTERNAL_ID else "",
            index=index_name(entity.name, name),
            table=entity.name,
            key=key_column(name),
        )
        for name in names
    ]
