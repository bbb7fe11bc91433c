"""Variants of a list: its totals, the key of its records, and a page past the last one."""

from collections.abc import Mapping, Sequence

from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.openapi.editor import DescriptionEditor
from cmdm_tui.sandbox.openapi.schemas import schema_name
from cmdm_tui.sandbox.schema import ENTITIES, EntitySchema
from cmdm_tui.sandbox.variants.behaviour import Behaviour, Choices

BEHAVIOURS = (
    Behaviour("totals", "retrieve many: the totals", ("strings", "numbers")),
    Behaviour("list_key", "retrieve many: the list's key", ("Entity", "entity")),
    Behaviour("past_the_end", "page past the last", ("empty", "404")),
)

_TOTALS = ("Total Records", "Total Pages", "Total Page")


def refuse_missing_page(choices: Choices, records: Sequence[object], total: str) -> None:
    """Raise `Refusal` 404 for a page past the last one, where that is the choice."""
    if choices["past_the_end"] == "404" and not records and total != "0":
        raise Refusal(404, "There is no such page.")


def rewrite_totals(choices: Choices, totals: Mapping[str, str]) -> dict[str, object]:
    """Return the totals of a list as they are sent."""
    is_numbers = choices["totals"] == "numbers"
    return {name: int(value) if is_numbers else value for name, value in totals.items()}


def get_list_key(choices: Choices, entity: EntitySchema) -> str:
    """Return the name under which a list has its records."""
    return "Entity" if choices["list_key"] == "Entity" else entity.name


def describe(choices: Choices, editor: DescriptionEditor) -> None:
    """Change the description of lists."""
    if choices["totals"] == "numbers":
        for schema in editor.schemas.values():
            for name in _TOTALS:
                if name in schema.get("properties", {}):
                    schema["properties"][name] = {"type": "integer", "minimum": 0}
    if choices["list_key"] == "entity":
        for entity in ENTITIES.values():
            schema = editor.schemas[f"{schema_name(entity)}List"]
            properties = schema["properties"]
            properties[entity.name] = properties.pop("Entity")
            schema["required"] = list(properties)
