"""An entity's fields as rows of a table: a column for each thing that any of them says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from cmdm_tui.api import Field
from cmdm_tui.formats.value_text import cell_text
from cmdm_tui.tui.models.row_source import SourceColumn
from cmdm_tui.tui.models.table_source import TableRow


@dataclass(frozen=True, slots=True)
class _FieldColumn:
    """A column: one attribute of a field; `is_always_shown` even where no field has it."""

    heading: str
    widest: int
    value: Callable[[Field], object]
    is_always_shown: bool = False
    is_number: bool = False


def _type(field: Field) -> str | None:
    return f"{field.type}?" if field.inferred else field.type


def _truth(value: bool | None) -> str | None:
    return {True: "yes", False: "", None: None}[value]


_FIELD_COLUMNS = (
    _FieldColumn("Name", 24, lambda field: field.name, is_always_shown=True),
    _FieldColumn("Label", 20, lambda field: field.label),
    _FieldColumn("Type", 12, _type, is_always_shown=True),
    _FieldColumn("Required", 8, lambda field: _truth(field.required)),
    _FieldColumn("Read-only", 9, lambda field: _truth(field.read_only)),
    _FieldColumn("Length", 7, lambda field: field.max_length, is_number=True),
    _FieldColumn("Options", 60, lambda field: " · ".join(field.options) or None),
    _FieldColumn("Looks up", 16, lambda field: field.lookup_entity),
)


def make_field_table(fields: Sequence[Field]) -> tuple[list[SourceColumn], list[TableRow]]:
    """Return columns for what any of the fields has, and a row for each field.

    A type with `?` is inferred from records.
    """
    shown = [column for column in _FIELD_COLUMNS if fields and _has_values(column, fields)]
    columns = [
        SourceColumn(
            column.heading,
            column.heading,
            _width(column, fields),
            is_number=column.is_number,
            is_key=column is _FIELD_COLUMNS[0],
        )
        for column in shown
    ]
    rows = [
        TableRow(field.name, tuple(column.value(field) for column in shown)) for field in fields
    ]
    return columns, rows


def _has_values(column: _FieldColumn, fields: Sequence[Field]) -> bool:
    return column.is_always_shown or any(column.value(field) is not None for field in fields)


def _width(column: _FieldColumn, fields: Sequence[Field]) -> int:
    widths = [cell_len(cell_text(column.value(field))) for field in fields]
    return min(max(*widths, len(column.heading)), column.widest)
