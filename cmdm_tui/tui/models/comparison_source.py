"""Two or more records side by side: a row for each field, what differs marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from cmdm_tui.api import Field, Record
from cmdm_tui.tui.models.columns import EXTERNAL_ID
from cmdm_tui.tui.models.row_source import GridRow, SortKey, SourceColumn, SourceState, Tone

_FIELD_WIDTH = 24
_VALUE_WIDTH = 28
_MISSING = object()


@dataclass(frozen=True, slots=True)
class ComparedField:
    """A row: one field, and its value in each record, `_MISSING` where it has none."""

    key: str
    label: str
    values: tuple[object, ...]
    is_different: bool
    revision: int = 0

    def value(self, column: int) -> object:
        """Return the field's label, or its value in one of the records."""
        if column == 0:
            return self.label
        value = self.values[column - 1]
        return None if value is _MISSING else value

    def tone(self, column: int) -> Tone:
        """Mark the values of a field that differs; the rest is of less interest."""
        if column == 0:
            return Tone.NORMAL
        return Tone.CHANGED if self.is_different else Tone.DIM


class ComparisonSource:
    """The fields of some records, each record a column. `only_differences` leaves the rest out."""

    order: tuple[SortKey, ...] = ()
    state = SourceState.READY
    is_count_known = True

    def __init__(
        self,
        records: Sequence[Record],
        fields: Sequence[Field] = (),
        *,
        only_differences: bool = False,
    ) -> None:
        self._all = _compare(records, fields)
        self._only_differences = only_differences
        self.revision = 0
        self.columns = (
            SourceColumn("", "Field", _FIELD_WIDTH, is_key=True),
            *(
                SourceColumn(name, record.external_id, _VALUE_WIDTH)
                for name, record in zip(_name_columns(records), records, strict=True)
            ),
        )
        self._shown = self._choose()

    @property
    def row_count(self) -> int:
        """How many fields are listed."""
        return len(self._shown)

    @property
    def difference_count(self) -> int:
        """How many fields differ; a record's own id is not counted."""
        return sum(field.is_different for field in self._all)

    @property
    def field_count(self) -> int:
        """How many fields the records have together."""
        return len(self._all)

    @property
    def only_differences(self) -> bool:
        """Whether only the fields that differ are listed."""
        return self._only_differences

    def toggle_differences(self) -> None:
        """List only the fields that differ, or all again."""
        self._only_differences = not self._only_differences
        self._shown = self._choose()
        self.revision += 1

    def rows(self, first: int, count: int) -> Sequence[GridRow | None]:
        """Return the rows from a position on."""
        return self._shown[first : first + count]

    def position(self, key: str) -> int | None:
        """Return the place of a field."""
        return next((place for place, row in enumerate(self._shown) if row.key == key), None)

    def want_rows(self, first: int, count: int) -> None:
        """Do nothing: all of it is there."""

    def _choose(self) -> list[ComparedField]:
        if not self._only_differences:
            return self._all
        return [field for field in self._all if field.is_different]


def _compare(records: Sequence[Record], fields: Sequence[Field]) -> list[ComparedField]:
    labels = {field.name: field.label or field.name for field in fields}
    names = dict.fromkeys(name for record in records for name in record.properties)
    compared: list[ComparedField] = []
    for name in names:
        values: tuple[object, ...] = tuple(
            record.properties.get(name, _MISSING) for record in records
        )
        is_different = any(not _is_same(value, values[0]) for value in values[1:])
        compared.append(ComparedField(name, labels.get(name, name), values, is_different))
    entities = {record.entity for record in records}
    if len(entities) > 1:
        kinds = tuple(record.entity for record in records)
        compared.insert(0, ComparedField(f"{EXTERNAL_ID} entity", "Entity", kinds, True))
    return compared


def _name_columns(records: Sequence[Record]) -> list[str]:
    """Return a name for each record's column: its id, with its entity where others have it too."""
    ids = [record.external_id for record in records]
    if len(set(ids)) == len(ids):
        return ids
    return [f"{record.entity} {record.external_id}" for record in records]


def _is_same(value: object, other: object) -> bool:
    """Return whether the service would call two values the same: "1", 1 and true are not."""
    return type(value) is type(other) and value == other
