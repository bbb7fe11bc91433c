"""The rules of completion, as data: what is offered where, from what is known without a call."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from cmdm_tui.api import Field
from cmdm_tui.formats.json_text import escape_json
from cmdm_tui.query.completion.matching import rank_offers
from cmdm_tui.query.completion.offers import (
    CompletionCatalog,
    Offer,
    Suggestions,
)
from cmdm_tui.query.completion.sql import suggest_sql
from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.repl.commands.command_table import COMMANDS
from cmdm_tui.repl.completion.body_cursor import find_cursor
from cmdm_tui.repl.raw_call import path_segments, query_parameters
from cmdm_tui.repl.statement_parser import VERBS
from cmdm_tui.repl.statement_splitter import last_statement
from cmdm_tui.text import one_line


@dataclass(frozen=True, slots=True)
class CompletionRule:
    """Offers something where the whole of a statement, up to the cursor, has a certain form.

    `name` is what tests and explanations call it.
    """

    name: str
    pattern: re.Pattern[str]
    offers: Callable[[re.Match[str], CompletionCatalog], Iterable[Offer]]
    word: Callable[[re.Match[str]], str] = lambda found: found["word"]


def suggest(
    text: str, known: CompletionCatalog, behind: str = "", *, is_asked: bool = True
) -> Suggestions:
    """Return what the first rule that fits offers for the end of `text`; `behind` comes after it.

    In SQL it shows which entities are queried. Unless completion is asked for, no word of SQL is
    offered before it is begun: a hundred may follow.
    """
    statement = last_statement(text)
    if is_sql(statement) and re.search(r"\s", statement.strip() + statement[-1:]):
        return suggest_sql(statement, known, behind, is_asked=is_asked)
    for rule in RULES:
        found = rule.pattern.fullmatch(statement)
        if found is not None:
            word = rule.word(found)
            return Suggestions(word, rank_offers(word, rule.offers(found, known)), rule.name)
    return Suggestions("")


def _offer_commands(_: re.Match[str], __: CompletionCatalog) -> Iterable[Offer]:
    for command in COMMANDS:
        yield Offer(f"\\{command.name}", f"\\{command.name}", command.help)


def _offer_arguments(found: re.Match[str], known: CompletionCatalog) -> Iterable[Offer]:
    named = (item for item in COMMANDS if found["command"] in (item.name, *item.aliases))
    for command in named:
        names = known.entities if command.takes_entity else command.choices
        yield from (Offer(_word(name), one_line(name)) for name in names)


def _offer_verbs(_: re.Match[str], __: CompletionCatalog) -> Iterable[Offer]:
    yield from (Offer(f"{verb} ", verb) for verb in VERBS)
    yield from (Offer(words, words.strip()) for words in _SQL_WORDS)


def _offer_entities(found: re.Match[str], known: CompletionCatalog) -> Iterable[Offer]:
    yield from (Offer(quote(name, safe=""), one_line(name)) for name in known.entities)
    if found["verb"].upper() == "DELETE":
        yield Offer("FROM ", "FROM", "records that a condition finds")


def _offer_second_segments(found: re.Match[str], _: CompletionCatalog) -> Iterable[Offer]:
    verb, entity = found["verb"].upper(), found["entity"].casefold()
    if verb == "GET" and entity != "task":
        yield Offer("fields", "fields", "what is known of the fields")
    if verb == "PUT" and entity == "lead":
        yield Offer("convert/", "convert/", "make it an account")
    if verb == "PUT" and entity == "task":
        yield Offer("close/", "close/", "close it")


def _offer_children(_: re.Match[str], __: CompletionCatalog) -> Iterable[Offer]:
    return (Offer(name, name, f"create {name} of this record") for name in ("task", "opportunity"))


def _offer_parameters(found: re.Match[str], _: CompletionCatalog) -> Iterable[Offer]:
    path = path_segments(found["path"])
    names = _PARAMETERS if len(path) == 1 else _PARAMETERS[:2] if path[1:] == ("fields",) else ()
    given = query_parameters(f"?{found['before']}")
    return (Offer(f"{name}=", name, about) for name, about in names if name not in given)


def _offer_query_fields(found: re.Match[str], known: CompletionCatalog) -> Iterable[Offer]:
    given = found["given"].split(",")
    for field in known.fields(path_segments(found["path"])[0]):
        name = quote(field.name, safe="", errors="replace")
        if name not in given:
            yield Offer(name, one_line(field.name), _describe_field(field))


def _offer_orders(_: re.Match[str], __: CompletionCatalog) -> Iterable[Offer]:
    return (Offer(name, name) for name in ("asc", "desc"))


def _offer_body(found: re.Match[str], known: CompletionCatalog) -> Iterable[Offer]:
    cursor = find_cursor(found["body"])
    fields = known.fields(_target_entity(path_segments(found["path"])))
    if cursor.place == "key":
        for field in fields:
            if not field.read_only and field.name not in cursor.keys:
                yield Offer(
                    f"{_to_json(field.name)}: ", one_line(field.name), _describe_field(field)
                )
    elif cursor.place == "value":
        field = next((field for field in fields if field.name == cursor.key), None)
        for value in () if field is None else _possible_values(field):
            yield Offer(_to_json(value), one_line(value))


def _target_entity(path: Sequence[str]) -> str:
    """Return the entity whose fields a body to this path holds (`api.md`, calls)."""
    folded = [segment.casefold() for segment in path]
    if folded[:2] == ["lead", "convert"]:
        return "account"
    return path[2] if len(path) == 3 and folded[2] in {"task", "opportunity"} else path[0]


def _possible_values(field: Field) -> Iterable[str]:
    return ("true", "false") if field.type == "Boolean" else field.options


def _describe_field(field: Field) -> str:
    marks = [one_line(field.type or "", 40), "required" if field.required else ""]
    return ", ".join(mark for mark in marks if mark)


def _to_json(text: str) -> str:
    return escape_json(json.dumps(text, ensure_ascii=False))


def _word(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) else ""


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
_ANY_CALL = rf"\s*(?P<verb>{'|'.join(VERBS)})\s+/?"
_SEGMENT = r"[^\s/?{]"
_LIST = rf"\s*GET\s+(?P<path>/?{_SEGMENT}+(?:/{_SEGMENT}*)*)\?(?P<before>(?:[^\s&]*&)*)"
_BODY = r"\s*(?:POST|PUT)\s+(?P<path>[^\s{]+)\s*(?P<body>\{.*)"


def _compile_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


RULES = (
    CompletionRule("command", _compile_pattern(r"\s*(?P<word>\\\S*)"), _offer_commands),
    CompletionRule(
        "argument",
        _compile_pattern(r"\s*\\(?P<command>[a-z]+\+?)\s+(?P<word>\S*)"),
        _offer_arguments,
    ),
    CompletionRule("verb", _compile_pattern(r"\s*(?P<word>[a-z]*)"), _offer_verbs),
    CompletionRule(
        "entity", _compile_pattern(rf"{_ANY_CALL}(?P<word>{_SEGMENT}*)"), _offer_entities
    ),
    CompletionRule(
        "second segment",
        _compile_pattern(rf"{_ANY_CALL}(?P<entity>{_SEGMENT}+)/(?P<word>{_SEGMENT}*)"),
        _offer_second_segments,
    ),
    CompletionRule(
        "child entity",
        _compile_pattern(rf"\s*POST\s+/?{_SEGMENT}+/{_SEGMENT}+/(?P<word>{_SEGMENT}*)"),
        _offer_children,
    ),
    CompletionRule("parameter", _compile_pattern(rf"{_LIST}(?P<word>[^\s&=]*)"), _offer_parameters),
    CompletionRule(
        "field list",
        _compile_pattern(rf"{_LIST}fields=(?P<given>(?:[^\s&,]*,)*)(?P<word>[^\s&,]*)"),
        _offer_query_fields,
    ),
    CompletionRule(
        "sort field",
        _compile_pattern(rf"{_LIST}sort_by=(?P<given>)(?P<word>[^\s&]*)"),
        _offer_query_fields,
    ),
    CompletionRule(
        "sort order", _compile_pattern(rf"{_LIST}sort_order=(?P<word>[^\s&]*)"), _offer_orders
    ),
    CompletionRule(
        "body",
        _compile_pattern(_BODY),
        _offer_body,
        word=lambda found: find_cursor(found["body"]).partial,
    ),
)
"""The rules, the first that fits counting."""
