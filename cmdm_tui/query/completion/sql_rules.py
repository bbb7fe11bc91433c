"""The rules of completion inside SQL, as data: what is offered at which place.

The first rule that fits a place says all that is offered there.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from cmdm_tui.query.completion.groups import keyword_of, mark_of
from cmdm_tui.query.completion.offers import Offer
from cmdm_tui.query.completion.sql_offers import (
    list_values,
    offer_after_table,
    offer_after_value,
    offer_common_columns,
    offer_entities,
    offer_expression,
    offer_files,
    offer_join,
    offer_procedures,
    offer_qualified,
    offer_settable,
    offer_values,
    offer_words,
)
from cmdm_tui.query.completion.sql_place import SqlPlace
from cmdm_tui.query.completion.words import JOIN_BEGINNINGS


class SqlRule(Struct, frozen=True):
    """Offers something where it fits; `name` is what tests and explanations call it."""

    name: str
    fits: Callable[[SqlPlace], bool]
    offers: Callable[[SqlPlace], Iterable[Offer]]


def _is_file(place: SqlPlace) -> bool:
    return place.is_in_text and place.is_for_table and place.clause in {"FROM", "JOIN"}


def _is_nowhere(place: SqlPlace) -> bool:
    return place.is_in_comment or (place.is_in_text and not _has_values(place))


def _offer_nothing(_: SqlPlace) -> Iterable[Offer]:
    return ()


def _has_values(place: SqlPlace) -> bool:
    return bool(list_values(place))


def _is_join_condition(place: SqlPlace) -> bool:
    return place.clause == "ON" and place.previous_word in {"ON", "AND"}


def _is_after_word_for_by(place: SqlPlace) -> bool:
    return place.previous_word in {"GROUP", "ORDER", "PARTITION"}


def _is_name_to_give(place: SqlPlace) -> bool:
    names = {"AS", "LIMIT", "OFFSET", "WITH", "RECURSIVE"}
    is_next = place.clause == "WITH" and mark_of(place.previous) == "," and not place.is_in_brackets
    return is_next or (place.previous_word in names and not place.is_for_table)


def _is_before_procedure(place: SqlPlace) -> bool:
    return place.previous_word == "CALL" and len(place.before) == 1


def _is_common_column(place: SqlPlace) -> bool:
    outside = place.outside
    return place.is_in_brackets and bool(outside) and keyword_of(outside[-1]) == "USING"


def _begins_join(place: SqlPlace) -> bool:
    return place.previous_word in JOIN_BEGINNINGS and not place.is_in_brackets


def _is_settable(place: SqlPlace) -> bool:
    return place.set_names is not None


def _is_after_is(place: SqlPlace) -> bool:
    words = [keyword_of(item) for item in place.before[-2:]]
    return words[-1:] == ["IS"] or words == ["IS", "NOT"]


def _is_behind_select_word(place: SqlPlace) -> bool:
    return place.previous_word in {"DELETE", "INSERT", "EXPLAIN"} and len(place.before) == 1


def _offer_statement_words(place: SqlPlace) -> Iterable[Offer]:
    after = {
        "DELETE": ("FROM",),
        "INSERT": ("INTO",),
        "EXPLAIN": ("SELECT", "WITH", "FROM", "INSERT INTO", "UPDATE", "DELETE FROM"),
    }
    return offer_words(after[place.previous_word])


SQL_RULES = (
    SqlRule("file", _is_file, offer_files),
    SqlRule("nothing", _is_nowhere, _offer_nothing),
    SqlRule("value", _has_values, offer_values),
    SqlRule("procedure", _is_before_procedure, offer_procedures),
    SqlRule("statement", _is_behind_select_word, _offer_statement_words),
    SqlRule("table", lambda place: place.is_for_table, offer_entities),
    SqlRule("field to set", _is_settable, offer_settable),
    SqlRule("column of a table", lambda place: mark_of(place.previous) == ".", offer_qualified),
    SqlRule("BY", _is_after_word_for_by, lambda _: offer_words(("BY",))),
    SqlRule("JOIN", _begins_join, lambda _: offer_words(("JOIN", "OUTER JOIN"))),
    SqlRule("name to give", _is_name_to_give, _offer_nothing),
    SqlRule("IS", _is_after_is, lambda _: offer_words(("NULL", "NOT NULL", "DISTINCT FROM"))),
    SqlRule("common column", _is_common_column, offer_common_columns),
    SqlRule("after a table", lambda place: place.is_behind_table, offer_after_table),
    SqlRule("after a value", lambda place: place.is_behind_value, offer_after_value),
    SqlRule("join condition", _is_join_condition, offer_join),
    SqlRule("expression", lambda _: True, offer_expression),
)
"""The rules, the first that fits counting."""
