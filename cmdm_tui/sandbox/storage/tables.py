"""How both databases name the columns and indexes of an entity's table.

Names come from the schema alone, so they can be part of a statement; values are always bound.
"""

from cmdm_tui.sandbox.schema import EXTERNAL_ID

CREATION = "creation"


def fill_names(statement: str, **names: str) -> str:
    """Return `statement` with its `{placeholders}` replaced by names of the schema."""
    for placeholder, name in names.items():
        statement = statement.replace(f"{{{placeholder}}}", name)
    return statement


def name_key_column(field: str | None) -> str:
    """Return the column that holds the sort key of `field`, None being the order of creation."""
    if field is None:
        return "position"
    return "external_id" if field == EXTERNAL_ID else f"key of {field}"


def name_index(entity: str, field: str | None) -> str:
    """Return the name of the index in the order of `field`."""
    return f"{entity} by {field or CREATION}"
