"""Variants of a list: its parameters, its totals, the key of its records, its last page."""

from collections.abc import Mapping, Sequence

from cmdm_tui.sandbox.api_constants import LIST_PARAMETERS, MAX_PER_PAGE
from cmdm_tui.sandbox.errors import Refusal, quote
from cmdm_tui.sandbox.openapi.editor import DescriptionEditor
from cmdm_tui.sandbox.openapi.schemas import schema_name
from cmdm_tui.sandbox.schema import ENTITIES, EntitySchema
from cmdm_tui.sandbox.variants.behaviour import Behaviour, Choices

QueryPairs = list[tuple[str, str]]
"""A query's parameters in their order, decoded."""

_PAGE_SIZES = (1, MAX_PER_PAGE)

BEHAVIOURS = (
    Behaviour("page_cap", "`per_page`, `page`", ("refused",), _PAGE_SIZES),
    Behaviour("default_page", "neither given", ("all",), _PAGE_SIZES),
    Behaviour("unknown_parameters", "unknown query parameter", ("ignored", "400")),
    Behaviour("totals", "retrieve many: the totals", ("strings", "numbers")),
    Behaviour("list_key", "retrieve many: the list's key", ("Entity", "entity")),
    Behaviour("past_the_end", "page past the last", ("empty", "404")),
)

_TOTALS = ("Total Records", "Total Pages", "Total Page")


def rewrite_query(choices: Choices, query: QueryPairs) -> QueryPairs:
    """Return the parameters that the sandbox needs for this answer.

    Raises `Refusal` 400 for an unknown parameter, where that is the choice.
    """
    if choices["unknown_parameters"] == "400":
        for name, _ in query:
            if name not in LIST_PARAMETERS:
                raise Refusal(400, f"There is no parameter {quote(name)}.")
    names = {name for name, _ in query}
    default = choices.get_number("default_page")
    if default is not None and names.isdisjoint({"per_page", "page"}):
        query = [*query, ("per_page", str(default)), ("page", "1")]
    cap = choices.get_number("page_cap")
    if cap is None:
        return query
    return [(name, _cap(value, cap) if name == "per_page" else value) for name, value in query]


def _cap(value: str, cap: int) -> str:
    digits = value.lstrip("0")
    if not (value.isascii() and value.isdigit()) or not digits:
        return value
    is_over = len(digits) > len(str(cap)) or int(digits) > cap
    return str(cap) if is_over else value


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
    """Change the description of lists and of their parameters."""
    if choices.get_number("page_cap") is not None:
        for parameter in editor.parameters("paging"):
            # A page over the cap is accepted, and cut.
            del parameter["schema"]["properties"]["per_page"]["maximum"]
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
