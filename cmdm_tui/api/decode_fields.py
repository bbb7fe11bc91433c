"""Reads field metadata: by the names `api.md` uses, else by what is there."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from cmdm_tui.api.models import Field

FIELD_TYPES = (
    "Text", "Number", "Currency", "Date", "DateTime", "Boolean", "Email", "Phone", "URL",
    "Picklist", "Lookup",
)  # fmt: skip
"""The types a field can have (`api.md`, a field's Properties)."""

_TYPE_BY_WORD = {name.casefold(): name for name in FIELD_TYPES} | {
    "string": "Text", "integer": "Number", "decimal": "Number", "bool": "Boolean",
    "money": "Currency", "timestamp": "DateTime", "select": "Picklist", "link": "URL",
    "reference": "Lookup", "checkbox": "Boolean", "dropdown": "Picklist",
}  # fmt: skip
_KEYS = {
    "name": ("name", "fieldname", "apiname", "internalname", "systemname"),
    "label": ("label", "displayname", "caption", "title"),
    "type": ("type", "fieldtype", "datatype"),
    "required": ("required", "isrequired", "mandatory"),
    "read_only": ("readonly", "isreadonly"),
    "max_length": ("maxlength", "length", "size"),
    "options": ("options", "values", "picklistvalues", "choices"),
    "lookup_entity": ("lookupentity", "lookup", "relatedentity", "referenceto"),
}
_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


def read_field(row: Mapping[str, Any]) -> Field | None:
    """Return the field that one row of a fields answer describes; None where it has no name."""
    properties = row.get("Properties")
    source = cast("Mapping[str, Any]", properties) if isinstance(properties, dict) else row
    values = {re.sub(r"[^a-z0-9]", "", key.casefold()): value for key, value in source.items()}
    external_id = _parse_text(row.get("ExternalID"))
    found = {name: _find_first(values, keys) for name, keys in _KEYS.items()}
    given = _parse_text(found["name"]) or _find_name(values) or _parse_text(found["label"])
    name = given or external_id
    if name is None:
        return None
    return Field(
        name=name,
        label=_parse_text(found["label"]),
        type=_parse_type(found["type"], values.values()),
        required=_parse_boolean(found["required"]),
        read_only=_parse_boolean(found["read_only"]),
        max_length=_parse_whole_number(found["max_length"]),
        options=_parse_options(found["options"]),
        lookup_entity=_parse_text(found["lookup_entity"]),
        external_id=external_id,
        is_named_by_id=given is None,
    )


def named_fields(fields: Iterable[Field]) -> tuple[Field, ...]:
    """Return the fields that have a name: none of a list of ids, which name no record's field."""
    return tuple(field for field in fields if not field.is_named_by_id)


def _find_first(values: Mapping[str, Any], keys: Iterable[str]) -> object:
    return next((values[key] for key in keys if values.get(key) is not None), None)


def _find_name(values: Mapping[str, Any]) -> str | None:
    return next((_parse_text(value) for key, value in values.items() if key.endswith("name")), None)


def _parse_type(value: object, all_values: Iterable[object]) -> str | None:
    text = _parse_text(value)
    if text is not None:
        return _TYPE_BY_WORD.get(text.casefold(), text)
    words = (item.casefold() for item in all_values if isinstance(item, str))
    return next((_TYPE_BY_WORD[word] for word in words if word in _TYPE_BY_WORD), None)


def _parse_text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and value != "" else None


def _parse_boolean(value: object) -> bool | None:
    word = str(value).strip().casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def _parse_whole_number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def _parse_options(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(";") if part.strip())
    if isinstance(value, list):
        return tuple(str(part) for part in cast("list[object]", value))
    return ()
