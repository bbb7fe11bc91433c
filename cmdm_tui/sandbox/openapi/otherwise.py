"""The description of a sandbox that was told to behave otherwise: true to what is served then.

What JSON Schema has no words for (an order, what counts as a call, what a conversion leaves) is
named in the description's own text alone.
"""

from collections.abc import Callable, Iterator
from typing import cast

import msgspec

from cmdm_tui.sandbox.openapi.description import describe_field_list, describe_refusal
from cmdm_tui.sandbox.openapi.schemas import ID, Schema, exact_object, schema_name
from cmdm_tui.sandbox.schema import ENTITIES, EXTERNAL_ID, EntitySchema, FieldType
from cmdm_tui.sandbox.variants.choices import BehaviourChoices
from cmdm_tui.sandbox.variants.requests import SYSTEM_FIELDS
from cmdm_tui.sandbox.variants.responses import METADATA_NAMES, TYPE_NAMES, variant_status

_TOTALS = ("Total Records", "Total Pages", "Total Page")
_RATE_HEADERS = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")
_WHOLE_NUMBER: Schema = {"type": "integer", "minimum": -(10**15), "maximum": 10**15}
_TEXT: Schema = {"type": "string"}

# What is refused before the API is reached, no behaviour changes; what fails may fail there too.
_NEVER_OTHERWISE = frozenset({"403", "421"})
_OF_BOTH_KINDS = frozenset({"403", "500"})


def describe_variant(document: Schema, behaviours: BehaviourChoices) -> Schema:
    """Return what becomes of the sandbox's own description when it behaves so."""
    document = copy_json(document)
    described = DescriptionEditor(document, behaviours)
    for name, change in _CHANGES.items():
        if name in behaviours.chosen:
            change(described)
    # These look at what all the others have left.
    described.turn_statuses()
    described.turn_errors()
    chosen = ", ".join(f"{name}={choice}" for name, choice in behaviours.chosen.items())
    document["info"]["description"] += f"\n\nIt behaves otherwise at these points: {chosen}."
    return document


class DescriptionEditor:
    """A description that is being turned."""

    def __init__(self, document: Schema, behaviours: BehaviourChoices) -> None:
        self.document = document
        self.behaviours = behaviours
        self.paths: Schema = document["paths"]
        self.schemas: Schema = document["components"]["schemas"]
        self.refusals: Schema = document["components"]["responses"]

    def operations(self) -> Iterator[Schema]:
        for item in self.paths.values():
            yield from (one for method, one in item.items() if method != "parameters")

    def record_properties(self) -> Iterator[tuple[EntitySchema, Schema]]:
        """Iterate over the schemas of an entity's properties: of a record, and in a list."""
        for entity in ENTITIES.values():
            name = schema_name(entity)
            listed = self.schemas[f"{name}List"]["properties"]
            (items,) = (one["items"] for one in listed.values() if "items" in one)
            for record in (self.schemas[name], items):
                yield entity, record["properties"]["Properties"]

    def body_properties(self) -> Iterator[tuple[EntitySchema, Schema]]:
        """Iterate over the schemas of what creates and changes a record."""
        for entity in ENTITIES.values():
            for name in (f"New{schema_name(entity)}", f"{schema_name(entity)}Changes"):
                yield entity, self.schemas[name]
        yield ENTITIES["account"], self.schemas["AccountOverrides"]

    def parameters(self, *names: str) -> Iterator[Schema]:
        for operation in self.operations():
            yield from (one for one in operation.get("parameters", ()) if one["name"] in names)

    # Lists

    def turn_totals(self) -> None:
        for schema in self.schemas.values():
            for name in _TOTALS:
                if name in schema.get("properties", {}):
                    schema["properties"][name] = {"type": "integer", "minimum": 0}

    def turn_list_key(self) -> None:
        for entity in ENTITIES.values():
            schema = self.schemas[f"{schema_name(entity)}List"]
            properties = schema["properties"]
            properties[entity.name] = properties.pop("Entity")
            schema["required"] = list(properties)

    def turn_page_cap(self) -> None:
        for parameter in self.parameters("paging"):
            # What is over the cap is taken, and cut.
            del parameter["schema"]["properties"]["per_page"]["maximum"]

    def turn_unknown_names(self) -> None:
        for parameter in self.parameters("fields"):
            parameter["schema"]["items"] = _TEXT
        for parameter in self.parameters("sort_by"):
            parameter["schema"] = _TEXT

    # Records

    def turn_system_fields(self) -> None:
        for _, properties in self.record_properties():
            for name in SYSTEM_FIELDS:
                del properties["properties"][name]
            left = [name for name in properties["required"] if name not in SYSTEM_FIELDS]
            properties["required"] = left
        for parameter in self.parameters("fields", "sort_by"):
            names = parameter["schema"].get("items", parameter["schema"])
            if "enum" in names:
                left = [name for name in names["enum"] if name not in SYSTEM_FIELDS]
                names["enum"] = left

    def turn_external_ids(self) -> None:
        for schema in walk_objects(self.document):
            if schema.get("pattern") == ID["pattern"]:
                del schema["pattern"]
                schema.pop("examples", None)
        for _, properties in (*self.record_properties(), *self.body_properties()):
            for name, schema in properties["properties"].items():
                if name.endswith(EXTERNAL_ID):
                    schema.pop("maxLength", None)

    def turn_values(self) -> None:
        is_nested = self.behaviours["values"] == "nested"
        for entity, properties in self.record_properties():
            for name, schema in properties["properties"].items():
                other = _nested(entity, name, schema) if is_nested else None
                properties["properties"][name] = other or _as_json(entity, name, schema)
        for entity, body in self.body_properties():
            for name, schema in body["properties"].items():
                body["properties"][name] = _also_as_json(entity, name, schema)

    def turn_field_metadata(self) -> None:
        properties = self.schemas["FieldList"]["properties"]["Field"]["items"]["properties"]
        match self.behaviours["field_metadata"]:
            case "absent":
                for entity in ENTITIES.values():
                    for path in describe_field_list(entity):
                        if entity.has_field_list:
                            del self.paths[path]
            case "empty":
                properties["Properties"] = exact_object({})
            case _:
                own = properties["Properties"]["properties"]
                other = {METADATA_NAMES[name]: schema for name, schema in own.items()}
                kinds = [TYPE_NAMES.get(kind, kind) for kind in own["Type"]["enum"]]
                other[METADATA_NAMES["Type"]] = {"enum": kinds}
                properties["Properties"] = exact_object(other)

    def turn_task_fields(self) -> None:
        self.paths |= copy_json(describe_field_list(ENTITIES["task"]))

    # Bodies and headers

    def turn_wrong_values(self) -> None:
        for entity in ENTITIES.values():
            new = self.schemas[f"New{schema_name(entity)}"]
            required = {name: new["properties"][name] for name in new["required"]}
            new |= {"properties": required, "additionalProperties": True}
            changes = self.schemas[f"{schema_name(entity)}Changes"]
            changes |= {"properties": {}, "additionalProperties": True}

    def turn_malformed_body(self) -> None:
        self._add_refusal(self.behaviours["malformed_body"], "The body is malformed.")

    def turn_content_type(self) -> None:
        self._add_refusal("415", "The Content-Type is not application/json.")

    def turn_large_body(self) -> None:
        for operation in self.operations():
            operation["responses"].pop("413", None)

    def turn_rate_headers(self) -> None:
        self._turn_headers(_RATE_HEADERS, self.behaviours["rate_headers"])

    def turn_token_header(self) -> None:
        self._turn_headers(("x-token-reset",), self.behaviours["token_header"])

    def turn_retry_after(self) -> None:
        is_number = self.behaviours["retry_after"] == "seconds"
        schema = {"type": "string", "pattern": "^[0-9]+$"} if is_number else _TEXT
        self.refusals["429"]["headers"]["Retry-After"] = {"required": True, "schema": schema}

    def _turn_headers(self, names: tuple[str, ...], choice: str) -> None:
        good = (
            answer
            for operation in self.operations()
            for answer in operation["responses"].values()
            if "headers" in answer
        )
        for answer in (*good, *self.refusals.values()):
            for name in names:
                if choice == "missing":
                    answer["headers"].pop(name, None)
                elif name in answer["headers"]:
                    answer["headers"][name]["schema"] = _TEXT

    def _add_refusal(self, status: str, words: str) -> None:
        self.refusals.setdefault(status, copy_json(describe_refusal(status, words)))
        for operation in self.operations():
            if "requestBody" in operation:
                operation["responses"][status] = _refusal(status)

    # Refusals

    @property
    def _is_token_refused_with_403(self) -> bool:
        return variant_status(self.behaviours, 401, is_sign_in=False) == 403

    def turn_statuses(self) -> None:
        for path, item in self.paths.items():
            is_sign_in = path.endswith("/authenticate")
            for method in item.keys() - {"parameters"}:
                answers: Schema = {}
                for status, answer in item[method]["responses"].items():
                    other = str(variant_status(self.behaviours, int(status), is_sign_in=is_sign_in))
                    answers[other] = answer if other == status else _refusal(other)
                item[method]["responses"] = answers
        if self._is_token_refused_with_403:
            self.refusals["403"]["description"] += " Or the token is missing, unknown or ended."

    def turn_errors(self) -> None:
        content = _ERROR_BODIES.get(self.behaviours["error_body"])
        if content is None:
            return
        for status, answer in self.refusals.items():
            if status in _OF_BOTH_KINDS and (status != "403" or self._is_token_refused_with_403):
                answer["content"] = _either_body(answer["content"], content)
            elif status not in _NEVER_OTHERWISE:
                answer["content"] = content


# In this order: what is added first is changed with the rest.
_CHANGES: dict[str, Callable[[DescriptionEditor], None]] = {
    "task_fields": DescriptionEditor.turn_task_fields,
    "malformed_body": DescriptionEditor.turn_malformed_body,
    "content_type": DescriptionEditor.turn_content_type,
    "totals": DescriptionEditor.turn_totals,
    "list_key": DescriptionEditor.turn_list_key,
    "page_cap": DescriptionEditor.turn_page_cap,
    "unknown_names": DescriptionEditor.turn_unknown_names,
    "system_fields": DescriptionEditor.turn_system_fields,
    "external_ids": DescriptionEditor.turn_external_ids,
    "values": DescriptionEditor.turn_values,
    "field_metadata": DescriptionEditor.turn_field_metadata,
    "wrong_values": DescriptionEditor.turn_wrong_values,
    "large_body": DescriptionEditor.turn_large_body,
    "rate_headers": DescriptionEditor.turn_rate_headers,
    "token_header": DescriptionEditor.turn_token_header,
    "retry_after": DescriptionEditor.turn_retry_after,
}

_REASON = exact_object({"reason": _TEXT})
_ERROR_BODIES: dict[str, Schema] = {
    "html": {"text/html": {"schema": _TEXT}},
    "text": {"text/plain": {"schema": _TEXT}},
    "empty": {},
    "other-json": {
        "application/json": {
            "schema": exact_object(
                {
                    "error": exact_object(
                        {
                            "code": {"type": "integer"},
                            "details": {"type": "array", "items": _REASON},
                        }
                    ),
                    "success": {"enum": [False]},
                }
            )
        }
    },
    "array": {
        "application/json": {
            "schema": {"type": "array", "items": {"type": ["string", "null", "number"]}}
        }
    },
}


def copy_json(document: Schema) -> Schema:
    """Return the same JSON, no part of which is shared with another's."""
    return msgspec.json.decode(msgspec.json.encode(document))


def _refusal(status: str) -> Schema:
    return {"$ref": f"#/components/responses/{status}"}


def _either_body(one: Schema, other: Schema) -> Schema:
    both = {**one, **other}
    for kind in one.keys() & other.keys():
        both[kind] = {"schema": {"anyOf": [one[kind]["schema"], other[kind]["schema"]]}}
    return both


def _kind(entity: EntitySchema, name: str) -> FieldType:
    return entity.by_name[name].type


def _as_json(entity: EntitySchema, name: str, schema: Schema) -> Schema:
    """Return the schema of a value that is a number or a truth where it can be."""
    may_be_null = ["null"] if _may_be_null(schema) else []
    match _kind(entity, name):
        case FieldType.BOOLEAN:
            return {"type": ["boolean", *may_be_null]}
        case FieldType.NUMBER | FieldType.CURRENCY:
            # One of more digits than a number can be trusted with stays text.
            return {"type": ["number", "string", *may_be_null]}
        case _:
            return schema


def _nested(entity: EntitySchema, name: str, schema: Schema) -> Schema | None:
    """Return the schema of a value that is an object or an array, None for one that is neither."""
    match _kind(entity, name):
        case FieldType.LOOKUP:
            names = {"Name": {"enum": ["account"]}}
            inner = exact_object({EXTERNAL_ID: {"type": "string"}, "Entity": exact_object(names)})
        case FieldType.CURRENCY:
            amount = {"type": ["number", "string"]}
            inner = exact_object({"Amount": amount, "Currency": {"enum": ["GBP"]}})
        case FieldType.PICKLIST:
            options = list(entity.by_name[name].options)
            inner = {"type": "array", "items": {"enum": options}}
        case _:
            return None
    return {"anyOf": [inner, {"type": "null"}]} if _may_be_null(schema) else inner


def _also_as_json(entity: EntitySchema, name: str, schema: Schema) -> Schema:
    """Return the schema of a value that may be sent as a number or a truth, too."""
    match _kind(entity, name):
        case FieldType.BOOLEAN:
            return {"anyOf": [schema, {"type": "boolean"}]}
        case FieldType.NUMBER | FieldType.CURRENCY | FieldType.PHONE:
            return {"anyOf": [schema, _WHOLE_NUMBER]}
        case FieldType.TEXT:
            return {"anyOf": [schema, {"type": ["boolean", "number"]}]}
        case _:
            return schema


def _may_be_null(schema: Schema) -> bool:
    return None in schema.get("enum", ()) or "null" in schema.get("type", ())


def walk_objects(value: object) -> Iterator[Schema]:
    """Iterate over all objects inside a JSON value."""
    if isinstance(value, dict):
        own = cast("Schema", value)
        yield own
        for inner in own.values():
            yield from walk_objects(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from walk_objects(inner)
