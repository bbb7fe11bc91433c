"""Offers the values of arguments and options: profiles, entities, fields, files.

Each function is what click calls as `shell_complete`: with the context, the parameter, and the word
as far as it is typed.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_METHODS = ("GET", "POST", "PUT", "DELETE")


def complete_profiles(
    context: click.Context,  # noqa: ARG001 — as click calls it
    parameter: click.Parameter,  # noqa: ARG001 — as click calls it
    incomplete: str,
) -> "list[CompletionItem]":
    """Offer the profiles."""
    from cmdm_tui.cli.completion.known_names import list_profiles

    return _begin_with(list_profiles(), incomplete)


def complete_entities(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001 — as click calls it
    incomplete: str,
) -> "list[CompletionItem]":
    """Offer the entities that are known."""
    from cmdm_tui.cli.completion.known_names import list_entities

    return _begin_with(list_entities(context), incomplete)


def complete_fields(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001 — as click calls it
    incomplete: str,
) -> "list[CompletionItem]":
    """Offer the fields of the entity of the line."""
    return _begin_with(_fields_of(context), incomplete)


def complete_field_list(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001 — as click calls it
    incomplete: str,
) -> "list[CompletionItem]":
    """Offer the fields of the entity of the line that are not in the list yet."""
    before, comma, begun = incomplete.rpartition(",")
    named = {one.strip() for one in before.split(",")}
    fields = [one for one in _fields_of(context) if one not in named and "," not in one]
    return _begin_with([f"{before}{comma}{one}" for one in fields], f"{before}{comma}{begun}")


def complete_assignments(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001 — as click calls it
    incomplete: str,
) -> "list[CompletionItem]":
    """Offer NAME= for the fields of the entity of the line; a value is not known."""
    if "=" in incomplete:
        return []
    given = context.params.get("words") or ()
    named = {str(one).partition("=")[0].rstrip(":") for one in given}
    fields = [one for one in _fields_of(context) if one not in named and "=" not in one]
    return _begin_with([f"{one}=" for one in fields], incomplete)


def complete_imports(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Offer entities for the first word of an import, and files for the others."""
    if context.params.get(parameter.name or ""):
        return complete_file(context, parameter, incomplete)
    return complete_entities(context, parameter, incomplete)


def complete_file(
    context: click.Context,  # noqa: ARG001 — as click calls it
    parameter: click.Parameter,  # noqa: ARG001 — as click calls it
    incomplete: str,
) -> "list[CompletionItem]":
    """Let the shell offer files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def complete_methods(
    context: click.Context,  # noqa: ARG001 — as click calls it
    parameter: click.Parameter,  # noqa: ARG001 — as click calls it
    incomplete: str,
) -> "list[CompletionItem]":
    """Offer the methods of a call."""
    return _begin_with(_METHODS, incomplete)


def complete_parents(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001 — as click calls it
    incomplete: str,
) -> "list[CompletionItem]":
    """Offer ENTITY/ for the entities that are known; an id is not."""
    from cmdm_tui.cli.completion.known_names import list_entities

    return _begin_with([f"{one}/" for one in list_entities(context)], incomplete)


def _fields_of(context: click.Context) -> list[str]:
    from cmdm_tui.cli.completion.known_names import list_fields

    # An option that has no value yet ends the reading of the line before its arguments are named.
    words = context.params.get("words") or tuple(context.args)
    entity = context.params.get("entity") or (words[0] if words else None)
    if context.info_name == "convert":
        entity = "account"
    return [] if entity is None else list_fields(context, str(entity))


def _begin_with(names: Iterable[str], incomplete: str) -> "list[CompletionItem]":
    """Return the names that begin so, whatever their case."""
    from click.shell_completion import CompletionItem

    folded = incomplete.casefold()
    return [CompletionItem(one) for one in names if one.casefold().startswith(folded)]
