"""Variants of external ids: the sandbox's own id inside a longer or odder one.

The eight characters are between a fixed head and tail. So every id can be turned back, and the
order by `ExternalID` stays.
"""

from cmdm_tui.sandbox.api_constants import PathSegments
from cmdm_tui.sandbox.openapi.editor import DescriptionEditor, walk_objects
from cmdm_tui.sandbox.openapi.schemas import ID
from cmdm_tui.sandbox.schema import ENTITIES, EXTERNAL_ID
from cmdm_tui.sandbox.variants.behaviour import Behaviour, Choices

BEHAVIOURS = (Behaviour("external_ids", "`ExternalID`", ("eight", "long", "odd")),)

_HEADS_AND_TAILS = {
    "long": ("crm.records.0190a6c4-7f52-7cc1-9d1e-5b2f3a4c6d7e." + "0" * 180, "-" + "f" * 40),
    "odd": ("a/b ?#%é😀&=+\"';<", ">|\\..:@"),
}
_ACTIONS = (("lead", "convert"), ("task", "close"))


def to_client_id(form: str, external_id: str) -> str:
    """Return the id as clients see it."""
    if form not in _HEADS_AND_TAILS:
        return external_id
    head, tail = _HEADS_AND_TAILS[form]
    return head + external_id + tail


def to_stored_id(form: str, client_id: str) -> str:
    """Return the id in what a client sent; "" for what does not have the form."""
    if form not in _HEADS_AND_TAILS:
        return client_id
    head, tail = _HEADS_AND_TAILS[form]
    is_of_form = client_id.startswith(head) and client_id.endswith(tail)
    if is_of_form and len(client_id) > len(head) + len(tail):
        return client_id[len(head) : len(client_id) - len(tail)]
    return ""


def rewrite_value(choices: Choices, name: str, value: str) -> str:
    """Return the value of a property as clients see it: another one only if it is an id."""
    is_id = name.endswith(EXTERNAL_ID)
    return to_client_id(choices["external_ids"], value) if is_id else value


def rewrite_path(choices: Choices, segments: PathSegments) -> PathSegments:
    """Return the segments of a path with the stored external id in place of the client's."""
    lowered = [segment.lower() for segment in segments]
    if len(segments) < 2 or lowered[0] not in ENTITIES:
        return segments
    place = 2 if len(segments) == 3 and (lowered[0], lowered[1]) in _ACTIONS else 1
    if lowered[1] == "fields" and ENTITIES[lowered[0]].has_field_list:
        return segments
    external_id = to_stored_id(choices["external_ids"], segments[place])
    return (*segments[:place], external_id, *segments[place + 1 :])


def describe(choices: Choices, editor: DescriptionEditor) -> None:
    """Change the description of external ids: they have no form that can be relied on."""
    if choices["external_ids"] == "eight":
        return
    for schema in walk_objects(editor.document):
        if schema.get("pattern") == ID["pattern"]:
            del schema["pattern"]
            schema.pop("examples", None)
    for _, properties in (*editor.record_properties(), *editor.body_properties()):
        for name, schema in properties["properties"].items():
            if name.endswith(EXTERNAL_ID):
                schema.pop("maxLength", None)
