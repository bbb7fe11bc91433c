"""JSON Schemas of what the wire carries: values, records, bodies, lists."""

from typing import Any

from cmdm_tui.sandbox.schema import EXTERNAL_ID, ID_LENGTH, EntitySchema, FieldSchema, WireType

Schema = dict[str, Any]

_YEAR = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_DATE = f"(?:{_YEAR}-{_DAY}|{_LEAP_YEAR}-02-29)"
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"

# All that Python's `\s` matches: other languages' `\s` differs a little.
_BLANKS = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

_PATTERNS = {
    WireType.NUMBER: r"^-?[0-9]+(?:\.[0-9]+)?$",
    WireType.CURRENCY: r"^-?[0-9]+(?:\.[0-9]+)?$",
    WireType.DATE: f"^{_DATE}$",
    WireType.DATETIME: f"^{_DATE}T{_TIME}$",
    WireType.EMAIL: f"^[^@{_BLANKS}]+@[^@{_BLANKS}]+$",
    WireType.PHONE: r"^\+?[0-9 ()./-]*[0-9][0-9 ()./-]*(?:(?:x|ext\.?) ?[0-9]+)?$",
    WireType.URL: f"^[Hh][Tt][Tt][Pp][Ss]?://[^/?#{_BLANKS}]+[^{_BLANKS}]*$",
    WireType.LOOKUP: f"^[0-9A-Z]{{{ID_LENGTH}}}$",
}
_CHOICES = {WireType.BOOLEAN: ("true", "false")}

ID: Schema = {"type": "string", "pattern": f"^[0-9A-Z]{{{ID_LENGTH}}}$", "examples": ["ABC1D2E3"]}
_COUNT: Schema = {"type": "string", "pattern": "^[0-9]+$", "examples": ["30"]}


def reference(name: str) -> Schema:
    """Return a reference to a schema of the description."""
    return {"$ref": f"#/components/schemas/{name}"}


def exact_object(properties: Schema, *optional: str) -> Schema:
    """Return the schema of an object of these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def value_schema(field: FieldSchema, *, may_be_null: bool) -> Schema:
    """Return the schema of a field's value, as `find_value_error` checks it."""
    choices = field.options or _CHOICES.get(field.type)
    if choices is not None:
        return {"enum": [*choices, None] if may_be_null else list(choices)}
    schema: Schema = {"type": ["string", "null"] if may_be_null else "string"}
    if field.type in _PATTERNS:
        schema["pattern"] = _PATTERNS[field.type]
    if field.max_length is not None:
        schema["maxLength"] = field.max_length
    if field.required:
        schema["minLength"] = 1
    return schema


def entity_schemas(entity: EntitySchema) -> dict[str, Schema]:
    """Return the schemas of an entity: its record, its list, and what creates and updates one."""
    name = schema_name(entity)
    values = {
        field.name: value_schema(field, may_be_null=not field.required) for field in entity.fields
    }
    record = exact_object({EXTERNAL_ID: ID, "Properties": exact_object(values)})
    # With `fields`, a list holds the ones asked for.
    listed = exact_object({EXTERNAL_ID: ID, "Properties": exact_object(values, *values)})
    writable = {
        field.name: value_schema(field, may_be_null=not field.required)
        for field in entity.fields
        if not field.read_only
    }
    optional = [field.name for field in entity.fields if not field.required]
    every = list(writable)
    return {
        name: record,
        f"{name}List": exact_object(
            {
                "Total Records": _COUNT,
                "Total Pages": _COUNT,
                "Entity": {"type": "array", "items": listed},
            }
        ),
        f"New{name}": exact_object(writable, *optional),
        f"{name}Changes": exact_object(writable, *every) | {"minProperties": 1},
    }


def schema_name(entity: EntitySchema) -> str:
    """Return the name of an entity's record among the schemas."""
    return entity.name.capitalize()


def shared_schemas() -> dict[str, Schema]:
    """Return the schemas that all entities share."""
    text: Schema = {"type": "string"}
    truth: Schema = {"enum": ["true", "false"]}
    field = exact_object(
        {
            "Name": text,
            "Label": text,
            "Type": {"enum": [str(kind) for kind in WireType]},
            "Required": truth,
            "ReadOnly": truth,
            "MaxLength": {"type": "string", "pattern": "^[0-9]*$"},
            "Options": text,
            "LookupEntity": text,
        }
    )
    fields: Schema = {
        "type": "array",
        "items": exact_object({EXTERNAL_ID: ID, "Properties": field}),
    }
    return {
        "FieldList": exact_object({"Total Records": _COUNT, "Total Page": _COUNT, "Field": fields}),
        "Token": exact_object({"token": {"type": "string", "minLength": 32}}),
        "Created": exact_object({EXTERNAL_ID: ID}),
        "Converted": exact_object({"Account ExternalID": ID}),
        "Message": exact_object({"Message": text}),
    }
