"""What each rule of completion inside SQL offers: values, entities, fields, functions and words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cmdm_tui.api import Field
from cmdm_tui.query.completion.field_names import find_fields
from cmdm_tui.query.completion.functions import USUAL_FUNCTIONS
from cmdm_tui.query.completion.groups import TokenGroup, keyword_of
from cmdm_tui.query.completion.offers import Offer
from cmdm_tui.query.completion.scope import ScopeColumn, ScopeTable
from cmdm_tui.query.completion.sql_place import SqlPlace
from cmdm_tui.query.completion.words import (
    AFTER_CHANGED_TABLE,
    AFTER_OPERAND,
    AFTER_TABLE,
    IN_EXPRESSION,
    quote_name,
    quote_text,
)
from cmdm_tui.query.model import EXTERNAL_ID
from cmdm_tui.text import one_line, visible

PROCEDURES = {"convert_lead": ("lead", "make it an account"), "close_task": ("task", "close it")}
"""The procedures of CALL: the entity of the record each is for, and what it does."""

OWNER_FIELDS = ("RelatedEntity", "RelatedExternalID")
"""Fields that only a new task or opportunity may be given: the record that it belongs to."""

_FIRST = 0
"""The group of what a place is made for, such as the values of a picklist."""
COLUMN_GROUP = 1
"""The group of what the tables there have."""
_NAMES, _USUAL, _FUNCTIONS, _WORDS = range(2, 6)
_OPERATORS = ("AND", "OR", "IN", "NOT", "IS", "LIKE", "ILIKE", "BETWEEN")
_WITH_ALIASES = frozenset({"ORDER", "GROUP", "HAVING", "QUALIFY"})
"""The parts of a query that can name what SELECT has named."""


def describe_field(field: Field, *more: str) -> str:
    """Return the type of a field, its label where that is another word, and more words."""
    label = field.label or ""
    if "".join(label.split()).casefold() == field.name.casefold():
        label = ""
    words = (one_line(word, 40) for word in (field.type or "", label, *more))
    return ", ".join(word for word in words if word)


def offer_files(place: SqlPlace) -> Iterator[Offer]:
    """Offer the files and folders that begin as the text does."""
    for name in place.facts.files(place.word[1:].replace("''", "'")):
        # A folder goes on, so its text is not closed.
        written = quote_text(name)
        is_open = place.closes_text or name.endswith("/")
        yield Offer(written[:-1] if is_open else written, one_line(name))


def list_values(place: SqlPlace) -> Sequence[Offer]:
    """Return the values that are known of the column that a text is compared with."""
    procedure = _procedure_here(place)
    if procedure is not None:
        entity = PROCEDURES[procedure][0]
        return [_offer_text(place, one, entity) for one in place.facts.ids(entity)]
    found = place.compared
    if found is None:
        return ()
    table, column = found
    if column.name == EXTERNAL_ID and table.entity:
        return [_offer_text(place, one, table.entity) for one in place.facts.ids(table.entity)]
    field = column.field
    if field is None:
        return ()
    if field.lookup_entity:
        ids = place.facts.ids(field.lookup_entity)
        return [_offer_text(place, one, field.lookup_entity) for one in ids]
    if field.type == "Boolean" and not place.is_in_text:
        return [Offer(word, word, column.name, is_word=True) for word in ("TRUE", "FALSE")]
    values = ("true", "false") if field.type == "Boolean" else field.options
    return [_offer_text(place, value, column.name) for value in values]


def _procedure_here(place: SqlPlace) -> str | None:
    """Return the procedure whose brackets the place begins, None where it begins none's."""
    words = [keyword_of(item) for item in place.outside]
    if len(words) != 2 or words[0] != "CALL" or place.before:
        return None
    name = words[1].casefold()
    return name if name in PROCEDURES else None


def _offer_text(place: SqlPlace, value: str, about: str) -> Offer:
    written = quote_text(value)
    if place.is_in_text and place.closes_text:
        written = written[:-1]
    return Offer(written, one_line(value), one_line(about, 40))


def offer_values(place: SqlPlace) -> Iterable[Offer]:
    """Offer the values of the column; outside a text, what else can be compared as well."""
    # SQL has no way to spell what a terminal would act on.
    values = [offer for offer in list_values(place) if visible(offer.text) == offer.text]
    if place.is_in_text or _procedure_here(place) is not None:
        # A text is matched with its opening quote.
        return values
    return [*values, *offer_expression(place)]


def offer_entities(place: SqlPlace) -> Iterator[Offer]:
    """Offer the common table expressions, and the entities."""
    for name in place.expressions:
        if visible(name) == name:
            yield Offer(quote_name(name), name, "WITH", COLUMN_GROUP)
    for name in place.known.entities:
        if visible(name) == name:
            yield Offer(quote_name(name), name, "entity", COLUMN_GROUP)


def offer_procedures(_: SqlPlace) -> Iterable[Offer]:
    """Offer what CALL can do."""
    return [Offer(f"{name}('", name, about) for name, (_, about) in PROCEDURES.items()]


def offer_settable(place: SqlPlace) -> Iterator[Offer]:
    """Offer the fields that a change may set and has not set yet."""
    entity = place.changed_entity
    given = {name.strip('"').casefold() for name in place.set_names or ()}
    for field in place.noted.fields(entity) if entity else ():
        is_owner = place.is_in_brackets and field.name in OWNER_FIELDS
        is_known = visible(field.name) == field.name and field.name.casefold() not in given
        if is_known and (is_owner or not field.read_only):
            about = describe_field(field, "required" if field.required else "", entity or "")
            yield Offer(quote_name(field.name), field.name, about)


def offer_qualified(place: SqlPlace) -> Iterator[Offer]:
    """Offer the columns of the table before the dot."""
    wanted = place.qualifier.strip('"').casefold()
    table = next((one for one in place.tables if one.alias.casefold() == wanted), None)
    if table is not None:
        yield from (_offer_column(column, table) for column in _shown_columns(table))
        if place.clause in {"SELECT", "RETURNING"} and not place.is_in_brackets:
            yield Offer("*", "*", "every column", _NAMES)


def _offer_column(column: ScopeColumn, table: ScopeTable, *, is_qualified: bool = False) -> Offer:
    source = table.entity or table.alias
    about = one_line(source, 40)
    if column.field is not None and column.name != EXTERNAL_ID:
        about = describe_field(column.field, source)
    text = quote_name(column.name)
    if is_qualified:
        text = f"{quote_name(table.alias)}.{text}"
        about = describe_field(column.field or Field(""), table.alias)
    return Offer(text, column.name, about, _NAMES if table.is_outer else COLUMN_GROUP)


def _shown_columns(table: ScopeTable) -> list[ScopeColumn]:
    return [column for column in table.columns if visible(column.name) == column.name]


def offer_join(place: SqlPlace) -> Iterator[Offer]:
    """Offer conditions by the lookups between the last table and those before it."""
    inner = [table for table in place.tables if not table.is_outer]
    if inner and place.previous_word == "ON":
        for other in inner[:-1]:
            yield from _list_lookups(inner[-1], other)
            yield from _list_lookups(other, inner[-1])
    yield from offer_expression(place)


def _list_lookups(table: ScopeTable, other: ScopeTable) -> Iterator[Offer]:
    """Yield the conditions by which the fields of one table look up a record of the other."""
    if not other.entity or visible(table.alias + other.alias) != table.alias + other.alias:
        return
    target = f"{quote_name(other.alias)}.{EXTERNAL_ID}"
    for column in _shown_columns(table):
        mine = f"{quote_name(table.alias)}.{quote_name(column.name)}"
        looked_up = "" if column.field is None else column.field.lookup_entity or ""
        if looked_up.casefold() == other.entity.casefold():
            yield Offer(f"{mine} = {target}", f"{mine} = {target}", "lookup", _FIRST)
        elif column.name == OWNER_FIELDS[1] and table.entity not in {"", other.entity}:
            yield Offer(f"{mine} = {target}", f"{mine} = {target}", "what it belongs to", _FIRST)


def offer_common_columns(place: SqlPlace) -> Iterator[Offer]:
    """Offer the columns that the last table shares with those before it."""
    inner = [table for table in place.tables if not table.is_outer]
    if len(inner) < 2:
        return
    last = inner[-1]
    others = {column.name for table in inner[:-1] for column in table.columns}
    for column in _shown_columns(last):
        if column.name in others:
            yield _offer_column(column, last)


def offer_after_table(place: SqlPlace) -> Iterable[Offer]:
    """Offer what may follow a table's name."""
    words = AFTER_CHANGED_TABLE.get(place.clause, AFTER_TABLE)
    if place.clause == "JOIN":
        return [Offer("ON", "ON", "", _FIRST, is_word=True), *offer_words(words)]
    return offer_words(words)


def offer_after_value(place: SqlPlace) -> Iterable[Offer]:
    """Offer what may follow a value."""
    if place.is_in_brackets:
        more = ("WHEN", "THEN", "ELSE", "END", "AS", "ORDER BY", "PARTITION BY", "DESC", "ASC")
        return offer_words((*_OPERATORS, *more))
    words = AFTER_OPERAND.get(place.clause, AFTER_OPERAND[""])
    if (place.clause == "WHERE" and place.changed_entity) or _deletes(place):
        words = (*_OPERATORS, "WHEN", "THEN", "ELSE", "END", "RETURNING")
    elif place.clause == "SET":
        words = (*words, "RETURNING")
    elif place.clause in {"VALUES", "INTO"}:
        words = ("RETURNING", "VALUES", "SELECT")
    return offer_words(words)


def _deletes(place: SqlPlace) -> bool:
    return [keyword_of(item) for item in place.query_before[:1]] == ["DELETE"]


def offer_words(words: Iterable[str]) -> list[Offer]:
    """Offer words of SQL."""
    return [Offer(word, word, "", _WORDS, is_word=True) for word in words]


def offer_expression(place: SqlPlace) -> Iterator[Offer]:
    """Offer what may begin a value: columns, functions and words."""
    inside = place.outside[-1] if place.is_in_brackets and place.outside else None
    if inside is not None and keyword_of(inside) == "COUNT" and not place.before:
        yield Offer("*)", "*", "every row", _FIRST)
    if keyword_of(inside) == "OVER":
        yield from offer_words(("PARTITION BY", "ORDER BY"))
    yield from _offer_columns(place)
    for name in USUAL_FUNCTIONS:
        yield Offer(f"{name}(", name, "function", _USUAL, is_word=True)
    for function in place.facts.functions:
        if function.name not in USUAL_FUNCTIONS:
            yield Offer(
                f"{function.name}(", function.name, function.about, _FUNCTIONS, is_word=True
            )
    words = IN_EXPRESSION
    if place.previous_word == "SELECT" and not place.is_in_brackets:
        words = ("DISTINCT", *words)
    if place.is_in_brackets and not place.before:
        words = ("SELECT", *words)
    yield from offer_words(words)


def _offer_columns(place: SqlPlace) -> Iterator[Offer]:
    tables = place.tables
    if not tables:
        # Before FROM is typed, the fields of every entity may be meant.
        for field, entity in find_fields(place.known, place.word.lstrip('"').casefold()):
            yield Offer(quote_name(field.name), field.name, describe_field(field, entity))
        return
    counts = Counter(column.name for table in tables for column in table.columns)
    for table in tables:
        for column in _shown_columns(table):
            is_qualified = counts[column.name] > 1 and bool(table.alias)
            yield _offer_column(column, table, is_qualified=is_qualified)
    if place.clause in _WITH_ALIASES:
        yield from _offer_outputs(place)
    for table in tables if len(tables) > 1 else ():
        if table.alias and visible(table.alias) == table.alias:
            text, about = f"{quote_name(table.alias)}.", one_line(table.entity, 40)
            yield Offer(text, table.alias, about, _NAMES)


def _offer_outputs(place: SqlPlace) -> Iterator[Offer]:
    """Offer the names that SELECT has given with AS."""
    items = place.query_before
    for at in range(1, len(items)):
        item = items[at]
        if keyword_of(items[at - 1]) == "AS" and not isinstance(item, TokenGroup):
            name = item.text.strip('"')
            if item.is_name and visible(name) == name:
                yield Offer(quote_name(name), name, "named in SELECT", COLUMN_GROUP)
