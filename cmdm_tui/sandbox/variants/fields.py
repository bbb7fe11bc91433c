"""Variants of fields: which there are, what their list says of them, which names are known."""

from collections.abc import Mapping
from typing import TypeVar

from cmdm_tui.sandbox.api_constants import PathSegments
from cmdm_tui.sandbox.errors import Refusal, quote
from cmdm_tui.sandbox.openapi.description import describe_field_list
from cmdm_tui.sandbox.openapi.editor import DescriptionEditor, copy_json
from cmdm_tui.sandbox.openapi.schemas import Schema, exact_object
from cmdm_tui.sandbox.schema import ENTITIES, EXTERNAL_ID, EntitySchema
from cmdm_tui.sandbox.variants.behaviour import Behaviour, Choices
from cmdm_tui.sandbox.variants.lists import QueryPairs

BEHAVIOURS = (
    Behaviour("unknown_names", "unknown name in `fields` or `sort_by`", ("refused", "ignored")),
    Behaviour(
        "field_metadata", "a field's `Properties`", ("documented", "other-names", "empty", "absent")
    ),
    Behaviour("task_fields", "`GET /task/fields`", ("404", "200")),
    Behaviour("system_fields", "system fields", ("present", "absent")),
)

SYSTEM_FIELDS = ("CreatedDate", "ModifiedDate")

_METADATA_NAMES = {
    "Name": "FieldName",
    "Label": "Caption",
    "Type": "DataType",
    "Required": "Mandatory",
    "ReadOnly": "Locked",
    "MaxLength": "Length",
    "Options": "Choices",
    "LookupEntity": "Target",
}
_TYPE_NAMES = {
    "Text": "String",
    "Number": "Decimal",
    "Currency": "Money",
    "DateTime": "Timestamp",
    "Boolean": "Checkbox",
    "Picklist": "Dropdown",
    "Lookup": "Reference",
}
_TEXT: Schema = {"type": "string"}

Entry = TypeVar("Entry")


def is_task_field_list(choices: Choices, segments: PathSegments) -> bool:
    """Return whether this path is answered with the fields of a task, which has no list else."""
    is_path = tuple(segment.lower() for segment in segments) == ("task", "fields")
    return is_path and choices["task_fields"] == "200"


def refuse_absent_list(choices: Choices, entity: EntitySchema) -> None:
    """Raise `Refusal` 404 for a list of fields, where there is none by choice."""
    if choices["field_metadata"] == "absent" and entity.has_field_list:
        raise Refusal(404, f"{entity.name} has no list of fields.")


def rewrite_query(choices: Choices, query: QueryPairs, entity: EntitySchema) -> QueryPairs:
    """Return a list's parameters without the names that are ignored.

    Raises `Refusal` 400 for an unknown name, where names are refused.
    """
    if not choices.changes_any(("unknown_names", "system_fields")):
        return query
    known = {EXTERNAL_ID, *without_system_fields(choices, entity.by_name)}
    is_refused = choices["unknown_names"] == "refused"
    rewritten: QueryPairs = []
    for name, value in query:
        if name not in {"fields", "sort_by"}:
            rewritten.append((name, value))
            continue
        given = value.split(",") if name == "fields" else [value]
        kept = [one for one in given if one in known]
        if is_refused and len(kept) < len(given):
            unknown = next(one for one in given if one not in known)
            raise Refusal(400, f"{name}: {entity.name} has no field {quote(unknown)}.")
        if kept:
            rewritten.append((name, ",".join(kept)))
    return rewritten


def without_system_fields(choices: Choices, properties: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the entries of the fields that this sandbox has, by their names."""
    absent = SYSTEM_FIELDS if choices["system_fields"] == "absent" else ()
    return {name: value for name, value in properties.items() if name not in absent}


def rewrite_metadata(choices: Choices, properties: dict[str, str]) -> dict[str, str]:
    """Return the `Properties` of a field in a list of fields."""
    match choices["field_metadata"]:
        case "empty":
            return {}
        case "other-names":
            kind = properties["Type"]
            properties = properties | {"Type": _TYPE_NAMES.get(kind, kind)}
            return {_METADATA_NAMES[name]: value for name, value in properties.items()}
        case _:
            return properties


def describe(choices: Choices, editor: DescriptionEditor) -> None:
    """Change the description of fields, of their lists and of the parameters that name them."""
    if choices["task_fields"] == "200":
        editor.paths |= copy_json(describe_field_list(ENTITIES["task"]))
    if choices["unknown_names"] == "ignored":
        for parameter in editor.parameters("fields"):
            parameter["schema"]["items"] = _TEXT
        for parameter in editor.parameters("sort_by"):
            parameter["schema"] = _TEXT
    if choices["system_fields"] == "absent":
        _drop_system_fields(editor)
    _describe_metadata(choices, editor)


def _drop_system_fields(editor: DescriptionEditor) -> None:
    for _, properties in editor.record_properties():
        for name in SYSTEM_FIELDS:
            del properties["properties"][name]
        properties["required"] = _others(properties["required"])
    for parameter in editor.parameters("fields", "sort_by"):
        names = parameter["schema"].get("items", parameter["schema"])
        if "enum" in names:
            names["enum"] = _others(names["enum"])


def _others(names: list[str]) -> list[str]:
    return [name for name in names if name not in SYSTEM_FIELDS]


def _describe_metadata(choices: Choices, editor: DescriptionEditor) -> None:
    properties = editor.schemas["FieldList"]["properties"]["Field"]["items"]["properties"]
    match choices["field_metadata"]:
        case "absent":
            for entity in ENTITIES.values():
                if entity.has_field_list:
                    for path in describe_field_list(entity):
                        del editor.paths[path]
        case "empty":
            properties["Properties"] = exact_object({})
        case "other-names":
            own = properties["Properties"]["properties"]
            other = {_METADATA_NAMES[name]: schema for name, schema in own.items()}
            kinds = [_TYPE_NAMES.get(kind, kind) for kind in own["Type"]["enum"]]
            other[_METADATA_NAMES["Type"]] = {"enum": kinds}
            properties["Properties"] = exact_object(other)
        case _:
            pass
