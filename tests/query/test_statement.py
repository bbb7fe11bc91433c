"""SQL is read into one statement, or refused in words of its own, however odd it is."""

import pytest

from cmdm_tui.query.errors import QueryRefused, SqlError
from cmdm_tui.query.parsing.statement import Describe, Select, ShowEntities, parse
from tests.query.conftest import OpenedEngine


@pytest.mark.parametrize(
    ("sql", "entity"),
    [
        ("DESCRIBE lead", "lead"),
        ("desc table Lead;", "Lead"),
        ("DESCRIBE lead -- its fields", "lead"),
        ("DESCRIBE /* a custom one */ Site Visit", "Site Visit"),
        ('DESCRIBE "Site; ""big"" -- Visit"', 'Site; "big" -- Visit'),
    ],
)
def test_an_entity_to_describe_is_named_in_words_or_quotes(sql: str, entity: str) -> None:
    assert parse(sql) == Describe(entity)


@pytest.mark.parametrize("sql", ["show entities", "SHOW TABLES -- all", "SHOW ENTITIES; /* x */"])
def test_what_entities_there_are_is_asked_with_or_without_a_comment(sql: str) -> None:
    assert parse(sql) == ShowEntities()


@pytest.mark.parametrize("sql", ["DESCRIBE lead; SELECT 1", 'DESCRIBE "lead"; DROP TABLE lead'])
def test_a_statement_after_describe_is_refused(sql: str) -> None:
    with pytest.raises(SqlError, match="more than one statement"):
        parse(sql)


@pytest.mark.parametrize("calls", [90, 110, 300])
def test_a_chain_of_calls_is_followed_as_far_as_it_can_be(calls: int) -> None:
    sql = f"SELECT A{'.abs()' * calls} FROM thing"
    if calls < 100:
        parse(sql)
        return
    with pytest.raises(SqlError, match="nested too deeply"):
        parse(sql)


@pytest.mark.parametrize("place", ["?", "$1", ":name", "$name"])
def test_a_place_for_a_value_is_told_to_be_empty(place: str) -> None:
    with pytest.raises(QueryRefused, match="Write the value itself"):
        parse(f"SELECT * FROM lead WHERE City = {place}")


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM", "EXPLAIN ANALYZE SELECT 1", "SELECT greatest()", "SELECT a <", "DESCRIBE"],
)
def test_what_cannot_be_read_is_told_without_what_the_parser_is_made_of(sql: str) -> None:
    with pytest.raises(SqlError) as unread:
        parse(sql)
    said = str(unread.value)
    assert "cannot be read" in said
    assert "Token" not in said
    assert "<class" not in said


@pytest.mark.parametrize("word", ["AND", "OR"])
async def test_a_thousand_conditions_are_one_query(opened: OpenedEngine, word: str) -> None:
    scores = [int(str(row[0])) for row in await opened.rows("SELECT Score FROM lead") if row[0]]
    kept = [n for n in scores if (n % 2 == 0) is (word == "OR")]
    tests = [f"Score {'=' if word == 'OR' else '<>'} {n}" for n in range(0, 2_000, 2)]
    sql = f"SELECT count(*) FROM lead WHERE {f' {word} '.join(tests)}"
    nulls = "" if word == "OR" else " AND Score IS NOT NULL"
    zeros = await opened.rows("SELECT count(*) FROM lead WHERE Score = 0")
    more = 0 if word == "AND" else int(str(zeros[0][0]))
    assert await opened.rows(sql + nulls) == [(len(kept) + more,)]


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT {'(' * 1_000}1{')' * 1_000}",
        f"SELECT {'+'.join(['1'] * 5_000)}",
        f"SELECT {'NOT ' * 2_000}true",
        f"SELECT * FROM {'(SELECT * FROM ' * 400}lead{')' * 400}",
    ],
    ids=["brackets", "sum", "not", "subqueries"],
)
async def test_what_is_nested_too_deeply_is_told_in_a_line(opened: OpenedEngine, sql: str) -> None:
    with pytest.raises(SqlError, match="nested too deeply"):
        await opened.engine.prepare(sql)
    assert opened.network.calls == []


def test_a_list_of_ten_thousand_addresses_is_read() -> None:
    addresses = ", ".join(f"'someone.number.{n}@example.com'" for n in range(10_000))
    assert isinstance(parse(f"SELECT * FROM lead WHERE Email IN ({addresses})"), Select)
