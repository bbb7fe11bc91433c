"""Chooses the columns of a table of records: which, how wide, and which way they are aligned."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from cmdm_tui.api import Field, Record
from cmdm_tui.catalog import infer_fields
from cmdm_tui.formats.cell_text import measure_width
from cmdm_tui.formats.value_text import cell_text
from cmdm_tui.text import one_line

EXTERNAL_ID = "ExternalID"
"""What the external id is called in `sort_by`."""

MAX_COLUMNS = 1_000
"""Columns of a table of records: each may have properties that no other record has."""

_VALUES_MEASURED = 4_000
"""Values of all columns that widths and types come from, at least `_LEAST_MEASURED` a column."""

_LEAST_MEASURED = 20

_NUMBER_TYPES = {"Number", "Currency"}
_MIN_WIDTH, _MAX_WIDTH = 5, 30
_SORT_MARK_WIDTH = 2


@dataclass(frozen=True, slots=True)
class RecordColumn:
    """One column: a field, or the external id. `width` is in cells."""

    name: str
    width: int
    is_number: bool = False
    is_external_id: bool = False

    def value(self, record: Record) -> object:
        """Return the record's value in this column, None where it has none."""
        return record.external_id if self.is_external_id else record.properties.get(self.name)


def choose_columns(
    records: Sequence[Record], fields: Sequence[Field] = ()
) -> tuple[RecordColumn, ...]:
    """Return the columns for records: the external id, the `fields` known, then what else is there.

    Types come from the fields where they are known, else from the records' values. Of very many
    fields the first get a column; the pane of a record shows all. With many columns the first
    records decide alone how wide these are, and of what type.
    """
    names = list_names(records, fields)[: MAX_COLUMNS - 1]
    measured = records[: max(_VALUES_MEASURED // max(len(names), 1), _LEAST_MEASURED)]
    declared = {field.name: field.type for field in fields}
    inferred = infer_fields(measured, only=frozenset(names).difference(declared))
    types = {field.name: field.type for field in inferred} | declared
    first = RecordColumn(
        EXTERNAL_ID, choose_width(EXTERNAL_ID, [record.external_id for record in records])
    )
    return (
        RecordColumn(first.name, first.width, is_external_id=True),
        *(
            RecordColumn(
                name,
                choose_width(name, [record.properties.get(name) for record in measured]),
                is_number=types.get(name) in _NUMBER_TYPES,
            )
            for name in names
        ),
    )


def list_names(records: Sequence[Record], fields: Sequence[Field] = ()) -> list[str]:
    """Return the names of all fields of records, those of the `fields` known first."""
    shown = dict.fromkeys(name for record in records for name in record.properties)
    names = [field.name for field in fields if field.name in shown or not records]
    return list(dict.fromkeys([*names, *shown]))


def choose_width(name: str, values: Sequence[object]) -> int:
    """Return a width that fits the name and nine values of ten, within bounds."""
    widths = sorted(measure_width(cell_text(value)) for value in values)
    most = widths[(len(widths) - 1) * 9 // 10] if widths else 0
    label = cell_len(one_line(name, _MAX_WIDTH)) + _SORT_MARK_WIDTH
    return min(max(most, label, _MIN_WIDTH), _MAX_WIDTH)
