"""What is offered inside SQL: entities where one must be, else their fields, and the words.

Where a change names the fields that it sets, only those are offered that can be set.
"""

import re
from collections.abc import Iterable, Iterator

from cmdm_tui.api import Field
from cmdm_tui.query.completion.offers import CompletionCatalog, Offer, Suggestions, filter_offers
from cmdm_tui.text import one_line, visible

KEYWORDS = (
    "SELECT", "FROM", "WHERE", "GROUP", "BY", "ORDER", "LIMIT", "JOIN", "LEFT", "ON", "AND", "OR",
    "NOT", "IN", "BETWEEN", "LIKE", "ILIKE", "IS", "NULL", "DESC", "ASC", "AS", "DISTINCT",
    "HAVING", "UNION", "ALL", "EXCEPT", "INTERSECT", "WITH", "CASE", "WHEN", "THEN", "ELSE", "END",
    "OFFSET", "EXISTS", "OVER", "PARTITION", "TRUE", "FALSE", "INNER", "RIGHT", "FULL", "CROSS",
)  # fmt: skip
CHANGE_KEYWORDS = (
    "INSERT", "INTO", "VALUES", "UPDATE", "SET", "DELETE", "USING", "RETURNING",
)  # fmt: skip
"""The words of statements that change records."""

PROCEDURES = {"convert_lead": "make it an account", "close_task": "close it"}
OWNER_FIELDS = ("RelatedEntity", "RelatedExternalID")
"""Fields that only a new task or opportunity may be given: the record that it belongs to."""

FUNCTIONS = (
    "count", "sum", "avg", "min", "max", "coalesce", "lower", "upper", "length", "round",
    "date_trunc", "year", "month", "string_agg", "row_number", "rank",
)  # fmt: skip

SQL_RULE = "SQL"
"""The name of what offers inside SQL."""

_MOST_UNASKED = 40
_WORDS = {*KEYWORDS, *CHANGE_KEYWORDS}
_PLAIN_WORD = re.compile(r"(?<!\w)\w*\Z")
_TEXT = re.compile(r"'(?:[^']|'')*'?|--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_QUOTED = re.compile(_TEXT.pattern + r'|"[^"]*"?', re.DOTALL)
_NAME = r'(?:"[^"]+"|\w+)'
_BEFORE_ENTITY = re.compile(
    rf"\b(?:from|join|describe|desc|update|into)\s+\Z|\bfrom\s+{_NAME}(?:\s+(?:as\s+)?{_NAME})?\s*,\s*\Z",
    re.IGNORECASE,
)
_QUALIFIED = re.compile(r'("[^"]+"|(?<!\w)\w+)\.\Z')
_BEFORE_PROCEDURE = re.compile(r"\s*call\s+\Z", re.IGNORECASE)
_CHANGE = re.compile(r"\b(?:insert\s+into|update|delete\s+from)\s", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"\bupdate\s+(?P<entity>{_NAME})(?:\s+(?:as\s+)?(?!set\b){_NAME})?\s+set\s(?P<given>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_LISTED = re.compile(
    rf"\binsert\s+into\s+(?P<entity>{_NAME})\s*\((?P<given>[^()]*)\Z", re.IGNORECASE
)
_BRACKETS = re.compile(r"\([^()]*\)")
_AFTER_ASSIGNMENTS = re.compile(r"\b(?:where|from|returning)\b", re.IGNORECASE)
_TABLE = re.compile(
    rf"\b(?:from|join|update|into)\s+({_NAME})(?:\s+(?:as\s+)?({_NAME}))?", re.IGNORECASE
)
_PLAIN = re.compile(r"[^\W\d]\w*")


def suggest_sql(
    statement: str, known: CompletionCatalog, behind: str = "", *, is_asked: bool = True
) -> Suggestions:
    """Return what is offered for the end of one statement; `behind` is the SQL after the cursor.

    What is behind shows which entities are queried. Unless completion is asked for, no word is
    offered before it is begun: a hundred may follow.
    """
    typed = find_word(statement)
    offers = tuple(offer_sql(statement, behind, known))
    if not typed and not is_asked and len(offers) > _MOST_UNASKED:
        return Suggestions("")
    return Suggestions(typed, filter_offers(typed, offers), SQL_RULE)


def last_statement(sql: str) -> str:
    """Return what comes after the last semicolon that is in no text, comment or quoted name."""
    blanked = _QUOTED.sub(lambda found: " " * len(found[0]), sql)
    return sql[blanked.rfind(";") + 1 :]


def first_statement(sql: str) -> str:
    """Return what comes before the first semicolon that is in no text, comment or quoted name."""
    blanked = _QUOTED.sub(lambda found: " " * len(found[0]), sql)
    end = blanked.find(";")
    return sql if end < 0 else sql[:end]


def offer_sql(statement: str, behind: str, known: CompletionCatalog) -> Iterable[Offer]:
    """Return what may come at the end of `statement`; `behind` is the SQL after the cursor.

    Nothing is offered within text or a comment.
    """
    if _is_in_text(statement):
        return ()
    before = statement.removesuffix(find_word(statement))
    if _BEFORE_ENTITY.search(before):
        return [
            Offer(quote_name(name), name, "entity")
            for name in known.entities
            if visible(name) == name
        ]
    if _BEFORE_PROCEDURE.fullmatch(before):
        return [Offer(f"{name}('", name, about) for name, about in PROCEDURES.items()]
    settable = _offer_settable(_TEXT.sub(" ", before), known)
    if settable is not None:
        return settable
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
    changes = CHANGE_KEYWORDS if _CHANGE.search(before) else ()
    words = [Offer(word, word) for word in (*KEYWORDS, *changes)]
    functions = [Offer(f"{name}(", name, "function") for name in FUNCTIONS]
    return [*fields, *functions, *words]


def find_word(statement: str) -> str:
    """Return the name or word at the end of SQL, as far as it is typed, with an opening quote."""
    without_text = _TEXT.sub(lambda found: " " * len(found[0]), statement)
    if without_text.count('"') % 2:
        return statement[without_text.rindex('"') :]
    found = _PLAIN_WORD.search(statement)
    return found[0] if found else ""


def quote_name(name: str) -> str:
    """Return a name as SQL takes it: in quotes where it is not a plain word."""
    is_plain = _PLAIN.fullmatch(name) and name.upper() not in _WORDS
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


def _offer_settable(before: str, known: CompletionCatalog) -> list[Offer] | None:
    """Return the fields that a change may set next; None where none is named at this place."""
    listed, assigned = _LISTED.search(before), _ASSIGNED.search(before)
    found = listed or assigned
    if found is None:
        return None
    given = found["given"]
    if listed is None:
        while given != (flat := _BRACKETS.sub(" ", given)):
            given = flat
        if "(" in given or _AFTER_ASSIGNMENTS.search(given):
            return None
    *done, last = given.split(",")
    if last.strip():
        return None
    entity = _find_entity(found["entity"], known)
    names = {unquote_name(one.partition("=")[0].strip()).casefold() for one in done}
    return [
        Offer(quote_name(field.name), field.name, _describe_field(field, entity))
        for field in known.fields(entity)
        if visible(field.name) == field.name
        and field.name.casefold() not in names
        and (not field.read_only or (listed is not None and field.name in OWNER_FIELDS))
    ]


def _find_entity(written: str, known: CompletionCatalog) -> str:
    name = unquote_name(written)
    return next((one for one in known.entities if one.casefold() == name.casefold()), name)


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
            if alias and alias.upper() not in _WORDS:
                yield unquote_name(alias).casefold(), entity


def _is_in_text(statement: str) -> bool:
    last = next(reversed(list(_TEXT.finditer(statement))), None)
    if last is None or last.end() != len(statement):
        return False
    text = last[0]
    return text.startswith("--") or len(text) == 1 or not text.endswith(("'", "*/"))
