"""What text looks like to other orders, and to DuckDB's ILIKE."""

import sys

import duckdb
from hypothesis import given, settings

from cmdm_tui.query.seek.text_keys import is_plain, letters_key, successor
from tests.query.seek.reference_predicates import TEXTS, lowered


def test_no_character_that_ilike_takes_for_a_plain_one_is_folded_otherwise() -> None:
    codes = f"SELECT chr(i::INTEGER), lower(chr(i::INTEGER)) FROM range(1, {sys.maxunicode}) t(i)"
    sql = f"{codes} WHERE i NOT BETWEEN 55296 AND 57343"
    by_lower: dict[str, list[str]] = {}
    for character, low in duckdb.connect().execute(sql).fetchall():
        if character != low:
            by_lower.setdefault(low, [low]).append(character)
    wrong = [
        (one, other)
        for alike in by_lower.values()
        for one in alike
        if is_plain(one)
        for other in alike
        if (other.casefold(), letters_key(other)) != (one.casefold(), letters_key(one))
    ]
    assert wrong == []
    assert is_plain("a")
    assert not is_plain("i")


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_duckdb_lower_cases_each_character_by_itself(one: str, other: str) -> None:
    sql = "SELECT lower(?), starts_with(?, ?)"
    both = one + other
    row = duckdb.connect().execute(sql, [both, both, one]).fetchone()
    assert row == (lowered(one) + lowered(other), True)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_text_stands_below_the_successor_of_what_it_begins_with(one: str, rest: str) -> None:
    above = successor(one)
    assert above is None or one + rest < above
    assert letters_key(one + rest).startswith(letters_key(one))
