"""The body of a scratch record: a name to find it by, and what the entity requires."""

from collections.abc import Sequence

from msgspec import Struct

from cmdm_tui.api import Field, Record
from cmdm_tui.api.decode_fields import FIELD_TYPES
from cmdm_tui.catalog.fields import infer_fields

_SAMPLE_VALUES = {
    "Text": "scratch",
    "Number": "7",
    "Currency": "12.50",
    "Date": "2026-03-31",
    "DateTime": "2026-03-31T09:30:00Z",
    "Boolean": "true",
    "Email": "scratch@example.com",
    "Phone": "020 7946 0000",
    "URL": "https://example.com/",
}
_LAST_NAME = "LastName"


class ScratchRecord(Struct, frozen=True):
    """A record to create: its properties, the field that names it, and one to change later."""

    properties: dict[str, str]
    name_field: str
    changed_field: str


def build_scratch_record(
    described: Sequence[Field], records: Sequence[Record], marker: str
) -> ScratchRecord | None:
    """Return a record whose name is `marker`; None where no text can be written, or none suffices.

    Where no field is described, those that every record fills in count as required.
    """
    fields = _writable_fields(described, records)
    texts = [field.name for field in fields if field.type == "Text"]
    texts.sort(key=lambda name: name != _LAST_NAME)
    if len(texts) < 2:
        return None
    required = [field for field in fields if field.required]
    values = {field.name: _sample_value(field) for field in required}
    if None in values.values():
        return None
    named = next((name for name in texts if name in values), texts[0])
    other = next(name for name in sorted(texts, key=lambda name: name in values) if name != named)
    properties = {name: value for name, value in values.items() if value is not None}
    amount = next((field for field in fields if field.type in {"Currency", "Number"}), None)
    if amount is not None:
        properties[amount.name] = _SAMPLE_VALUES[str(amount.type)]
    return ScratchRecord({**properties, other: marker, named: marker}, named, other)


def _writable_fields(described: Sequence[Field], records: Sequence[Record]) -> list[Field]:
    if any(field.type in FIELD_TYPES for field in described):
        return [field for field in described if not field.read_only]
    filled = [set(_filled_names(record)) for record in records]
    everywhere = set[str]().union(*filled).intersection(*filled)
    return [
        Field(name=field.name, type=field.type, required=field.name in everywhere)
        for field in infer_fields(records)
        if field.type != "DateTime"
    ]


def _filled_names(record: Record) -> list[str]:
    return [name for name, value in record.properties.items() if isinstance(value, str) and value]


def _sample_value(field: Field) -> str | None:
    return field.options[0] if field.options else _SAMPLE_VALUES.get(field.type or "Text")
