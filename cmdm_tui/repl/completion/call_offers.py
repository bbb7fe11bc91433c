"""What the rules of completion offer in a raw call: verbs, paths, parameters, keys and values."""

import json
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from cmdm_tui.api import Field
from cmdm_tui.formats.json_text import escape_json
from cmdm_tui.query.completion.offers import CompletionCatalog, Offer
from cmdm_tui.query.completion.sql_offers import describe_field
from cmdm_tui.repl.call_text import VERBS
from cmdm_tui.repl.completion.body_cursor import find_cursor
from cmdm_tui.repl.completion.facts import PromptFacts
from cmdm_tui.repl.raw_call import path_segments, query_parameters
from cmdm_tui.text import one_line

_SQL_WORDS = (
    "SELECT ", "WITH ", "EXPLAIN ", "SHOW ENTITIES", "DESCRIBE ",
    "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CALL ",
)  # fmt: skip
_PARAMETERS = (
    ("per_page", "records a page; needs page"),
    ("page", "which page, from 1; needs per_page"),
    ("fields", "only these, separated by commas"),
    ("sort_by", "one field"),
    ("sort_order", "asc or desc"),
)


def offer_verbs(_: re.Match[str], __: CompletionCatalog, ___: PromptFacts) -> Iterable[Offer]:
    """Offer what a statement can begin with."""
    yield from (Offer(f"{verb} ", verb, is_word=True) for verb in VERBS)
    yield from (Offer(words, words.strip(), is_word=True) for words in _SQL_WORDS)


def offer_entities(
    found: re.Match[str], known: CompletionCatalog, _: PromptFacts
) -> Iterable[Offer]:
    """Offer the entities as segments of a path."""
    yield from (
        Offer(segment, one_line(name))
        for name in known.entities
        if (segment := _quote_segment(name)) is not None
    )
    if found["verb"].upper() == "DELETE":
        yield Offer("FROM ", "FROM", "records that a condition finds", is_word=True)


def offer_second_segments(
    found: re.Match[str], _: CompletionCatalog, facts: PromptFacts
) -> Iterable[Offer]:
    """Offer what comes after the entity: an action, or the external id of a record seen."""
    verb, entity = found["verb"].upper(), found["entity"].casefold()
    if verb == "GET" and entity != "task":
        yield Offer("fields", "fields", "what is known of the fields")
    if verb == "PUT" and entity == "lead":
        yield Offer("convert/", "convert/", "make it an account")
    if verb == "PUT" and entity == "task":
        yield Offer("close/", "close/", "close it")
    yield from _offer_ids(path_segments(found["entity"])[0], facts)


def offer_action_ids(
    found: re.Match[str], _: CompletionCatalog, facts: PromptFacts
) -> Iterable[Offer]:
    """Offer the external ids seen of the entity that an action is for."""
    return _offer_ids(found["action"].partition("/")[0], facts)


def offer_children(_: re.Match[str], __: CompletionCatalog, ___: PromptFacts) -> Iterable[Offer]:
    """Offer what can be made of a record."""
    return (Offer(name, name, f"create {name} of this record") for name in ("task", "opportunity"))


def offer_parameters(
    found: re.Match[str], _: CompletionCatalog, __: PromptFacts
) -> Iterable[Offer]:
    """Offer the parameters of a list that were not given yet."""
    path = path_segments(found["path"])
    names = _PARAMETERS if len(path) == 1 else _PARAMETERS[:2] if path[1:] == ("fields",) else ()
    given = query_parameters(f"?{found['before']}")
    return (Offer(f"{name}=", name, about) for name, about in names if name not in given)


def offer_query_fields(
    found: re.Match[str], known: CompletionCatalog, _: PromptFacts
) -> Iterable[Offer]:
    """Offer the fields as values of a parameter."""
    given = found["given"].split(",")
    for field in known.fields(path_segments(found["path"])[0]):
        name = _quote_segment(field.name)
        if name is not None and name not in given:
            yield Offer(name, one_line(field.name), describe_field(field))


def offer_orders(_: re.Match[str], __: CompletionCatalog, ___: PromptFacts) -> Iterable[Offer]:
    """Offer the two orders."""
    return (Offer(name, name) for name in ("asc", "desc"))


def offer_body(
    found: re.Match[str], known: CompletionCatalog, facts: PromptFacts
) -> Iterable[Offer]:
    """Offer the keys of a body that can be set, and the values of the key before the place."""
    cursor = find_cursor(found["body"])
    if cursor.place == "elsewhere":
        return
    fields = known.fields(_target_entity(path_segments(found["path"])))
    if cursor.place == "key":
        for field in fields:
            if not field.read_only and field.name not in cursor.keys:
                about = describe_field(field, "required" if field.required else "")
                yield Offer(f"{_to_json(field.name)}: ", one_line(field.name), about)
    else:
        field = next((field for field in fields if field.name == cursor.key), None)
        for value in () if field is None else _possible_values(field, facts):
            yield Offer(_to_json(value), one_line(value))


def _offer_ids(entity: str, facts: PromptFacts) -> Iterable[Offer]:
    for external_id in facts.sql.ids(entity):
        segment = _quote_segment(external_id)
        if segment is not None:
            yield Offer(segment, one_line(external_id), "seen", 1)


def _quote_segment(name: str) -> str | None:
    """Return a name as a part of a path; None for half a surrogate pair, which no path can hold."""
    try:
        return quote(name, safe="")
    except UnicodeEncodeError:
        return None


def _target_entity(path: Sequence[str]) -> str:
    """Return the entity whose fields a body to this path holds (`api.md`, calls)."""
    folded = [segment.casefold() for segment in path]
    if folded[:2] == ["lead", "convert"]:
        return "account"
    return path[2] if len(path) == 3 and folded[2] in {"task", "opportunity"} else path[0]


def _possible_values(field: Field, facts: PromptFacts) -> Iterable[str]:
    if field.lookup_entity:
        return facts.sql.ids(field.lookup_entity)
    return ("true", "false") if field.type == "Boolean" else field.options


def _to_json(text: str) -> str:
    return escape_json(json.dumps(text, ensure_ascii=False))
