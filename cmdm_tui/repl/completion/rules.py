"""The rules of completion, as data: what is offered where, from what is known without a call."""

import re
from collections.abc import Callable, Iterable

from msgspec import Struct

from cmdm_tui.query.completion.letter_case import follow_case
from cmdm_tui.query.completion.matching import rank_offers
from cmdm_tui.query.completion.offers import CompletionCatalog, NotedCatalog, Offer, Suggestions
from cmdm_tui.query.completion.sql import suggest_sql
from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.repl.call_text import VERBS
from cmdm_tui.repl.completion import call_offers, command_offers
from cmdm_tui.repl.completion.body_cursor import find_cursor
from cmdm_tui.repl.completion.facts import NO_PROMPT_FACTS, PromptFacts
from cmdm_tui.repl.statement_splitter import last_statement

_Offers = Callable[[re.Match[str], CompletionCatalog, PromptFacts], Iterable[Offer]]


class CompletionRule(Struct, frozen=True):
    """Offers something where the whole of a statement, up to the cursor, has a certain form.

    `name` is what tests and explanations call it.
    """

    name: str
    pattern: re.Pattern[str]
    offers: _Offers
    word: Callable[[re.Match[str]], str] = lambda found: found["word"]
    typed: Callable[[str], str] = str
    """Returns what the word means, which names are matched with."""


def suggest(
    text: str,
    known: CompletionCatalog,
    behind: str = "",
    *,
    is_asked: bool = True,
    facts: PromptFacts = NO_PROMPT_FACTS,
) -> Suggestions:
    """Return what the first rule that fits offers for the end of `text`; `behind` comes after it.

    In SQL it shows which entities are queried. Unless completion is asked for, no more than a
    screen of it is offered before a word is begun.
    """
    output = _OUTPUT.search(text)
    statement = text if output is not None else last_statement(text)
    statement = command_offers.find_text_argument(statement) or statement
    if (
        output is None
        and is_sql(statement)
        and re.search(r"\s", statement.strip() + statement[-1:])
    ):
        variable = _VARIABLE.search(statement)
        if variable is None:
            return suggest_sql(statement, known, behind, is_asked=is_asked, facts=facts.sql)
        return _apply(_VARIABLE_RULE, variable, known, facts)
    if output is not None:
        return _apply(_OUTPUT_RULE, output, known, facts)
    for rule in RULES:
        found = rule.pattern.fullmatch(statement)
        if found is not None:
            return _apply(rule, found, known, facts)
    return Suggestions("")


def _apply(
    rule: CompletionRule, found: re.Match[str], known: CompletionCatalog, facts: PromptFacts
) -> Suggestions:
    word, noted = rule.word(found), NotedCatalog(known)
    offers = rule.offers(found, noted, facts)
    ranked = rank_offers(rule.typed(word), offers, facts.sql.uses)
    return Suggestions(
        word, follow_case(ranked, word, found.string), rule.name, tuple(noted.unread)
    )


_VARIABLE = re.compile(r"(?<![:\w'\"\])]):(?P<word>(?P<mark>['\"]?)(?:[^\W\d]\w*)?)\Z")
_OUTPUT = re.compile(r";[ \t]*>>?[ \t]*(?P<word>(?:'[^'\n]*|[^\s'|;])*)\Z")
_ANY_CALL = rf"\s*(?P<verb>{'|'.join(VERBS)})\s+/?"
_SEGMENT = r"[^\s/?{]"
_LIST = rf"\s*GET\s+(?P<path>/?{_SEGMENT}+(?:/{_SEGMENT}*)*)\?(?P<before>(?:[^\s&]*&)*)"
_BODY = r"\s*(?:POST|PUT)\s+(?P<path>[^\s{]+)\s*(?P<body>\{.*)"


def _compile_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


_VARIABLE_RULE = CompletionRule(
    "variable", _VARIABLE, command_offers.offer_variables, typed=lambda word: word.lstrip("'\"")
)
_OUTPUT_RULE = CompletionRule(
    "output file", _OUTPUT, command_offers.offer_output_files, typed=command_offers.unquote_word
)
RULES = (
    CompletionRule(
        "command", _compile_pattern(r"\s*(?P<word>\\\S*)"), command_offers.offer_commands
    ),
    CompletionRule(
        "argument",
        _compile_pattern(r"\s*\\(?P<command>[a-z]+\+?|[!?])\s+(?P<arguments>.*)"),
        command_offers.offer_arguments,
        word=lambda found: command_offers.split_arguments(found["arguments"])[1],
        typed=command_offers.unquote_word,
    ),
    CompletionRule("verb", _compile_pattern(r"\s*(?P<word>[a-z]*)"), call_offers.offer_verbs),
    CompletionRule(
        "entity",
        _compile_pattern(rf"{_ANY_CALL}(?P<word>{_SEGMENT}*)"),
        call_offers.offer_entities,
    ),
    CompletionRule(
        "second segment",
        _compile_pattern(rf"{_ANY_CALL}(?P<entity>{_SEGMENT}+)/(?P<word>{_SEGMENT}*)"),
        call_offers.offer_second_segments,
    ),
    CompletionRule(
        "record of an action",
        _compile_pattern(r"\s*PUT\s+/?(?P<action>lead/convert|task/close)/(?P<word>[^\s/?{]*)"),
        call_offers.offer_action_ids,
    ),
    CompletionRule(
        "child entity",
        _compile_pattern(rf"\s*POST\s+/?{_SEGMENT}+/{_SEGMENT}+/(?P<word>{_SEGMENT}*)"),
        call_offers.offer_children,
    ),
    CompletionRule(
        "parameter",
        _compile_pattern(rf"{_LIST}(?P<word>[^\s&=]*)"),
        call_offers.offer_parameters,
    ),
    CompletionRule(
        "field list",
        _compile_pattern(rf"{_LIST}fields=(?P<given>(?:[^\s&,]*,)*)(?P<word>[^\s&,]*)"),
        call_offers.offer_query_fields,
    ),
    CompletionRule(
        "sort field",
        _compile_pattern(rf"{_LIST}sort_by=(?P<given>)(?P<word>[^\s&]*)"),
        call_offers.offer_query_fields,
    ),
    CompletionRule(
        "sort order",
        _compile_pattern(rf"{_LIST}sort_order=(?P<word>[^\s&]*)"),
        call_offers.offer_orders,
    ),
    CompletionRule(
        "body",
        _compile_pattern(_BODY),
        call_offers.offer_body,
        word=lambda found: find_cursor(found["body"]).partial,
    ),
)
"""The rules for everything but SQL, the first that fits counting."""
