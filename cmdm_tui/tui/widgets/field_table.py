"""The table of an entity's fields."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import DataTable

from cmdm_tui.api import Field
from cmdm_tui.tui.models.value_text import cell_text
from cmdm_tui.tui.widgets.cells import Cell


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


class FieldTable(DataTable[Cell]):
    """Rows of fields, under columns for what any of them has; types with `?` are inferred."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, zebra_stripes=True, cursor_type="row")

    def show(self, fields: Sequence[Field]) -> None:
        """Show these fields, from the top."""
        self.clear(columns=True)
        aspects = [aspect for aspect in _FIELD_COLUMNS if fields and _has_values(aspect, fields)]
        self.fixed_columns = 1 if aspects else 0
        for aspect in aspects:
            heading = Text(aspect.heading, justify="right" if aspect.is_number else "left")
            self.add_column(heading, width=_width(aspect, fields))
        for field in fields:
            self.add_row(
                *(Cell(aspect.value(field), is_number=aspect.is_number) for aspect in aspects)
            )


def _has_values(aspect: _FieldColumn, fields: Sequence[Field]) -> bool:
    return aspect.is_always_shown or any(aspect.value(field) is not None for field in fields)


def _width(aspect: _FieldColumn, fields: Sequence[Field]) -> int:
    widths = [cell_len(cell_text(aspect.value(field))) for field in fields]
    return min(max(*widths, len(aspect.heading)), aspect.widest)
