"""The description of a sandbox as it is: its own, changed by what the behaviours choose.

What JSON Schema has no words for (an order, what counts as a call, what a conversion leaves) is
named in the description's text alone.
"""

from collections.abc import Callable

import msgspec

from cmdm_tui.sandbox.openapi.editor import DescriptionEditor, copy_json
from cmdm_tui.sandbox.openapi.schemas import Schema
from cmdm_tui.sandbox.variants import (
    external_ids,
    field_values,
    fields,
    lists,
    rate_limit,
    refusals,
    request_bodies,
    writes,
)
from cmdm_tui.sandbox.variants.choices import BehaviourChoices

# What one adds, the next ones change; the refusals come last, as they look at all of them.
_DESCRIBERS = (
    fields.describe,
    request_bodies.describe,
    lists.describe,
    external_ids.describe,
    field_values.describe,
    writes.describe,
    rate_limit.describe,
    refusals.describe,
)


def describe_variant(document: Schema, choices: BehaviourChoices) -> Schema:
    """Return the sandbox's own description as the choices change it."""
    document = copy_json(document)
    editor = DescriptionEditor(document)
    for describe in _DESCRIBERS:
        describe(choices, editor)
    chosen = ", ".join(f"{name}={choice}" for name, choice in choices.chosen.items())
    document["info"]["description"] += f"\n\nIt behaves otherwise at these points: {chosen}."
    return document


class SandboxDescription:
    """The description at any moment: `describe` makes the sandbox's own, `choices` change it."""

    def __init__(self, describe: Callable[[], Schema], choices: BehaviourChoices) -> None:
        self._describe = describe
        self._choices = choices
        self._default = msgspec.json.encode(describe())

    def encode(self) -> bytes:
        """Return the description as JSON."""
        if not self._choices.chosen:
            return self._default
        return msgspec.json.encode(describe_variant(self._describe(), self._choices))
