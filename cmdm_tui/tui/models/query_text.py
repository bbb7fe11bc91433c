"""The SQL in an editor: which statement the cursor is in, and what completion offers there."""

from cmdm_tui.query.completion.letter_case import follow_case
from cmdm_tui.query.completion.offers import CompletionCatalog, Offer, Suggestions
from cmdm_tui.query.completion.sql import first_statement, last_statement, suggest_sql
from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.query.parsing.statement_forms import ScriptStatement, split_script

Place = tuple[int, int]
"""A line and a column, both from 0."""

_FIRST_WORDS = (
    "SELECT ", "WITH ", "FROM ", "EXPLAIN ", "SHOW ENTITIES", "DESCRIBE ", "SUMMARIZE ",
    "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CALL ",
)  # fmt: skip


def find_statement(text: str, place: Place) -> ScriptStatement | None:
    """Return the statement that the cursor is in or behind, the first where it is before all.

    None where the text holds no statement.
    """
    statements = split_script(text)
    begun = [one for one in statements if (one.line - 1, one.column - 1) <= place]
    found = begun[-1:] or statements[:1]
    return found[0] if found and found[0].sql.strip() else None


def complete_sql(
    before: str, behind: str, known: CompletionCatalog, *, is_asked: bool
) -> Suggestions:
    """Return what is offered between two parts of a text; no call is made."""
    statement, rest = last_statement(before), first_statement(behind)
    typed = statement.lstrip()
    if is_sql(typed) and (typed != typed.rstrip() or " " in typed or "\n" in typed):
        return suggest_sql(statement, known, rest, is_asked=is_asked)
    if not typed.isalpha() and typed:
        return Suggestions("")
    if not typed and not is_asked:
        return Suggestions("")
    offers = (
        Offer(words, words.strip(), is_word=True)
        for words in _FIRST_WORDS
        if words.casefold().startswith(typed.casefold())
    )
    return Suggestions(typed, follow_case(offers, typed, typed), "beginning")
