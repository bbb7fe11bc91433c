"""The rules of completion, as data: what is offered where, from what is known without a call."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from cmdm_tui.api import Field
from cmdm_tui.repl.body_cursor import cursor_in
from cmdm_tui.repl.commands import COMMANDS
from cmdm_tui.repl.json_text import escaped
from cmdm_tui.repl.offering import Known, Offer
from cmdm_tui.repl.planning import parameters, segments
from cmdm_tui.repl.reading import statement_at_end
from cmdm_tui.repl.sql_completion import WORD, offers_of_sql
from cmdm_tui.repl.statements import VERBS, reads_sql
from cmdm_tui.text import one_line


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is offered for `word`, the end of what was typed."""

    word: str
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Offers something where the whole of a statement, up to the cursor, has a certain form."""

    pattern: re.Pattern[str]
    offers: Callable[[re.Match[str], Known], Iterable[Offer]]
    word: Callable[[re.Match[str]], str] = lambda found: found["word"]


def suggest(text: str, known: Known, behind: str = "", *, is_asked: bool = True) -> Suggestions:
    """Return what the first rule that fits offers for the end of `text`; `behind` comes after it.

    In SQL that is what tells which entities are asked. Unless it is asked for, no word of SQL is
    offered before it is begun: a hundred may follow.
    """
    statement = statement_at_end(text)
    if reads_sql(statement) and re.search(r"\s", statement.strip() + statement[-1:]):
        word = WORD.search(statement)
        typed = word["word"] if word else ""
        offers = tuple(offers_of_sql(statement, behind, known))
        if not typed and not is_asked and len(offers) > _FEW:
            return Suggestions("")
        return Suggestions(typed, _matching(typed, offers))
    for rule in RULES:
        found = rule.pattern.fullmatch(statement)
        if found is not None:
            word = rule.word(found)
            return Suggestions(word, _matching(word, rule.offers(found, known)))
    return Suggestions("")


def _matching(word: str, offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """Return the offers that begin with the word; where none does, those that hold it."""
    wanted = word.lstrip('"').casefold()
    within = [offer for offer in offers if wanted in offer.name.casefold() and offer.text != word]
    leading = [offer for offer in within if offer.name.casefold().startswith(wanted)]
    return tuple(leading or within)


def _commands(_: re.Match[str], __: Known) -> Iterable[Offer]:
    for command in COMMANDS:
        yield Offer(f"\\{command.name}", f"\\{command.name}", command.help)


def _arguments(found: re.Match[str], known: Known) -> Iterable[Offer]:
    named = (item for item in COMMANDS if found["command"] in (item.name, *item.aliases))
    for command in named:
        names = known.entities if command.takes_entity else command.choices
        yield from (Offer(_word(name), one_line(name)) for name in names)


def _verbs(_: re.Match[str], __: Known) -> Iterable[Offer]:
    yield from (Offer(f"{verb} ", verb) for verb in VERBS)
    yield from (Offer(words, words.strip()) for words in _SQL_WORDS)


def _entities(_: re.Match[str], known: Known) -> Iterable[Offer]:
    return (Offer(quote(name, safe=""), one_line(name)) for name in known.entities)


def _second_segments(found: re.Match[str], _: Known) -> Iterable[Offer]:
    verb, entity = found["verb"].upper(), found["entity"].casefold()
    if verb == "GET" and entity != "task":
        yield Offer("fields", "fields", "what is told of the fields")
    if verb == "PUT" and entity == "lead":
        yield Offer("convert/", "convert/", "make it an account")
    if verb == "PUT" and entity == "task":
        yield Offer("close/", "close/", "close it")


def _children(_: re.Match[str], __: Known) -> Iterable[Offer]:
    return (Offer(name, name, f"create {name} of this record") for name in ("task", "opportunity"))


def _parameters(found: re.Match[str], _: Known) -> Iterable[Offer]:
    path = segments(found["path"])
    names = _PARAMETERS if len(path) == 1 else _PARAMETERS[:2] if path[1:] == ("fields",) else ()
    given = parameters(f"?{found['before']}")
    return (Offer(f"{name}=", name, about) for name, about in names if name not in given)


def _query_fields(found: re.Match[str], known: Known) -> Iterable[Offer]:
    given = found["given"].split(",")
    for field in known.fields(segments(found["path"])[0]):
        name = quote(field.name, safe="", errors="replace")
        if name not in given:
            yield Offer(name, one_line(field.name), _about(field))


def _orders(_: re.Match[str], __: Known) -> Iterable[Offer]:
    return (Offer(name, name) for name in ("asc", "desc"))


def _body(found: re.Match[str], known: Known) -> Iterable[Offer]:
    cursor = cursor_in(found["body"])
    fields = known.fields(_target(segments(found["path"])))
    if cursor.place == "key":
        for field in fields:
            if not field.read_only and field.name not in cursor.keys:
                yield Offer(f"{_json(field.name)}: ", one_line(field.name), _about(field))
    elif cursor.place == "value":
        field = next((field for field in fields if field.name == cursor.key), None)
        for value in () if field is None else _values(field):
            yield Offer(_json(value), one_line(value))


def _target(path: Sequence[str]) -> str:
    """Return the entity whose fields a body to this path holds (`api.md`, calls)."""
    folded = [segment.casefold() for segment in path]
    if folded[:2] == ["lead", "convert"]:
        return "account"
    return path[2] if len(path) == 3 and folded[2] in {"task", "opportunity"} else path[0]


def _values(field: Field) -> Iterable[str]:
    return ("true", "false") if field.type == "Boolean" else field.options


def _about(field: Field) -> str:
    marks = [one_line(field.type or "", 40), "required" if field.required else ""]
    return ", ".join(mark for mark in marks if mark)


def _json(text: str) -> str:
    return escaped(json.dumps(text, ensure_ascii=False))


def _word(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) else ""


_FEW = 40
_SQL_WORDS = ("SELECT ", "WITH ", "EXPLAIN ", "SHOW ENTITIES", "DESCRIBE ")
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


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


RULES = (
    Rule(_form(r"\s*(?P<word>\\\S*)"), _commands),
    Rule(_form(r"\s*\\(?P<command>[a-z]+\+?)\s+(?P<word>\S*)"), _arguments),
    Rule(_form(r"\s*(?P<word>[a-z]*)"), _verbs),
    Rule(_form(rf"{_ANY_CALL}(?P<word>{_SEGMENT}*)"), _entities),
    Rule(_form(rf"{_ANY_CALL}(?P<entity>{_SEGMENT}+)/(?P<word>{_SEGMENT}*)"), _second_segments),
    Rule(_form(rf"\s*POST\s+/?{_SEGMENT}+/{_SEGMENT}+/(?P<word>{_SEGMENT}*)"), _children),
    Rule(_form(rf"{_LIST}(?P<word>[^\s&=]*)"), _parameters),
    Rule(
        _form(rf"{_LIST}fields=(?P<given>(?:[^\s&,]*,)*)(?P<word>[^\s&,]*)"),
        _query_fields,
    ),
    Rule(_form(rf"{_LIST}sort_by=(?P<given>)(?P<word>[^\s&]*)"), _query_fields),
    Rule(_form(rf"{_LIST}sort_order=(?P<word>[^\s&]*)"), _orders),
    Rule(_form(_BODY), _body, word=lambda found: cursor_in(found["body"]).partial),
)
"""The rules, the first that fits counting."""
