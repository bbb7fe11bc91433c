"""Variants of a list's parameters: the cap of a page, the default page, unknown parameters."""

from cmdm_tui.sandbox.errors import Refusal, quote
from cmdm_tui.sandbox.openapi.editor import DescriptionEditor
from cmdm_tui.sandbox.variants.behaviour import Behaviour, Choices

QueryPairs = list[tuple[str, str]]
"""A query's parameters in their order, decoded."""

_PAGE_SIZES = (1, 1_000)

BEHAVIOURS = (
    Behaviour("page_cap", "`per_page`, `page`", ("refused",), _PAGE_SIZES),
    Behaviour("default_page", "neither given", ("all",), _PAGE_SIZES),
    Behaviour("unknown_parameters", "unknown query parameter", ("ignored", "400")),
)

_PARAMETERS = {"fields", "per_page", "page", "sort_by", "sort_order"}


def rewrite_query(choices: Choices, query: QueryPairs) -> QueryPairs:
    """Return the parameters that the sandbox needs for this answer.

    Raises `Refusal` 400 for an unknown parameter, where that is the choice.
    """
    if choices["unknown_parameters"] == "400":
        for name, _ in query:
            if name not in _PARAMETERS:
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


def describe(choices: Choices, editor: DescriptionEditor) -> None:
    """Change the description of the parameters."""
    if choices.get_number("page_cap") is not None:
        for parameter in editor.parameters("paging"):
            # A page over the cap is accepted, and cut.
            del parameter["schema"]["properties"]["per_page"]["maximum"]
