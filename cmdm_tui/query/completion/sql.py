"""What is offered inside SQL: by the first rule of `sql_rules` that fits where the cursor is."""

import re

from cmdm_tui.query.completion.letter_case import follow_case
from cmdm_tui.query.completion.matching import rank_offers
from cmdm_tui.query.completion.offers import (
    NO_FACTS,
    CompletionCatalog,
    CompletionFacts,
    Suggestions,
)
from cmdm_tui.query.completion.sql_offers import COLUMN_GROUP
from cmdm_tui.query.completion.sql_place import SqlPlace
from cmdm_tui.query.completion.sql_rules import SQL_RULES

_SEPARATOR = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)|'[^']*'?|\"[^\"]*\"?|;", re.DOTALL)
"""A semicolon, or what one can be in without ending a statement."""

LONGEST_STATEMENT = 50_000
"""Characters of the longest statement that is completed: each key would take too long."""
LONGEST_WORD = 200
"""Characters of the longest word that is completed."""

MOST_UNASKED = 40
"""Offers before a word is begun, unless completion is asked for."""


def suggest_sql(
    statement: str,
    known: CompletionCatalog,
    behind: str = "",
    *,
    is_asked: bool = True,
    facts: CompletionFacts = NO_FACTS,
) -> Suggestions:
    """Return what is offered for the end of one statement; `behind` is the SQL after the cursor.

    What is behind shows which entities are queried. Unless completion is asked for, no more than
    a screen is offered before a word is begun. Nothing here makes a call.
    """
    if len(statement) + len(behind) > LONGEST_STATEMENT:
        return Suggestions("")
    place = SqlPlace(statement, behind, known, facts)
    if len(place.word) > LONGEST_WORD:
        return Suggestions("")
    rule = next(one for one in SQL_RULES if one.fits(place))
    offers = tuple(rule.offers(place))
    unread = tuple(place.noted.unread)
    word = place.word
    if not word and not is_asked:
        # A hundred words and functions may follow: what the tables have is enough.
        near = [one for one in offers if one.group <= COLUMN_GROUP] or offers
        ranked = rank_offers("", near, facts.uses)[:MOST_UNASKED]
    else:
        ranked = rank_offers(word.removeprefix("'"), offers, facts.uses)
    return Suggestions(word, follow_case(ranked, word, statement), rule.name, unread)


def last_statement(sql: str) -> str:
    """Return what comes after the last semicolon that is in no text, comment or quoted name."""
    ends = [found.end() for found in _SEPARATOR.finditer(sql) if found[0] == ";"]
    return sql[ends[-1] :] if ends else sql


def first_statement(sql: str) -> str:
    """Return what comes before the first semicolon that is in no text, comment or quoted name."""
    end = next((found.start() for found in _SEPARATOR.finditer(sql) if found[0] == ";"), None)
    return sql if end is None else sql[:end]
