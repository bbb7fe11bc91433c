"""The fields of every entity that fit what is typed, for the place in SQL before FROM is there.

There may be tens of thousands, so each is looked at once, and no more are offered than one reads.
"""

import re

from cmdm_tui.api import Field
from cmdm_tui.query.completion.offers import CompletionCatalog
from cmdm_tui.query.model import EXTERNAL_ID
from cmdm_tui.text import visible

MOST_NAMES = 300
"""Names that are offered at once, of all entities."""

FoundField = tuple[Field, str]
"""A field and its entity."""


def find_fields(known: CompletionCatalog, typed: str) -> list[FoundField]:
    """Return the fields that have the letters of `typed` in order, each name once.

    `typed` is in small letters. What begins with it comes first, then what holds it.
    """
    has_letters = re.compile(".*?".join(map(re.escape, typed)), re.DOTALL).search
    leading: dict[str, FoundField] = {}
    within: dict[str, FoundField] = {}
    others: dict[str, FoundField] = {}
    if has_letters(EXTERNAL_ID.casefold()):
        leading[EXTERNAL_ID] = Field(EXTERNAL_ID, type="id", read_only=True), ""
    for entity in known.entities:
        for field in known.fields(entity):
            name = field.name.casefold()
            if not has_letters(name):
                continue
            place = name.find(typed)
            found = leading if place == 0 else within if place > 0 else others
            if len(found) < MOST_NAMES and visible(field.name) == field.name:
                found.setdefault(field.name, (field, entity))
        if len(leading) >= MOST_NAMES:
            break
    return list((leading | within | others).values())[:MOST_NAMES]
