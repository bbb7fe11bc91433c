"""What is offered inside SQL: entities where one must be, else their fields, and the words."""

import re
from collections.abc import Iterable, Iterator

from cmdm_tui.api import Field
from cmdm_tui.repl.completion.offers import CompletionCatalog, Offer
from cmdm_tui.text import one_line, visible

KEYWORDS = (
    "SELECT", "FROM", "WHERE", "GROUP", "BY", "ORDER", "LIMIT", "JOIN", "LEFT", "ON", "AND", "OR",
    "NOT", "IN", "BETWEEN", "LIKE", "ILIKE", "IS", "NULL", "DESC", "ASC", "AS", "DISTINCT",
    "HAVING", "UNION", "ALL", "EXCEPT", "INTERSECT", "WITH", "CASE", "WHEN", "THEN", "ELSE", "END",
    "OFFSET", "EXISTS", "OVER", "PARTITION", "TRUE", "FALSE", "INNER", "RIGHT", "FULL", "CROSS",
)  # fmt: skip
FUNCTIONS = (
    "count", "sum", "avg", "min", "max", "coalesce", "lower", "upper", "length", "round",
    "date_trunc", "year", "month", "string_agg", "row_number", "rank",
)  # fmt: skip

WORD = re.compile(r'(?P<word>"[^"]*|\w*)\Z')
_TEXT = re.compile(r"'(?:[^']|'')*'?|--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_NAME = r'(?:"[^"]+"|\w+)'
_BEFORE_ENTITY = re.compile(
    rf"\b(?:from|join|describe|desc)\s+\Z|\bfrom\s+{_NAME}(?:\s+(?:as\s+)?{_NAME})?\s*,\s*\Z",
    re.IGNORECASE,
)
_QUALIFIED = re.compile(rf"({_NAME})\.\Z")
_TABLE = re.compile(rf"\b(?:from|join)\s+({_NAME})(?:\s+(?:as\s+)?({_NAME}))?", re.IGNORECASE)
_PLAIN = re.compile(r"[^\W\d]\w*")


def offer_sql(statement: str, behind: str, known: CompletionCatalog) -> Iterable[Offer]:
    """Return what may come at the end of `statement`; `behind` is the SQL after the cursor.

    Nothing is offered within text or a comment.
    """
    if _is_in_text(statement):
        return ()
    before = WORD.sub("", statement)
    if _BEFORE_ENTITY.search(before):
        return [
            Offer(quote_name(name), name, "entity")
            for name in known.entities
            if visible(name) == name
        ]
    tables = dict(_find_tables(statement + behind, known))
    qualified = _QUALIFIED.search(before)
    if qualified:
        entity = tables.get(unquote_name(qualified[1]).casefold())
        return list(_offer_fields(entity, known)) if entity else ()
    # Before FROM is typed, the fields of every entity may be meant.
    entities = dict.fromkeys(tables.values()) or known.entities
    fields = {
        offer.text: offer for entity in entities for offer in _offer_fields(entity, known)
    }.values()
    words = [Offer(word, word) for word in KEYWORDS]
    functions = [Offer(f"{name}(", name, "function") for name in FUNCTIONS]
    return [*fields, *functions, *words]


def quote_name(name: str) -> str:
    """Return a name as SQL takes it: in quotes where it is not a plain word."""
    is_plain = _PLAIN.fullmatch(name) and name.upper() not in KEYWORDS
    return name if is_plain else '"' + name.replace('"', '""') + '"'


def unquote_name(name: str) -> str:
    """Return the name that a word of SQL means."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _offer_fields(entity: str, known: CompletionCatalog) -> Iterator[Offer]:
    yield Offer("ExternalID", "ExternalID", one_line(entity, 40))
    for field in known.fields(entity):
        # SQL has no way to spell what a terminal would act on.
        if visible(field.name) == field.name:
            yield Offer(quote_name(field.name), field.name, _describe_field(field, entity))


def _describe_field(field: Field, entity: str) -> str:
    return ", ".join(
        word for word in (one_line(field.type or "", 40), one_line(entity, 40)) if word
    )


def _find_tables(sql: str, known: CompletionCatalog) -> Iterator[tuple[str, str]]:
    """Yield the names by which the entities of the query can be called, with the entities."""
    by_name = {name.casefold(): name for name in known.entities}
    for found in _TABLE.finditer(_TEXT.sub(" ", sql)):
        entity = by_name.get(unquote_name(found[1]).casefold())
        if entity is not None:
            yield entity.casefold(), entity
            alias = found[2]
            if alias and alias.upper() not in KEYWORDS:
                yield unquote_name(alias).casefold(), entity


def _is_in_text(statement: str) -> bool:
    last = next(reversed(list(_TEXT.finditer(statement))), None)
    if last is None or last.end() != len(statement):
        return False
    text = last[0]
    return text.startswith("--") or len(text) == 1 or not text.endswith(("'", "*/"))
