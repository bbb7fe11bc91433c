"""Chooses the columns of a table of records: which, how wide, and which way they are aligned."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from cmdm_tui.api import Field, Record
from cmdm_tui.catalog import infer_fields
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.value_text import cell_text

EXTERNAL_ID = "ExternalID"
"""What the external id is called in `sort_by`."""

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

    Types come from the fields where they are known, else from the records' values.
    """
    inferred = infer_fields(records)
    types = {field.name: field.type for field in (*inferred, *fields)}
    present = {field.name for field in inferred}
    names = [field.name for field in fields if field.name in present or not records]
    names += [field.name for field in inferred if field.name not in set(names)]
    first = RecordColumn(
        EXTERNAL_ID, _choose_width(EXTERNAL_ID, [record.external_id for record in records])
    )
    return (
        RecordColumn(first.name, first.width, is_external_id=True),
        *(
            RecordColumn(
                name,
                _choose_width(name, [record.properties.get(name) for record in records]),
                is_number=types.get(name) in _NUMBER_TYPES,
            )
            for name in names
        ),
    )


def _choose_width(name: str, values: Sequence[object]) -> int:
    """Return a width that fits the name and nine values of ten, within bounds."""
    widths = sorted(cell_len(cell_text(value)) for value in values)
    most = widths[(len(widths) - 1) * 9 // 10] if widths else 0
    label = cell_len(one_line(name, _MAX_WIDTH)) + _SORT_MARK_WIDTH
    return min(max(most, label, _MIN_WIDTH), _MAX_WIDTH)
