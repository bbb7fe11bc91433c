"""Variants of values: strings, JSON's own numbers and truths, or objects and arrays."""

import re
from collections.abc import Callable

import msgspec

from cmdm_tui.sandbox.openapi.editor import DescriptionEditor
from cmdm_tui.sandbox.openapi.schemas import Schema, exact_object
from cmdm_tui.sandbox.schema import EXTERNAL_ID, EntitySchema, WireType
from cmdm_tui.sandbox.variants.behaviour import Behaviour, Choices

BEHAVIOURS = (Behaviour("values", "values", ("strings", "json", "nested")),)

_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,6})?")
_WHOLE_NUMBER: Schema = {"type": "integer", "minimum": -(10**15), "maximum": 10**15}


def to_client_value(choices: Choices, kind: WireType, value: str) -> object:
    """Return a stored value as it is sent."""
    shape = _SHAPES.get(choices["values"])
    return value if shape is None else shape(kind, value)


def to_stored_value(choices: Choices, value: object) -> object:
    """Return the text of a number or a truth that a client sent, and other values as they are."""
    if choices["values"] != "strings" and isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode()
    return value


def _to_json(kind: WireType, value: str) -> object:
    if kind is WireType.BOOLEAN:
        return value == "true"
    if kind in {WireType.NUMBER, WireType.CURRENCY} and _PLAIN_NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value


def _to_nested(kind: WireType, value: str) -> object:
    match kind:
        case WireType.LOOKUP:
            return {"ExternalID": value, "Entity": {"Name": "account"}}
        case WireType.CURRENCY:
            return {"Amount": _to_json(kind, value), "Currency": "GBP"}
        case WireType.PICKLIST:
            return [value]
        case _:
            return _to_json(kind, value)


_SHAPES: dict[str, Callable[[WireType, str], object]] = {"json": _to_json, "nested": _to_nested}


def describe(choices: Choices, editor: DescriptionEditor) -> None:
    """Change the description of values, in records and in bodies."""
    if choices["values"] == "strings":
        return
    is_nested = choices["values"] == "nested"
    for entity, properties in editor.record_properties():
        for name, schema in properties["properties"].items():
            other = _describe_nested(entity, name, schema) if is_nested else None
            properties["properties"][name] = other or _describe_json(entity, name, schema)
    for entity, body in editor.body_properties():
        for name, schema in body["properties"].items():
            body["properties"][name] = _describe_sent(entity, name, schema)


def _describe_json(entity: EntitySchema, name: str, schema: Schema) -> Schema:
    """Return the schema of a value that is a number or a truth where it can be."""
    may_be_null = ["null"] if _may_be_null(schema) else []
    match entity.by_name[name].type:
        case WireType.BOOLEAN:
            return {"type": ["boolean", *may_be_null]}
        case WireType.NUMBER | WireType.CURRENCY:
            # One of more digits than a number can be trusted with stays text.
            return {"type": ["number", "string", *may_be_null]}
        case _:
            return schema


def _describe_nested(entity: EntitySchema, name: str, schema: Schema) -> Schema | None:
    """Return the schema of a value that is an object or an array, None for one that is neither."""
    field = entity.by_name[name]
    match field.type:
        case WireType.LOOKUP:
            names = {"Name": {"enum": ["account"]}}
            inner = exact_object({EXTERNAL_ID: {"type": "string"}, "Entity": exact_object(names)})
        case WireType.CURRENCY:
            amount = {"type": ["number", "string"]}
            inner = exact_object({"Amount": amount, "Currency": {"enum": ["GBP"]}})
        case WireType.PICKLIST:
            inner = {"type": "array", "items": {"enum": list(field.options)}}
        case _:
            return None
    return {"anyOf": [inner, {"type": "null"}]} if _may_be_null(schema) else inner


def _describe_sent(entity: EntitySchema, name: str, schema: Schema) -> Schema:
    """Return the schema of a value that may be sent as a number or a truth, too."""
    match entity.by_name[name].type:
        case WireType.BOOLEAN:
            return {"anyOf": [schema, {"type": "boolean"}]}
        case WireType.NUMBER | WireType.CURRENCY | WireType.PHONE:
            return {"anyOf": [schema, _WHOLE_NUMBER]}
        case WireType.TEXT:
            return {"anyOf": [schema, {"type": ["boolean", "number"]}]}
        case _:
            return schema


def _may_be_null(schema: Schema) -> bool:
    return None in schema.get("enum", ()) or "null" in schema.get("type", ())
