"""Changing a description in place: its operations, schemas, parameters and refusals by kind."""

from collections.abc import Iterator
from typing import cast

import msgspec

from cmdm_tui.sandbox.openapi.description import describe_refusal
from cmdm_tui.sandbox.openapi.schemas import Schema, schema_name
from cmdm_tui.sandbox.schema import ENTITIES, EntitySchema


class DescriptionEditor:
    """A description that is changed: every iterator yields parts of it, not copies."""

    def __init__(self, document: Schema) -> None:
        self.document = document
        self.paths: Schema = document["paths"]
        self.schemas: Schema = document["components"]["schemas"]
        self.refusals: Schema = document["components"]["responses"]

    def operations(self) -> Iterator[Schema]:
        """Iterate over the operations of all paths."""
        for item in self.paths.values():
            yield from (one for method, one in item.items() if method != "parameters")

    def parameters(self, *names: str) -> Iterator[Schema]:
        """Iterate over the parameters of these names, of all operations."""
        for operation in self.operations():
            yield from (one for one in operation.get("parameters", ()) if one["name"] in names)

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

    def add_refusal(self, status: str, words: str) -> None:
        """Add a refusal to every operation that has a body."""
        self.refusals.setdefault(status, copy_json(describe_refusal(status, words)))
        for operation in self.operations():
            if "requestBody" in operation:
                operation["responses"][status] = refer_to_refusal(status)


def refer_to_refusal(status: str) -> Schema:
    """Return a reference to the description of a refusal."""
    return {"$ref": f"#/components/responses/{status}"}


def copy_json(document: Schema) -> Schema:
    """Return the same JSON, no part of which is shared with the original."""
    return msgspec.json.decode(msgspec.json.encode(document))


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
